package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/password"
	"github.com/inga-auth/inga/cookie"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/jwtauth/dpop"
	"github.com/inga-auth/inga/jwtauth/oauth"
	"github.com/inga-auth/inga/jwtauth/tokencookie"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/devices"
	"github.com/inga-auth/inga/middleware/session"
)

// An app is what the handlers share.
type app struct {
	users        backends.Users
	passwords    *password.Hasher
	sessions     *session.Registry
	cookies      *cookie.Cookies      // a session in a cookie
	tokens       *jwtauth.Tokens      // a session in tokens that a client keeps
	proofs       *dpop.Proofs         // that a client has the key of its tokens; nil if none is asked for
	tokenCookies *tokencookie.Cookies // a session in tokens in cookies
	oauth        *oauth.Endpoints
	guard        *middleware.Guard
	devices      *devices.Devices
	audit        middleware.EventHook
	board        *board
	handler      http.Handler
}

// newApp puts the parts together.
func newApp(ctx context.Context, s store, k keys, o options) (*app, error) {
	a := &app{users: s.Users(), audit: middleware.LogEvents(slog.Default()), board: newBoard()}
	var err1, err2, err3, err4 error
	o.passwords.Attempts = s
	a.passwords, err1 = password.New(o.passwords)
	// Store, policy, limit and events once, for every kind of credential.
	a.sessions, err2 = session.New(session.Config{Store: s, Policy: o.policy, Limit: o.limit, Events: a.audit})
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	if a.proofs, err3 = newProofs(s, k, o); err3 != nil {
		return nil, err3
	}
	if err := a.makeCredentials(k, o); err != nil {
		return nil, err
	}
	a.devices, err3 = devices.New(a.sessions)
	a.guard, err4 = middleware.New(middleware.Config{
		Authenticator: middleware.FirstOf(a.tokens, a.tokenCookies, a.cookies),
		Roles:         roles,
		Denier:        middleware.LoginRedirect{Path: "/"},
		Events:        a.audit,
	})
	if err := errors.Join(err3, err4, addDemoUsers(ctx, a.users, a.passwords, o.users)); err != nil {
		return nil, err
	}
	var err error
	a.handler, err = a.routes(o)
	return a, err
}

// makeCredentials makes the three ways to prove a session.
func (a *app) makeCredentials(k keys, o options) error {
	var err1, err2, err3, err4 error
	a.cookies, err1 = cookie.New(cookie.Config{
		Sessions:             a.sessions,
		Keys:                 k.cookie,
		Reissue:              true, // shows the cookie slide; its doc says what that costs
		DangerouslyAllowHTTP: o.plainHTTP,
	})
	a.tokens, err2 = jwtauth.New(jwtauth.Config{
		Sessions:       a.sessions,
		Keys:           k.signing,
		Issuer:         "https://quickstart.example",
		Audience:       "quickstart",
		AccessTTL:      o.accessTTL,
		RefreshKeys:    k.refresh,
		RefreshOverlap: o.overlap,
		Leeway:         o.leeway,
		DPoP:           modes[o.dpop],
		Proofs:         a.proofs,
	})
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	a.tokenCookies, err3 = tokencookie.New(tokencookie.Config{Tokens: a.tokens, DangerouslyAllowHTTP: o.plainHTTP})
	a.oauth, err4 = oauth.New(oauth.Config{Tokens: a.tokens})
	return errors.Join(err3, err4)
}
