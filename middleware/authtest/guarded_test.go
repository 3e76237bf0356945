package authtest_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/authtest"
)

func answers(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }
}

// nobody is an authenticator that knows no one.
type nobody struct{ err error }

func (n *nobody) Authenticate(*http.Request) (middleware.Identity, error) {
	return middleware.Identity{}, n.err
}

func closedDoor() *middleware.Guard { return newGuard(&nobody{middleware.ErrNoCredentials}, nil) }

// muxOf registers handlers in the order of their patterns.
func muxOf(routes map[string]http.Handler) *authtest.Mux {
	m := &authtest.Mux{}
	patterns := make([]string, 0, len(routes))
	for pattern := range routes {
		patterns = append(patterns, pattern)
	}
	slices.Sort(patterns)
	for _, pattern := range patterns {
		m.Handle(pattern, routes[pattern])
	}
	return m
}

func TestWhatAGuardRefusesIsGuarded(t *testing.T) {
	// AZ-1.
	redirecting := newGuard(&nobody{middleware.ErrNoCredentials}, middleware.LoginRedirect{Path: "/login"})
	down := newGuard(&nobody{errors.New("the database is down")}, nil)
	ran := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { t.Errorf("the handler of %s runs", r.URL) })
	for name, h := range map[string]http.Handler{
		"a guard":               closedDoor().Handler(ran),
		"a stricter guard":      must(closedDoor().Require(middleware.HasRole("admin"))).Handler(ran),
		"a Denier of one's own": redirecting.Handler(ran),
		"an outage":             down.Handler(ran),
		"inside an optional":    closedDoor().Optional(closedDoor().Handler(ran)),
		"inside another":        http.StripPrefix("/x", middleware.Chain(labelled, closedDoor().Handler)(ran)),
	} {
		t.Run(name, func(t *testing.T) {
			m := muxOf(map[string]http.Handler{"/x/": h, "GET /x/{id}": h, "POST example.com/x/{path...}": h, "DELETE /x/{$}": h})
			authtest.Guarded(t, m, m.Routes())
			authtest.Guarded(t, labelled(m), m.Routes())
		})
	}
	m := muxOf(map[string]http.Handler{"/x": ran})
	authtest.Guarded(t, closedDoor().Handler(m), m.Routes())
}

// labelled is a middleware that wraps the ResponseWriter and the context, as loggers do.
func labelled(next http.Handler) http.Handler {
	type key struct{}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(struct{ http.ResponseWriter }{w}, r.WithContext(context.WithValue(r.Context(), key{}, true)))
	})
}

func TestWhatAHandlerRefusesItselfIsNotGuarded(t *testing.T) {
	guard := closedDoor()
	for name, h := range map[string]http.Handler{
		"200":              answers(200),
		"no answer at all": http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}),
		"401":              answers(401),
		"403":              answers(403),
		"a redirect":       http.RedirectHandler("/login", http.StatusSeeOther),
		"the guard's words": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			guard.Refuse(w, r, middleware.ErrNoCredentials)
		}),
		"the words of any guard": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			middleware.Refuse(w, r, middleware.ErrNoCredentials)
		}),
		"behind an optional guard": guard.Optional(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			middleware.Refuse(w, r, middleware.ErrNoCredentials)
		})),
		"a guard asked too late": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(200)
			guard.Handler(whoami).ServeHTTP(w, r)
		}),
		"a panic":         http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("nil map") }),
		"a handler hangs": http.HandlerFunc(authtest.Hangs),
		"an optional guard that refuses": newGuard(&nobody{middleware.ErrUnavailable}, nil).Optional(
			http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := muxOf(map[string]http.Handler{"GET /a": guard.Handler(whoami), "GET /b/{id}": h})
				got := failures(t, func(t testing.TB) { authtest.Guarded(t, m, m.Routes()) })
				wantFailures(t, got, "GET /b/{id}: GET /b/authtest is answered with ")
				authtest.Guarded(t, m, m.Routes(), "GET /b/{id}")
			})
		})
	}
}

func TestWhatIsNamedAsPublicExistsAndIsPublic(t *testing.T) {
	guard := closedDoor()
	m := muxOf(map[string]http.Handler{"/{$}": guard.Optional(whoami), "GET /me": guard.Handler(whoami), "POST /login": answers(401), "/static/": answers(404)})
	authtest.Guarded(t, m, m.Routes(), "/{$}", "POST /login", "/static/")
	for name, row := range map[string]struct{ public, want []string }{
		"too few":      {[]string{"/{$}", "/static/"}, []string{"POST /login: POST /login is answered with 401: no guard refuses it, and it is not named as public"}},
		"too many":     {[]string{"/{$}", "POST /login", "/static/", "GET /me"}, []string{"GET /me: GET /me is answered with 401: a guard refuses it, and it is named as public"}},
		"unknown":      {[]string{"/{$}", "POST /login", "/static/", "GET /old"}, []string{"GET /old is named as public, and there is no such route"}},
		"other method": {[]string{"/{$}", "GET /login", "/static/"}, []string{"POST /login is answered with 401: no guard", "GET /login is named as public, and there is no such route"}},
		"no method":    {[]string{"/{$}", "/login", "/static/"}, []string{"POST /login is answered with 401: no guard", "/login is named"}},
	} {
		t.Run(name, func(t *testing.T) {
			wantFailures(t, failures(t, func(t testing.TB) { authtest.Guarded(t, m, m.Routes(), row.public...) }), row.want...)
		})
	}
}

func TestARouteIsJudgedByItsOwnHandler(t *testing.T) {
	// Each has a neighbour that takes some of its requests.
	guarded, open := closedDoor().Handler(whoami), answers(200)
	for name, row := range map[string]struct {
		routes map[string]http.Handler
		public []string
		want   []string
	}{
		"a method":             {map[string]http.Handler{"/a": open, "GET /a": guarded}, nil, []string{"/a: POST /a is answered with 200: no guard"}},
		"the other way round":  {map[string]http.Handler{"/a": guarded, "GET /a": open}, []string{"GET /a"}, nil},
		"a page of a folder":   {map[string]http.Handler{"/{$}": guarded, "/": open}, nil, []string{"/: GET /authtest is answered with 200: no guard"}},
		"a folder of a page":   {map[string]http.Handler{"/{$}": open, "/": guarded}, []string{"/{$}"}, nil},
		"a name":               {map[string]http.Handler{"/{id}": guarded, "/authtest": open}, []string{"/authtest"}, []string{"/{id}: no request of the test reaches it"}},
		"a host":               {map[string]http.Handler{"/a": guarded, "example.com/a": open}, []string{"example.com/a"}, nil},
		"space in the pattern": {map[string]http.Handler{"GET \t /a": open}, nil, []string{"GET /a: GET /a is answered with 200: no guard"}},
	} {
		t.Run(name, func(t *testing.T) {
			m := muxOf(row.routes)
			wantFailures(t, failures(t, func(t testing.TB) { authtest.Guarded(t, m, m.Routes(), row.public...) }), row.want...)
		})
	}
}

func TestAMuxInAMuxIsSeen(t *testing.T) {
	guarded := closedDoor().Handler(whoami)
	inner := muxOf(map[string]http.Handler{"/{path...}": guarded, "GET /api/b": answers(200)})
	outer := muxOf(map[string]http.Handler{"/api/": inner})
	authtest.Guarded(t, outer, outer.Routes())
	got := failures(t, func(t testing.TB) { authtest.Guarded(t, outer, inner.Routes()) })
	wantFailures(t, got, "/{path...}: GET /authtest is answered with 404", "GET /api/b: GET /api/b is answered with 200: no guard")
}

func TestNoRouteIsNothingTested(t *testing.T) {
	m := &authtest.Mux{}
	wantFailures(t, failures(t, func(t testing.TB) { authtest.Guarded(t, m, m.Routes()) }), "there is no route")
}

func TestAMuxIsAServeMux(t *testing.T) {
	m := &authtest.Mux{}
	m.HandleFunc("GET /a/{id}", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.PathValue("id"), r.Pattern) })
	client := authtest.InMemoryClient(t, m, nil)
	wantGet(t, client, "/a/7", 200, "7GET /a/{id}")
	wantGet(t, client, "/b", 404, "")
	for name, register := range map[string]func(){
		"a pattern twice": func() { m.Handle("GET /a/{x}", whoami) },
		"no handler":      func() { m.Handle("/c", nil) },
		"no function":     func() { m.HandleFunc("/c", nil) },
		"no pattern":      func() { m.Handle("{", whoami) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			register()
		}()
	}
	var routes []string
	for method, pattern := range m.Routes() {
		routes = append(routes, method+" "+pattern)
	}
	if got, want := strings.Join(routes, ", "), "GET /a/{id}"; got != want {
		t.Errorf("routes %s, want %s", got, want)
	}
}

// listed are routes as another router lists them.
func listed(routes ...string) iter.Seq2[string, string] {
	return func(yield func(method, pattern string) bool) {
		for _, route := range routes {
			if method, pattern, _ := strings.Cut(route, " "); !yield(method, pattern) {
				return
			}
		}
	}
}

func TestWildcardsOfOtherRoutersAreFilled(t *testing.T) {
	for pattern, want := range map[string]string{
		"/a":                             "/a",
		"/a/":                            "/a/",
		"/a/{id}/b":                      "/a/authtest/b",
		"/a/{id}/{path...}":              "/a/authtest/authtest",
		"/a/{id:[0-9]+}":                 "/a/0",
		"/a/{year:[0-9]{4}}-{n:\\d+}/b":  "/a/0000-0/b",
		"/a/{id:[a-z]+}":                 "/a/authtest",
		"/a/{lang:[a-z]{2}}":             "/a/aa",
		"/a/{id:[0-9a-f]{8}-[0-9a-f-]+}": "/a/00000000-0000-4000-8000-000000000000",
		"/a/{day:\\d{4}-\\d{2}-\\d{2}}":  "/a/2000-01-01",
		"/a/*":                           "/a/authtest",
		"/a/:id/b":                       "/a/authtest/b",
		"/a/*path":                       "/a/authtest",
	} {
		var got []string
		app := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = append(got, r.Method+r.URL.Path) })
		authtest.Guarded(t, app, listed("PUT "+pattern), "PUT "+pattern)
		if !slices.Equal(got, []string{"PUT" + want}) {
			t.Errorf("%s: requests %q, want %q", pattern, got, "PUT"+want)
		}
	}
	app := closedDoor().Handler(whoami)
	for pattern, want := range map[string]string{
		"/a/{id:x{7}}": "nothing that is known here fits {id:x{7}}",
		"/a/{id:(}":    "missing closing )",
		"/a/{id":       "a { without a }",
		"a":            "no path",
	} {
		got := failures(t, func(t testing.TB) { authtest.Guarded(t, app, listed("GET "+pattern)) })
		wantFailures(t, got, want)
	}
}
