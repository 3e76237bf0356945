package main

import (
	"testing"
	"time"
)

// onEachCache runs the test on each backend with a cache before it, which says at once when
// something has changed.
func onEachCache(t *testing.T, test func(t *testing.T, flags ...string)) {
	t.Helper()
	onEachBackend(t, func(t *testing.T, flags ...string) { test(t, append(flags, "-cache")...) })
}

// goodbye opens a stream and then has its session ended, and returns the reason that the
// stream gives, and how long after the end it was over.
func goodbye(t *testing.T, c *client, end func()) (reason any, after time.Duration) {
	t.Helper()
	status, events := c.listen(t.Context())
	if status != 200 {
		t.Fatalf("events: status %d, want 200", status)
	}
	if e := next(t, events); e.name != "session" {
		t.Fatalf("event %v, want the session", e)
	}
	end()
	ended := time.Now()
	e := next(t, events)
	if e.name != "ended" {
		t.Errorf("event %v, want ended", e)
	}
	for range events { // until it is over
	}
	return e.data["reason"], time.Since(ended)
}

// wantGoodbye wants the reason each time, and one time of several before the stream would have
// looked by itself, which it does every five seconds: a busy machine may be slower than that.
func wantGoodbye(t *testing.T, name, want string, goodbye func() (reason any, after time.Duration)) {
	t.Helper()
	after := time.Hour
	for try := 0; try < 10 && after >= 4*time.Second; try++ {
		var reason any
		if reason, after = goodbye(); reason != want {
			t.Errorf("%s: reason %v, want %s", name, reason, want)
			return
		}
	}
	if after >= 4*time.Second {
		t.Errorf("%s: the stream ends %v after its session, want at once", name, after)
	}
}

func TestAStreamEndsWithItsSessionAndSaysWhy(t *testing.T) {
	onEachCache(t, func(t *testing.T, flags ...string) {
		p := start(t, append(flags, "-max-sessions", "2")...)
		var ann, other *client
		root := p.client(t)
		root.login(rootJSON)
		for _, row := range []struct {
			name, reason string
			end          func()
		}{
			{"by the user elsewhere", "revoked", func() { wantEnded(other.delete("/sessions/"+ann.sessionID()), 1) }},
			{"with all others", "revoked", func() { wantEnded(other.delete("/sessions?others"), 1) }},
			{"by an administrator", "revoked", func() { wantEnded(root.delete("/users/ann/sessions"), 2) }},
			{"by a logout in another window", "revoked", func() { ann.post("/logout", "").want(204) }},
			{"by a new password", "revoked", func() {
				other.changePassword("ann-likes-tea", "another one")
				other.changePassword("another one", "ann-likes-tea")
			}},
			{"by a newer login", "superseded", func() {
				other.get("/me").want(200)
				p.client(t).login(annJSON)
			}},
			{"with its user", "revoked", func() {
				root.put("/users/ann/disabled", `{"disabled":true}`).want(204)
				root.put("/users/ann/disabled", `{"disabled":false}`).want(204)
			}},
		} {
			wantGoodbye(t, row.name, row.reason, func() (any, time.Duration) {
				root.delete("/users/ann/sessions").want(200)
				ann, other = p.client(t), p.client(t)
				ann.login(annJSON)
				other.open("bearer", annJSON)
				return goodbye(t, ann, row.end)
			})
		}
	})
}

func TestAStreamEndsWithoutACacheToo(t *testing.T) {
	onEachBackend(t, func(t *testing.T, flags ...string) {
		p := start(t, flags...)
		ann := p.client(t)
		ann.open("bearer", annJSON)
		id := ann.sessionID()
		other := p.client(t)
		other.login(annJSON)
		if reason, _ := goodbye(t, ann, func() { wantEnded(other.delete("/sessions/"+id), 1) }); reason != "revoked" {
			t.Errorf("reason %v, want revoked", reason)
		}
	})
}

func TestAStreamEndsWhenAnotherProcessEndsItsSession(t *testing.T) {
	t.Parallel()
	here, there := pair(t)
	wantGoodbye(t, "by another process", "revoked", func() (any, time.Duration) {
		ann, other := here.client(t), there.client(t)
		ann.login(annJSON)
		id := ann.sessionID()
		other.login(annJSON)
		return goodbye(t, ann, func() { wantEnded(other.delete("/sessions/"+id), 1) })
	})
}

func TestAStreamOutlivesANewSecretOfItsSession(t *testing.T) {
	onEachCache(t, func(t *testing.T, flags ...string) {
		p := start(t, append(flags, "-access-ttl", "1s")...)
		for proof := range proofs {
			ann := p.client(t)
			ann.open(proof, annJSON)
			_, events := ann.listen(t.Context())
			next(t, events)
			if a := ann.post("/reauthenticate", `{"password":"ann-likes-tea"}`).want(200); proof == "bearer" {
				ann.keep(a)
			}
			time.Sleep(1500 * time.Millisecond) // the token that the stream was opened with has expired
			root := p.client(t)
			root.login(rootJSON)
			root.post("/note", `{"text":"still there?"}`).want(201)
			if e := next(t, events); e.name != "note" {
				t.Errorf("%s: event %v, want a note", proof, e)
			}
		}
	})
}

func TestThePageSaysWhyTheSessionHasEnded(t *testing.T) {
	onEachCache(t, func(t *testing.T, flags ...string) {
		p := start(t, append(flags, "-max-sessions", "1")...)
		want := func(a *answer, text string) {
			t.Helper()
			if !a.want(200).noticed(text) {
				t.Errorf("the page does not say %q:\n%s", text, a.body)
			}
		}
		ann, root := p.client(t), p.client(t)
		root.login(rootJSON)
		ann.get("/").want(200).wantBody(`<p id="notice" role="status" tabindex="-1" hidden></p>`)
		ann.login(annJSON)
		ann.get("/").want(200).wantBody(`<p id="notice" role="status" tabindex="-1" hidden></p>`)

		other := p.client(t)
		other.login(annJSON)
		want(ann.get("/"), "You were logged out because you logged in elsewhere.")
		ann.get("/").wantBody(`<section id="out" aria-labelledby="out-title" >`)
		root.delete("/users/ann/sessions").want(200)
		want(other.get("/"), "You were logged out: in another window or on another device, by a new password, or by an administrator.")
		want(p.client(t).get("/", "Cookie: __Host-session=junk"), "Your session has ended.")
	})
}

func TestThePageSaysThatASessionHasExpiredOrWasStolen(t *testing.T) {
	t.Parallel()
	p := start(t, "-idle", "1s", "-absolute", "1h")
	cookie := p.client(t).login(annJSON).cookie()
	eventually(t, "the page says that the session has expired", func() bool {
		return p.client(t).get("/", "Cookie: "+cookie.Name+"="+cookie.Value).want(200).
			noticed("Your session has ended: it was not used for a while, or the login was too long ago.")
	})

	p = start(t, "-refresh-overlap", "1ns")
	ann := p.client(t)
	login := ann.post("/login/cookies", annJSON).want(200)
	stolen := "Cookie: __Host-refresh=" + login.cookieNamed("__Host-refresh").Value
	ann.post("/refresh", "").want(200)
	ann.post("/refresh", "").want(200)
	p.client(t).post("/refresh", "", stolen).wantProblem(401, problems+"session-stolen")
	a := ann.get("/").want(200)
	if !a.noticed("You were logged out because a copy of your login was used elsewhere. If that was not you, change your password.") {
		t.Errorf("the page does not say that the session was stolen:\n%s", a.body)
	}
}
