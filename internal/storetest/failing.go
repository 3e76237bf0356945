package storetest

import (
	"context"
	"errors"
	"time"

	"github.com/inga-auth/inga/backends"
)

// A Failing store cannot be asked, as its fields say.
type Failing struct {
	Store
	NoFind, NoCreate, NoExtend, NoReauthenticate, NoRevoke bool
}

// ErrDown is what a Failing store answers.
var ErrDown = errors.New("connection refused")

// Find implements [backends.Store].
func (f *Failing) Find(ctx context.Context, now time.Time, id string, h backends.SecretHash) (backends.Session, backends.User, error) {
	if f.NoFind {
		return backends.Session{}, backends.User{}, ErrDown
	}
	return f.Store.Find(ctx, now, id, h)
}

// FindUser implements [backends.UserFinder].
func (f *Failing) FindUser(ctx context.Context, userID string) (backends.User, error) {
	if f.NoFind {
		return backends.User{}, ErrDown
	}
	return f.Store.FindUser(ctx, userID)
}

// Create implements [backends.Store].
func (f *Failing) Create(ctx context.Context, now time.Time, s backends.Session, h backends.SecretHash, o backends.CreateOptions) ([]string, error) {
	if f.NoCreate {
		return nil, ErrDown
	}
	return f.Store.Create(ctx, now, s, h, o)
}

// Extend implements [backends.Store].
func (f *Failing) Extend(ctx context.Context, now time.Time, id string) (time.Time, bool, error) {
	if f.NoExtend {
		return time.Time{}, false, ErrDown
	}
	return f.Store.Extend(ctx, now, id)
}

// Revoke implements [backends.Store].
func (f *Failing) Revoke(ctx context.Context, now time.Time, id string, why backends.Reason) (bool, error) {
	if f.NoRevoke {
		return false, ErrDown
	}
	return f.Store.Revoke(ctx, now, id, why)
}

// Reauthenticate implements [backends.Store].
func (f *Failing) Reauthenticate(ctx context.Context, now time.Time, s backends.Session, next backends.SecretHash, o backends.ReauthenticateOptions) error {
	if f.NoReauthenticate {
		return ErrDown
	}
	return f.Store.Reauthenticate(ctx, now, s, next, o)
}
