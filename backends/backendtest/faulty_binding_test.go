package backendtest_test

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/memory"
)

// ownSession stores a session in which another user acts as one of the user's own.
type ownSession struct{ *memory.Store }

func (f ownSession) Create(ctx context.Context, now time.Time, s backends.Session, h backends.SecretHash, o backends.CreateOptions) ([]string, error) {
	s.Actor = backends.Actor{}
	return f.Store.Create(ctx, now, s, h, o)
}

// limitsActors asks the limit about a session in which another user acts.
type limitsActors struct{ *memory.Store }

func (f limitsActors) Create(ctx context.Context, now time.Time, s backends.Session, h backends.SecretHash, o backends.CreateOptions) ([]string, error) {
	ended, err := f.Store.Create(ctx, now, s, h, o)
	if s.Actor == (backends.Actor{}) || o.Limit == nil || err != nil {
		return ended, err
	}
	live, _, _ := f.List(ctx, now, s.UserID, backends.Page{})
	for _, other := range live[:len(live)-1] {
		ended = append(ended, other.ID)
	}
	return ended, nil
}

type alwaysBinds struct{ *memory.Store }

func (f alwaysBinds) Bind(ctx context.Context, now time.Time, id string, b backends.Binding) (bool, error) {
	_, err := f.Store.Bind(ctx, now, id, b)
	return err == nil, err
}

type racyBind struct {
	*memory.Store
	gap *pair
}

func (f racyBind) Bind(ctx context.Context, now time.Time, id string, b backends.Binding) (bool, error) {
	s, _, err := f.Find(ctx, now, id, backends.SecretHash{})
	f.gap.meet()
	_, _ = f.Store.Bind(ctx, now, id, b)
	return err == nil && s.Binding == (backends.Binding{}), nil
}

// bindsDead binds a session that is over: it says so, and Find finds it live.
type bindsDead struct {
	*memory.Store
	bound sync.Map
}

func (f *bindsDead) Bind(ctx context.Context, now time.Time, id string, b backends.Binding) (bool, error) {
	ok, err := f.Store.Bind(ctx, now, id, b)
	s, _, is := f.Find(ctx, now, id, backends.SecretHash{})
	if err == nil && errors.Is(is, backends.ErrNotLive) {
		ok = true
	}
	f.bound.Store(s.ID, true)
	return ok, err
}

func (f *bindsDead) Find(ctx context.Context, now time.Time, id string, h backends.SecretHash) (backends.Session, backends.User, error) {
	s, u, err := f.Store.Find(ctx, now, id, h)
	if _, bound := f.bound.Load(s.ID); bound && errors.Is(err, backends.ErrRevoked) {
		return s, u, nil
	}
	return s, u, err
}

type beginsFree struct{ *memory.Store }

func (f beginsFree) Create(ctx context.Context, now time.Time, s backends.Session, h backends.SecretHash, o backends.CreateOptions) ([]string, error) {
	s.Binding = backends.Binding{}
	return f.Store.Create(ctx, now, s, h, o)
}

type staysBound struct{ *memory.Store }

func (f staysBound) Reauthenticate(ctx context.Context, now time.Time, s backends.Session, next backends.SecretHash, o backends.ReauthenticateOptions) error {
	if is, _, err := f.Find(ctx, now, s.ID, backends.SecretHash{}); err == nil {
		s.Binding = is.Binding
	}
	return f.Store.Reauthenticate(ctx, now, s, next, o)
}

type provesAny struct{ *memory.Store }

func (f provesAny) Proved(ctx context.Context, now time.Time, id, _ string) error {
	s, _, _ := f.Find(ctx, now, id, backends.SecretHash{})
	return f.Store.Proved(ctx, now, id, s.Binding.Thumbprint)
}

// provesDead records the last proof of any session, live or not.
type provesDead struct {
	*memory.Store
	proved sync.Map
}

func (f *provesDead) Proved(_ context.Context, now time.Time, id, _ string) error {
	f.proved.Store(id, now)
	return nil
}

func (f *provesDead) Find(ctx context.Context, now time.Time, id string, h backends.SecretHash) (backends.Session, backends.User, error) {
	s, u, err := f.Store.Find(ctx, now, id, h)
	if at, ok := f.proved.Load(id); ok {
		s.Binding.ProvedAt = at.(time.Time)
	}
	return s, u, err
}

// freedByUse forgets the key of a session that is used.
type freedByUse struct {
	*memory.Store
	used sync.Map
}

func (f *freedByUse) Extend(ctx context.Context, now time.Time, id string) (time.Time, bool, error) {
	f.used.Store(id, true)
	return f.Store.Extend(ctx, now, id)
}

func (f *freedByUse) Find(ctx context.Context, now time.Time, id string, h backends.SecretHash) (backends.Session, backends.User, error) {
	s, u, err := f.Store.Find(ctx, now, id, h)
	if _, used := f.used.Load(id); used {
		s.Binding = backends.Binding{}
	}
	return s, u, err
}

type ignoresBadKeys struct{ *memory.Store }

func (f ignoresBadKeys) Bind(ctx context.Context, now time.Time, id string, b backends.Binding) (bool, error) {
	ok, err := f.Store.Bind(ctx, now, id, b)
	if errors.Is(err, backends.ErrInvalidArgument) {
		return false, nil
	}
	return ok, err
}

type bindsAnyway struct{ *memory.Store }

func (f bindsAnyway) Bind(ctx context.Context, now time.Time, id string, b backends.Binding) (bool, error) {
	return f.Store.Bind(context.WithoutCancel(ctx), now, id, b)
}

// bindsSilently keeps a binding from the listeners.
type bindsSilently struct {
	*memory.Store
	l *quiet
}

func (f *bindsSilently) Watch(ctx context.Context, every time.Duration, l backends.Listener) error {
	f.l = &quiet{Listener: l}
	return f.Store.Watch(ctx, every, f.l)
}

func (f *bindsSilently) Bind(ctx context.Context, now time.Time, id string, b backends.Binding) (bool, error) {
	f.l.off = true
	defer func() { f.l.off = false }()
	return f.Store.Bind(ctx, now, id, b)
}

type quiet struct {
	backends.Listener
	off bool
}

func (q *quiet) Changed(c backends.Change) {
	if !q.off {
		q.Listener.Changed(c)
	}
}

// tellsProofs reports a proof as a change.
type tellsProofs struct{ gossip }

func (f *tellsProofs) Extend(ctx context.Context, now time.Time, id string) (time.Time, bool, error) {
	return f.Store.Extend(ctx, now, id)
}

func (f *tellsProofs) Proved(ctx context.Context, now time.Time, id, thumbprint string) error {
	f.l.Changed(backends.Change{UserID: "ann"})
	return f.Store.Proved(ctx, now, id, thumbprint)
}
