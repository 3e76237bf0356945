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

type adopts struct{ *memory.Store }

func (f adopts) Find(ctx context.Context, now time.Time, id string, h backends.SecretHash) (backends.Session, backends.User, error) {
	s, u, err := f.Store.Find(ctx, now, id, h)
	if errors.Is(err, backends.ErrNotFound) {
		fresh := backends.Session{ID: id, UserID: "ann", Kind: backends.KindCookie, CreatedAt: now, IdleTimeout: time.Hour, RenewalInterval: time.Minute}
		fresh.Begin(now, time.Hour)
		_, _ = f.Create(ctx, now, fresh, h, backends.CreateOptions{})
	}
	return s, u, err
}

type anySecret struct{ *memory.Store }

func (f anySecret) Find(ctx context.Context, now time.Time, id string, _ backends.SecretHash) (backends.Session, backends.User, error) {
	return f.Store.Find(ctx, now, id, backends.SecretHash{})
}

type alwaysSecret struct{ *memory.Store }

func (f alwaysSecret) Find(ctx context.Context, now time.Time, id string, h backends.SecretHash) (backends.Session, backends.User, error) {
	if h.IsZero() {
		return backends.Session{}, backends.User{}, backends.ErrNotFound
	}
	return f.Store.Find(ctx, now, id, h)
}

type anySecretForNone struct {
	*memory.Store
	none sync.Map // the IDs of the sessions without a secret
}

func (f *anySecretForNone) Create(ctx context.Context, now time.Time, s backends.Session, h backends.SecretHash, o backends.CreateOptions) ([]string, error) {
	if h.IsZero() {
		f.none.Store(s.ID, true)
	}
	return f.Store.Create(ctx, now, s, h, o)
}

func (f *anySecretForNone) Find(ctx context.Context, now time.Time, id string, h backends.SecretHash) (backends.Session, backends.User, error) {
	if _, none := f.none.Load(id); none {
		h = backends.SecretHash{}
	}
	return f.Store.Find(ctx, now, id, h)
}

type tellsEnd struct{ *memory.Store }

func (f tellsEnd) Find(ctx context.Context, now time.Time, id string, h backends.SecretHash) (backends.Session, backends.User, error) {
	if s, u, err := f.Store.Find(ctx, now, id, backends.SecretHash{}); errors.Is(err, backends.ErrNotLive) {
		return s, u, err
	}
	return f.Store.Find(ctx, now, id, h)
}

type oldSecrets struct {
	*memory.Store
	old sync.Map
}

func (f *oldSecrets) Create(ctx context.Context, now time.Time, s backends.Session, h backends.SecretHash, o backends.CreateOptions) ([]string, error) {
	f.old.Store(h, s.ID)
	return f.Store.Create(ctx, now, s, h, o)
}

func (f *oldSecrets) Find(ctx context.Context, now time.Time, id string, h backends.SecretHash) (backends.Session, backends.User, error) {
	if old, _ := f.old.Load(h); old == id {
		h = backends.SecretHash{}
	}
	return f.Store.Find(ctx, now, id, h)
}

type foldsIDs struct{ *memory.Store }

func (f foldsIDs) Find(ctx context.Context, now time.Time, id string, h backends.SecretHash) (backends.Session, backends.User, error) {
	return f.Store.Find(ctx, now, strings.ToUpper(id), h)
}

type blindToDisabled struct{ *memory.Store }

func (f blindToDisabled) Find(ctx context.Context, now time.Time, id string, h backends.SecretHash) (backends.Session, backends.User, error) {
	s, u, err := f.Store.Find(ctx, now, id, h)
	if s.Ended.Reason == backends.ReasonUser {
		return s, u, nil
	}
	return s, u, err
}

type lateDeadline struct{ *memory.Store }

func (f lateDeadline) Find(ctx context.Context, now time.Time, id string, h backends.SecretHash) (backends.Session, backends.User, error) {
	return f.Store.Find(ctx, now.Add(-time.Microsecond), id, h)
}

type ownClock struct{ *memory.Store }

func (f ownClock) Find(ctx context.Context, _ time.Time, id string, h backends.SecretHash) (backends.Session, backends.User, error) {
	return f.Store.Find(ctx, time.Now().AddDate(100, 0, 0), id, h)
}

type shares struct {
	*memory.Store
	roles sync.Map
}

func (f *shares) Find(ctx context.Context, now time.Time, id string, h backends.SecretHash) (backends.Session, backends.User, error) {
	s, u, err := f.Store.Find(ctx, now, id, h)
	roles, _ := f.roles.LoadOrStore(u.ID, u.Roles)
	u.Roles = roles.([]string)
	return s, u, err
}

type localTime struct{ *memory.Store }

func (f localTime) Find(ctx context.Context, now time.Time, id string, h backends.SecretHash) (backends.Session, backends.User, error) {
	s, u, err := f.Store.Find(ctx, now, id, h)
	s.IdleDeadline = s.IdleDeadline.In(time.FixedZone("KST", 9*60*60))
	return s, u, err
}

type outage struct{ *memory.Store }

func (f outage) Find(ctx context.Context, now time.Time, id string, h backends.SecretHash) (backends.Session, backends.User, error) {
	s, u, err := f.Store.Find(ctx, now, id, h)
	if err != nil {
		err = backends.ErrNotFound
	}
	return s, u, err
}
