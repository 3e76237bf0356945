package backendtest

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
)

// A tester is what one promise is tested with: a store, and words to talk about it.
type tester struct {
	*testing.T
	Harness
	ctx     context.Context
	version int64
}

// The session that the tester opens: ten minutes without activity, an hour at all, and
// activity counted once in a minute.
const (
	idle     = 10 * time.Minute
	absolute = time.Hour
	interval = time.Minute
	tick     = time.Microsecond // the precision of every store
)

// at is an instant of the suite: d after its beginning, which no clock shows.
func at(d time.Duration) time.Time {
	return time.Date(2031, time.May, 6, 7, 8, 9, 123456000, time.UTC).Add(d)
}

// An opened session is a row in the store, and the hash that opens it.
type opened struct {
	backends.Session
	hash backends.SecretHash
}

// session returns a session of the user, begun at now. It is in no store yet.
func session(userID string, now time.Time) opened {
	return opened{
		Session: backends.Session{
			ID:               backends.NewID(),
			UserID:           userID,
			Kind:             backends.KindCookie,
			Client:           backends.Client{IP: "192.0.2.7", UserAgent: "Mozilla/5.0 (X11; Linux)", Label: "Ann's “phone” 전화"},
			AMR:              []string{"pwd", "otp"},
			CreatedAt:        now,
			AuthenticatedAt:  now,
			LastSeenAt:       now,
			IdleTimeout:      idle,
			RenewalInterval:  interval,
			IdleDeadline:     now.Add(idle),
			AbsoluteDeadline: now.Add(absolute),
		},
		hash: backends.NewSecret().Hash(),
	}
}

// user puts a user that may log in, and returns its ID.
func (t *tester) user(id string, roles ...string) string {
	t.Helper()
	t.put(backends.User{ID: id, Name: id, Roles: roles})
	return id
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

// tryCreate creates o as its CreatedAt says, if userVersion is still the user's.
func (t *tester) tryCreate(o opened, userVersion int64) error {
	_, err := t.Store.Create(t.ctx, o.CreatedAt, o.Session, o.hash, backends.Admission{UserVersion: userVersion})
	return err
}

func (t *tester) create(o opened) opened {
	t.Helper()
	if err := t.tryCreate(o, 0); err != nil {
		t.Fatalf("Create: %v", err)
	}
	return o
}

// live fails the test unless both finders find o live at now, and returns what they found.
func (t *tester) live(o opened, now time.Time) (backends.Session, backends.User) {
	t.Helper()
	s, u, err := t.Store.FindByID(t.ctx, now, o.ID)
	if err != nil || s.ID != o.ID {
		t.Fatalf("FindByID at %v: session %q, error %v; want %q live", now.Sub(at(0)), s.ID, err, o.ID)
	}
	if o.hash == (backends.SecretHash{}) {
		return s, u
	}
	s, u, err = t.Store.FindBySecret(t.ctx, now, o.hash)
	if err != nil || s.ID != o.ID {
		t.Fatalf("FindBySecret at %v: session %q, error %v; want %q live", now.Sub(at(0)), s.ID, err, o.ID)
	}
	return s, u
}

// over fails the test unless both finders refuse o at now with want and tell its session.
func (t *tester) over(o opened, now time.Time, want error) backends.Session {
	t.Helper()
	s, _, err := t.Store.FindByID(t.ctx, now, o.ID)
	if !errors.Is(err, want) || s.ID != o.ID {
		t.Errorf("FindByID at %v: session %q, error %v; want %q, %v", now.Sub(at(0)), s.ID, err, o.ID, want)
	}
	if o.hash == (backends.SecretHash{}) {
		return s
	}
	s, _, err = t.Store.FindBySecret(t.ctx, now, o.hash)
	if !errors.Is(err, want) || s.ID != o.ID {
		t.Errorf("FindBySecret at %v: session %q, error %v; want %q, %v", now.Sub(at(0)), s.ID, err, o.ID, want)
	}
	return s
}

// unknown fails the test unless neither finder knows o.
func (t *tester) unknown(o opened) {
	t.Helper()
	if s, _, err := t.Store.FindByID(t.ctx, at(0), o.ID); !errors.Is(err, backends.ErrNotFound) {
		t.Errorf("FindByID: session %q, error %v; want ErrNotFound", s.ID, err)
	}
	if s, _, err := t.Store.FindBySecret(t.ctx, at(0), o.hash); !errors.Is(err, backends.ErrNotFound) {
		t.Errorf("FindBySecret: session %q, error %v; want ErrNotFound", s.ID, err)
	}
}

// begun returns the user's only session in a new store, opened at the beginning.
func (t *tester) begun() opened {
	t.Helper()
	return t.open(t.user("ann", "user"), at(0))
}

func (t *tester) extend(o opened, now, until time.Time, want bool) {
	t.Helper()
	got, err := t.Store.Extend(t.ctx, now, o.ID, until)
	if err != nil || got != want {
		t.Errorf("Extend at %v: %v, error %v; want %v", now.Sub(at(0)), got, err, want)
	}
}

func (t *tester) revoke(o opened, now time.Time, want bool) {
	t.Helper()
	got, err := t.Store.Revoke(t.ctx, now, o.ID, backends.ReasonLogout)
	if err != nil || got != want {
		t.Errorf("Revoke at %v: %v, error %v; want %v", now.Sub(at(0)), got, err, want)
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

// normal returns s with one spelling for each value: no empty slice, all times in UTC.
func normal(s backends.Session) backends.Session {
	s = s.Clone()
	for _, at := range times(&s) {
		*at = at.UTC()
	}
	if len(s.AMR) == 0 {
		s.AMR = nil
	}
	return s
}

func times(s *backends.Session) map[string]*time.Time {
	return map[string]*time.Time{
		"CreatedAt": &s.CreatedAt, "AuthenticatedAt": &s.AuthenticatedAt, "LastSeenAt": &s.LastSeenAt,
		"IdleDeadline": &s.IdleDeadline, "AbsoluteDeadline": &s.AbsoluteDeadline,
		"Refresh.RotatedAt": &s.Refresh.RotatedAt, "Refresh.SeenAt": &s.Refresh.SeenAt, "Ended.At": &s.Ended.At,
	}
}

// together calls all functions at once and waits for them.
func together(fs ...func()) {
	var ready, done sync.WaitGroup
	start := make(chan struct{})
	for _, f := range fs {
		ready.Add(1)
		done.Go(func() {
			ready.Done()
			<-start
			f()
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
}

// nTimes is f n times, to be called together.
func nTimes(n int, f func()) []func() { return slices.Repeat([]func(){f}, n) }

// rounds is how often a race is run.
const rounds = 20

// notText is what can be no ID and no name in any backend.
func notText() map[string]string {
	return map[string]string{
		"empty":         "",
		"NUL":           "\x00",
		"NUL inside":    "an\x00n",
		"a line break":  "ann\n",
		"invalid UTF-8": "\xff\xfe",
		"half a rune":   "ann\xe2\x82",
		"256 bytes":     strings.Repeat("x", 256),
		"a megabyte":    strings.Repeat("x", 1<<20),
	}
}

// aboutTheStore fails the test unless err says something about the store only.
func (t *tester) aboutTheStore(what string, err error) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: no error, want one", what)
	}
	for _, sentinel := range []error{backends.ErrNotFound, backends.ErrConflict, backends.ErrNotLive} {
		if errors.Is(err, sentinel) {
			t.Errorf("%s: error %v, want none that is %v", what, err, sentinel)
		}
	}
}

// ended returns a context that has ended.
func ended(ctx context.Context) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	return ctx
}
