package backendtest_test

import (
	"context"
	"errors"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/memory"
)

var errDatabase = errors.New("a constraint of the database")

type overwrites struct{ *memory.Store }

func (f overwrites) Create(ctx context.Context, now time.Time, s backends.Session, h backends.SecretHash, o backends.CreateOptions) ([]string, error) {
	ended, err := f.Store.Create(ctx, now, s, h, o)
	if errors.Is(err, backends.ErrConflict) {
		return nil, nil
	}
	return ended, err
}

type anyVersion struct{ *memory.Store }

func (f anyVersion) Create(ctx context.Context, now time.Time, s backends.Session, h backends.SecretHash, o backends.CreateOptions) ([]string, error) {
	o.UserVersion = 0
	return f.Store.Create(ctx, now, s, h, o)
}

type countsFirst struct{ *memory.Store }

func (f countsFirst) Create(ctx context.Context, now time.Time, s backends.Session, h backends.SecretHash, o backends.CreateOptions) ([]string, error) {
	if o.Limit == nil {
		return f.Store.Create(ctx, now, s, h, o)
	}
	live, _, err := f.List(ctx, now, s.UserID, backends.Page{})
	if err != nil {
		return nil, err
	}
	evicted, err := o.Limit(backends.User{ID: s.UserID}).Evict(live, s.Kind)
	if err != nil {
		return nil, err
	}
	for _, id := range evicted {
		_, _ = f.Revoke(ctx, now, id, backends.ReasonSuperseded)
	}
	o.Limit = nil
	_, err = f.Store.Create(ctx, now, s, h, o)
	return evicted, err
}

type forgetsDevice struct{ *memory.Store }

func (f forgetsDevice) Create(ctx context.Context, now time.Time, s backends.Session, h backends.SecretHash, o backends.CreateOptions) ([]string, error) {
	o.Replaces = ""
	return f.Store.Create(ctx, now, s, h, o)
}

type endsFirst struct{ *memory.Store }

func (f endsFirst) Create(ctx context.Context, now time.Time, s backends.Session, h backends.SecretHash, o backends.CreateOptions) ([]string, error) {
	_, _ = f.Revoke(ctx, now, o.Replaces, backends.ReasonReplaced)
	return f.Store.Create(ctx, now, s, h, o)
}

type repairs struct{ *memory.Store }

func (f repairs) Create(ctx context.Context, now time.Time, s backends.Session, h backends.SecretHash, o backends.CreateOptions) ([]string, error) {
	s.Client = backends.NewClient(s.Client.IP, s.Client.UserAgent, s.Client.Label)
	return f.Store.Create(ctx, now, s, h, o)
}

type mistakesAreOutages struct{ *memory.Store }

func (mistakesAreOutages) outage(err error) error {
	if errors.Is(err, backends.ErrInvalidArgument) {
		return errDatabase
	}
	return err
}

func (f mistakesAreOutages) Create(ctx context.Context, now time.Time, s backends.Session, h backends.SecretHash, o backends.CreateOptions) ([]string, error) {
	ended, err := f.Store.Create(ctx, now, s, h, o)
	return ended, f.outage(err)
}

func (f mistakesAreOutages) Reauthenticate(ctx context.Context, now time.Time, s backends.Session, next backends.SecretHash, o backends.ReauthenticateOptions) error {
	return f.outage(f.Store.Reauthenticate(ctx, now, s, next, o))
}

func (f mistakesAreOutages) Revoke(ctx context.Context, now time.Time, id string, why backends.Reason) (bool, error) {
	ok, err := f.Store.Revoke(ctx, now, id, why)
	return ok, f.outage(err)
}
