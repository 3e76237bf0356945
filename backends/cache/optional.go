package cache

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/inga-auth/inga/backends"
)

var (
	_ backends.Rotator       = (*Store)(nil)
	_ backends.SessionLister = (*Store)(nil)
	_ backends.Sweeper       = (*Store)(nil)
	_ backends.Values        = (*Store)(nil)
	_ backends.Feed          = (*Store)(nil)
	_ backends.UserFinder    = (*Store)(nil)
	_ backends.UserStore     = (*Store)(nil)
)

// contract returns the backend as the optional contract T, or an error that says that it is
// none.
func contract[T any](s *Store) (T, error) {
	b, ok := s.backend.(T)
	if !ok {
		return b, fmt.Errorf("cache: the backend, a %T, has no %v: %w", s.backend, reflect.TypeFor[T](), errors.ErrUnsupported)
	}
	return b, nil
}

// Rotate implements [backends.Rotator].
func (s *Store) Rotate(ctx context.Context, now time.Time, id string, h backends.SecretHash, n int64, g backends.Grace) (backends.Session, backends.User, backends.Rotation, error) {
	b, err := contract[backends.Rotator](s)
	if err != nil {
		return backends.Session{}, backends.User{}, backends.Refused, err
	}
	row, u, rotation, err := b.Rotate(ctx, now, id, h, n, g)
	switch rotation {
	case backends.Stolen:
		s.changedSession(id)
	case backends.Replayed:
	default: // rotated, or an error after which it may be
		s.forget(id)
	}
	return row, u, rotation, err
}

// MarkSeen implements [backends.Rotator].
func (s *Store) MarkSeen(ctx context.Context, now time.Time, id string, n int64) error {
	b, err := contract[backends.Rotator](s)
	if err != nil {
		return err
	}
	defer s.forget(id)
	return b.MarkSeen(ctx, now, id, n)
}

// List implements [backends.SessionLister]. Its answers are not cached.
func (s *Store) List(ctx context.Context, now time.Time, userID string, p backends.Page) ([]backends.Session, string, error) {
	b, err := contract[backends.SessionLister](s)
	if err != nil {
		return nil, "", err
	}
	return b.List(ctx, now, userID, p)
}

// RevokeUser implements [backends.SessionLister].
func (s *Store) RevokeUser(ctx context.Context, now time.Time, userID, except string, why backends.Reason) (int, error) {
	b, err := contract[backends.SessionLister](s)
	if err != nil {
		return 0, err
	}
	defer s.changedUser(userID)
	return b.RevokeUser(ctx, now, userID, except, why)
}

// RevokeAll implements [backends.SessionLister].
func (s *Store) RevokeAll(ctx context.Context, now time.Time, why backends.Reason) error {
	b, err := contract[backends.SessionLister](s)
	if err != nil {
		return err
	}
	defer s.changedAll()
	return b.RevokeAll(ctx, now, why)
}

// Sweep implements [backends.Sweeper].
func (s *Store) Sweep(ctx context.Context, now time.Time) (int, error) {
	b, err := contract[backends.Sweeper](s)
	if err != nil {
		return 0, err
	}
	return b.Sweep(ctx, now)
}

// SetValue implements [backends.Values].
func (s *Store) SetValue(ctx context.Context, now time.Time, id, key string, value []byte) error {
	b, err := contract[backends.Values](s)
	if err != nil {
		return err
	}
	return b.SetValue(ctx, now, id, key, value)
}

// Value implements [backends.Values]. Its answers are not cached.
func (s *Store) Value(ctx context.Context, now time.Time, id, key string) ([]byte, error) {
	b, err := contract[backends.Values](s)
	if err != nil {
		return nil, err
	}
	return b.Value(ctx, now, id, key)
}

// TakeValue implements [backends.Values].
func (s *Store) TakeValue(ctx context.Context, now time.Time, id, key string) ([]byte, error) {
	b, err := contract[backends.Values](s)
	if err != nil {
		return nil, err
	}
	return b.TakeValue(ctx, now, id, key)
}

// Watch implements [backends.Feed] by that of the backend. The cache itself uses
// [Store.Follow].
func (s *Store) Watch(ctx context.Context, every time.Duration, l backends.Listener) error {
	b, err := contract[backends.Feed](s)
	if err != nil {
		return err
	}
	return b.Watch(ctx, every, l)
}

// FindUser implements [backends.UserFinder]. Its answers are not cached.
func (s *Store) FindUser(ctx context.Context, userID string) (backends.User, error) {
	b, err := contract[backends.UserFinder](s)
	if err != nil {
		return backends.User{}, err
	}
	return b.FindUser(ctx, userID)
}
