package main

import (
	"errors"
	"net/http"
	"time"

	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/sliding"
)

// routes says which route has which guard. One without is open.
func (a *app) routes(o options) (http.Handler, error) {
	g, err := a.guards(o.fresh)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", a.home)
	mux.HandleFunc("GET /page/{file}", assets)
	mux.HandleFunc("GET /healthz", healthz)

	mux.Handle("GET /me", g.private(http.HandlerFunc(me)))
	mux.Handle("GET /admin", g.admins(http.HandlerFunc(admin)))
	mux.Handle("POST /note", g.private(http.HandlerFunc(a.postNote)))
	mux.Handle("GET /events", g.streams(http.HandlerFunc(a.events)))

	a.routeLogin(mux, g)
	a.routeDevices(mux, g)
	a.routeUsers(mux, g)
	return behindProxies(mux, o)
}

func (a *app) routeLogin(mux *http.ServeMux, g guards) {
	mux.HandleFunc("POST /login", a.login)
	mux.HandleFunc("POST /login/token", a.loginToken)
	mux.HandleFunc("POST /login/cookies", a.loginCookies)
	mux.HandleFunc("POST /refresh", a.refresh)
	mux.HandleFunc("POST /logout", a.logout)
	mux.Handle("POST /reauthenticate", g.proving(http.HandlerFunc(a.reauthenticate)))
	mux.Handle("POST /password", g.proving(http.HandlerFunc(a.changePassword)))

	// For OAuth and JWT libraries, in clients and in other services.
	mux.Handle("POST /token", a.oauth.TokenHandler())
	mux.Handle("POST /revoke", a.oauth.RevokeHandler())
	mux.Handle("POST /introspect", g.admins(a.oauth.IntrospectHandler()))
	mux.Handle("GET /.well-known/jwks.json", a.oauth.JWKSHandler())
}

// routeDevices routes to the sessions of the user who asks.
func (a *app) routeDevices(mux *http.ServeMux, g guards) {
	mux.Handle("GET /sessions", g.private(a.devices.List()))
	mux.Handle("DELETE /sessions/{id}", g.fresh(a.devices.End()))
	mux.Handle("DELETE /sessions", g.fresh(a.devices.EndAll())) // with ?others all except this one
}

// routeUsers routes to the user in the path.
func (a *app) routeUsers(mux *http.ServeMux, g guards) {
	of := a.devices.Of(func(r *http.Request) string { return r.PathValue("user") })
	mux.Handle("GET /users", g.admins(http.HandlerFunc(a.listUsers)))
	mux.Handle("PUT /users/{user}/roles", g.freshAdmins(http.HandlerFunc(a.putRoles)))
	mux.Handle("PUT /users/{user}/disabled", g.freshAdmins(http.HandlerFunc(a.putDisabled)))
	mux.Handle("GET /users/{user}/sessions", g.admins(of.List()))
	mux.Handle("DELETE /users/{user}/sessions/{id}", g.freshAdmins(of.End()))
	mux.Handle("DELETE /users/{user}/sessions", g.freshAdmins(of.EndAll()))
}

// Guards are the middleware in front of the handlers.
type guards struct {
	private, fresh, admins, freshAdmins func(http.Handler) http.Handler // and the session slides
	proving, streams                    func(http.Handler) http.Handler
}

// guards returns them, where fresh is how long ago the password may have been given.
func (a *app) guards(fresh time.Duration) (guards, error) {
	admins, err1 := a.guard.Require(middleware.HasRole(roleAdmin))
	recent, err2 := a.guard.Require(middleware.Fresh(fresh))
	// The role comes first, so that users without it are not asked for a password in vain.
	recentAdmins, err3 := a.guard.Require(middleware.HasRole(roleAdmin), middleware.Fresh(fresh))
	if err := errors.Join(err1, err2, err3); err != nil {
		return guards{}, err
	}
	return guards{
		private:     middleware.Chain(a.guard.Handler, sliding.Handler),
		fresh:       middleware.Chain(recent.Handler, sliding.Handler),
		admins:      middleware.Chain(admins.Handler, sliding.Handler),
		freshAdmins: middleware.Chain(recentAdmins.Handler, sliding.Handler),
		// Without sliding: authenticating again is activity, and sets credentials of its own.
		proving: a.guard.Handler,
		// Without sliding: a page that was left open still listens, and is no activity.
		streams: middleware.Chain(a.guard.Handler, middleware.EndWithSession),
	}, nil
}

// behindProxies makes next see the addresses of clients instead of those of proxies.
func behindProxies(next http.Handler, o options) (http.Handler, error) {
	proxies, err := o.trustedProxies()
	if err != nil || proxies == nil {
		return next, err
	}
	return proxies.Handler(next), nil
}
