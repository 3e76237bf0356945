package devices_test

import (
	"context"
	"net/http"
	"runtime"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends/cache"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/middleware"
)

func TestAnAdministratorEndsTheSessionsOfAUser(t *testing.T) {
	// LO-4, OB-1: one or all, and the event says who did it.
	each(t, func(t *testing.T, a *app) {
		laptop, phone, script := a.three(t)
		root := a.browser(t, "2")
		if got := root.list("/users/1/sessions"); len(got) != 3 || got[0].ID != script.id || got[0].Current || got[1].Current || got[2].Current {
			t.Errorf("root sees %+v, want the three of ann and none of them current", got)
		}
		if got := root.list("/users/2/sessions"); len(got) != 1 || got[0].ID != root.id || !got[0].Current {
			t.Errorf("root sees %+v, want their own, which is current", got)
		}
		root.ends("/users/1/sessions/"+phone.id, `{"ended":1}`)
		phone.ended()
		laptop.lives()
		a.wantEvents(t, middleware.Event{Type: "revoked", Subject: "1", SessionID: phone.id, Reason: "revoked", Actor: "2", IP: "192.0.2.1"})

		root.ends("/users/1/sessions", `{"ended":2}`)
		laptop.ended()
		script.ended()
		root.lives()
		a.wantEvents(t, middleware.Event{Type: "revoked", Subject: "1", Reason: "revoked", Actor: "2", Count: 2, IP: "192.0.2.1"})

		// About themselves they are no other actor, and others keeps the session that asks.
		other := a.program(t, "2")
		root.ends("/users/2/sessions?others", `{"ended":1}`)
		other.ended()
		root.lives()
		a.wantEvents(t, middleware.Event{Type: "revoked", Subject: "2", Reason: "revoked", Count: 1, IP: "192.0.2.1"})

		// The Devices that Of was called on are still about who asks.
		if got := root.list("/sessions"); len(got) != 1 || got[0].ID != root.id {
			t.Errorf("root sees %+v, want their own", got)
		}
	})
}

func TestNobodyElseIsAnAdministrator(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		ann, root := a.browser(t, "1"), a.browser(t, "2")
		const forbidden = "https://inga-auth.github.io/problems/forbidden"
		ann.refused("GET", "/users/2/sessions", 403, forbidden)
		ann.refused("GET", "/users/1/sessions", 403, forbidden)
		ann.refused("DELETE", "/users/2/sessions", 403, forbidden)
		ann.refused("DELETE", "/users/2/sessions/"+root.id, 403, forbidden)
		root.lives()
		a.wantEvents(t)
	})
}

func TestAUserWhoIsNotNamedHasNoSessions(t *testing.T) {
	// Of is given the wrong name for a part of the path: that must not be everybody.
	each(t, func(t *testing.T, a *app) {
		ann, root := a.browser(t, "1"), a.browser(t, "2")
		of := a.devices.Of(func(r *http.Request) string { return r.PathValue("usr") })
		mux := http.NewServeMux()
		mux.Handle("DELETE /users/{user}/sessions", a.guard.Handler(of.EndAll()))
		mux.Handle("DELETE /users/{user}/sessions/{id}", a.guard.Handler(of.End()))
		a.Handler = mux
		root.ends("/users/1/sessions", `{"ended":0}`)
		root.want("DELETE", "/users/1/sessions/"+ann.id, 404)
		a.Handler = a.routes(t)
		ann.lives()
		root.lives()
		a.wantEvents(t)
	})
}

func TestTheSameWithoutHTTP(t *testing.T) {
	// LO-4: for jobs and commands, which no request is behind.
	each(t, func(t *testing.T, a *app) {
		laptop, phone, script := a.three(t)
		root := a.browser(t, "2")
		root.lives()
		ctx, d := t.Context(), a.devices
		one := func(user, id string, want bool) {
			t.Helper()
			if got, err := d.EndSession(ctx, user, id); err != nil || got != want {
				t.Errorf("EndSession(%s, %s): %v (%v), want %v", user, id, got, err, want)
			}
		}
		all := func(user, except string, want int) {
			t.Helper()
			if got, err := d.EndSessions(ctx, user, except); err != nil || got != want {
				t.Errorf("EndSessions(%s, %q): %d (%v), want %d", user, except, got, err, want)
			}
		}
		one("2", phone.id, false)
		one("nobody", phone.id, false)
		one("1", "AAAAAAAAAAAAAAAAAAAAAAAAAA", false)
		one("1", "", false)
		phone.lives()
		a.wantEvents(t)
		one("1", phone.id, true)
		one("1", phone.id, false)
		phone.ended()
		a.wantEvents(t, middleware.Event{Type: "revoked", Subject: "1", SessionID: phone.id, Reason: "revoked"})

		all("nobody", "", 0)
		a.wantEvents(t)
		all("1", laptop.id, 1)
		script.ended()
		laptop.lives()
		a.wantEvents(t, middleware.Event{Type: "revoked", Subject: "1", Reason: "revoked", Count: 1})
		all("1", root.id, 1) // no session of theirs is excepted
		laptop.ended()
		root.lives()
		a.wantEvents(t, middleware.Event{Type: "revoked", Subject: "1", Reason: "revoked", Count: 1})
	})
}

func TestOnTheDayAKeyLeaksEverySessionEnds(t *testing.T) {
	// LO-4
	each(t, func(t *testing.T, a *app) {
		laptop, phone, script := a.three(t)
		root := a.browser(t, "2")
		root.lives()
		if err := a.devices.EndEverySession(t.Context()); err != nil {
			t.Error(err)
		}
		for _, c := range []*client{laptop, phone, script, root} {
			c.ended()
		}
		a.wantEvents(t, middleware.Event{Type: "revoked", Reason: "revoked"})
	})
}

func TestACallInARequestSaysWhoDidIt(t *testing.T) {
	// OB-1, and from where: an application that has handlers of its own gives the methods the
	// request's context.
	each(t, func(t *testing.T, a *app) {
		laptop, phone, _ := a.three(t)
		root := a.browser(t, "2")
		calls := map[string]func(ctx context.Context) error{
			"/one":   func(ctx context.Context) error { _, err := a.devices.EndSession(ctx, "1", phone.id); return err },
			"/all":   func(ctx context.Context) error { _, err := a.devices.EndSessions(ctx, "1", laptop.id); return err },
			"/every": a.devices.EndEverySession,
		}
		a.Handler = a.guard.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if err := calls[r.URL.Path](r.Context()); err != nil {
				middleware.Refuse(w, r, err)
			}
		}))
		laptop.want("POST", "/one", 200) // ann's own
		a.wantEvents(t, middleware.Event{Type: "revoked", Subject: "1", SessionID: phone.id, Reason: "revoked", IP: "192.0.2.1"})
		root.want("POST", "/all", 200)
		a.wantEvents(t, middleware.Event{Type: "revoked", Subject: "1", Reason: "revoked", Actor: "2", Count: 1, IP: "192.0.2.1"})
		root.want("POST", "/every", 200)
		a.wantEvents(t, middleware.Event{Type: "revoked", Reason: "revoked", Actor: "2", IP: "192.0.2.1"})
	})
}

func TestASessionThatAnotherProcessEndedIsRefusedWithinTheLag(t *testing.T) {
	// LO-4, LO-10: two processes with caches of their own. The measured time is reported.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		here, there := newApp(t, following(t, s)), newApp(t, following(t, s))
		one, rest, root := here.browser(t, "1"), here.program(t, "1"), here.browser(t, "2")
		for _, row := range []struct {
			name string
			c    *client
			end  func()
		}{
			{"one", one, func() { root.ends("/users/1/sessions/"+one.id, `{"ended":1}`) }},
			{"all of a user", rest, func() { root.ends("/users/1/sessions", `{"ended":1}`) }},
			{"everybody's", root, func() { _ = here.devices.EndEverySession(t.Context()) }},
		} {
			elsewhere := *row.c
			elsewhere.app = there
			elsewhere.lives() // and is remembered there
			began := time.Now()
			row.end()
			for elsewhere.do("GET", "/me").Code == 200 && time.Since(began) < 5*time.Second {
			}
			took := time.Since(began)
			t.Logf("%s: refused elsewhere after %v", row.name, took)
			if elsewhere.ended(); took >= 5*time.Second {
				t.Errorf("%s: refused elsewhere after %v, want less than 5s", row.name, took)
			}
		}
	})
}

// following returns a cache around the store that hears of changes already.
func following(t *testing.T, s storetest.Store) *cache.Store {
	t.Helper()
	c := storetest.Cached(t, s)
	for began := time.Now(); !c.Following(); runtime.Gosched() {
		if time.Since(began) > 10*time.Second {
			t.Fatal("the cache does not follow its backend")
		}
	}
	return c
}
