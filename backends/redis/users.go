package redis

import (
	"context"
	"errors"
	"time"

	"github.com/redis/rueidis"

	"github.com/inga-auth/inga/backends"
)

// users are the users of a store.
type users struct{ store *Store }

// Users implements [backends.UserStore].
func (s *Store) Users() backends.Users { return users{s} }

// FindUser implements [backends.UserFinder].
func (s *Store) FindUser(ctx context.Context, userID string) (backends.User, error) {
	if !backends.ValidText(userID) {
		return backends.User{}, backends.ErrNotFound
	}
	ctx, cancel := s.bound(ctx)
	defer cancel()
	a, err := s.account(ctx, userID)
	if err != nil {
		return backends.User{}, err
	}
	u, _, _, err := a.user(userID)
	return u, failed("read user", err)
}

// account reads the user.
func (s *Store) account(ctx context.Context, userID string) (account, error) {
	a, err := optional(s.client.Do(ctx, s.readUser(userID)))
	if err == nil && a == "" {
		return "", backends.ErrNotFound
	}
	return account(a), failed("find user", err)
}

func (s *Store) readUser(userID string) rueidis.Completed {
	return s.client.B().Hget().Key(s.keys.users(backends.Place(userID))).Field(userID).Build()
}

// CreateUser implements [backends.Users]. A call that fails may have created the user; if it was
// stopped before the name was theirs, another call, which says ErrConflict, gives it to them. See
// names.go.
func (u users) CreateUser(ctx context.Context, n backends.User, passwordHash string) error {
	if err := errors.Join(n.Validate(), backends.ValidPasswordHash(passwordHash)); err != nil {
		return err
	}
	ctx, cancel := u.store.bound(ctx)
	defer cancel()
	name, err := u.store.reserve(ctx, n.Name, n.ID)
	if err != nil {
		return err
	}
	place := backends.Place(n.ID)
	answer, err := u.store.run(ctx, u.store.call("create_user", place, n.ID, place[tagLen:], newAccount(&n), passwordHash))
	switch {
	case err != nil:
		return failed("create user", err)
	case word(answer, 0) == "conflict":
		has, _, _, _ := account(word(answer, 1)).user(n.ID)
		return errors.Join(backends.ErrConflict, name.giveUp(ctx, has.Name == n.Name))
	}
	return u.settle(ctx, n.ID, name)
}

// settle gives the name to the user who has been created, or takes the user back.
func (u users) settle(ctx context.Context, userID string, name reservation) error {
	kept, err := name.settle(ctx)
	if err != nil || kept {
		return err
	}
	if _, err := u.store.change(ctx, time.Time{}, userID, change{why: backends.ReasonUser, op: "delete"}); err != nil && !errors.Is(err, backends.ErrNotFound) {
		return err
	}
	return backends.ErrConflict
}

// UserByName implements [backends.Users], in two round trips.
func (u users) UserByName(ctx context.Context, name string) (backends.User, string, error) {
	if !backends.ValidText(name) {
		return backends.User{}, "", backends.ErrNotFound
	}
	ctx, cancel := u.store.bound(ctx)
	defer cancel()
	s := u.store
	entry, err := optional(s.client.Do(ctx, s.client.B().Get().Key(s.keys.name(name)).Build()))
	if err != nil {
		return backends.User{}, "", failed("find user", err)
	}
	userID, ok := owner(entry)
	if !ok {
		return backends.User{}, "", backends.ErrNotFound
	}
	results := s.client.DoMulti(ctx, s.readUser(userID), s.client.B().Get().Key(s.keys.password(userID)).Build())
	row, err1 := optional(results[0])
	hash, err2 := optional(results[1])
	if err := errors.Join(err1, err2); err != nil {
		return backends.User{}, "", failed("find user", err)
	}
	if row == "" {
		return backends.User{}, "", backends.ErrNotFound
	}
	found, _, _, err := account(row).user(userID)
	if err == nil && found.Name != name {
		return backends.User{}, "", backends.ErrNotFound
	}
	return found, hash, failed("read user", err)
}

// SetPassword implements [backends.Users].
func (u users) SetPassword(ctx context.Context, now time.Time, userID string, version int64, passwordHash, except string) (int, error) {
	if err := backends.ValidPasswordHash(passwordHash); err != nil {
		return 0, err
	}
	return u.store.change(ctx, now, userID, change{why: backends.ReasonCredentials, except: except, version: version, renews: true, op: "password", value: passwordHash})
}

// Rehash implements [backends.Users].
func (u users) Rehash(ctx context.Context, userID, old, passwordHash string) error {
	if err := errors.Join(backends.ValidPasswordHash(old), backends.ValidPasswordHash(passwordHash)); err != nil {
		return err
	}
	if !backends.ValidText(userID) {
		return backends.ErrNotFound
	}
	ctx, cancel := u.store.bound(ctx)
	defer cancel()
	place := backends.Place(userID)
	answer, err := u.store.run(ctx, u.store.call("rehash", place, userID, place[tagLen:], old, passwordHash))
	if word(answer, 0) == "unknown" {
		return backends.ErrNotFound
	}
	return failed("rehash", err)
}

// SetRoles implements [backends.Users].
func (u users) SetRoles(ctx context.Context, userID string, roles []string) error {
	if err := backends.ValidRoles(roles); err != nil {
		return err
	}
	_, err := u.store.change(ctx, time.Time{}, userID, change{renews: true, op: "roles", value: join(roles)})
	return err
}

// SetDisabled implements [backends.Users].
func (u users) SetDisabled(ctx context.Context, now time.Time, userID string, disabled bool) error {
	c := change{renews: true, op: "enable"}
	if disabled {
		c.why, c.op = backends.ReasonUser, "disable"
	}
	_, err := u.store.change(ctx, now, userID, c)
	return err
}

// DeleteUser implements [backends.Users].
func (u users) DeleteUser(ctx context.Context, now time.Time, userID string) error {
	ctx, cancel := u.store.bound(ctx)
	defer cancel()
	found, err := u.store.FindUser(ctx, userID)
	if err != nil && !isNotFound(err) { // a deletion that is found done has to be confirmed
		return err
	}
	name, err := u.store.entry(ctx, found.Name)
	if err != nil {
		return err
	}
	if _, err := u.store.change(ctx, now, userID, change{why: backends.ReasonUser, op: "delete"}); err != nil {
		return err
	}
	return name.release(ctx, userID)
}
