package backends

import (
	"context"
	"time"
)

// NoUsers returns Users whose methods fail with err and do nothing. It is for a [UserStore]
// that keeps no users; err must wrap [errors.ErrUnsupported] and should say where they are.
func NoUsers(err error) Users { return noUsers{err} }

type noUsers struct{ err error }

func (n noUsers) CreateUser(context.Context, User, string) error { return n.err }

func (n noUsers) UserByName(context.Context, string) (User, string, error) {
	return User{}, "", n.err
}

func (n noUsers) ListUsers(context.Context, string, int) ([]User, error) { return nil, n.err }

func (n noUsers) SetPassword(context.Context, time.Time, string, int64, string, string) (int, error) {
	return 0, n.err
}

func (n noUsers) Rehash(context.Context, string, string, string) error { return n.err }

func (n noUsers) SetRoles(context.Context, string, []string) error { return n.err }

func (n noUsers) SetDisabled(context.Context, time.Time, string, bool) error { return n.err }

func (n noUsers) DeleteUser(context.Context, time.Time, string) error { return n.err }
