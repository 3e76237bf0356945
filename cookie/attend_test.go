package cookie_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/memory"
	"github.com/inga-auth/inga/cookie"
	"github.com/inga-auth/inga/internal/pgtest"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/sliding"
)

// eachElsewhere runs the test on all four stores. Elsewhere is what another server would make
// its changes with: it shares the backend, and not the cache.
func eachElsewhere(t *testing.T, test func(t *testing.T, s, elsewhere storetest.Store)) {
	postgres := func(t *testing.T) (s, elsewhere storetest.Store) {
		pool, schema := pgtest.Pool(t), pgtest.Schema(t)
		s = storetest.Postgres(t, pool, schema)
		storetest.AddUsers(t, s)
		return s, storetest.Postgres(t, pool, schema)
	}
	t.Run("memory", func(t *testing.T) {
		m := storetest.Memory(t)
		test(t, m, m)
	})
	t.Run("memory, cached", func(t *testing.T) {
		m := storetest.Memory(t)
		test(t, storetest.Cached(t, m), m)
	})
	t.Run("postgres", func(t *testing.T) {
		s, elsewhere := postgres(t)
		test(t, s, elsewhere)
	})
	t.Run("postgres, cached", func(t *testing.T) {
		s, elsewhere := postgres(t)
		test(t, storetest.Cached(t, s), elsewhere)
	})
}

// A channel is a page whose handler goes on until its request ends, as one with server-sent
// events does.
type channel struct {
	cookies *cookie.Cookies
	ended   chan error // why, by context.Cause
}

func (c *channel) handler(t testing.TB) http.Handler {
	return guardOf(t, c.cookies).Handler(middleware.EndWithSession(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, "hello")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
		c.ended <- context.Cause(r.Context())
		fmt.Fprintln(w, "goodbye")
	})))
}

// A listener is a client of such a page.
type listener struct {
	answer *http.Response
	body   *bufio.Reader
	ended  chan error
}

// listen asks for the page over a connection of its own, and returns when it has begun.
func listen(t *testing.T, cookies *cookie.Cookies, b *browser) *listener {
	t.Helper()
	c := &channel{cookies, make(chan error, 1)}
	server := httptest.NewServer(c.handler(t))
	t.Cleanup(server.Close)
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel) // before the server closes: a page that is still open ends now
	r, err := http.NewRequestWithContext(ctx, "GET", server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Cookie", "__Host-session="+b.jar["__Host-session"])
	answer, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = answer.Body.Close() })
	l := &listener{answer, bufio.NewReader(answer.Body), c.ended}
	if line, err := l.body.ReadString('\n'); line != "hello\n" {
		t.Fatalf("status %d, the page begins with %q (%v)", answer.StatusCode, line, err)
	}
	return l
}

// wantEnd fails the test unless the page ends in time, because of want, and says goodbye.
func (l *listener) wantEnd(t *testing.T, within time.Duration, want error) {
	t.Helper()
	select {
	case cause := <-l.ended:
		if !errors.Is(cause, want) {
			t.Errorf("ended because of %v, want %v", cause, want)
		}
	case <-time.After(within):
		t.Errorf("goes on after %v, want an end because of %v", within, want)
		return
	}
	if rest, err := io.ReadAll(l.body); string(rest) != "goodbye\n" {
		t.Errorf("the page ends with %q (%v), want goodbye", rest, err)
	}
}

func TestAPageThatGoesOnForLongEndsWithItsSession(t *testing.T) {
	// LO-1, LO-2, LO-3, LO-4, DV-8: through a cache as soon as anybody hears of it,
	// and otherwise when the session is looked at, which is every five seconds.
	type world struct {
		s, elsewhere storetest.Store
		single       http.Handler // where one session is all that a user may have
	}
	rows := []struct {
		name string
		end  func(ctx context.Context, w world, b *browser, id string) error
		want error
	}{
		{"logout", func(_ context.Context, _ world, b *browser, _ string) error {
			b.status("POST", "/logout", 200)
			return nil
		}, middleware.ErrSessionRevoked},
		{"revoked here", func(ctx context.Context, w world, _ *browser, id string) error {
			_, err := w.s.Revoke(ctx, now(), id, backends.ReasonRevoked)
			return err
		}, middleware.ErrSessionRevoked},
		{"revoked elsewhere", func(ctx context.Context, w world, _ *browser, id string) error {
			_, err := w.elsewhere.Revoke(ctx, now(), id, backends.ReasonRevoked)
			return err
		}, middleware.ErrSessionRevoked},
		{"all of the user's, elsewhere", func(ctx context.Context, w world, b *browser, id string) error {
			_, err := w.elsewhere.RevokeUser(ctx, now(), "all of the user's, elsewhere", "", backends.ReasonRevoked)
			return err
		}, middleware.ErrSessionRevoked},
		{"superseded", func(_ context.Context, w world, b *browser, _ string) error {
			newBrowser(b.t, w.single).login("superseded")
			return nil
		}, middleware.ErrSessionSuperseded},
		{"stolen, elsewhere", func(ctx context.Context, w world, _ *browser, id string) error {
			_, err := w.elsewhere.Revoke(ctx, now(), id, backends.ReasonTheft)
			return err
		}, middleware.ErrSessionStolen},
		{"password changed here", func(ctx context.Context, w world, _ *browser, _ string) error {
			_, err := w.s.Users().SetPassword(ctx, now(), "password changed here", 0, "$argon2id$x", "")
			return err
		}, middleware.ErrSessionRevoked},
		{"user disabled here", func(ctx context.Context, w world, _ *browser, _ string) error {
			return w.s.Users().SetDisabled(ctx, now(), "user disabled here", true)
		}, middleware.ErrSessionRevoked},
		{"user disabled elsewhere", func(ctx context.Context, w world, _ *browser, _ string) error {
			return w.elsewhere.Users().SetDisabled(ctx, now(), "user disabled elsewhere", true)
		}, middleware.ErrSessionRevoked},
		{"user deleted elsewhere", func(ctx context.Context, w world, _ *browser, _ string) error {
			return w.elsewhere.Users().DeleteUser(ctx, now(), "user deleted elsewhere")
		}, middleware.ErrInvalidCredentials},
	}
	eachElsewhere(t, func(t *testing.T, s, elsewhere storetest.Store) {
		t.Parallel() // four times five seconds otherwise
		cookies := newCookies(t, s)
		w := world{s, elsewhere, newApp(t, s, within(backends.Limit{Total: 1}))}
		app := appOf(t, cookies, nil)
		open := func(user string) (*browser, string, *listener) {
			b := newBrowser(t, app)
			id := b.opened(user)
			return b, id, listen(t, cookies, b)
		}
		var ends []func() error
		var pages, bystanders []*listener
		for _, row := range rows {
			if err := s.Users().CreateUser(t.Context(), backends.User{ID: row.name, Name: row.name}, ""); err != nil {
				t.Fatal(err)
			}
			b, id, page := open(row.name)
			pages = append(pages, page)
			ends = append(ends, func() error { return row.end(t.Context(), w, b, id) })
		}
		for _, user := range []string{"1", "2", "logout", "revoked here", "revoked elsewhere", "stolen, elsewhere"} {
			_, _, page := open(user) // of others, and other sessions of the same users
			bystanders = append(bystanders, page)
		}
		for i, end := range ends {
			if err := end(); err != nil {
				t.Fatalf("%s: %v", rows[i].name, err)
			}
		}
		// How soon is for the tests with a clock of their own; this bound is for a machine that hangs.
		const limit = time.Minute
		for i, row := range rows {
			t.Run(row.name, func(t *testing.T) { pages[i].wantEnd(t, limit, row.want) })
		}
		for i, page := range bystanders {
			select {
			case cause := <-page.ended:
				t.Errorf("the page of bystander %d ended because of %v", i, cause)
			default:
			}
		}
		if err := elsewhere.RevokeAll(t.Context(), now(), backends.ReasonRevoked); err != nil {
			t.Fatal(err)
		}
		for _, page := range bystanders {
			page.wantEnd(t, limit, middleware.ErrSessionRevoked)
		}
	})
}

func TestAPageEndsWhenItsClientHasGone(t *testing.T) {
	// And not with the session, which lives on: nothing watches it any more.
	s := storetest.Memory(t)
	cookies := newCookies(t, s)
	b := newBrowser(t, appOf(t, cookies, nil))
	b.login("1")
	page := listen(t, cookies, b)
	_ = page.answer.Body.Close()
	select {
	case cause := <-page.ended:
		if !errors.Is(cause, context.Canceled) || errors.Is(cause, middleware.ErrInvalidCredentials) {
			t.Errorf("ended because of %v, want context.Canceled", cause)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("goes on although its client has gone")
	}
	b.status("GET", "/me", 200)
}

// A bubbled page is one without a network, for tests that wait.
type bubbled struct {
	begun time.Time
	ended chan error
	after time.Duration // since it began, when it has ended
}

// open asks for the page in a bubble, and returns when it has begun.
func openBubbled(t *testing.T, cookies *cookie.Cookies, b *browser) *bubbled {
	t.Helper()
	p := &bubbled{begun: time.Now(), ended: make(chan error, 1)}
	c := &channel{cookies, make(chan error, 1)}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	r := httptest.NewRequest("GET", "https://app.example/", nil).WithContext(ctx)
	r.Header.Set("Cookie", "__Host-session="+b.jar["__Host-session"])
	go c.handler(t).ServeHTTP(httptest.NewRecorder(), r)
	go func() {
		cause := <-c.ended
		p.after = time.Since(p.begun)
		p.ended <- cause
	}()
	synctest.Wait()
	return p
}

// wantGoingOn fails the test if the page has ended.
func (p *bubbled) wantGoingOn(t *testing.T) {
	t.Helper()
	synctest.Wait()
	select {
	case cause := <-p.ended:
		t.Fatalf("ended after %v because of %v, want it to go on", p.after, cause)
	default:
	}
}

// wantEnded fails the test unless the page has ended because of want, so long after it began.
func (p *bubbled) wantEnded(t *testing.T, after time.Duration, want error) {
	t.Helper()
	synctest.Wait()
	select {
	case cause := <-p.ended:
		if !errors.Is(cause, want) || p.after != after {
			t.Errorf("ended after %v because of %v, want after %v because of %v", p.after, cause, after, want)
		}
	default:
		t.Errorf("goes on after %v, want an end after %v because of %v", time.Since(p.begun), after, want)
	}
}

// eachBubbled runs the test in a bubble, on memory and on memory through a cache.
func eachBubbled(t *testing.T, test func(t *testing.T, s storetest.Store)) {
	t.Run("memory", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) { test(t, storetest.Memory(t)) })
	})
	t.Run("memory, cached", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) { test(t, storetest.Cached(t, storetest.Memory(t))) })
	})
}

func TestAPageEndsTheMomentItsSessionExpires(t *testing.T) {
	// TL-1, TL-2: the page itself is no activity, and other requests are.
	eachBubbled(t, func(t *testing.T, s storetest.Store) {
		cookies := newCookies(t, s, func(c *config) {
			c.Policy = sliding.Policy{Idle: 30 * time.Minute, Absolute: 2 * time.Hour}
		})
		app := appOf(t, cookies, nil)
		idle, used, extended := newBrowser(t, app), newBrowser(t, app), newBrowser(t, app)
		for _, b := range []*browser{idle, used, extended} {
			b.login("1")
		}
		unused, busy, once := openBubbled(t, cookies, idle), openBubbled(t, cookies, used), openBubbled(t, cookies, extended)
		time.Sleep(20 * time.Minute)
		extended.status("GET", "/me", 200)
		used.status("GET", "/me", 200)
		idle.status("GET", "/poll", 200)
		time.Sleep(10*time.Minute - time.Microsecond)
		unused.wantGoingOn(t)
		time.Sleep(time.Microsecond)
		unused.wantEnded(t, 30*time.Minute, middleware.ErrSessionExpired)
		for range 8 {
			used.status("GET", "/me", 200)
			time.Sleep(10 * time.Minute)
		}
		once.wantEnded(t, 50*time.Minute, middleware.ErrSessionExpired)
		used.status("GET", "/me", 200)
		time.Sleep(10*time.Minute - time.Microsecond)
		busy.wantGoingOn(t)
		time.Sleep(time.Microsecond)
		busy.wantEnded(t, 2*time.Hour, middleware.ErrSessionExpired)
	})
}

func TestAPageOutlivesANewProofOfWhoItsUserIs(t *testing.T) {
	// The session goes on, by new deadlines.
	eachBubbled(t, func(t *testing.T, s storetest.Store) {
		cookies := newCookies(t, s)
		b := newBrowser(t, appOf(t, cookies, nil))
		b.login("1")
		page := openBubbled(t, cookies, b)
		time.Sleep(29 * time.Minute)
		b.status("POST", "/prove", 200)
		time.Sleep(30*time.Minute - time.Microsecond)
		page.wantGoingOn(t)
		time.Sleep(time.Microsecond)
		page.wantEnded(t, 59*time.Minute, middleware.ErrSessionExpired)
	})
}

// An unreliable backend is one that can be cut off, and with it its feed.
type unreliable struct {
	*memory.Store
	down, deaf atomic.Bool
	cut        chan struct{} // ends what listens to the feed
}

func newUnreliable(t testing.TB) *unreliable {
	return &unreliable{Store: storetest.Memory(t), cut: make(chan struct{})}
}

func (u *unreliable) Find(ctx context.Context, now time.Time, id string, h backends.SecretHash) (backends.Session, backends.User, error) {
	if u.down.Load() {
		return backends.Session{}, backends.User{}, storetest.ErrDown
	}
	return u.Store.Find(ctx, now, id, h)
}

func (u *unreliable) Watch(ctx context.Context, every time.Duration, l backends.Listener) error {
	if u.deaf.Load() {
		return storetest.ErrDown
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-u.cut:
			cancel()
		case <-ctx.Done():
		}
	}()
	_ = u.Store.Watch(ctx, every, l)
	return storetest.ErrDown
}

// cutFeed ends the connections that listen, and refuses new ones until it is mended.
func (u *unreliable) cutFeed() {
	u.deaf.Store(true)
	u.cut <- struct{}{}
	synctest.Wait()
}

func TestAPageOutlivesAShortOutageAndEndsWithALongOne(t *testing.T) {
	// AZ-5: the session may have been ended, and this process would not notice.
	synctest.Test(t, func(t *testing.T) {
		u := newUnreliable(t)
		cookies := newCookies(t, u)
		b := newBrowser(t, appOf(t, cookies, nil))
		b.login("1")
		page := openBubbled(t, cookies, b)
		time.Sleep(time.Minute + time.Second)
		u.down.Store(true)
		time.Sleep(8400 * time.Millisecond) // the looks from 65 s to 69 s fail
		u.down.Store(false)
		time.Sleep(time.Minute)
		page.wantGoingOn(t)
		u.down.Store(true)
		time.Sleep(time.Minute) // and now those from 129.5 s on
		page.wantEnded(t, 134500*time.Millisecond, middleware.ErrUnavailable)
	})
}

func TestAPageEndsThoughTheFeedIsCut(t *testing.T) {
	// LO-10: the bound holds whatever breaks. The cache hears of nothing, and looks.
	for name, cut := range map[string]bool{"cut while the page goes on": true, "never heard": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				u := newUnreliable(t)
				u.deaf.Store(!cut)
				cookies := newCookies(t, storetest.Cached(t, u))
				b := newBrowser(t, appOf(t, cookies, nil))
				id := b.opened("1")
				page := openBubbled(t, cookies, b)
				time.Sleep(time.Minute)
				if cut {
					u.cutFeed()
				}
				time.Sleep(time.Minute)
				page.wantGoingOn(t)
				if ok, err := u.Revoke(t.Context(), time.Now(), id, backends.ReasonRevoked); !ok || err != nil { // elsewhere
					t.Fatalf("Revoke: %v, %v", ok, err)
				}
				time.Sleep(15 * time.Second)
				synctest.Wait()
				select {
				case cause := <-page.ended:
					if !errors.Is(cause, middleware.ErrSessionRevoked) {
						t.Errorf("ended because of %v, want ErrSessionRevoked", cause)
					}
				default:
					t.Error("goes on 15 seconds after its session was revoked elsewhere, three times the bound of the cache")
				}
			})
		})
	}
}

func TestAPageEndsWhenTheFeedIsHeardAgainAfterItsSessionWasRevoked(t *testing.T) {
	// LO-10: changes that were made while the feed was down are not replayed.
	synctest.Test(t, func(t *testing.T) {
		u := newUnreliable(t)
		cookies := newCookies(t, storetest.Cached(t, u))
		b := newBrowser(t, appOf(t, cookies, nil))
		id := b.opened("1")
		page := openBubbled(t, cookies, b)
		time.Sleep(time.Minute)
		u.cutFeed()
		if ok, err := u.Revoke(t.Context(), time.Now(), id, backends.ReasonRevoked); !ok || err != nil { // elsewhere
			t.Fatalf("Revoke: %v, %v", ok, err)
		}
		u.deaf.Store(false) // before any bound has passed
		time.Sleep(15 * time.Second)
		synctest.Wait()
		select {
		case cause := <-page.ended:
			if !errors.Is(cause, middleware.ErrSessionRevoked) {
				t.Errorf("ended because of %v, want ErrSessionRevoked", cause)
			}
		default:
			t.Error("goes on 15 seconds after its session was revoked, though the feed is heard again")
		}
	})
}

func TestAPageWithoutASessionIsNotWatched(t *testing.T) {
	// EndWithSession outside a guard, or inside one without an identity, passes on.
	cookies := newCookies(t, storetest.Memory(t))
	passed := false
	page := middleware.EndWithSession(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		passed = r.Context().Err() == nil
	}))
	for name, h := range map[string]http.Handler{"no guard": page, "an optional one": guardOf(t, cookies).Optional(page)} {
		passed = false
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
		if !passed {
			t.Errorf("%s: the request did not pass", name)
		}
	}
}
