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
	"github.com/inga-auth/inga/middleware/devices"
)

// An app is what the handlers have in common.
type app struct {
	store     backends.Store
	users     backends.Users
	passwords *backends.Passwords
	sessions  *cookie.Sessions // a session in a cookie
	tokens    *jwtauth.Tokens  // tokens in the hands of a client
	cookies   *jwtauth.Cookies // tokens in cookies
	guard     *middleware.Guard
	devices   *devices.Devices
	audit     middleware.EventHook
	board     *board
	handler   http.Handler
}

// passwordCost is the default one, except in the tests, which log in a thousand times.
var passwordCost backends.PasswordConfig

// newApp puts the parts together.
func newApp(ctx context.Context, b *backend, k keys, o options) (*app, error) {
	audit := middleware.LogEvents(slog.Default()) // one for all: theft is a warning
	passwords, err1 := backends.NewPasswords(passwordCost)
	sessions, err2 := newSessions(b, k, o, audit)
	tokens, err3 := newTokens(b, k, o, audit)
	list, err4 := devices.New(devices.Config{Store: b.store, Events: audit})
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return nil, err
	}
	cookies, err5 := jwtauth.NewCookies(jwtauth.CookieConfig{Tokens: tokens, DangerouslyAllowHTTP: o.plainHTTP})
	guard, err6 := middleware.New(middleware.Config{
		Authenticator: middleware.FirstOf(tokens, cookies, sessions),
		Roles:         roles,
		Denier:        middleware.LoginRedirect{Path: "/"},
		Events:        audit,
	})
	if err := errors.Join(err5, err6, addDemoUsers(ctx, b.users, passwords)); err != nil {
		return nil, err
	}
	a := &app{b.store, b.users, passwords, sessions, tokens, cookies, guard, list, audit, newBoard(), nil}
	var err error
	a.handler, err = a.routes(o)
	return a, err
}

func newSessions(b *backend, k keys, o options, audit middleware.EventHook) (*cookie.Sessions, error) {
	return cookie.New(cookie.Config{
		Store:                b.store,
		Keys:                 k.cookie,
		Policy:               o.policy,
		Limit:                o.limit,
		Events:               audit,
		Reissue:              true, // so that one sees the cookie slide; its doc says what that costs
		DangerouslyAllowHTTP: o.plainHTTP,
	})
}

func newTokens(b *backend, k keys, o options, audit middleware.EventHook) (*jwtauth.Tokens, error) {
	return jwtauth.New(jwtauth.Config{
		Store:        b.store,
		Keys:         k.signing,
		Issuer:       "https://quickstart.example",
		Audience:     "quickstart",
		Policy:       o.policy,
		Limit:        o.limit, // the same: a session counts, whatever proves it
		Events:       audit,
		AccessTTL:    o.accessTTL,
		RefreshKeys:  k.refresh,
		RefreshGrace: backends.Grace{Overlap: o.overlap, Unseen: max(time.Minute, o.overlap)},
	})
}
