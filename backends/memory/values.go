package memory

import (
	"bytes"
	"context"
	"time"

	"github.com/inga-auth/inga/backends"
)

var _ backends.Values = (*Store)(nil)

// SetValue implements [backends.Values].
func (m *Store) SetValue(ctx context.Context, now time.Time, id, key string, value []byte) error {
	if err := backends.CheckValue(key, value); err != nil {
		return err
	}
	return m.withRow(ctx, now, id, func(r *row) error {
		if r.values == nil {
			r.values = make(map[string][]byte, 1)
		}
		r.values[key] = bytes.Clone(value)
		return nil
	})
}

// Value implements [backends.Values].
func (m *Store) Value(ctx context.Context, now time.Time, id, key string) (value []byte, err error) {
	err = m.withRow(ctx, now, id, func(r *row) error {
		v, ok := r.values[key]
		if !ok {
			return backends.ErrNoValue
		}
		value = bytes.Clone(v)
		return nil
	})
	return value, err
}

// TakeValue implements [backends.Values].
func (m *Store) TakeValue(ctx context.Context, now time.Time, id, key string) (value []byte, err error) {
	err = m.withRow(ctx, now, id, func(r *row) error {
		v, ok := r.values[key]
		if !ok {
			return backends.ErrNoValue
		}
		value = v
		delete(r.values, key)
		return nil
	})
	return value, err
}

// withRow calls f with a row that is live, locked.
func (m *Store) withRow(ctx context.Context, now time.Time, id string, f func(*row) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r, ok := m.sessions.find(id)
	if !ok {
		return backends.ErrNotLive
	}
	r.owner.mu.Lock()
	defer r.owner.mu.Unlock()
	if !r.live(now) {
		return backends.ErrNotLive
	}
	return f(r)
}
