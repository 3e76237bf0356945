package backendtest_test

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/memory"
)

type eagerExtend struct{ *memory.Store }

func (f eagerExtend) Extend(ctx context.Context, now time.Time, id string) (time.Time, bool, error) {
	until, _, _ := f.Store.Extend(ctx, now, id)
	_, _, err := f.Find(ctx, now, id, backends.SecretHash{})
	return until, err == nil, nil
}

type racyExtend struct {
	*memory.Store
	gap *pair
}

func (f racyExtend) Extend(ctx context.Context, now time.Time, id string) (time.Time, bool, error) {
	s, _, err := f.Find(ctx, now, id, backends.SecretHash{})
	f.gap.meet()
	until, _, _ := f.Store.Extend(ctx, now, id)
	return until, err == nil && s.Due(now), nil
}

type zombies struct {
	*memory.Store
	risen sync.Map
}

func (f *zombies) Extend(ctx context.Context, now time.Time, id string) (time.Time, bool, error) {
	f.risen.Store(id, true)
	return f.Store.Extend(ctx, now, id)
}

func (f *zombies) Find(ctx context.Context, now time.Time, id string, h backends.SecretHash) (backends.Session, backends.User, error) {
	s, u, err := f.Store.Find(ctx, now, id, h)
	if _, risen := f.risen.Load(s.ID); risen && errors.Is(err, backends.ErrRevoked) {
		return s, u, nil
	}
	return s, u, err
}

// A staleTimeout reads the idle timeout, lets an authentication change it, and then writes the
// deadline. The writes are kept beside the store, which does not allow them.
type staleTimeout struct {
	*memory.Store
	deadlines           sync.Map
	read, authenticated chan struct{}
	reads, authenticate func()
}

func newStaleTimeout(m *memory.Store) *staleTimeout {
	f := &staleTimeout{Store: m, read: make(chan struct{}), authenticated: make(chan struct{})}
	f.reads = sync.OnceFunc(func() { close(f.read) })
	f.authenticate = sync.OnceFunc(func() { close(f.authenticated) })
	return f
}

func (f *staleTimeout) Extend(ctx context.Context, now time.Time, id string) (time.Time, bool, error) {
	s, _, err := f.Store.Find(ctx, now, id, backends.SecretHash{})
	f.reads()
	<-f.authenticated
	if err != nil || !s.Due(now) {
		return time.Time{}, false, nil
	}
	s.Touch(now)
	f.deadlines.Store(id, s.IdleDeadline)
	return s.IdleDeadline, true, nil
}

func (f *staleTimeout) Reauthenticate(ctx context.Context, now time.Time, s backends.Session, next backends.SecretHash, o backends.ReauthenticateOptions) error {
	<-f.read
	defer f.authenticate()
	return f.Store.Reauthenticate(ctx, now, s, next, o)
}

func (f *staleTimeout) Find(ctx context.Context, now time.Time, id string, h backends.SecretHash) (backends.Session, backends.User, error) {
	s, u, err := f.Store.Find(ctx, now, id, h)
	if at, ok := f.deadlines.Load(id); ok {
		s.IdleDeadline = at.(time.Time)
	}
	return s, u, err
}

type anyVersionAgain struct{ *memory.Store }

func (f anyVersionAgain) Reauthenticate(ctx context.Context, now time.Time, s backends.Session, next backends.SecretHash, o backends.ReauthenticateOptions) error {
	o.UserVersion = 0
	return f.Store.Reauthenticate(ctx, now, s, next, o)
}

type racyAgain struct {
	*memory.Store
	gap *pair
}

func (f racyAgain) Reauthenticate(ctx context.Context, now time.Time, s backends.Session, next backends.SecretHash, o backends.ReauthenticateOptions) error {
	found, _, err := f.Find(ctx, now, s.ID, backends.SecretHash{})
	if err != nil || !found.AuthenticatedAt.Equal(o.Former) {
		return backends.ErrNotFound
	}
	f.gap.meet()
	_ = f.Store.Reauthenticate(ctx, now, s, next, o)
	return nil
}

type lazyRevoke struct{ *memory.Store }

func (lazyRevoke) Revoke(context.Context, time.Time, string, backends.Reason) (bool, error) {
	return true, nil
}

type proudRevoke struct{ *memory.Store }

func (f proudRevoke) Revoke(ctx context.Context, now time.Time, id string, why backends.Reason) (bool, error) {
	_, err := f.Store.Revoke(ctx, now, id, why)
	return true, err
}
