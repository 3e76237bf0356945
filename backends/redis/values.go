package redis

import (
	"context"
	"time"

	"github.com/redis/rueidis"

	"github.com/inga-auth/inga/backends"
)

// SetValue implements [backends.Values].
func (s *Store) SetValue(ctx context.Context, now time.Time, id, key string, value []byte) error {
	if err := backends.ValidValue(key, value); err != nil {
		return err
	}
	if !backends.ValidID(id) {
		return backends.ErrNotLive
	}
	ctx, cancel := s.bound(ctx)
	defer cancel()
	answer, err := s.run(ctx, s.call("set_value", id, id, at(now), key, string(value)))
	if word(answer, 0) == "over" {
		return backends.ErrNotLive
	}
	return failed("set value", err)
}

// Value implements [backends.Values].
func (s *Store) Value(ctx context.Context, now time.Time, id, key string) ([]byte, error) {
	if !backends.ValidID(id) {
		return nil, backends.ErrNotLive
	}
	ctx, cancel := s.bound(ctx)
	defer cancel()
	f, rest, err := s.look(ctx, id, s.client.B().Hget().Key(s.keys.values(id)).Field(key).Build())
	if err != nil {
		return nil, failed("read value", err)
	}
	if f.row == "" {
		return nil, backends.ErrNotLive
	}
	if _, _, err := s.live(ctx, now, id, f); isNotFound(err) {
		return nil, backends.ErrNotLive
	} else if err != nil {
		return nil, err
	}
	value, err := rest[0].ToString()
	if rueidis.IsRedisNil(err) {
		return nil, backends.ErrNoValue
	}
	return []byte(value), failed("read value", err)
}

// TakeValue implements [backends.Values].
func (s *Store) TakeValue(ctx context.Context, now time.Time, id, key string) ([]byte, error) {
	if !backends.ValidID(id) {
		return nil, backends.ErrNotLive
	}
	ctx, cancel := s.bound(ctx)
	defer cancel()
	answer, err := s.end(ctx, s.call("take_value", id, id, at(now), key))
	switch word(answer, 0) {
	case "over":
		return nil, backends.ErrNotLive
	case "none":
		return nil, backends.ErrNoValue
	}
	if err != nil {
		return nil, failed("take value", err)
	}
	return []byte(word(answer, 1)), nil
}
