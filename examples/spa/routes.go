package main

import (
	"net/http"

	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/sliding"
)

// routes says what is open, and what is guarded how.
func (a *app) routes() (http.Handler, error) {
	admins, err := a.guard.Require(middleware.HasRole(roleAdmin))
	if err != nil {
		return nil, err
	}
	// The page refreshes ahead. cookies.Handler is for the request that was faster: of a tab
	// that has just woken up, or one that was opened after a break. So a 401 always means
	// that the session is over, and the page never has to send a request twice.
	behind := func(guard func(http.Handler) http.Handler) func(http.HandlerFunc) http.Handler {
		chain := middleware.Chain(a.cookies.Handler, guard, sliding.Handler)
		return func(h http.HandlerFunc) http.Handler { return chain(h) }
	}
	anybody, private, admin := behind(a.guard.Optional), behind(a.guard.Handler), behind(admins.Handler)

	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", home)
	mux.HandleFunc("GET /page/{file}", asset)
	mux.HandleFunc("POST /login", a.login)
	mux.HandleFunc("POST /refresh", a.refresh)
	mux.HandleFunc("POST /logout", a.logout)

	mux.Handle("GET /api/me", anybody(a.me))
	mux.Handle("GET /api/time", private(now))
	mux.Handle("POST /api/echo", private(echo))
	mux.Handle("GET /api/admin", admin(now))
	mux.Handle("GET /api/sessions", private(a.devices.List().ServeHTTP))
	// An application asks for the password again before this, if it was given long ago: see
	// middleware.Fresh, and examples/quickstart for how its page does that.
	mux.Handle("DELETE /api/sessions", private(a.devices.EndAll().ServeHTTP))
	return mux, nil
}
