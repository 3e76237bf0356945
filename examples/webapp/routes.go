package main

import (
	"errors"
	"net/http"
	"time"

	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/sliding"
)

// routes says which route has which guard. One without is open.
//
// A form is posted to the address of its own page. A user who is sent from a form to log in, or to
// give the password again, therefore comes back to it, and a form that is shown again with a
// mistake keeps its address.
//
// No form has a CSRF token. The browser says where a request comes from (Sec-Fetch-Site, or Origin
// in older ones), which no page can change, and unsafe requests from other origins are refused: by
// the guard, and by Login and Logout of package cookie. Signing up acts before either is asked, so
// it has an http.CrossOriginProtection of its own.
func (a *app) routes(o options) (http.Handler, error) {
	g, err := a.guards(o.fresh)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", a.guard.Optional(sliding.Handler(http.HandlerFunc(a.home))))
	mux.HandleFunc("GET /assets/{file}", serveAsset)
	mux.HandleFunc("/", notFound)

	if a.bound != nil {
		mux.Handle("/dbsc/", a.bound) // neither a guard nor anything else may answer in its place
	}

	mux.HandleFunc("GET /signup", a.signupPage)
	mux.Handle("POST /signup", sameOrigin(a.signup))
	mux.HandleFunc("GET /login", a.loginPage)
	mux.HandleFunc("POST /login", a.login)
	mux.HandleFunc("POST /logout", a.logout)

	g.handle(mux, "GET /confirm", g.private, a.confirmPage)
	g.handle(mux, "POST /confirm", g.proving, a.confirm)
	g.handle(mux, "GET /password", g.private, a.passwordPage)
	g.handle(mux, "POST /password", g.proving, a.changePassword)
	g.handle(mux, "GET /devices", g.private, a.devicesPage)
	g.handle(mux, "POST /devices", g.fresh, a.endDevices)
	g.handle(mux, "GET /delete", g.fresh, a.deletePage)
	g.handle(mux, "POST /delete", g.fresh, a.deleteAccount)

	g.handle(mux, "GET /live", g.private, a.livePage)
	g.handle(mux, "POST /live", g.private, a.postNote)
	g.handle(mux, "GET /live/events", g.streams, a.events)

	g.handle(mux, "GET /admin", g.admins, a.usersPage)
	g.handle(mux, "GET /admin/users/{user}", g.admins, a.userPage)
	g.handle(mux, "POST /admin/users/{user}", g.freshAdmins, a.changeUser)
	return withHeaders(mux), nil
}

// sameOrigin refuses posts from pages of other origins.
func sameOrigin(h http.HandlerFunc) http.Handler {
	p := http.NewCrossOriginProtection()
	p.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { showProblem(w, http.StatusForbidden) }))
	return p.Handler(h)
}

// Guards are the middleware in front of the handlers.
type guards struct {
	private, fresh, admins, freshAdmins func(http.Handler) http.Handler // and the session slides
	proving, streams                    func(http.Handler) http.Handler
}

func (guards) handle(mux *http.ServeMux, pattern string, guard func(http.Handler) http.Handler, h http.HandlerFunc) {
	mux.Handle(pattern, guard(h))
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
		// Without sliding: authenticating again is activity, and gives the session a new start.
		proving: a.guard.Handler,
		// Without sliding: a page that was left open still listens, and is no activity.
		streams: middleware.Chain(a.guard.Handler, middleware.EndWithSession),
	}, nil
}
