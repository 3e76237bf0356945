package memory

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"time"

	"github.com/inga-auth/inga/backends"
)

// SetValue implements [backends.Values].
func (m *Store) SetValue(ctx context.Context, now time.Time, id, key string, value []byte) error {
	if err := backends.ValidValue(key, value); err != nil {
		return err
	}
	return m.withLive(ctx, now, id, func(r *row) error {
		if r.values == nil {
			r.values = make(map[string][]byte, 1)
		}
		r.values[strings.Clone(key)] = bytes.Clone(value)
		return nil
	})
}

// Value implements [backends.Values].
func (m *Store) Value(ctx context.Context, now time.Time, id, key string) ([]byte, error) {
	return m.value(ctx, now, id, key, func(*row) {})
}

// TakeValue implements [backends.Values].
func (m *Store) TakeValue(ctx context.Context, now time.Time, id, key string) ([]byte, error) {
	return m.value(ctx, now, id, key, func(r *row) { delete(r.values, key) })
}

func (m *Store) value(ctx context.Context, now time.Time, id, key string, then func(*row)) (value []byte, err error) {
	err = m.withLive(ctx, now, id, func(r *row) error {
		v, ok := r.values[key]
		if !ok {
			return backends.ErrNoValue
		}
		value = bytes.Clone(v)
		then(r)
		return nil
	})
	return value, err
}

// withLive calls f with the row with the ID if it is live, locked.
func (m *Store) withLive(ctx context.Context, now time.Time, id string, f func(*row) error) error {
	err := m.withRow(ctx, id, func(r *row) error {
		if _, err := r.state(now); err != nil {
			return backends.ErrNotLive
		}
		return f(r)
	})
	if errors.Is(err, backends.ErrNotFound) {
		return backends.ErrNotLive
	}
	return err
}
