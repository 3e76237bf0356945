package cache

import (
	"context"
	"time"

	"github.com/inga-auth/inga/backends"
)

// Users implements [backends.UserStore] by the users of the backend. A change made through it
// holds in this process when the call returns. A change made past it holds when the feed
// reports it, as in every other process.
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
