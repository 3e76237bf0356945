package main

import (
	"net/http"

	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/sliding"
)

// routes says which route has which guard. One without is open.
func (a *app) routes() (http.Handler, error) {
	admins, err := a.guard.Require(middleware.HasRole(roleAdmin))
	if err != nil {
		return nil, err
	}
	service, err := a.newService()
	if err != nil {
		return nil, err
	}
	behind := func(guard func(http.Handler) http.Handler) func(http.HandlerFunc) http.Handler {
		return func(h http.HandlerFunc) http.Handler { return guard(sliding.Handler(h)) }
	}
	optional, private, admin := behind(a.guard.Optional), behind(a.guard.Handler), behind(admins.Handler)

	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", home)
	mux.HandleFunc("GET /page/{file}", asset)
	mux.HandleFunc("POST /login", a.login)
	mux.HandleFunc("POST /refresh", a.refresh)
	mux.HandleFunc("POST /logout", a.logout)

	mux.Handle("GET /api/me", optional(a.me))
	mux.Handle("GET /api/time", private(now))
	mux.Handle("POST /api/echo", private(echo))
	mux.Handle("GET /api/admin", admin(now))
	mux.Handle("POST /api/token", private(a.token))
	mux.Handle("GET /service/time", service.Handler(http.HandlerFunc(now)))
	mux.Handle("GET /api/sessions", private(a.devices.List().ServeHTTP))
	// An application requires a recent password for this: see middleware.Fresh, and the page of
	// examples/quickstart.
	mux.Handle("DELETE /api/sessions", private(a.devices.EndAll().ServeHTTP))
	return mux, nil
}
