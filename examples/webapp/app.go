package main

import (
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/cache"
	"github.com/inga-auth/inga/backends/password"
	"github.com/inga-auth/inga/cookie"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/dbsc"
	"github.com/inga-auth/inga/middleware/devices"
	"github.com/inga-auth/inga/middleware/session"
)

// An app is what the handlers share.
type app struct {
	store     *cache.Store
	users     backends.Users
	passwords *password.Hasher
	known     *cookie.Value[password.Device] // a browser in which its user has logged in before
	sessions  *session.Registry
	cookies   *cookie.Cookies
	guard     *middleware.Guard
	bound     http.Handler // of browsers that bind their sessions; nil without TLS
	devices   *devices.Devices
	audit     middleware.EventHook
	board     *board
	handler   http.Handler
}

// newApp puts the parts together.
func newApp(store *cache.Store, key []byte, o options) (*app, error) {
	a := &app{store: store, users: store.Users(), audit: middleware.LogEvents(slog.Default()), board: newBoard()}
	var err1, err2, err3, err4, err5, err6 error
	o.passwords.Attempts = store
	a.passwords, err1 = password.New(o.passwords)
	a.sessions, err2 = session.New(session.Config{Store: store, Policy: o.policy, Events: a.audit})
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	a.devices, err3 = devices.New(a.sessions)
	a.cookies, err4 = cookie.New(cookie.Config{
		Sessions: a.sessions, Keys: [][]byte{key}, DangerouslyAllowHTTP: o.plainHTTP, Bind: o.bind(),
	})
	a.known, err6 = cookie.NewValue[password.Device](cookie.ValueConfig{
		Name: "device", Keys: [][]byte{key}, MaxAge: 365 * 24 * time.Hour, DangerouslyAllowHTTP: o.plainHTTP,
	})
	if err := errors.Join(err3, err4, err6); err != nil {
		return nil, err
	}
	if !o.plainHTTP {
		var err error
		if a.bound, err = dbsc.New(a.cookies); err != nil {
			return nil, err
		}
	}
	a.guard, err5 = middleware.New(middleware.Config{
		Authenticator: a.cookies,
		Roles:         roles,
		Denier:        deny,
		Events:        a.audit,
	})
	if err5 != nil {
		return nil, err5
	}
	var err error
	a.handler, err = a.routes(o)
	return a, err
}
