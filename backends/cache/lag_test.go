package cache_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/inga-auth/inga/backends"
)

const lag = 5 * time.Second // the default

func TestWithoutAFeedASessionIsReadOnceInMaxLag(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		for range 3 {
			f.live(1)
			for range 100 {
				f.live(0)
			}
			time.Sleep(lag)
			f.live(0)
			time.Sleep(time.Nanosecond)
		}
	})
}

func TestWithoutAFeedARevocationElsewhereHoldsAfterMaxLag(t *testing.T) {
	// LO-10.
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.live(1)
		f.revokedElsewhere()
		time.Sleep(lag)
		f.live(0)
		time.Sleep(time.Nanosecond)
		f.refused(backends.ErrRevoked)
	})
}

func TestWhileTheFeedIsUpToDateABusySessionIsReadOnceInMaxAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t).follow()
		for range 3 {
			f.live(1)
			for range 60 { // the default is a minute
				time.Sleep(time.Second)
				f.live(0)
			}
			time.Sleep(time.Nanosecond)
		}
	})
}

func TestNothingIsBelievedForLongerThanMaxAgeWhateverTheFeedSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, maxAge(10*time.Minute)).follow()
		f.remember()
		f.backend.set(func(b *backend) { b.deaf = true })
		f.revokedElsewhere()
		time.Sleep(10 * time.Minute)
		f.live(0)
		if !f.recalled() {
			t.Error("not recalled at MaxAge")
		}
		time.Sleep(time.Nanosecond)
		if f.recalled() {
			t.Error("recalled after MaxAge")
		}
		f.refused(backends.ErrRevoked)
		if !f.Following() {
			t.Error("the feed is not up to date: the test shows nothing")
		}
	})
}

func TestWhileTheFeedIsUpToDateARevocationElsewhereHoldsAtOnce(t *testing.T) {
	// LO-10.
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t).follow()
		f.live(1)
		f.revokedElsewhere()
		f.refused(backends.ErrRevoked)
	})
}

func TestWhenTheFeedFallsSilentTheBoundHolds(t *testing.T) {
	// LO-10: packets are dropped, and no error says so.
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, maxAge(time.Hour)).follow()
		f.live(1)
		time.Sleep(time.Minute)
		f.live(0)
		f.backend.set(func(b *backend) { b.quiet = true })
		f.revokedElsewhere()
		revoked := time.Now()
		for f.find() == nil {
			if since := time.Since(revoked); since > lag {
				t.Fatalf("accepted %v after the revocation", since)
			}
			time.Sleep(10 * time.Millisecond)
		}
		f.refused(backends.ErrRevoked)
		if f.Following() {
			t.Error("Following")
		}
	})
}

func TestWhenTheConnectionBreaksTheNextOneDoesNotVouchForWhatWasReadBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, maxAge(time.Hour)).follow()
		f.live(1)
		time.Sleep(time.Minute)
		f.backend.set(func(b *backend) { b.quiet = true }) // the change is lost with the connection
		f.revokedElsewhere()
		f.backend.set((*backend).disconnect)
		time.Sleep(lag) // and by then there is another one
		if !f.Following() {
			t.Fatal("not Following again")
		}
		f.refused(backends.ErrRevoked)
	})
}

// A feed may report changes without being able to say that it is up to date.
func TestAFeedThatIsNeverUpToDateIsHeardAndNotTrusted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.backend.set(func(b *backend) { b.mute = true })
		follow(t, f.Store)
		synctest.Wait()
		f.live(1)
		for range 3 {
			time.Sleep(2 * lag)
			f.live(1)
		}
		f.revokedElsewhere()
		f.refused(backends.ErrRevoked)
	})
}

func TestFollowConnectsAgainAndSaysWhyNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.backend.set(func(b *backend) { b.down = errDown })
		var reported []time.Time
		done := make(chan error)
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			done <- f.Follow(ctx, func(err error) {
				if !errors.Is(err, errDown) {
					t.Errorf("reported %v, want %v", err, errDown)
				}
				reported = append(reported, time.Now())
			})
		}()
		time.Sleep(time.Minute)
		synctest.Wait()
		if n := len(reported); n < 60/3 || n > 60 {
			t.Errorf("%d tries in a minute, want one in one to three seconds", n)
		}
		f.backend.set(func(b *backend) { b.down = nil })
		time.Sleep(3 * time.Second)
		if !f.Following() {
			t.Error("not Following a backend that is up again")
		}
		cancel()
		if err := <-done; err != ctx.Err() {
			t.Errorf("Follow: %v, want %v", err, ctx.Err())
		}
		if f.Following() {
			t.Error("Following after Follow has returned")
		}
	})
}

func TestABackendThatIsDownIsAnErrorOnceMaxLagHasPassed(t *testing.T) {
	// AZ-5: the error is neither an acceptance nor a refusal.
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t).follow()
		f.live(1)
		f.backend.set(func(b *backend) { b.down = errDown; b.disconnect() })
		time.Sleep(lag)
		f.live(0)
		time.Sleep(time.Nanosecond)
		f.refused(errDown)
		f.backend.set(func(b *backend) { b.down = nil })
		f.live(1)
	})
}

// Whatever happens to the feed, and whenever: a session that was ended elsewhere is accepted
// for MaxLag and not longer, and one that was not is never refused.
func TestTheBoundHoldsWhateverHappensToTheFeed(t *testing.T) {
	for seed := range uint64(200) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				random := rand.New(rand.NewPCG(seed, 1))
				f := newFixture(t, maxAge(time.Hour))
				if random.IntN(4) > 0 {
					follow(t, f.Store)
				}
				var revoked time.Time
				end := time.Now().Add(10 * time.Minute)
				at := end.Add(-time.Duration(random.Int64N(int64(5 * time.Minute))))
				for time.Now().Before(end) {
					time.Sleep(time.Duration(random.Int64N(int64(2 * time.Second))))
					f.mischief(random)
					if revoked.IsZero() && time.Now().After(at) {
						f.revokedElsewhere()
						revoked = time.Now()
					}
					switch err := f.find(); {
					case revoked.IsZero() && err != nil:
						t.Fatalf("refused a live session: %v", err)
					case err == nil && !revoked.IsZero() && time.Since(revoked) > lag:
						t.Fatalf("accepted %v after the revocation", time.Since(revoked))
					case err != nil && !errors.Is(err, backends.ErrRevoked):
						t.Fatalf("refused with %v, want ErrRevoked", err)
					}
				}
				time.Sleep(lag + 1)
				f.refused(backends.ErrRevoked)
			})
		})
	}
}

// mischief does something to the feed, or not.
func (f *fixture) mischief(random *rand.Rand) {
	f.backend.set(func(b *backend) {
		switch random.IntN(20) {
		case 0:
			b.quiet = true
		case 1:
			b.disconnect()
		case 2:
			b.stalled = true
		case 3, 4:
			b.stalled = false
			b.flush()
		case 5:
			b.mute = !b.mute
		}
	})
}
