package backendtest

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
)

// A tester is what one promise is tested with: a store, and words to talk about it.
type tester struct {
	*testing.T
	Harness
	ctx      context.Context
	ownUsers bool // PutUser and DropUser are methods of the store
	version  int64
}

// user puts a user that may log in, and returns its ID.
func (t *tester) user(id string, roles ...string) string {
	t.Helper()
	t.put(backends.User{ID: id, Name: id, Roles: roles})
	return id
}

// disable puts the user with that ID, disabled.
func (t *tester) disable(id string) {
	t.Helper()
	t.put(backends.User{ID: id, Name: id, Roles: []string{"user"}, Disabled: true})
}

// put puts u with a version that no user had before.
func (t *tester) put(u backends.User) {
	t.Helper()
	t.version++
	u.Version = t.version
	t.PutUser(t.T, u)
}

// open creates a session of the user at now.
func (t *tester) open(userID string, now time.Time) opened {
	t.Helper()
	return t.create(session(userID, now))
}

// tryCreate creates o at its CreatedAt under the conditions.
func (t *tester) tryCreate(o opened, c backends.CreateOptions) error {
	_, err := t.Store.Create(t.ctx, o.CreatedAt, o.Session, o.hash, c)
	return err
}

func (t *tester) create(o opened) opened {
	t.Helper()
	t.ok("Create", t.tryCreate(o, backends.CreateOptions{}))
	return o
}

// begun returns the user's only session in a new store, opened at the beginning.
func (t *tester) begun() opened {
	t.Helper()
	return t.open(t.user("ann", "user"), at(0))
}

// ok stops the test if there is an error.
func (t *tester) ok(what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// live fails the test unless o is found live at now, by its ID alone and with its secret, and
// returns what was found.
func (t *tester) live(o opened, now time.Time) (s backends.Session, u backends.User) {
	t.Helper()
	for _, h := range o.hashes() {
		var err error
		if s, u, err = t.Store.Find(t.ctx, now, o.ID, h); err != nil || s.ID != o.ID {
			t.Fatalf("Find at %v: session %q, error %v; want %q live", now.Sub(at(0)), s.ID, err, o.ID)
		}
	}
	return s, u
}

// over fails the test unless Find at now refuses o with want and returns its session.
func (t *tester) over(o opened, now time.Time, want error) (s backends.Session) {
	t.Helper()
	for _, h := range o.hashes() {
		var err error
		if s, _, err = t.Store.Find(t.ctx, now, o.ID, h); !errors.Is(err, want) || s.ID != o.ID {
			t.Errorf("Find at %v: session %q, error %v; want %q, %v", now.Sub(at(0)), s.ID, err, o.ID, want)
		}
	}
	return s
}

// unknown fails the test if the store knows o.
func (t *tester) unknown(o opened) {
	t.Helper()
	for _, h := range o.hashes() {
		t.shut(o.ID, h, at(0))
	}
}

// shut fails the test unless the hash finds no session with the ID at now.
func (t *tester) shut(id string, h backends.SecretHash, now time.Time) {
	t.Helper()
	if s, _, err := t.Store.Find(t.ctx, now, id, h); !errors.Is(err, backends.ErrNotFound) || s.ID != "" {
		t.Errorf("Find %.40q: session %q, error %v; want ErrNotFound", id, s.ID, err)
	}
}

// unchanged fails the test unless o is live at now and is what the store has.
func (t *tester) unchanged(o opened, now time.Time) {
	t.Helper()
	s, _ := t.live(o, now)
	t.same(s, o.Session)
}

// extend fails the test unless activity at now counts and moves the idle deadline to want.
func (t *tester) extend(o opened, now, want time.Time) {
	t.Helper()
	got, ok, err := t.Store.Extend(t.ctx, now, o.ID)
	if err != nil || !ok || !got.Equal(want) {
		t.Errorf("Extend at %v: %v, %v, error %v; want %v, true", now.Sub(at(0)), got.Sub(at(0)), ok, err, want.Sub(at(0)))
	}
}

// notExtended fails the test if activity at now counts.
func (t *tester) notExtended(o opened, now time.Time) {
	t.Helper()
	if _, ok, err := t.Store.Extend(t.ctx, now, o.ID); ok || err != nil {
		t.Errorf("Extend at %v: %v, error %v; want false", now.Sub(at(0)), ok, err)
	}
}

// renew returns a call of Extend that may count or not.
func (t *tester) renew(o opened, now time.Time) func() {
	return func() {
		if _, _, err := t.Store.Extend(t.ctx, now, o.ID); err != nil {
			t.Errorf("Extend: %v", err)
		}
	}
}

func (t *tester) revoke(o opened, now time.Time, want bool) {
	t.Helper()
	got, err := t.Store.Revoke(t.ctx, now, o.ID, backends.ReasonLogout)
	if err != nil || got != want {
		t.Errorf("Revoke at %v: %v, error %v; want %v", now.Sub(at(0)), got, err, want)
	}
}

// endedAs fails the test unless s ended at the given time for the reason.
func (t *tester) endedAs(s backends.Session, why backends.Reason, when time.Time) {
	t.Helper()
	if s.Ended.Reason != why || !s.Ended.At.Equal(when) {
		t.Errorf("ended %q at %v, want %q at %v", s.Ended.Reason, s.Ended.At.Sub(at(0)), why, when.Sub(at(0)))
	}
}

// same fails the test unless the sessions are equal, field by field.
func (t *tester) same(got, want backends.Session) {
	t.Helper()
	got, want = normal(got), normal(want)
	g, w := reflect.ValueOf(got), reflect.ValueOf(want)
	for i := range g.NumField() {
		if got, want := g.Field(i).Interface(), w.Field(i).Interface(); !reflect.DeepEqual(got, want) {
			t.Errorf("%s is %v, want %v", g.Type().Field(i).Name, got, want)
		}
	}
}

// aboutTheStore fails the test unless err says something about the store only.
func (t *tester) aboutTheStore(what string, err error) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: no error, want one", what)
	}
	for _, sentinel := range []error{backends.ErrNotFound, backends.ErrConflict, backends.ErrLimit, backends.ErrInvalidArgument, backends.ErrNotLive, backends.ErrTooManyAttempts} {
		if errors.Is(err, sentinel) {
			t.Errorf("%s: error %v, want none that is %v", what, err, sentinel)
		}
	}
}

// mistaken fails the test unless err says that the caller made a mistake, and nothing else.
func (t *tester) mistaken(what string, err error) {
	t.Helper()
	if !errors.Is(err, backends.ErrInvalidArgument) || errors.Is(err, backends.ErrNotFound) || errors.Is(err, backends.ErrNotLive) {
		t.Errorf("%s: %v, want ErrInvalidArgument", what, err)
	}
}

// ended returns a context that has ended.
func ended(ctx context.Context) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	return ctx
}
