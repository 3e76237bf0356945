package middleware_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/inga-auth/inga/middleware"
)

// reader says who a request is from by its Authorization, or else its Cookie, and that it may
// not write.
type reader struct{ asked int }

func (a *reader) Authenticate(r *http.Request) (middleware.Identity, error) {
	a.asked++
	who := r.Header.Get("Authorization") + r.Header.Get("Cookie")
	switch {
	case who == "":
		return middleware.Identity{}, middleware.ErrNoCredentials
	case r.Method != http.MethodGet:
		return middleware.Identity{}, middleware.ErrCrossOrigin
	}
	return middleware.Identity{Subject: who}, nil
}

func TestAnIdentityHoldsForItsRequestAndForNoOther(t *testing.T) {
	// A batch endpoint sends requests of its own with the context of the one that it answers, and a
	// method override makes a write of a read: the inner guard must not take over what holds for
	// another request.
	for _, row := range []struct {
		name   string
		change func(r *http.Request) *http.Request
		asked  int
		status int
		body   string
	}{
		{"the same", func(r *http.Request) *http.Request { return r }, 1, 200, "ann"},
		{"a copy", func(r *http.Request) *http.Request { return r.Clone(r.Context()) }, 1, 200, "ann"},
		{"another path and header", func(r *http.Request) *http.Request {
			r = r.Clone(r.Context())
			r.URL.Path, r.Header["Accept"] = "/other", []string{"text/html"}
			return r
		}, 1, 200, "ann"},
		{"without credentials", func(r *http.Request) *http.Request {
			return httptest.NewRequestWithContext(r.Context(), "GET", "/other", nil)
		}, 2, 401, ""},
		{"another Authorization", func(r *http.Request) *http.Request {
			r = r.Clone(r.Context())
			r.Header.Set("Authorization", "bob")
			return r
		}, 2, 200, "bob"},
		{"another Authorization, in place", func(r *http.Request) *http.Request {
			r.Header.Set("Authorization", "bob")
			return r
		}, 2, 200, "bob"},
		{"another Authorization, in the same place", func(r *http.Request) *http.Request {
			r.Header["Authorization"][0] = "bob"
			return r
		}, 2, 200, "bob"},
		{"another host, in place", func(r *http.Request) *http.Request {
			r.Host = "other.example"
			return r
		}, 2, 200, "ann"},
		{"no Authorization any more, in place", func(r *http.Request) *http.Request {
			r.Header.Del("Authorization")
			return r
		}, 2, 401, ""},
		{"a second Authorization, in place", func(r *http.Request) *http.Request {
			r.Header.Add("Authorization", "bob")
			return r
		}, 2, 200, "ann"},
		{"a cookie, in place", func(r *http.Request) *http.Request {
			r.AddCookie(&http.Cookie{Name: "a", Value: "b"})
			return r
		}, 2, 200, "anna=b"},
		{"another token of a WebSocket, in place", func(r *http.Request) *http.Request {
			r.Header.Set("Sec-WebSocket-Protocol", "inga.bearer, bob")
			return r
		}, 2, 200, "ann"},
		{"another method", func(r *http.Request) *http.Request {
			r = r.Clone(r.Context())
			r.Method = http.MethodDelete
			return r
		}, 2, 403, ""},
		{"another method, in place", func(r *http.Request) *http.Request {
			r.Method = http.MethodDelete
			return r
		}, 2, 403, ""},
	} {
		for name, list := range map[string]func(middleware.Authenticator) middleware.Authenticator{
			"alone":     func(a middleware.Authenticator) middleware.Authenticator { return a },
			"in a list": func(a middleware.Authenticator) middleware.Authenticator { return middleware.FirstOf(a) },
		} {
			a := &reader{}
			outer, inner := newGuard(t, middleware.Config{Authenticator: a}), newGuard(t, middleware.Config{Authenticator: list(a)})
			w := get(outer.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				inner.Handler(whoami).ServeHTTP(w, row.change(r))
			})), func(r *http.Request) { r.Header.Set("Authorization", "ann") })
			if w.Code != row.status || w.Code == 200 && w.Body.String() != row.body {
				t.Errorf("%s, %s: got %d %q, want %d %q", row.name, name, w.Code, w.Body, row.status, row.body)
			}
			if a.asked != row.asked {
				t.Errorf("%s, %s: asked %d times, want %d", row.name, name, a.asked, row.asked)
			}
		}
	}
}

// elevated makes an administrator of everybody whom the authenticator in it knows.
type elevated struct{ middleware.Authenticator }

func (e *elevated) Authenticate(r *http.Request) (middleware.Identity, error) {
	id, err := e.Authenticator.Authenticate(r)
	id.Roles = []string{"admin"}
	return id, err
}

func TestWhatAWrapperMadeOfAnIdentityIsNotTheAnswerOfWhatItWraps(t *testing.T) {
	a := &reader{}
	for name, wrapped := range map[string]middleware.Authenticator{
		"alone":                a,
		"in a list":            middleware.FirstOf(a),
		"in a list in a list":  middleware.FirstOf(middleware.FirstOf(a)),
		"with another wrapper": &elevated{middleware.FirstOf(a)},
	} {
		for _, asked := range []middleware.Authenticator{&elevated{wrapped}, middleware.FirstOf(&elevated{wrapped})} {
			outer := newGuard(t, middleware.Config{Authenticator: asked})
			inner := require(t, newGuard(t, middleware.Config{Authenticator: a, Roles: []string{"admin"}}), middleware.HasRole("admin"))
			w := get(outer.Handler(inner.Handler(whoami)), func(r *http.Request) { r.Header.Set("Authorization", "ann") })
			if w.Code != 403 {
				t.Errorf("%s, asked as a %T: got %d, want 403", name, asked, w.Code)
			}
		}
	}
}

func TestARenewedIdentityIsNotAskedForAgain(t *testing.T) {
	a := &able{watcher: *watches()}
	g := newGuard(t, middleware.Config{Authenticator: a})
	w := get(g.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			id, _ := middleware.FromContext(r.Context())
			fmt.Fprint(w, id.ExpiresAt.Year())
		})).ServeHTTP(w, middleware.Renew(w, r))
	})))
	if w.Body.String() != "2030" || a.asked != 1 {
		t.Errorf("the inner guard passed an identity until %s and asked %d times, want the renewed one until 2030 and 1", w.Body, a.asked)
	}
}

func TestAnIdentityOfNobodyDoesNotPass(t *testing.T) {
	// A certificate may have no common name, a token of another issuer an empty sub.
	nobody := &oracle{identity: middleware.Identity{Roles: []string{"admin"}, Method: "mtls"}}
	for name, a := range map[string]middleware.Authenticator{"alone": nobody, "in a list": middleware.FirstOf(refuses(middleware.ErrNoCredentials), nobody)} {
		g := newGuard(t, middleware.Config{Authenticator: a, Roles: []string{"admin"}})
		for way, h := range map[string]http.Handler{
			"Handler": g.Handler(whoami), "Optional": g.Optional(whoami), "Require": require(t, g, middleware.HasRole("admin")).Handler(whoami),
		} {
			if w := get(h); w.Code != 401 || !strings.Contains(w.Body.String(), "invalid-credentials") {
				t.Errorf("%s, %s: %d %s, want 401 invalid-credentials", name, way, w.Code, w.Body)
			}
		}
		if id, err := g.Check(httptest.NewRequest("GET", "/", nil)); err == nil || len(id.Roles) != 0 {
			t.Errorf("%s: Check returns %+v and %v, want nobody and an error", name, id, err)
		}
	}
}

func TestAnInnerGuardHasADenierAndALogOfItsOwn(t *testing.T) {
	// The pages of a site redirect to the login page; its API, in a group inside, never does.
	a := knows("ann")
	site := newGuard(t, middleware.Config{Authenticator: a, Realm: "site", Denier: middleware.LoginRedirect{Path: "/login"}})
	api := newGuard(t, middleware.Config{Authenticator: a, Realm: "api"})
	w := get(site.Handler(api.Handler(refusing(middleware.ErrSessionRevoked))), browser)
	if w.Code != 401 || w.Header().Get("Location") != "" {
		t.Errorf("got %d to %q, want 401 of the inner guard", w.Code, w.Header().Get("Location"))
	}
	w = get(site.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		get(api.Handler(whoami), func(inner *http.Request) { *inner = *inner.WithContext(r.Context()) })
		middleware.Refuse(w, r, middleware.ErrSessionRevoked) // outside of the inner guard
	})), browser)
	if w.Code != 303 || a.asked != 2 {
		t.Errorf("got %d, and asked %d times; want 303 of the outer guard, and 2", w.Code, a.asked)
	}
}
