package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/cookie"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/sliding"
)

// An app is what the handlers have in common.
type app struct {
	users     backends.Users
	passwords *backends.Passwords
	sessions  *cookie.Sessions // a session in a cookie
	tokens    *jwtauth.Tokens  // tokens in the hands of a client
	cookies   *jwtauth.Cookies // tokens in cookies
	guard     *middleware.Guard
	board     *board
	handler   http.Handler
}

// newApp puts the parts together.
func newApp(ctx context.Context, b *backend, k keys, o options) (*app, error) {
	passwords, err1 := backends.NewPasswords(backends.PasswordConfig{})
	sessions, err2 := cookie.New(cookie.Config{
		Store:                b.store,
		Keys:                 k.cookie,
		Policy:               o.policy,
		Reissue:              true, // so that one sees the cookie slide; its doc says what that costs
		DangerouslyAllowHTTP: o.plainHTTP,
	})
	tokens, err3 := newTokens(b, k, o)
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	cookies, err4 := jwtauth.NewCookies(jwtauth.CookieConfig{Tokens: tokens, DangerouslyAllowHTTP: o.plainHTTP})
	guard, err5 := middleware.New(middleware.Config{
		Authenticator: middleware.FirstOf(tokens, cookies, sessions),
		Roles:         []string{"user", "admin"},
		Denier:        middleware.LoginRedirect{Path: "/"},
	})
	if err := errors.Join(err4, err5, addDemoUsers(ctx, b.users, passwords)); err != nil {
		return nil, err
	}
	a := &app{b.users, passwords, sessions, tokens, cookies, guard, newBoard(), nil}
	var err error
	a.handler, err = a.routes()
	return a, err
}

func newTokens(b *backend, k keys, o options) (*jwtauth.Tokens, error) {
	return jwtauth.New(jwtauth.Config{
		Store:        b.store,
		Keys:         k.signing,
		Issuer:       "https://quickstart.example",
		Audience:     "quickstart",
		Policy:       o.policy,
		AccessTTL:    o.accessTTL,
		RefreshKeys:  k.refresh,
		RefreshGrace: backends.Grace{Overlap: o.overlap, Unseen: max(time.Minute, o.overlap)},
		Events:       reportTheft,
	})
}

// routes says what is open, and what is guarded how.
func (a *app) routes() (http.Handler, error) {
	adminGuard, err := a.guard.Require(middleware.HasRole("admin"))
	if err != nil {
		return nil, err
	}
	// A token in a cookie that has expired is refreshed first, so that the guard sees a good one.
	private := middleware.Chain(a.cookies.Handler, a.guard.Handler, sliding.Handler)
	admins := middleware.Chain(a.cookies.Handler, adminGuard.Handler, sliding.Handler)
	// A page left open listens, and is no reason to keep the session alive. So it is passive,
	// and refreshes nothing.
	listeners := middleware.Chain(sliding.Passive, a.guard.Handler, sliding.Handler)

	mux := http.NewServeMux()
	mux.Handle("GET /{$}", a.cookies.Handler(http.HandlerFunc(a.home)))
	mux.HandleFunc("GET /page/{file}", assets)
	mux.HandleFunc("GET /healthz", healthz)

	mux.HandleFunc("POST /login", a.login)
	mux.HandleFunc("POST /login/token", a.loginToken)
	mux.HandleFunc("POST /login/cookies", a.loginCookies)
	mux.HandleFunc("POST /refresh", a.refresh)
	mux.HandleFunc("POST /logout", a.logout)

	// For the OAuth and JWT libraries of clients and of other services.
	mux.Handle("POST /token", a.tokens.TokenHandler())
	mux.Handle("POST /revoke", a.tokens.RevokeHandler())
	mux.Handle("POST /introspect", admins(a.tokens.IntrospectHandler()))
	mux.Handle("GET /.well-known/jwks.json", a.tokens.JWKSHandler())

	mux.Handle("GET /me", private(http.HandlerFunc(me)))
	mux.Handle("GET /admin", admins(http.HandlerFunc(admin)))
	mux.Handle("POST /note", private(http.HandlerFunc(a.postNote)))
	mux.Handle("GET /events", listeners(http.HandlerFunc(a.events)))
	return mux, nil
}

// reportTheft logs what nobody should miss. The other events are everyday life.
func reportTheft(ctx context.Context, e middleware.Event) {
	if e.Type == middleware.EventTheft {
		slog.WarnContext(ctx, "refresh token used by somebody else too: session ended", "subject", e.Subject, "session_id", e.SessionID)
	}
}
