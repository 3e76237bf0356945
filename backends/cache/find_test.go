package cache_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/inga-auth/inga/backends"
)

func testContext(t *testing.T) (context.Context, context.CancelFunc) {
	return context.WithCancel(t.Context())
}

func TestHitsAskNobody(t *testing.T) {
	f := newFixture(t)
	f.live(1)
	for range 1000 {
		f.live(0)
		if _, _, err := f.FindByID(t.Context(), time.Now(), f.session.ID); err != nil {
			t.Fatal(err)
		}
	}
	if n := f.backend.questions(); n != 0 {
		t.Errorf("%d questions, want none", n)
	}
}

func TestSimultaneousMissesOfOneSessionAreOneQuestion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.backend.set(func(b *backend) { b.slow = time.Second })
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() {
				if err := f.find(); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if n := f.backend.questions(); n != 1 {
			t.Errorf("%d questions, want 1", n)
		}
	})
}

func TestAnOutageIsOneQuestionTooForAllWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.backend.set(func(b *backend) { b.slow, b.down = time.Second, errDown })
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() {
				if err := f.find(); !errors.Is(err, errDown) {
					t.Errorf("%v, want %v", err, errDown)
				}
			})
		}
		all.Wait()
		if n := f.backend.questions(); n != 1 {
			t.Errorf("%d questions, want 1", n)
		}
	})
}

func TestWhoAskedFirstMayGoAndTheOthersAreAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.backend.set(func(b *backend) { b.slow = time.Second })
		ctx, cancel := testContext(t)
		var all sync.WaitGroup
		all.Go(func() {
			if _, _, err := f.FindBySecret(ctx, time.Now(), f.secret.Hash()); !errors.Is(err, context.Canceled) {
				t.Errorf("who has gone: %v, want context.Canceled", err)
			}
		})
		synctest.Wait()
		all.Go(func() {
			if err := f.find(); err != nil {
				t.Errorf("who waited: %v", err)
			}
		})
		synctest.Wait()
		cancel()
		all.Wait()
		if n := f.backend.questions(); n != 1 {
			t.Errorf("%d questions, want 1", n)
		}
	})
}

func TestAQuestionFromBeforeARevocationAnswersNobodyWhoCameAfterIt(t *testing.T) {
	// On the process that revokes, it holds at once: even for who would join a question that
	// is under way.
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.backend.set(func(b *backend) { b.slow = time.Second })
		var all sync.WaitGroup
		all.Go(func() { _ = f.find() }) // sees the session live, and hears of it in a second
		synctest.Wait()
		if ok, err := f.Revoke(t.Context(), time.Now(), f.session.ID, backends.ReasonLogout); !ok || err != nil {
			t.Fatalf("Revoke: %v, %v", ok, err)
		}
		all.Go(func() {
			if err := f.find(); !errors.Is(err, backends.ErrRevoked) {
				t.Errorf("after the revocation: %v, want ErrRevoked", err)
			}
		})
		all.Wait()
		f.over(backends.ErrRevoked)
	})
}

func TestAChangeThatIsToldWhileASessionIsReadIsNotLost(t *testing.T) {
	// The answer is older than the news and arrives later.
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t).follow()
		f.backend.set(func(b *backend) { b.slow = time.Second })
		var all sync.WaitGroup
		all.Go(func() { _ = f.find() })
		synctest.Wait()
		f.revokedElsewhere()
		all.Wait()
		f.over(backends.ErrRevoked)
	})
}

func TestARefusalIsNotRemembered(t *testing.T) {
	f := newFixture(t)
	for _, h := range []backends.SecretHash{backends.NewSecret().Hash(), f.secret.Hash()} {
		f.revoke()
		for range 3 {
			if _, _, err := f.FindBySecret(t.Context(), time.Now(), h); !errors.Is(err, backends.ErrNotFound) && !errors.Is(err, backends.ErrRevoked) {
				t.Errorf("%v, want a refusal", err)
			}
			if n := f.backend.questions(); n != 1 {
				t.Errorf("%d questions, want 1", n)
			}
		}
	}
}

func (f *fixture) revoke() {
	f.Helper()
	if _, err := f.Revoke(f.Context(), time.Now(), f.session.ID, backends.ReasonLogout); err != nil {
		f.Fatal(err)
	}
	f.backend.questions()
}

func TestASessionInUseAtAnotherProcessIsNotRefused(t *testing.T) {
	// Activity is not told, so its end is the backend's to say.
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t).follow()
		f.live(1)
		for range 5 {
			time.Sleep(45 * time.Minute)
			if ok, err := f.backend.Store.Extend(t.Context(), time.Now(), f.session.ID, time.Now().Add(time.Hour)); !ok || err != nil {
				t.Fatalf("Extend: %v, %v", ok, err)
			}
			if err := f.find(); err != nil {
				t.Fatalf("after activity elsewhere: %v", err)
			}
		}
		time.Sleep(time.Hour)
		f.over(backends.ErrExpired)
	})
}

func TestActivityReachesTheRowOnceInAnIntervalAndCostsNoOtherQuestion(t *testing.T) {
	// Promise 5, TL-6.
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t).follow()
		f.live(1)
		start := time.Now()
		for range 600 { // requests, ten in each interval of a minute
			time.Sleep(6 * time.Second)
			s, _, err := f.FindBySecret(t.Context(), time.Now(), f.secret.Hash())
			if err != nil {
				t.Fatal(err)
			}
			if time.Since(s.LastSeenAt) >= s.RenewalInterval {
				if ok, err := f.Extend(t.Context(), time.Now(), s.ID, time.Now().Add(time.Hour)); !ok || err != nil {
					t.Fatalf("Extend: %v, %v", ok, err)
				}
			}
		}
		if f.backend.writes != 60 || f.backend.questions() != 60 {
			t.Errorf("%d writes and %d questions in %v, want 60 of either", f.backend.writes, f.backend.questions(), time.Since(start))
		}
		s, _, err := f.backend.Store.FindByID(t.Context(), time.Now(), f.session.ID)
		if err != nil || time.Since(s.LastSeenAt) >= time.Minute {
			t.Errorf("the row was last seen %v ago (%v), want less than a minute", time.Since(s.LastSeenAt), err)
		}
	})
}

func TestWhatWasExtendedElsewhereIsReadAgainAndNotAskedForAllTheTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t).follow()
		f.live(1)
		time.Sleep(time.Minute)
		if ok, err := f.backend.Store.Extend(t.Context(), time.Now(), f.session.ID, time.Now().Add(time.Hour)); !ok || err != nil {
			t.Fatalf("Extend: %v, %v", ok, err)
		}
		if ok, err := f.Extend(t.Context(), time.Now(), f.session.ID, time.Now().Add(time.Hour)); ok || err != nil {
			t.Fatalf("Extend within the interval: %v, %v; want false", ok, err)
		}
		f.live(1)
		s, _, _ := f.FindBySecret(t.Context(), time.Now(), f.secret.Hash())
		if !s.LastSeenAt.Equal(time.Now()) {
			t.Errorf("last seen %v ago, want now", time.Since(s.LastSeenAt))
		}
		f.live(0)
	})
}

func TestEveryChangeMadeHereHoldsWhenTheCallReturns(t *testing.T) {
	// Nobody follows the feed.
	for what, row := range map[string]struct {
		change func(f *fixture) error
		want   error
	}{
		"Revoke": {func(f *fixture) error {
			_, err := f.Revoke(f.Context(), time.Now(), f.session.ID, backends.ReasonLogout)
			return err
		}, backends.ErrRevoked},
		"RevokeUser": {func(f *fixture) error {
			_, err := f.RevokeUser(f.Context(), time.Now(), "ann", "", backends.ReasonRevoked)
			return err
		}, backends.ErrRevoked},
		"RevokeAll": {func(f *fixture) error {
			_, err := f.RevokeAll(f.Context(), time.Now(), backends.ReasonRevoked)
			return err
		}, backends.ErrRevoked},
		"Create in its place": {func(f *fixture) error { return f.create(backends.Admission{Replaces: f.session.ID}) }, backends.ErrRevoked},
		"Create over the limit": {func(f *fixture) error {
			return f.create(backends.Admission{Limit: backends.Limit{Total: 1}.ForAll})
		}, backends.ErrRevoked},
		"Reauthenticate": {func(f *fixture) error {
			next := f.session
			next.AuthenticatedAt = next.AuthenticatedAt.Add(time.Microsecond)
			return f.Reauthenticate(f.Context(), time.Now(), next, f.session.AuthenticatedAt, backends.NewSecret().Hash())
		}, backends.ErrNotFound},
		"theft": {func(f *fixture) error {
			_, _, _, err := f.Rotate(f.Context(), time.Now(), f.session.ID, f.secret.Hash(), 1, backends.Grace{})
			return err
		}, backends.ErrRevoked},
		"SetPassword": {func(f *fixture) error {
			_, err := f.users.SetPassword(f.Context(), time.Now(), "ann", 0, "new", "")
			return err
		}, backends.ErrRevoked},
		"SetDisabled": {func(f *fixture) error { return f.users.SetDisabled(f.Context(), time.Now(), "ann", true) }, backends.ErrNotLive},
		"DeleteUser":  {func(f *fixture) error { return f.users.DeleteUser(f.Context(), time.Now(), "ann") }, backends.ErrNotLive},
	} {
		t.Run(what, func(t *testing.T) {
			f := newFixture(t)
			f.session.Refresh = backends.Refresh{Generation: 3, RotatedAt: time.Now()}
			f.replaceSession()
			f.live(1)
			f.remember()
			if err := row.change(f); err != nil {
				t.Fatal(err)
			}
			f.over(row.want)
			if f.recalled() {
				t.Error("the credential is recalled")
			}
		})
	}
}

func TestNewRolesHoldWhenTheCallReturns(t *testing.T) {
	// AZ-2
	f := newFixture(t)
	f.live(1)
	f.remember()
	if err := f.users.SetRoles(t.Context(), "ann", []string{"admin"}); err != nil {
		t.Fatal(err)
	}
	_, u, err := f.FindBySecret(t.Context(), time.Now(), f.secret.Hash())
	if err != nil || !slices.Equal(u.Roles, []string{"admin"}) {
		t.Errorf("roles %q, error %v; want admin", u.Roles, err)
	}
}

// create opens another session of ann's, through the cache.
func (f *fixture) create(a backends.Admission) error {
	s := f.session
	s.ID, s.Refresh = backends.NewID(), backends.Refresh{}
	_, err := f.Create(f.Context(), time.Now(), s, backends.NewSecret().Hash(), a)
	return err
}

// replaceSession opens another session, as f.session says.
func (f *fixture) replaceSession() {
	f.Helper()
	f.session.ID, f.secret = backends.NewID(), backends.NewSecret()
	if _, err := f.backend.Create(f.Context(), time.Now(), f.session, f.secret.Hash(), backends.Admission{}); err != nil {
		f.Fatal(err)
	}
}
