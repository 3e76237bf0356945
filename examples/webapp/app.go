package main

import (
	"errors"
	"log/slog"
	"net/http"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/cache"
	"github.com/inga-auth/inga/cookie"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/devices"
)

// An app is what the handlers have in common.
type app struct {
	store     *cache.Store
	users     backends.Users
	passwords *backends.Passwords
	sessions  *cookie.Sessions
	guard     *middleware.Guard
	devices   *devices.Devices
	audit     middleware.EventHook
	board     *board
	handler   http.Handler
}

// passwordCost is the default one, except in the tests, which log in often.
var passwordCost backends.PasswordConfig

// newApp puts the parts together.
func newApp(b *backend, key []byte, o options) (*app, error) {
	audit := middleware.LogEvents(slog.Default())
	passwords, err1 := backends.NewPasswords(passwordCost)
	sessions, err2 := cookie.New(cookie.Config{
		Store:                b.store,
		Keys:                 [][]byte{key},
		Policy:               o.policy,
		Events:               audit,
		DangerouslyAllowHTTP: o.plainHTTP,
	})
	list, err3 := devices.New(devices.Config{Store: b.store, Events: audit})
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	guard, err := middleware.New(middleware.Config{
		Authenticator: sessions,
		Roles:         roles,
		Denier:        middleware.DenierFunc(deny),
		Events:        audit,
	})
	if err != nil {
		return nil, err
	}
	a := &app{b.store, b.users, passwords, sessions, guard, list, audit, newBoard(), nil}
	a.handler, err = a.routes(o)
	return a, err
}
