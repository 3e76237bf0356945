package cache_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/cache"
)

// together calls f 100 times at once.
func together(f func()) {
	var all sync.WaitGroup
	for range 100 {
		all.Go(f)
	}
	all.Wait()
}

func TestSimultaneousMissesOfOneSessionAreOneCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.backend.set(func(b *backend) { b.slow = time.Second })
		together(func() {
			if err := f.find(); err != nil {
				t.Error(err)
			}
		})
		if n := f.backend.callsSince(); n != 1 {
			t.Errorf("%d calls, want 1", n)
		}
	})
}

func TestAnOutageIsOneCallTooForAllThatWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.backend.set(func(b *backend) { b.slow, b.down = time.Second, errDown })
		together(func() {
			if err := f.find(); !errors.Is(err, errDown) {
				t.Errorf("%v, want %v", err, errDown)
			}
		})
		if n := f.backend.callsSince(); n != 1 {
			t.Errorf("%d calls, want 1", n)
		}
	})
}

func TestAWrongSecretIsNotAnsweredWithTheRightOne(t *testing.T) {
	// Both are looked up at the same time.
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.backend.set(func(b *backend) { b.slow = time.Second })
		var all sync.WaitGroup
		all.Go(func() {
			if err := f.find(); err != nil {
				t.Errorf("the right secret: %v", err)
			}
		})
		synctest.Wait()
		if _, _, err := f.findWith(backends.NewSecret().Hash()); !errors.Is(err, backends.ErrNotFound) {
			t.Errorf("a wrong secret: %v, want ErrNotFound", err)
		}
		all.Wait()
	})
}

func TestTheFirstCallerMayLeaveAndTheOthersAreAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.backend.set(func(b *backend) { b.slow = time.Second })
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() {
			if _, _, err := f.Find(ctx, time.Now(), f.session.ID, f.secret.Hash()); !errors.Is(err, context.Canceled) {
				t.Errorf("the one that left: %v, want context.Canceled", err)
			}
		})
		synctest.Wait()
		all.Go(func() {
			if err := f.find(); err != nil {
				t.Errorf("the one that waited: %v", err)
			}
		})
		synctest.Wait()
		cancel()
		all.Wait()
		if n := f.backend.callsSince(); n != 1 {
			t.Errorf("%d calls, want 1", n)
		}
	})
}

func TestAnAnswerFromBeforeARevocationIsNotForCallersThatCameAfterIt(t *testing.T) {
	// In the process that revokes, a revocation holds at once: also for callers that would join a
	// look-up that is under way.
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.backend.set(func(b *backend) { b.slow = time.Second })
		var all sync.WaitGroup
		all.Go(func() { _ = f.find() }) // finds the session live, and is answered in a second
		synctest.Wait()
		f.revoke()
		all.Go(func() {
			if err := f.find(); !errors.Is(err, backends.ErrRevoked) {
				t.Errorf("after the revocation: %v, want ErrRevoked", err)
			}
		})
		all.Wait()
		f.refused(backends.ErrRevoked)
	})
}

func TestAChangeThatIsReportedWhileASessionIsReadIsNotLost(t *testing.T) {
	// The answer is older than the report and arrives later.
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t).follow()
		f.backend.set(func(b *backend) { b.slow = time.Second })
		var all sync.WaitGroup
		all.Go(func() { _ = f.find() })
		synctest.Wait()
		f.revokedElsewhere()
		all.Wait()
		f.refused(backends.ErrRevoked)
	})
}

func TestALateAnswerDoesNotReplaceANewerOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t).follow()
		time.Sleep(time.Minute)
		f.backend.set(func(b *backend) { b.slow = time.Second })
		var all sync.WaitGroup
		all.Go(func() { _, _, _ = f.findWith(backends.SecretHash{}) }) // answered in a second
		synctest.Wait()
		f.extendedElsewhere()
		f.backend.set(func(b *backend) { b.slow = 0 })
		f.live(1)
		all.Wait()
		s, _, err := f.findWith(f.secret.Hash())
		if err != nil || s.LastSeenAt.Equal(f.session.LastSeenAt) {
			t.Errorf("last seen at %v (%v), which is before the activity", s.LastSeenAt, err)
		}
	})
}

func TestAPanicOfTheBackendReachesEveryCaller(t *testing.T) {
	// net/http recovers it there. In another goroutine it would end the process.
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.backend.set(func(b *backend) { b.slow, b.panics = time.Second, "out of luck" })
		together(func() {
			defer func() {
				err, _ := recover().(error)
				if err == nil || !strings.Contains(err.Error(), "out of luck") || !strings.Contains(err.Error(), "(*backend).called") {
					t.Errorf("recovered %v, want the panic and where it was", err)
				}
			}()
			_ = f.find()
		})
		f.backend.set(func(b *backend) { b.panics = nil })
		f.live(1)
	})
}

func TestNothingIsRecalledAfterARevocation(t *testing.T) {
	// Look-ups, activity and credentials race the revocation.
	for range 50 {
		f := newFixture(t)
		f.remember()
		var all sync.WaitGroup
		revoked := make(chan struct{})
		for range 4 {
			all.Go(func() {
				for range 100 {
					_ = f.find()
					f.Remember(f.id(), f.session.AuthenticatedAt, credential, "note", 4)
					_, _, _ = f.Extend(t.Context(), f.session.CreatedAt.Add(time.Minute), f.session.ID)
					select {
					case <-revoked:
						if f.recalled() {
							t.Error("recalled")
						}
						if err := f.find(); !errors.Is(err, backends.ErrRevoked) {
							t.Errorf("found: %v, want ErrRevoked", err)
						}
						return
					default:
					}
				}
			})
		}
		f.revoke()
		close(revoked)
		all.Wait()
	}
}

// Otherwise the backend would be asked by every request as soon as it is slow.
func TestSimultaneousMissesThatTakeLongerThanMaxLagAreTwoCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, func(c *cache.Config) { c.MaxLag = 50 * time.Millisecond })
		f.backend.set(func(b *backend) { b.slow = time.Second })
		go func() { _ = f.find() }()
		synctest.Wait()
		together(func() {
			if err := f.find(); err != nil {
				t.Error(err)
			}
		})
		if n := f.backend.callsSince(); n != 2 {
			t.Errorf("%d calls, want 2: one that had begun before, and one", n)
		}
	})
}
