package cache_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/cache"
)

func TestActivityReachesTheRowOnceInAnIntervalAndCostsNoOtherCall(t *testing.T) {
	// TL-6.
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, maxAge(time.Hour)).follow()
		f.live(1)
		for range 600 { // requests, ten in each interval of a minute
			time.Sleep(6 * time.Second)
			s, _, err := f.findWith(f.secret.Hash())
			if err != nil {
				t.Fatal(err)
			}
			if s.Due(time.Now()) {
				f.extend(true)
			}
		}
		if calls := f.backend.callsSince(); f.backend.writes != 60 || calls != 60 {
			t.Errorf("%d writes and %d calls in an hour, want 60 of either", f.backend.writes, calls)
		}
		s, _, err := f.backend.Store.Find(t.Context(), time.Now(), f.session.ID, f.secret.Hash())
		if err != nil || time.Since(s.LastSeenAt) >= time.Minute {
			t.Errorf("the row was last seen %v ago (%v), want less than a minute", time.Since(s.LastSeenAt), err)
		}
	})
}

func TestAnExtensionIsSeenAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, maxAge(time.Hour)).follow()
		f.live(1)
		f.remember()
		time.Sleep(10 * time.Minute)
		f.extend(true)
		s, _, _ := f.findWith(f.secret.Hash())
		if !s.LastSeenAt.Equal(time.Now()) || !s.IdleDeadline.Equal(time.Now().Add(time.Hour)) {
			t.Errorf("last seen at %v, idle deadline %v; want now (%v) and an hour later", s.LastSeenAt, s.IdleDeadline, time.Now())
		}
		if !f.recalled() {
			t.Error("the credential is not recalled")
		}
	})
}

func TestAnExtensionInAnotherProcessIsReadOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t).follow()
		time.Sleep(time.Minute)
		f.live(1)
		f.extendedElsewhere()
		f.extend(false)
		f.live(1)
		s, _, _ := f.findWith(f.secret.Hash())
		if !s.LastSeenAt.Equal(time.Now()) {
			t.Errorf("last seen %v ago, want now", time.Since(s.LastSeenAt))
		}
		f.live(0)
	})
}

func TestALateExtensionDoesNotLengthenASessionThatWasAuthenticatedAgain(t *testing.T) {
	// The row is extended by an hour. Before the answer arrives, the user authenticates again,
	// with five minutes, and the session is read.
	for in, where := range map[string]func(f *fixture) reauthenticator{
		"this process":    func(f *fixture) reauthenticator { return f.Store },
		"another process": func(f *fixture) reauthenticator { return f.backend },
	} {
		t.Run(in, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFixture(t).follow()
				time.Sleep(time.Minute)
				f.live(1)
				f.backend.afterExtend = func() {
					f.reauthenticate(where(f), 5*time.Minute)
					if err := f.find(); err != nil {
						t.Fatal(err)
					}
				}
				f.extend(true)
				s, _, err := f.findWith(f.secret.Hash())
				if err != nil || !s.IdleDeadline.Equal(f.session.IdleDeadline) {
					t.Errorf("the idle deadline is %v (%v), want %v", s.IdleDeadline, err, f.session.IdleDeadline)
				}
			})
		})
	}
}

func TestAnExtensionByAnIdleTimeoutThatIsNotKnownHereDoesNotLengthenTheSession(t *testing.T) {
	// The cached session has an hour. In another process the user has authenticated again, with
	// five minutes.
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, func(c *cache.Config) { c.MaxLag = time.Minute })
		f.reauthenticate(f.Store, time.Hour)
		time.Sleep(time.Minute)
		f.live(1)
		f.reauthenticate(f.backend, 5*time.Minute)
		time.Sleep(30 * time.Second)
		now := f.session.AuthenticatedAt.Add(time.Minute)
		if _, ok, err := f.Extend(t.Context(), now, f.session.ID); !ok || err != nil {
			t.Fatalf("Extend: %v, %v", ok, err)
		}
		f.backend.callsSince()
		s, _, err := f.findWith(backends.SecretHash{})
		if err != nil || !s.IdleDeadline.Equal(now.Add(5*time.Minute)) {
			t.Errorf("the idle deadline is %v (%v), want %v", s.IdleDeadline, err, now.Add(5*time.Minute))
		}
		if n := f.backend.callsSince(); n != 0 {
			t.Errorf("%d calls: the session is not the cached one", n)
		}
	})
}
