package devices_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/devices"
)

func TestEndingSessionsAsksForARecentAuthentication(t *testing.T) {
	// DV-1, ASVS 7.5.2: a session left open ends nothing, however active it is (AZ-4).
	for name, store := range map[string]func(t *testing.T) storetest.Store{
		"memory":         func(t *testing.T) storetest.Store { return storetest.Memory(t) },
		"memory, cached": func(t *testing.T) storetest.Store { return storetest.Cached(t, storetest.Memory(t)) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newApp(t, store(t))
				laptop, phone, script := a.three(t)
				time.Sleep(4 * time.Minute)
				laptop.lives() // which extends the session, and is no authentication
				time.Sleep(time.Minute)
				laptop.ends("/fresh/sessions/"+phone.id, `{"ended":1}`) // at the very last moment
				time.Sleep(time.Nanosecond)
				const again = "https://inga-auth.github.io/problems/insufficient-authentication"
				laptop.refused("DELETE", "/fresh/sessions/"+script.id, 401, again)
				laptop.refused("DELETE", "/fresh/sessions", 401, again)
				laptop.refused("DELETE", "/fresh/sessions?others", 401, again)
				script.lives()
				if got := laptop.list("/sessions"); len(got) != 2 {
					t.Errorf("sees %+v, want two: for that the session need not be fresh", got)
				}
				laptop.keep(laptop.want("POST", "/prove", 200, header("User", "1")))
				laptop.ends("/fresh/sessions?others", `{"ended":1}`)
				script.ended()
				laptop.lives()
			})
		})
	}
}

func TestAPageOfAnotherSiteEndsNothing(t *testing.T) {
	// CS-1: the cookie comes along by itself, and the guard sees where from.
	each(t, func(t *testing.T, a *app) {
		laptop, phone, script := a.three(t)
		for _, site := range []string{"cross-site", "same-site"} {
			const problem = "https://inga-auth.github.io/problems/cross-origin"
			laptop.refused("DELETE", "/sessions", 403, problem, header("Sec-Fetch-Site", site))
			laptop.refused("DELETE", "/sessions/"+phone.id, 403, problem, header("Sec-Fetch-Site", site))
		}
		laptop.lives()
		phone.lives()
		script.ends("/sessions/"+phone.id, `{"ended":1}`, header("Sec-Fetch-Site", "cross-site")) // CS-3: no cookie
	})
}

func TestFollowingALinkEndsNothing(t *testing.T) {
	// CS-5: a handler is mounted without a method. Safe methods pass the guard from other
	// sites too, with the cookie, and must change nothing (RFC 9110, section 9.2.1).
	each(t, func(t *testing.T, a *app) {
		laptop, phone, _ := a.three(t)
		routes := a.Handler
		mux := http.NewServeMux()
		mux.Handle("/sessions", a.guard.Handler(a.devices.EndAll()))
		mux.Handle("/sessions/{id}", a.guard.Handler(a.devices.End()))
		for _, method := range []string{"GET", "HEAD", "OPTIONS", "TRACE"} {
			for _, path := range []string{"/sessions/" + phone.id, "/sessions?others"} {
				a.Handler = mux
				if w := laptop.do(method, path, header("Sec-Fetch-Site", "cross-site")); w.Code/100 != 4 {
					t.Errorf("%s %s: %d %s, want a refusal", method, path, w.Code, w.Body)
				}
				a.Handler = routes
				if w := phone.do("GET", "/me"); w.Code != 200 {
					t.Errorf("%s %s ended the session", method, path)
					phone = a.browser(t, "1")
				}
			}
		}
		a.wantEvents(t)
	})
}

// A stranger is an authenticator that knows a user of another issuer.
type stranger struct{ subject string }

func (s *stranger) Authenticate(*http.Request) (middleware.Identity, error) {
	return middleware.Identity{Subject: s.subject, Issuer: "https://login.example", Method: "bearer", AuthTime: time.Now()}, nil
}

func TestSomebodyElsesUserIsNotOurs(t *testing.T) {
	// DV-2: a subject is unique together with its issuer. The user 1 of another issuer is
	// not ann, who is 1 here: they neither see nor end her sessions.
	each(t, func(t *testing.T, a *app) {
		ann := a.browser(t, "1")
		other, err := middleware.New(middleware.Config{Authenticator: &stranger{"1"}})
		if err != nil {
			t.Fatal(err)
		}
		for name, row := range map[string]struct {
			h            http.Handler
			method, path string
		}{
			"list":    {a.devices.List(), "GET", "/sessions"},
			"end":     {a.devices.End(), "DELETE", "/sessions/" + ann.id},
			"end all": {a.devices.EndAll(), "DELETE", "/sessions"},
			"others":  {a.devices.EndAll(), "DELETE", "/sessions?others"},
		} {
			w := httptest.NewRecorder()
			other.Handler(row.h).ServeHTTP(w, httptest.NewRequest(row.method, row.path, nil))
			if strings.Contains(w.Body.String(), ann.id) {
				t.Errorf("%s: they see ann's session: %s", name, w.Body)
			}
			if ann.do("GET", "/me").Code != 200 {
				t.Errorf("%s: they ended ann's session: %d %s", name, w.Code, w.Body)
				ann = a.browser(t, "1")
			}
		}
		a.wantEvents(t)
	})
}

func TestNobodyIsLetInWithoutAGuard(t *testing.T) {
	// AZ-1: nor behind an optional one without an identity.
	each(t, func(t *testing.T, a *app) {
		ann := a.browser(t, "1")
		ofAnn := a.devices.Of(func(*http.Request) string { return "1" })
		for name, d := range map[string]*devices.Devices{"own": a.devices, "of ann": ofAnn} {
			for path, h := range map[string]http.Handler{"GET /sessions": d.List(), "DELETE /sessions": d.EndAll(), "DELETE /sessions/" + ann.id: d.End()} {
				method, path, _ := strings.Cut(path, " ")
				for where, h := range map[string]http.Handler{"without a guard": h, "behind an optional one": a.guard.Optional(h)} {
					for who, edit := range map[string]func(*http.Request){
						"anybody": func(*http.Request) {},
						// AZ-3
						"who says so": func(r *http.Request) { r.Header.Set("User", "1"); r.Header.Set("X-User-ID", "1") },
					} {
						w, r := httptest.NewRecorder(), httptest.NewRequest(method, path, nil)
						edit(r)
						h.ServeHTTP(w, r)
						const want = `{"type":"https://inga-auth.github.io/problems/no-credentials","title":"Authentication required","status":401,"retryable":false}` + "\n"
						if w.Code != 401 || w.Body.String() != want {
							t.Errorf("%s, %s %s, %s, %s: %d %s, want 401 %s", name, method, path, where, who, w.Code, w.Body, want)
						}
					}
				}
			}
		}
		ann.lives()
		a.wantEvents(t)
	})
}

func TestACookieWithoutAGuardIsNoIdentity(t *testing.T) {
	// The handlers look at no credential themselves.
	each(t, func(t *testing.T, a *app) {
		laptop, phone, script := a.three(t)
		routes := a.Handler
		a.Handler = a.devices.EndAll()
		for _, c := range []*client{laptop, phone, script} {
			c.want("DELETE", "/sessions", 401)
		}
		a.Handler = routes
		laptop.lives()
	})
}
