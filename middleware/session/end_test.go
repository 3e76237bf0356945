package session_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/session"
)

func TestALogoutEndsASessionOnceAndSaysWhose(t *testing.T) {
	each(t, func(t *testing.T, f *fixture, _ storetest.Store) {
		for name, about := range map[string]func(key) middleware.Identity{
			"of a known user": func(k key) middleware.Identity { return middleware.Identity{Subject: "1", SessionID: k.id} },
			"by its ID alone": func(k key) middleware.Identity { return middleware.Identity{SessionID: k.id} },
		} {
			k, other := f.open("1"), f.open("1")
			f.trail.Take()
			if err := f.keys.Logout(request(t), about(k)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			f.trail.WantEvents(t, event("logout", "1", k.id, ""))
			if row, _, err := f.keys.Find(t.Context(), k.id, k.secret); !errors.Is(err, middleware.ErrSessionRevoked) || row.Ended.Reason != "logout" || !strings.HasSuffix(err.Error(), ": logout") {
				t.Errorf("%s: %+v, %v; want a logout, and an error that says so", name, row.Ended, err)
			}
			for _, id := range []string{k.id, backends.NewID("1"), "", "no ID"} {
				if err := f.keys.Logout(request(t), middleware.Identity{SessionID: id}); err != nil {
					t.Errorf("%s: logging out %q: %v", name, id, err)
				}
			}
			f.trail.WantEvents(t)
			f.find(other)
		}
	})
}

func TestTheSessionsOfAUserAreListedWhateverProvesThem(t *testing.T) {
	// DV-1
	each(t, func(t *testing.T, f *fixture, _ storetest.Store) {
		k := f.open("1")
		s, err := f.sessions.Method("certificate", "mtls").Open(request(t), middleware.Login{Subject: "1"}, session.Opening{})
		if err != nil {
			t.Fatal(err)
		}
		f.open("2")
		live, _, err := f.sessions.List(t.Context(), "1", backends.Page{})
		if err != nil || len(live) != 2 || live[0].ID != s.ID || live[0].Kind != "certificate" || live[1].ID != k.id || live[1].Kind != "api_key" {
			t.Errorf("%+v (%v), want the certificate's and the key's", live, err)
		}
		for _, nobody := range []string{"nobody", "", "\x00"} {
			if live, _, err := f.sessions.List(t.Context(), nobody, backends.Page{}); err != nil || len(live) != 0 {
				t.Errorf("user %q: %+v (%v), want none", nobody, live, err)
			}
		}
	})
}

func TestOneSessionEndsIfItIsTheUsers(t *testing.T) {
	// DV-2
	each(t, func(t *testing.T, f *fixture, _ storetest.Store) {
		k := f.open("1")
		f.trail.Take()
		end := func(user, id string, want bool) {
			t.Helper()
			if got, err := f.sessions.End(t.Context(), user, id, backends.ReasonRevoked); got != want || err != nil {
				t.Errorf("End(%q, %q): %v, %v; want %v", user, id, got, err, want)
			}
		}
		end("2", k.id, false)
		end("", k.id, false)
		end("1", backends.NewID("1"), false)
		end("1", "", false)
		f.find(k)
		f.trail.WantEvents(t)
		end("1", k.id, true)
		f.trail.WantEvents(t, ended("1", k.id, 0))
		end("1", k.id, false)
		f.trail.WantEvents(t)
		if _, err := f.keys.Authenticate(t.Context(), k.id, k.secret); !errors.Is(err, middleware.ErrSessionRevoked) {
			t.Errorf("%v, want ErrSessionRevoked", err)
		}
	})
}

func TestManySessionsEnd(t *testing.T) {
	// LO-4
	each(t, func(t *testing.T, f *fixture, _ storetest.Store) {
		keys := []key{f.open("1"), f.open("1"), f.open("1"), f.open("2")}
		f.trail.Take()
		live := func(want ...bool) {
			t.Helper()
			for i, k := range keys {
				if _, err := f.keys.Authenticate(t.Context(), k.id, k.secret); (err == nil) != want[i] {
					t.Errorf("session %d: %v, want it live: %v", i, err, want[i])
				}
			}
		}
		live(true, true, true, true)
		endUser := func(user, except string, want int) {
			t.Helper()
			if got, err := f.sessions.EndUser(t.Context(), user, except, backends.ReasonRevoked); got != want || err != nil {
				t.Errorf("EndUser(%q, %q): %d, %v; want %d", user, except, got, err, want)
			}
		}
		endUser("1", keys[1].id, 2)
		live(false, true, false, true)
		f.trail.WantEvents(t, ended("1", "", 2))
		endUser("1", keys[1].id, 0)
		endUser("nobody", "", 0)
		endUser("", "", 0) // no user, and not all of them
		live(false, true, false, true)
		f.trail.WantEvents(t)
		if err := f.sessions.EndAll(t.Context(), backends.ReasonRevoked); err != nil {
			t.Errorf("EndAll: %v", err)
		}
		live(false, false, false, false)
		f.trail.WantEvents(t, ended("", "", 0))
	})
}

func TestActivityExtendsASessionOncePerInterval(t *testing.T) {
	// TL-3, TL-6. Time does not pass on a real database: the sessions began before.
	each(t, func(t *testing.T, f *fixture, s storetest.Store) {
		for name, row := range map[string]struct {
			ago time.Duration
			ok  bool
		}{"just now": {0, false}, "within an interval": {2 * time.Minute, false}, "an interval ago": {3 * time.Minute, true}, "idle for too long": {30 * time.Minute, false}} {
			at := time.Now().UTC().Truncate(time.Microsecond).Add(-row.ago)
			began := backends.Session{ID: backends.NewID("1"), UserID: "1", Kind: "api_key", CreatedAt: at, IdleTimeout: policy.Idle, RenewalInterval: 3 * time.Minute}
			began.Begin(at, policy.Absolute)
			if _, err := s.Create(t.Context(), at, began, backends.SecretHash{}, backends.CreateOptions{}); err != nil {
				t.Fatal(err)
			}
			before := f.keys.Identity(&began, &backends.User{ID: "1"})
			h := map[string][]string{}
			renewed, ok, err := f.keys.Renew(h, request(t), before)
			if ok != row.ok || err != nil || len(h) != 0 {
				t.Errorf("%s: %v, %v, header %v; want %v and none", name, ok, err, h, row.ok)
			}
			if !ok {
				f.trail.WantEvents(t)
				continue
			}
			f.trail.WantEvents(t, event("renewed", "1", began.ID, ""))
			if moved := renewed.ExpiresAt.Sub(before.ExpiresAt); moved < row.ago || !renewed.ExpiresAt.Equal(renewed.Session.IdleDeadline) ||
				renewed.ExpiresAt.Sub(renewed.Session.LastSeen) != policy.Idle || !renewed.AuthTime.Equal(before.AuthTime) {
				t.Errorf("%s: renewed %+v, before %+v", name, renewed, before)
			}
		}
	})
}

func TestAnOutageIsNoAnswer(t *testing.T) {
	// AZ-5: and nothing is reported that may not have happened.
	down := &storetest.Failing{Store: storetest.Memory(t)}
	f := newFixture(t, struct {
		*storetest.Failing
		backends.SessionLister
	}{down, brokenLister{}})
	k := f.open("1")
	row := f.find(k)
	id := middleware.Identity{Subject: "1", SessionID: k.id}
	f.trail.Take()
	for name, do := range map[string]func() error{
		"Find":     func() error { down.NoFind = true; _, _, err := f.keys.Find(t.Context(), k.id, k.secret); return err },
		"FindByID": func() error { down.NoFind = true; _, _, err := f.keys.FindByID(t.Context(), k.id); return err },
		"Authenticate": func() error {
			down.NoFind = true
			_, err := f.keys.Authenticate(t.Context(), k.id, k.secret)
			return err
		},
		"Renew":  func() error { down.NoExtend = true; _, _, err := f.keys.Renew(nil, request(t), id); return err },
		"Logout": func() error { down.NoRevoke = true; return f.keys.Logout(request(t), id) },
		"End, the look": func() error {
			down.NoFind = true
			_, err := f.sessions.End(t.Context(), "1", k.id, "revoked")
			return err
		},
		"End": func() error {
			down.NoRevoke = true
			_, err := f.sessions.End(t.Context(), "1", k.id, "revoked")
			return err
		},
		"List":    func() error { _, _, err := f.sessions.List(t.Context(), "1", backends.Page{}); return err },
		"EndAll":  func() error { return f.sessions.EndAll(t.Context(), "revoked") },
		"EndUser": func() error { _, err := f.sessions.EndUser(t.Context(), "1", "", "revoked"); return err },
		"Reauthenticate": func() error {
			down.NoReauthenticate = true
			return f.keys.Reauthenticate(request(t), &row, middleware.Login{Subject: "1"}, session.Opening{})
		},
	} {
		err := do()
		if !errors.Is(err, middleware.ErrUnavailable) || !errors.Is(err, storetest.ErrDown) || errors.Is(err, middleware.ErrInvalidCredentials) {
			t.Errorf("%s: %v, want ErrUnavailable and why", name, err)
		}
		*down = storetest.Failing{Store: down.Store}
	}
	f.trail.WantEvents(t)
	down.NoCreate = true
	if _, err := f.keys.Open(request(t), middleware.Login{Subject: "1"}, session.Opening{}); !errors.Is(err, middleware.ErrUnavailable) {
		t.Errorf("Open: %v, want ErrUnavailable", err)
	}
	f.trail.WantEvents(t, event("login_failed", "1", "", "unavailable"))
	f.find(k)
}
