package main

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"

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
	sessions  *cookie.Sessions
	tokens    *jwtauth.Tokens
	guard     *middleware.Guard
	board     *board
	handler   http.Handler
}

// newApp puts the parts together.
func newApp(ctx context.Context, b *backend, o options) (*app, error) {
	// Keys that are new at each start make a good demonstration and a bad service: keep
	// yours where you keep other secrets.
	key, err1 := jwtauth.HS256(newKey())
	passwords, err2 := backends.NewPasswords(backends.PasswordConfig{})
	sessions, err3 := cookie.New(cookie.Config{
		Store:                b.store,
		Keys:                 [][]byte{newKey()},
		Policy:               o.policy,
		Reissue:              true, // so that one sees the cookie slide; its doc says what that costs
		DangerouslyAllowHTTP: o.plainHTTP,
	})
	tokens, err4 := jwtauth.New(jwtauth.Config{
		Store:     b.store,
		Keys:      []jwtauth.Key{key},
		Issuer:    "https://quickstart.example",
		Audience:  "quickstart",
		Policy:    o.policy,
		AccessTTL: o.accessTTL,
	})
	guard, err5 := middleware.New(middleware.Config{
		Authenticator: middleware.FirstOf(tokens, sessions),
		Roles:         []string{"user", "admin"},
		Denier:        middleware.LoginRedirect{Path: "/"},
	})
	if err := errors.Join(err1, err2, err3, err4, err5); err != nil {
		return nil, err
	}
	if err := addDemoUsers(ctx, b.users, passwords); err != nil {
		return nil, err
	}
	a := &app{users: b.users, passwords: passwords, sessions: sessions, tokens: tokens, guard: guard, board: newBoard()}
	var err error
	a.handler, err = a.routes()
	return a, err
}

// routes says what is open, and what is guarded how.
func (a *app) routes() (http.Handler, error) {
	adminGuard, err := a.guard.Require(middleware.HasRole("admin"))
	if err != nil {
		return nil, err
	}
	private := middleware.Chain(a.guard.Handler, sliding.Handler)
	admins := middleware.Chain(adminGuard.Handler, sliding.Handler)

	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", a.home)
	mux.HandleFunc("GET /page/{file}", assets)
	mux.HandleFunc("GET /healthz", healthz)

	mux.HandleFunc("POST /login", a.login)
	mux.HandleFunc("POST /login/token", a.loginToken)
	mux.HandleFunc("POST /logout", a.logout)

	mux.Handle("GET /me", private(http.HandlerFunc(me)))
	mux.Handle("GET /admin", admins(http.HandlerFunc(admin)))
	mux.Handle("POST /note", private(http.HandlerFunc(a.postNote)))
	// Passive: a page left open listens, and is no reason to keep the session alive.
	mux.Handle("GET /events", sliding.Passive(private(http.HandlerFunc(a.events))))
	return mux, nil
}

func newKey() []byte {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails: it ends the program instead
	return key
}
