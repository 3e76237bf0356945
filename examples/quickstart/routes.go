package main

import (
	"errors"
	"net/http"
	"time"

	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/sliding"
)

// routes says what is open, and what is guarded how.
func (a *app) routes(o options) (http.Handler, error) {
	d, err := a.doors(o.fresh)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", a.cookies.Handler(http.HandlerFunc(a.home)))
	mux.HandleFunc("GET /page/{file}", assets)
	mux.HandleFunc("GET /healthz", healthz)

	mux.Handle("GET /me", d.private(http.HandlerFunc(me)))
	mux.Handle("GET /admin", d.admins(http.HandlerFunc(admin)))
	mux.Handle("POST /note", d.private(http.HandlerFunc(a.postNote)))
	mux.Handle("GET /events", d.listeners(http.HandlerFunc(a.events)))

	a.routeLogin(mux, d)
	a.routeDevices(mux, d)
	a.routeUsers(mux, d)
	return behindProxies(mux, o)
}

func (a *app) routeLogin(mux *http.ServeMux, d doors) {
	mux.HandleFunc("POST /login", a.login)
	mux.HandleFunc("POST /login/token", a.loginToken)
	mux.HandleFunc("POST /login/cookies", a.loginCookies)
	mux.HandleFunc("POST /refresh", a.refresh)
	mux.HandleFunc("POST /logout", a.logout)
	mux.Handle("POST /reauthenticate", d.proving(http.HandlerFunc(a.reauthenticate)))
	mux.Handle("POST /password", d.proving(http.HandlerFunc(a.changePassword)))

	// For the OAuth and JWT libraries of clients and of other services.
	mux.Handle("POST /token", a.tokens.TokenHandler())
	mux.Handle("POST /revoke", a.tokens.RevokeHandler())
	mux.Handle("POST /introspect", d.admins(a.tokens.IntrospectHandler()))
	mux.Handle("GET /.well-known/jwks.json", a.tokens.JWKSHandler())
}

// routeDevices is about the sessions of whoever asks.
func (a *app) routeDevices(mux *http.ServeMux, d doors) {
	mux.Handle("GET /sessions", d.private(a.devices.List()))
	mux.Handle("DELETE /sessions/{id}", d.fresh(a.devices.End()))
	mux.Handle("DELETE /sessions", d.fresh(a.devices.EndAll())) // ?others: but for this one
}

// routeUsers is about the user in the path.
func (a *app) routeUsers(mux *http.ServeMux, d doors) {
	of := a.devices.Of(func(r *http.Request) string { return r.PathValue("user") })
	mux.Handle("GET /users", d.admins(http.HandlerFunc(a.listUsers)))
	mux.Handle("PUT /users/{user}/roles", d.freshAdmins(http.HandlerFunc(a.putRoles)))
	mux.Handle("PUT /users/{user}/disabled", d.freshAdmins(http.HandlerFunc(a.putDisabled)))
	mux.Handle("GET /users/{user}/sessions", d.admins(of.List()))
	mux.Handle("DELETE /users/{user}/sessions/{id}", d.freshAdmins(of.End()))
	mux.Handle("DELETE /users/{user}/sessions", d.freshAdmins(of.EndAll()))
}

// Doors are what stands before the handlers.
type doors struct {
	private, proving, fresh, admins, freshAdmins, listeners func(http.Handler) http.Handler
}

// doors returns them, where fresh is how long ago the password may have been given.
func (a *app) doors(fresh time.Duration) (doors, error) {
	admins, err1 := a.guard.Require(middleware.HasRole(roleAdmin))
	recent, err2 := a.guard.Require(middleware.Fresh(fresh))
	// The role comes first: nobody is asked for a password in vain.
	recentAdmins, err3 := a.guard.Require(middleware.HasRole(roleAdmin), middleware.Fresh(fresh))
	if err := errors.Join(err1, err2, err3); err != nil {
		return doors{}, err
	}
	// A token in a cookie that has expired is refreshed first, so that the guard sees a good one.
	behind := func(g *middleware.Guard) func(http.Handler) http.Handler {
		return middleware.Chain(a.cookies.Handler, g.Handler, sliding.Handler)
	}
	return doors{
		private:     behind(a.guard),
		fresh:       behind(recent),
		admins:      behind(admins),
		freshAdmins: behind(recentAdmins),
		// Without sliding: authenticating again is activity, and has credentials of its own.
		proving: middleware.Chain(a.cookies.Handler, a.guard.Handler),
		// A page left open listens, and is no reason to keep the session alive. So it is passive,
		// and refreshes nothing.
		listeners: middleware.Chain(sliding.Passive, a.guard.Handler, sliding.Handler, middleware.EndWithSession),
	}, nil
}

// behindProxies has all that is inside see the addresses of clients, and not of proxies.
func behindProxies(next http.Handler, o options) (http.Handler, error) {
	proxies, err := o.trustedProxies()
	if err != nil || proxies == nil {
		return next, err
	}
	return proxies.Handler(next), nil
}
