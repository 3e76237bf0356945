package backendtest_test

import (
	"context"
	"sync"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/memory"
)

// forgives refuses the sessions of a disabled user, and ends none.
type forgives struct {
	*memory.Store
	disabled sync.Map
}

func (f *forgives) Users() backends.Users { return forgivesUsers{f.Store.Users(), f} }

func (f *forgives) Find(ctx context.Context, now time.Time, id string, h backends.SecretHash) (backends.Session, backends.User, error) {
	s, u, err := f.Store.Find(ctx, now, id, h)
	if off, _ := f.disabled.Load(u.ID); off == true {
		return s, backends.User{}, backends.ErrUserDisabled
	}
	return s, u, err
}

// forgivesRefresh is forgives for refresh tokens: Find ends the session.
type forgivesRefresh struct{ forgives }

func (f *forgivesRefresh) Rotate(ctx context.Context, now time.Time, id string, h backends.SecretHash, n int64, g backends.Grace) (backends.Session, backends.User, backends.Rotation, error) {
	s, u, err := f.Find(ctx, now, id, h)
	if err != nil {
		return s, u, backends.Refused, err
	}
	return f.Store.Rotate(ctx, now, id, h, n, g)
}

type forgivesUsers struct {
	backends.Users
	f *forgives
}

func (u forgivesUsers) SetDisabled(_ context.Context, _ time.Time, userID string, disabled bool) error {
	u.f.disabled.Store(userID, disabled)
	return nil
}

// confirmsLate looks at the version of the user again when the session is there, and the one
// that it replaces has ended. It has the user change in between.
type confirmsLate struct {
	*memory.Store
	changed chan struct{}
	change  func()
}

func newConfirmsLate(m *memory.Store) *confirmsLate {
	f := &confirmsLate{Store: m, changed: make(chan struct{})}
	f.change = sync.OnceFunc(func() { close(f.changed) })
	return f
}

func (f *confirmsLate) Create(ctx context.Context, now time.Time, s backends.Session, h backends.SecretHash, o backends.CreateOptions) ([]string, error) {
	want := o.UserVersion
	o.UserVersion = 0
	ended, err := f.Store.Create(ctx, now, s, h, o)
	if want == 0 || err != nil {
		return ended, err
	}
	<-f.changed
	if u, err := f.FindUser(ctx, s.UserID); err == nil && u.Version == want {
		return ended, nil
	}
	_, err = f.Revoke(ctx, now, s.ID, backends.ReasonCredentials)
	if err == nil {
		err = backends.ErrConflict
	}
	return nil, err
}

func (f *confirmsLate) Users() backends.Users { return confirmsLateUsers{f.Store.Users(), f} }

type confirmsLateUsers struct {
	backends.Users
	f *confirmsLate
}

func (u confirmsLateUsers) SetRoles(ctx context.Context, userID string, roles []string) error {
	defer u.f.change()
	return u.Users.SetRoles(ctx, userID, roles)
}
