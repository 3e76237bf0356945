package tokentest

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/jwtauth/oauth"
	"github.com/inga-auth/inga/jwtauth/tokencookie"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/sliding"
)

// Me answers with the identity of the request.
var Me = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	id, _ := middleware.FromContext(r.Context())
	_ = json.NewEncoder(w).Encode(id)
})

// Guarded is Me behind a guard that asks a.
func Guarded(t testing.TB, a middleware.Authenticator) http.Handler {
	t.Helper()
	return newGuard(t, a, slog.New(slog.DiscardHandler)).Handler(Me)
}

// App is an application for programs: log in and out, authenticate again as user 1, pages that
// ask for it, and the OAuth endpoints. /login takes the user from the header User.
func App(t testing.TB, tokens *jwtauth.Tokens) http.Handler {
	t.Helper()
	return AppOf(t, tokens, slog.New(slog.DiscardHandler))
}

// AppOf is App with a logger.
func AppOf(t testing.TB, tokens *jwtauth.Tokens, logger *slog.Logger) http.Handler {
	t.Helper()
	guard := newGuard(t, tokens, logger)
	answer := func(w http.ResponseWriter, r *http.Request, resp jwtauth.Response, err error) {
		if err != nil {
			guard.Refuse(w, r, err)
			return
		}
		resp.Write(w)
	}
	logout := func(w http.ResponseWriter, r *http.Request) {
		if err := tokens.Logout(w, r); err != nil {
			guard.Refuse(w, r, err)
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/login", func(w http.ResponseWriter, r *http.Request) {
		resp, err := tokens.Login(r, middleware.Login{Subject: r.Header.Get("User"), AMR: []string{"pwd"}})
		answer(w, r, resp, err)
	})
	mux.HandleFunc("/prove", func(w http.ResponseWriter, r *http.Request) {
		resp, err := tokens.Reauthenticate(w, r, middleware.Login{Subject: "1", AMR: []string{"pwd", "otp"}})
		answer(w, r, resp, err)
	})
	mux.HandleFunc("/logout", logout)
	mux.Handle("/private/logout", guard.Handler(sliding.Handler(http.HandlerFunc(logout))))
	addPages(t, mux, guard)
	addEndpoints(t, mux, tokens, guard, logger)
	return mux
}

func addEndpoints(t testing.TB, mux *http.ServeMux, tokens *jwtauth.Tokens, guard *middleware.Guard, logger *slog.Logger) {
	t.Helper()
	e, err := oauth.New(oauth.Config{Tokens: tokens, Logger: logger})
	if err != nil {
		t.Fatal(err)
	}
	mux.Handle("/jwks", e.JWKSHandler())
	mux.Handle("/token", e.TokenHandler())
	mux.Handle("/revoke", e.RevokeHandler())
	mux.Handle("/introspect", guard.Handler(e.IntrospectHandler()))
	mux.Handle("/open/introspect", e.IntrospectHandler())
}

// CookieApp is an application for browsers: as App, but with cookies and without endpoints.
// before are authenticators that the guard asks first.
func CookieApp(t testing.TB, k *tokencookie.Cookies, before ...middleware.Authenticator) http.Handler {
	t.Helper()
	guard := newGuard(t, middleware.FirstOf(append(before, k)...), slog.New(slog.DiscardHandler))
	do := func(act func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if err := act(w, r); err != nil {
				guard.Refuse(w, r, err)
			}
		}
	}
	prove := do(func(w http.ResponseWriter, r *http.Request) error {
		_, err := k.Reauthenticate(w, r, middleware.Login{Subject: "1", AMR: []string{"pwd", "otp"}})
		return err
	})
	mux := http.NewServeMux()
	mux.Handle("/login", do(func(w http.ResponseWriter, r *http.Request) error {
		_, err := k.Login(w, r, middleware.Login{Subject: r.Header.Get("User"), AMR: []string{"pwd"}})
		return err
	}))
	mux.Handle("/refresh", do(func(w http.ResponseWriter, r *http.Request) error {
		_, err := k.Refresh(w, r)
		return err
	}))
	mux.Handle("/prove", prove)
	mux.Handle("/private/prove", guard.Handler(sliding.Handler(prove)))
	mux.Handle("/logout", do(k.Logout))
	mux.Handle("/private/logout", guard.Handler(sliding.Handler(do(k.Logout))))
	mux.Handle("/optional", guard.Optional(Me))
	addPages(t, mux, guard)
	return mux
}

func newGuard(t testing.TB, a middleware.Authenticator, logger *slog.Logger) *middleware.Guard {
	t.Helper()
	guard, err := middleware.New(middleware.Config{Authenticator: a, Roles: []string{"user", "admin"}, Logger: logger})
	if err != nil {
		t.Fatal(err)
	}
	return guard
}

// addPages adds pages behind the guard: /me, /poll, which is no activity, /admin, and two for
// users who have just authenticated, and by a second factor.
func addPages(t testing.TB, mux *http.ServeMux, guard *middleware.Guard) {
	t.Helper()
	private := middleware.Chain(guard.Handler, sliding.Handler)
	mux.Handle("/me", private(Me))
	mux.Handle("/poll", sliding.Passive(private(Me)))
	for path, rule := range map[string]middleware.Authorizer{
		"/admin": middleware.HasRole("admin"), "/fresh": middleware.Fresh(5 * time.Minute), "/otp": middleware.HasAMR("otp", "hwk"),
	} {
		g, err := guard.Require(rule)
		if err != nil {
			t.Fatal(err)
		}
		mux.Handle(path, middleware.Chain(g.Handler, sliding.Handler)(Me))
	}
}
