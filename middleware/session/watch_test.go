package session_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/pgtest"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/session"
	"github.com/inga-auth/inga/sliding"
)

// watch watches the session of the key until the test ends. What it returns gets why it ended.
func (f *fixture) watch(k key) <-chan error {
	f.t.Helper()
	id, err := f.keys.Authenticate(f.t.Context(), k.id, k.secret)
	if err != nil {
		f.t.Fatal(err)
	}
	causes := make(chan error, 2)
	f.t.Cleanup(f.keys.WatchSession(id, func(cause error) { causes <- cause }))
	return causes
}

// endings are the ways in which this process ends a session of the user 1.
var endings = map[string]struct {
	end  func(f *fixture, s storetest.Store, k key) error
	want error
}{
	"End": {func(f *fixture, _ storetest.Store, k key) error {
		_, err := f.sessions.End(f.t.Context(), "1", k.id, backends.ReasonRevoked)
		return err
	}, middleware.ErrSessionRevoked},
	"EndUser": {func(f *fixture, _ storetest.Store, _ key) error {
		_, err := f.sessions.EndUser(f.t.Context(), "1", "", backends.ReasonRevoked)
		return err
	}, middleware.ErrSessionRevoked},
	"EndAll": {func(f *fixture, _ storetest.Store, _ key) error {
		err := f.sessions.EndAll(f.t.Context(), backends.ReasonRevoked)
		return err
	}, middleware.ErrSessionRevoked},
	"Logout": {func(f *fixture, _ storetest.Store, k key) error {
		return f.keys.Logout(request(f.t), middleware.Identity{Subject: "1", SessionID: k.id})
	}, middleware.ErrSessionRevoked},
	"a login under a limit": {func(f *fixture, s storetest.Store, _ key) error {
		newFixture(f.t, s, limited(backends.Limit{Total: 1})).open("1")
		return nil
	}, middleware.ErrSessionSuperseded},
	"a login in its place": {func(f *fixture, _ storetest.Store, k key) error {
		f.mustOpen(middleware.Login{Subject: "1"}, session.Opening{Former: []string{k.id}})
		return nil
	}, middleware.ErrSessionRevoked},
	"a disabled user": {func(f *fixture, s storetest.Store, _ key) error {
		return s.Users().SetDisabled(f.t.Context(), time.Now(), "1", true)
	}, middleware.ErrSessionRevoked},
	"a changed password": {func(f *fixture, s storetest.Store, _ key) error {
		_, err := s.Users().SetPassword(f.t.Context(), time.Now(), "1", 0, "$argon2id$x", "")
		return err
	}, middleware.ErrSessionRevoked},
}

func TestAWatchEndsAtOnceWhenThisProcessEndsTheSessionInMemory(t *testing.T) {
	// LO-10: at the same moment of the bubble's clock, with a cache and without.
	for name, row := range endings {
		for store, open := range map[string]func(*testing.T) storetest.Store{
			"memory":         func(t *testing.T) storetest.Store { return storetest.Memory(t) },
			"memory, cached": func(t *testing.T) storetest.Store { return storetest.Cached(t, storetest.Memory(t)) },
		} {
			t.Run(name+", "+store, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := open(t)
					f := newFixture(t, s)
					k, other := f.open("1"), f.open("2")
					causes, others := f.watch(k), f.watch(other)
					time.Sleep(time.Minute + time.Second) // between two looks
					if err := row.end(f, s, k); err != nil {
						t.Fatal(err)
					}
					synctest.Wait()
					select {
					case cause := <-causes:
						if !errors.Is(cause, row.want) {
							t.Errorf("ended because of %v, want %v", cause, row.want)
						}
					default:
						t.Error("goes on")
					}
					if ended := len(others); ended != 0 && name != "EndAll" {
						t.Error("that of another user has ended too")
					}
				})
			})
		}
	}
}

func TestAWatchEndsAtOnceWhenThisProcessEndsTheSessionOnPostgres(t *testing.T) {
	// LO-10: without a cache, because the store calls its subscribers, and not because of the next
	// look, which is five seconds off.
	for name, row := range endings {
		t.Run(name, func(t *testing.T) {
			s := storetest.Postgres(t, pgtest.Pool(t), pgtest.Schema(t))
			storetest.AddUsers(t, s)
			looking := &looked{Store: s, looks: make(chan struct{}, 100)}
			f := newFixture(t, looking)
			k := f.open("1")
			causes := f.watch(k)
			<-looking.looks // of the test itself
			<-looking.looks // of the watch: the next one is in five seconds
			if err := row.end(f, s, k); err != nil {
				t.Fatal(err)
			}
			select {
			case cause := <-causes:
				if !errors.Is(cause, row.want) {
					t.Errorf("ended because of %v, want %v", cause, row.want)
				}
			case <-time.After(time.Minute):
				t.Error("goes on")
			}
			if !looking.called.Load() {
				t.Error("no subscriber was called")
			}
		})
	}
}

// A looked store says when it was asked for a session, and whether it has called a subscriber.
type looked struct {
	storetest.Store
	looks  chan struct{}
	called atomic.Bool
}

func (l *looked) Subscribe(userID string, f func()) (stop func()) {
	return l.Store.Subscribe(userID, func() {
		l.called.Store(true)
		f()
	})
}

func (l *looked) Find(ctx context.Context, now time.Time, id string, h backends.SecretHash) (backends.Session, backends.User, error) {
	s, u, err := l.Store.Find(ctx, now, id, h)
	l.looks <- struct{}{}
	return s, u, err
}

// A hanging store does not answer, when it is told so, until it is released or its caller gives
// up.
type hanging struct {
	backends.Store
	until atomic.Pointer[chan struct{}] // closed when it is released
}

func (h *hanging) hang() (release func()) {
	until := make(chan struct{})
	h.until.Store(&until)
	return func() {
		h.until.Store(nil)
		close(until)
	}
}

func (h *hanging) Find(ctx context.Context, now time.Time, id string, hash backends.SecretHash) (backends.Session, backends.User, error) {
	if until := h.until.Load(); until != nil {
		select {
		case <-*until:
		case <-ctx.Done():
			return backends.Session{}, backends.User{}, ctx.Err()
		}
	}
	return h.Store.Find(ctx, now, id, hash)
}

func TestAWatchOfAStoreThatHangsEndsInTenSeconds(t *testing.T) {
	// AZ-5: five until the next look, and five of patience.
	synctest.Test(t, func(t *testing.T) {
		h := &hanging{Store: storetest.Memory(t)}
		f := newFixture(t, h)
		causes := f.watch(f.open("1"))
		synctest.Wait() // it has looked
		h.hang()
		begin := time.Now()
		cause := <-causes
		if took := time.Since(begin); !errors.Is(cause, middleware.ErrUnavailable) || took != 10*time.Second {
			t.Errorf("ended after %v because of %v, want after 10s because of ErrUnavailable", took, cause)
		}
	})
}

func TestAWatchOutlivesAStoreThatHangsForLess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &hanging{Store: storetest.Memory(t)}
		f := newFixture(t, h)
		k := f.open("1")
		causes := f.watch(k)
		for range 5 {
			time.Sleep(6 * time.Second)
			release := h.hang()
			time.Sleep(8 * time.Second) // the look that comes after four waits for four
			release()
			time.Sleep(time.Minute)
		}
		if len(causes) != 0 {
			t.Fatalf("ended because of %v", <-causes)
		}
		if ok, err := f.sessions.End(t.Context(), "1", k.id, backends.ReasonRevoked); !ok || err != nil {
			t.Fatalf("End: %v, %v", ok, err)
		}
		if cause := <-causes; !errors.Is(cause, middleware.ErrSessionRevoked) {
			t.Errorf("ended because of %v, want ErrSessionRevoked", cause)
		}
	})
}

func TestAWatchEndsTheMomentItsSessionExpires(t *testing.T) {
	// TL-1, TL-2: and not before, if the session is extended.
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, storetest.Memory(t), func(c *session.Config) {
			c.Policy = sliding.Policy{Idle: 30 * time.Minute, Absolute: 40 * time.Minute}
		})
		begin := time.Now()
		idle, used := f.open("1"), f.open("1")
		idles, useds := f.watch(idle), f.watch(used)
		time.Sleep(20 * time.Minute)
		id, err := f.keys.Authenticate(t.Context(), used.id, used.secret)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok, err := f.keys.Renew(nil, request(t), id); !ok || err != nil {
			t.Fatalf("Renew: %v, %v", ok, err)
		}
		for _, row := range []struct {
			causes <-chan error
			after  time.Duration
		}{{idles, 30 * time.Minute}, {useds, 40 * time.Minute}} {
			cause := <-row.causes
			if after := time.Since(begin); !errors.Is(cause, middleware.ErrSessionExpired) || after != row.after {
				t.Errorf("ended after %v because of %v, want after %v because of ErrSessionExpired", after, cause, row.after)
			}
		}
	})
}

func TestAStoppedWatchIsSilentAndStopsAtOnce(t *testing.T) {
	// Even while the store hangs. Nothing is left of it: the bubble waits for each goroutine.
	synctest.Test(t, func(t *testing.T) {
		h := &hanging{Store: storetest.Memory(t)}
		f := newFixture(t, h)
		k := f.open("1")
		id, err := f.keys.Authenticate(t.Context(), k.id, k.secret)
		if err != nil {
			t.Fatal(err)
		}
		var calls atomic.Int64
		stop := f.keys.WatchSession(id, func(error) { calls.Add(1) })
		synctest.Wait()
		release := h.hang()
		time.Sleep(6 * time.Second) // and the look hangs
		begin := time.Now()
		stop()
		if took := time.Since(begin); took != 0 {
			t.Errorf("stop took %v", took)
		}
		release()
		if ok, err := f.sessions.End(t.Context(), "1", k.id, backends.ReasonRevoked); !ok || err != nil {
			t.Fatalf("End: %v, %v", ok, err)
		}
		time.Sleep(time.Hour)
		if n := calls.Load(); n != 0 {
			t.Errorf("called %d times after it was stopped", n)
		}
		stop() // twice is no harm
	})
}

func TestAWatchWithoutASubscriberLooksEveryFiveSeconds(t *testing.T) {
	// Or soon after the look that follows the end, by another process for example.
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, bare{storetest.Memory(t)})
		k := f.open("1")
		causes := f.watch(k)
		time.Sleep(12 * time.Second)
		if ok, err := f.sessions.End(t.Context(), "1", k.id, backends.ReasonRevoked); !ok || err != nil {
			t.Fatalf("End: %v, %v", ok, err)
		}
		begin := time.Now()
		cause := <-causes
		if took := time.Since(begin); !errors.Is(cause, middleware.ErrSessionRevoked) || took != 3*time.Second {
			t.Errorf("ended after %v because of %v, want after 3s because of ErrSessionRevoked", took, cause)
		}
	})
}

// panicking panics when it is asked for a session, once it is to.
type panicking struct {
	backends.Store
	now atomic.Bool
}

func (p *panicking) Find(ctx context.Context, now time.Time, id string, h backends.SecretHash) (backends.Session, backends.User, error) {
	if p.now.Load() {
		panic("a mistake in the store")
	}
	return p.Store.Find(ctx, now, id, h)
}

func TestAWatchOfAStoreThatPanicsEndsItsRequestAndNotTheProcess(t *testing.T) {
	for name, wrap := range map[string]func(*testing.T, backends.Store) backends.Store{
		"alone":  func(_ *testing.T, s backends.Store) backends.Store { return s },
		"cached": func(t *testing.T, s backends.Store) backends.Store { return storetest.Cached(t, s) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &panicking{Store: storetest.Memory(t)}
				f := newFixture(t, wrap(t, p))
				causes := f.watch(f.open("1"))
				p.now.Store(true)
				time.Sleep(time.Minute)
				synctest.Wait()
				select {
				case cause := <-causes:
					if !errors.Is(cause, middleware.ErrUnavailable) || !strings.Contains(cause.Error(), "a mistake in the store") {
						t.Errorf("%v, want ErrUnavailable because of the panic", cause)
					}
				default:
					t.Error("the request goes on")
				}
			})
		})
	}
}
