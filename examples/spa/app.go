package main

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/devices"
	"github.com/inga-auth/inga/sliding"
)

// An app is what the handlers have in common.
type app struct {
	users     backends.Users
	passwords *backends.Passwords
	policy    sliding.Policy
	cookies   *jwtauth.Cookies
	guard     *middleware.Guard
	devices   *devices.Devices
	handler   http.Handler
}

const roleAdmin = "admin"

// passwordCost is the default one, except in the tests: the race detector takes a multiple.
var passwordCost backends.PasswordConfig

// newApp puts the parts together.
func newApp(ctx context.Context, b *backend, o options, events middleware.EventHook) (*app, error) {
	tokens, err1 := newTokens(b, o, events)
	passwords, err2 := backends.NewPasswords(passwordCost)
	list, err3 := devices.New(devices.Config{Store: b.store, Events: events})
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	cookies, err := jwtauth.NewCookies(jwtauth.CookieConfig{Tokens: tokens, DangerouslyAllowHTTP: o.plainHTTP})
	if err != nil {
		return nil, err
	}
	guard, err := middleware.New(middleware.Config{
		Authenticator: cookies,
		Roles:         []string{"user", roleAdmin},
		Events:        events,
	})
	if err != nil {
		return nil, err
	}
	a := &app{b.users, passwords, o.policy, cookies, guard, list, nil}
	if a.handler, err = a.routes(); err != nil {
		return nil, err
	}
	return a, demo.add(ctx, b.users, passwords)
}

// newTokens makes new keys at each start, which logs everybody out. An application keeps its
// own: see examples/quickstart/keyfile.go.
func newTokens(b *backend, o options, events middleware.EventHook) (*jwtauth.Tokens, error) {
	key, err := jwtauth.HS256(newSecret())
	if err != nil {
		return nil, err
	}
	return jwtauth.New(jwtauth.Config{
		Store:       b.store,
		Keys:        []jwtauth.Key{key},
		RefreshKeys: [][]byte{newSecret()},
		Issuer:      "https://spa.example",
		Audience:    "spa",
		Policy:      o.policy,
		AccessTTL:   o.accessTTL,
		Leeway:      time.Second, // one server has one clock; the default would outlast a short lifetime
		Events:      events,
	})
}

func newSecret() []byte {
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails: it ends the program instead
	return secret
}
