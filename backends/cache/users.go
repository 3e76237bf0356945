package cache

import (
	"context"
	"time"

	"github.com/inga-auth/inga/backends"
)

// Users returns users whose changes hold at once in this process: give it those of the
// backend, and change them through it only. Without it a change holds when the feed tells of
// it, as in every other process.
func (s *Store) Users(u backends.Users) backends.Users { return &users{u, s} }

// What only reads, or adds somebody who had no sessions, is the backend's.
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
