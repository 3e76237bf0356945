package devices_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/middleware"
)

// three are sessions of ann: two browsers and a program. All have been used before, so that
// a cache remembers them.
func (a *app) three(t *testing.T) (laptop, phone, script *client) {
	t.Helper()
	laptop, phone, script = a.browser(t, "1", header("User-Agent", firefox)), a.browser(t, "1"), a.program(t, "1")
	for _, c := range []*client{laptop, phone, script} {
		c.lives()
	}
	return laptop, phone, script
}

func TestASessionThatTheListEndsIsRefusedAtOnceThoughACacheRemembersIt(t *testing.T) {
	// LO-1, LO-10: list, cookies and tokens are of one registry, and so of one cache.
	storetest.EachCached(t, func(t *testing.T, s storetest.Store) {
		m := &storetest.Memo{Store: s}
		a := newApp(t, m)
		// A user each: the feed may still report what was ended of the first.
		for user, logIn := range map[string]func(*testing.T, string, ...func(*http.Request)) *client{"1": a.browser, "2": a.program} {
			c := logIn(t, user)
			c.lives()
			before := m.Asked.Load()
			c.lives()
			if n := m.Asked.Load() - before; n != 0 {
				t.Fatalf("user %s: the cache does not remember it: %d looks", user, n)
			}
			if ok, err := a.devices.EndSession(t.Context(), user, c.id); !ok || err != nil {
				t.Fatalf("user %s: EndSession: %v, %v", user, ok, err)
			}
			c.ended()
		}
	})
}

func TestAUserEndsOneSession(t *testing.T) {
	// DV-1: another one of theirs, a cookie's or a token's, and the one that asks.
	each(t, func(t *testing.T, a *app) {
		laptop, phone, script := a.three(t)
		event := middleware.Event{Type: "revoked", Subject: "1", Reason: "revoked", IP: "192.0.2.1", UserAgent: firefox}
		for _, other := range []*client{phone, script, laptop} {
			other.lives()
			laptop.ends("/sessions/"+other.id, `{"ended":1}`, header("User-Agent", firefox))
			other.ended()
			event.SessionID = other.id
			a.wantEvents(t, event)
		}
	})
}

func TestASessionThatIsNotTheUsersIsNotFound(t *testing.T) {
	// DV-2, ASVS 8.2.2: whatever the reason, the answer is the same and nothing ends.
	each(t, func(t *testing.T, a *app) {
		ann, root, gone := a.browser(t, "1"), a.browser(t, "2"), a.program(t, "1")
		ann.ends("/sessions/"+gone.id, `{"ended":1}`)
		loggedOut := a.program(t, "1")
		if err := a.tokens.Logout(httptest.NewRecorder(), asProgram("POST", loggedOut)); err != nil {
			t.Fatal(err)
		}
		a.heard(t)
		for name, id := range map[string]string{
			"another user's": root.id, "one that has been ended": gone.id, "one that has been logged out": loggedOut.id,
			"unknown": "AAAAAAAAAAAAAAAAAAAAAAAAAA", "in small letters": strings.ToLower(ann.id), "a part": ann.id[:25], "more": ann.id + "A",
			"short": "x", "long": strings.Repeat("A", 5000), "SQL": "'%20OR%20'1'='1", "null": "%00", "no UTF-8": "%FF", "a wildcard": "%25",
			"a parent": "%2E%2E%2F", "a cookie": ann.cookie,
		} {
			w := ann.want("DELETE", "/sessions/"+id, 404)
			const want = `{"type":"about:blank","title":"Not Found","status":404,"retryable":false}` + "\n"
			if got := w.Body.String(); got != want || w.Header().Get("Content-Type") != "application/problem+json" {
				t.Errorf("%s: %s %s, want the problem %s", name, w.Header().Get("Content-Type"), got, want)
			}
		}
		// An administrator too names whose it is: a slip of the mouse ends no other user's.
		root.want("DELETE", "/users/2/sessions/"+ann.id, 404)
		root.want("DELETE", "/users/nobody/sessions/"+ann.id, 404)
		ann.lives()
		root.lives()
		a.wantEvents(t)
	})
}

func asProgram(method string, c *client) *http.Request {
	r := httptest.NewRequest(method, "/", nil)
	r.Header.Set("Authorization", "Bearer "+c.token)
	return r
}

func TestAUserEndsAllOtherSessions(t *testing.T) {
	// DV-1: the parameter says it, whatever its value.
	each(t, func(t *testing.T, a *app) {
		root := a.browser(t, "2")
		for _, query := range []string{"?others", "?others=", "?others=true", "?x=y&others"} {
			laptop, phone, script := a.three(t)
			laptop.ends("/sessions"+query, `{"ended":2}`, header("User-Agent", firefox))
			phone.ended()
			script.ended()
			laptop.lives()
			a.wantEvents(t, middleware.Event{Type: "revoked", Subject: "1", Reason: "revoked", Count: 2, IP: "192.0.2.1", UserAgent: firefox})

			// There are none any more. That is no error, and nothing has happened.
			laptop.ends("/sessions"+query, `{"ended":0}`)
			laptop.lives()
			a.wantEvents(t)
			laptop.ends("/sessions/"+laptop.id, `{"ended":1}`)
			a.heard(t)
		}
		root.lives()
	})
}

func TestAProgramKeepsItsOwnSessionToo(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		laptop, phone, script := a.three(t)
		script.ends("/sessions?others", `{"ended":2}`)
		laptop.ended()
		phone.ended()
		script.lives()
	})
}

func TestAUserEndsAllSessions(t *testing.T) {
	// DV-1
	each(t, func(t *testing.T, a *app) {
		laptop, phone, script := a.three(t)
		root := a.browser(t, "2")
		laptop.ends("/sessions", `{"ended":3}`, header("User-Agent", firefox))
		laptop.ended()
		phone.ended()
		script.ended()
		root.lives()
		a.wantEvents(t, middleware.Event{Type: "revoked", Subject: "1", Reason: "revoked", Count: 3, IP: "192.0.2.1", UserAgent: firefox})
		a.browser(t, "1").lives() // and logs in again
	})
}

func TestOfManyWhoEndASessionAtOnceOneDoes(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		laptop, phone, _ := a.three(t)
		var wg sync.WaitGroup
		var done, missed atomic.Int64
		for range 20 {
			wg.Go(func() {
				switch w := laptop.do("DELETE", "/sessions/"+phone.id); {
				case w.Code == 200 && w.Body.String() == `{"ended":1}`+"\n":
					done.Add(1)
				case w.Code == 404:
					missed.Add(1)
				default:
					t.Errorf("%d %s, want 200 or 404", w.Code, w.Body)
				}
			})
		}
		wg.Wait()
		if done.Load() != 1 || missed.Load() != 19 {
			t.Errorf("%d ended it and %d did not find it, want 1 and 19", done.Load(), missed.Load())
		}
		phone.ended()
		a.wantEvents(t, middleware.Event{Type: "revoked", Subject: "1", SessionID: phone.id, Reason: "revoked", IP: "192.0.2.1"})
	})
}
