package memory

import (
	"context"
	"errors"
	"time"

	"github.com/inga-auth/inga/backends"
)

var _ backends.Directory = (*Store)(nil)

// List implements [backends.Directory]. It costs what the user's own sessions cost.
func (m *Store) List(ctx context.Context, now time.Time, userID string) ([]backends.Session, error) {
	a, err := m.account(ctx, userID)
	if errors.Is(err, backends.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	a.mu.RLock()
	defer a.mu.RUnlock()
	return a.list(now), nil
}

// RevokeUser implements [backends.Directory]. It costs what the user's own sessions cost.
func (m *Store) RevokeUser(ctx context.Context, now time.Time, userID, except string, why backends.Reason) (int, error) {
	a, err := m.account(ctx, userID)
	if errors.Is(err, backends.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	defer m.feed.changed(a.user.ID)
	return a.end(now, except, why), nil
}

// RevokeAll implements [backends.Directory]. It ends the sessions of one user at a time:
// when ctx ends, those of some users have ended and those of others have not.
func (m *Store) RevokeAll(ctx context.Context, now time.Time, why backends.Reason) (int, error) {
	n := 0
	for a := range m.accounts.all {
		if err := ctx.Err(); err != nil {
			return n, err
		}
		a.mu.Lock()
		n += a.end(now, "", why)
		m.feed.changed(a.user.ID)
		a.mu.Unlock()
	}
	return n, ctx.Err()
}
