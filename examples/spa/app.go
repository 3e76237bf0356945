package main

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/password"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/jwtauth/dpop"
	"github.com/inga-auth/inga/jwtauth/tokencookie"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/devices"
	"github.com/inga-auth/inga/middleware/session"
	"github.com/inga-auth/inga/sliding"
)

// An app is what the handlers share.
type app struct {
	users     backends.Users
	passwords *password.Hasher
	policy    sliding.Policy
	rotate    time.Duration
	cookies   *tokencookie.Cookies
	tokens    *jwtauth.Tokens // for the service
	guard     *middleware.Guard
	devices   *devices.Devices
	handler   http.Handler
}

// newApp puts the parts together.
func newApp(ctx context.Context, s store, o options, events middleware.EventHook) (*app, error) {
	a := &app{users: s.Users(), policy: o.policy, rotate: o.rotate}
	var err1, err2, err3, err4 error
	o.passwords.Attempts = s
	a.passwords, err1 = password.New(o.passwords)
	sessions, err2 := session.New(session.Config{Store: s, Policy: o.policy, Events: events})
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	a.devices, err3 = devices.New(sessions)
	a.tokens, err4 = newTokens(sessions, s, o)
	if err := errors.Join(err3, err4); err != nil {
		return nil, err
	}
	a.cookies, err3 = tokencookie.New(tokencookie.Config{Tokens: a.tokens, DangerouslyAllowHTTP: o.plainHTTP})
	if err3 != nil {
		return nil, err3
	}
	var err error
	a.guard, err = middleware.New(middleware.Config{Authenticator: a.cookies, Roles: roles, Events: events})
	if err != nil {
		return nil, err
	}
	if a.handler, err = a.routes(); err != nil {
		return nil, err
	}
	return a, addDemoUsers(ctx, a.users, a.passwords)
}

// newTokens makes new keys at each start, which logs everyone out. An application keeps its keys:
// see examples/quickstart/keyfile.go.
//
// Tokens outside of cookies are bound to a key of the page: see service.go.
func newTokens(sessions *session.Registry, claims backends.Claims, o options) (*jwtauth.Tokens, error) {
	key, err1 := jwtauth.HS256(newSecret())
	proofs, err2 := dpop.New(dpop.Config{URL: o.url, Claims: claims, NonceKeys: [][]byte{newSecret()}})
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	return jwtauth.New(jwtauth.Config{
		Sessions:       sessions,
		Keys:           []jwtauth.Key{key},
		RefreshKeys:    [][]byte{newSecret()},
		RefreshOverlap: o.overlap,
		Leeway:         o.leeway,
		Issuer:         "https://spa.example",
		Audience:       "spa",
		AccessTTL:      o.accessTTL,
		DPoP:           jwtauth.DPoPRequired,
		Proofs:         proofs,
	})
}

func newSecret() []byte {
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never returns an error
	return secret
}
