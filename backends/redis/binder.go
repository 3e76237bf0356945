package redis

import (
	"context"
	"time"

	"github.com/inga-auth/inga/backends"
)

var _ backends.Binder = (*Store)(nil)

// Bind implements [backends.Binder].
func (s *Store) Bind(ctx context.Context, now time.Time, id string, b backends.Binding) (bool, error) {
	if err := b.Validate(); err != nil {
		return false, err
	}
	if !backends.ValidID(id) {
		return false, nil
	}
	ctx, cancel := s.bound(ctx)
	defer cancel()
	answer, err := s.end(ctx, s.call("bind", id, id, at(now), string(appendBinding(nil, &b))))
	if userID := word(answer, 1); userID != "" {
		s.subscribers.Call(userID)
	}
	return number(answer, 0) == 1, failed("bind session", err)
}

// Proved implements [backends.Binder].
func (s *Store) Proved(ctx context.Context, now time.Time, id, thumbprint string) error {
	if !backends.ValidID(id) {
		return nil
	}
	ctx, cancel := s.bound(ctx)
	defer cancel()
	_, err := s.run(ctx, s.call("proved", id, id, at(now), thumbprint))
	return failed("record proof", err)
}
