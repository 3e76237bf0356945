package cache

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/inga-auth/inga/backends"
)

// optional holds the optional contracts of the backend. Their methods are those of the Store,
// unless it has one of its own.
type optional struct {
	backends.Rotator
	backends.SessionLister
	backends.Sweeper
	backends.Values
	backends.Binder
	backends.Claims
	backends.Attempts
	backends.Feed
	backends.UserFinder
	backends.UserStore
}

func optionalOf(b backends.Store) optional {
	return optional{
		contract[backends.Rotator](b), contract[backends.SessionLister](b), contract[backends.Sweeper](b), contract[backends.Values](b),
		contract[backends.Binder](b), contract[backends.Claims](b), contract[backends.Attempts](b),
		contract[backends.Feed](b), contract[backends.UserFinder](b), contract[backends.UserStore](b),
	}
}

// contract returns b as the optional contract T, or a T that fails.
func contract[T any](b backends.Store) T {
	if t, ok := b.(T); ok {
		return t
	}
	err := fmt.Errorf("cache: the backend, a %T, has no %v: %w", b, reflect.TypeFor[T](), errors.ErrUnsupported)
	return any(missing{err}).(T)
}

// missing stands for what the backend lacks.
type missing struct{ err error }

func (m missing) Rotate(context.Context, time.Time, string, backends.SecretHash, int64, backends.Grace) (s backends.Session, u backends.User, r backends.Rotation, err error) {
	return s, u, r, m.err
}

func (m missing) MarkSeen(context.Context, time.Time, string, int64) error { return m.err }

func (m missing) List(context.Context, time.Time, string, backends.Page) ([]backends.Session, string, error) {
	return nil, "", m.err
}

func (m missing) RevokeUser(context.Context, time.Time, string, string, backends.Reason) (int, error) {
	return 0, m.err
}

func (m missing) RevokeAll(context.Context, time.Time, backends.Reason) error { return m.err }

func (m missing) Sweep(context.Context, time.Time) (int, error) { return 0, m.err }

func (m missing) SetValue(context.Context, time.Time, string, string, []byte) error { return m.err }

func (m missing) Value(context.Context, time.Time, string, string) ([]byte, error) {
	return nil, m.err
}

func (m missing) TakeValue(context.Context, time.Time, string, string) ([]byte, error) {
	return nil, m.err
}

func (m missing) Bind(context.Context, time.Time, string, backends.Binding) (bool, error) {
	return false, m.err
}

func (m missing) Proved(context.Context, time.Time, string, string) error { return m.err }

func (m missing) Watch(context.Context, time.Duration, backends.Listener) error { return m.err }

func (m missing) FindUser(context.Context, string) (u backends.User, err error) { return u, m.err }

func (m missing) Users() backends.Users { return backends.NoUsers(m.err) }

func (m missing) Claim(context.Context, time.Time, backends.NameHash, time.Time) (bool, error) {
	return false, m.err
}

func (m missing) Attempt(context.Context, time.Time, ...backends.Budget) error { return m.err }

func (m missing) Succeed(context.Context, time.Time, ...backends.Budget) error { return m.err }

// Users implements [backends.UserStore]. A change made through it holds in this process when the
// call returns, and one made past it when the feed reports it.
func (s *Store) Users() backends.Users {
	return &users{s.optional.Users(), s}
}

// The methods that only read, or change nothing that is cached, are the backend's.
type users struct {
	backends.Users
	store *Store
}

func (u *users) SetPassword(ctx context.Context, now time.Time, userID string, version int64, passwordHash, except string) (int, error) {
	defer u.store.changedUser(userID)
	return u.Users.SetPassword(ctx, now, userID, version, passwordHash, except)
}

func (u *users) SetRoles(ctx context.Context, userID string, roles []string) error {
	defer u.store.changedUser(userID)
	return u.Users.SetRoles(ctx, userID, roles)
}

func (u *users) SetDisabled(ctx context.Context, now time.Time, userID string, disabled bool) error {
	defer u.store.changedUser(userID)
	return u.Users.SetDisabled(ctx, now, userID, disabled)
}

func (u *users) DeleteUser(ctx context.Context, now time.Time, userID string) error {
	defer u.store.changedUser(userID)
	return u.Users.DeleteUser(ctx, now, userID)
}
