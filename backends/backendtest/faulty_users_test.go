package backendtest_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/memory"
)

// withUsers is a store whose users have a mistake.
type withUsers struct {
	*memory.Store
	with func(backends.Users) backends.Users
}

func (f withUsers) Users() backends.Users { return f.with(f.Store.Users()) }

type passwordOnly struct{ backends.Users }

func (f passwordOnly) SetPassword(ctx context.Context, _ time.Time, userID string, _ int64, hash, _ string) (int, error) {
	_, old, err := f.UserByName(ctx, userID)
	return 0, errors.Join(err, f.Rehash(ctx, userID, old, hash))
}

type anyPassword struct{ backends.Users }

func (f anyPassword) SetPassword(ctx context.Context, now time.Time, userID string, _ int64, hash, except string) (int, error) {
	return f.Users.SetPassword(ctx, now, userID, 0, hash, except)
}

type foldsNames struct{ backends.Users }

func (f foldsNames) UserByName(ctx context.Context, name string) (backends.User, string, error) {
	u, hash, err := f.Users.UserByName(ctx, name)
	if err != nil {
		return f.Users.UserByName(ctx, strings.ToLower(name))
	}
	return u, hash, err
}

type oneUnnamed struct{ backends.Users }

func (f oneUnnamed) CreateUser(ctx context.Context, u backends.User, hash string) error {
	all, err := f.ListUsers(ctx, "", 100)
	if err != nil {
		return err
	}
	for _, other := range all {
		if other.Name == u.Name {
			return backends.ErrConflict
		}
	}
	return f.Users.CreateUser(ctx, u, hash)
}

type anyHash struct{ backends.Users }

func (f anyHash) SetPassword(ctx context.Context, now time.Time, userID string, version int64, hash, except string) (int, error) {
	return f.Users.SetPassword(ctx, now, userID, version, strings.Map(printable, hash), except)
}

func printable(r rune) rune {
	if r < ' ' {
		return -1
	}
	return r
}

// endsSeen lists the sessions of the user, lets a login in, and then changes the password and
// ends what it listed.
type endsSeen struct {
	*memory.Store
	listed, loggedIn chan struct{}
	list, login      func()
}

func newEndsSeen(m *memory.Store) *endsSeen {
	f := &endsSeen{Store: m, listed: make(chan struct{}), loggedIn: make(chan struct{})}
	f.list = sync.OnceFunc(func() { close(f.listed) })
	f.login = sync.OnceFunc(func() { close(f.loggedIn) })
	return f
}

func (f *endsSeen) Create(ctx context.Context, now time.Time, s backends.Session, h backends.SecretHash, o backends.CreateOptions) ([]string, error) {
	<-f.listed
	defer f.login()
	return f.Store.Create(ctx, now, s, h, o)
}

func (f *endsSeen) Users() backends.Users { return endsSeenUsers{f.Store.Users(), f} }

type endsSeenUsers struct {
	backends.Users
	f *endsSeen
}

func (u endsSeenUsers) SetPassword(ctx context.Context, now time.Time, userID string, _ int64, _, except string) (int, error) {
	seen, _, err := u.f.List(ctx, now, userID, backends.Page{})
	u.f.list()
	<-u.f.loggedIn
	for _, s := range seen {
		if s.ID != except {
			_, _ = u.f.Revoke(ctx, now, s.ID, backends.ReasonCredentials)
		}
	}
	return len(seen), errors.Join(err, u.SetRoles(ctx, userID, nil))
}
