package storetest

import (
	"context"
	"errors"
	"time"

	"github.com/inga-auth/inga/backends"
)

// A Failing store cannot be asked, as its fields say.
type Failing struct {
	backends.Store
	NoFind, NoCreate, NoExtend, NoRevoke bool
}

// ErrDown is what a Failing store answers.
var ErrDown = errors.New("connection refused")

// FindBySecret implements [backends.Store].
func (f *Failing) FindBySecret(ctx context.Context, now time.Time, h backends.SecretHash) (backends.Session, backends.User, error) {
	if f.NoFind {
		return backends.Session{}, backends.User{}, ErrDown
	}
	return f.Store.FindBySecret(ctx, now, h)
}

// FindByID implements [backends.Store].
func (f *Failing) FindByID(ctx context.Context, now time.Time, id string) (backends.Session, backends.User, error) {
	if f.NoFind {
		return backends.Session{}, backends.User{}, ErrDown
	}
	return f.Store.FindByID(ctx, now, id)
}

// FindUser implements [backends.Store].
func (f *Failing) FindUser(ctx context.Context, userID string) (backends.User, error) {
	if f.NoFind {
		return backends.User{}, ErrDown
	}
	return f.Store.FindUser(ctx, userID)
}

// Create implements [backends.Store].
func (f *Failing) Create(ctx context.Context, now time.Time, s backends.Session, h backends.SecretHash, a backends.Admission) ([]string, error) {
	if f.NoCreate {
		return nil, ErrDown
	}
	return f.Store.Create(ctx, now, s, h, a)
}

// Extend implements [backends.Store].
func (f *Failing) Extend(ctx context.Context, now time.Time, id string, until time.Time) (bool, error) {
	if f.NoExtend {
		return false, ErrDown
	}
	return f.Store.Extend(ctx, now, id, until)
}

// Revoke implements [backends.Store].
func (f *Failing) Revoke(ctx context.Context, now time.Time, id string, why backends.Reason) (bool, error) {
	if f.NoRevoke {
		return false, ErrDown
	}
	return f.Store.Revoke(ctx, now, id, why)
}
