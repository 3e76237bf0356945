package main

import (
	"errors"
	"net/http"
	"time"

	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/sliding"
)

// routes says what is open, and what is guarded how.
//
// A form is posted to the address of the page that it is on. Whoever is sent away from a form,
// to log in or to give the password again, therefore comes back to it; and a form that is shown
// again with a mistake has the address that it had.
//
// No form has a CSRF token. The browser says where a request comes from (Sec-Fetch-Site, and
// Origin before there was that), no page can make it say anything else, and an unsafe request
// from elsewhere is refused: by the guard, and by cookie's Login and Logout. Signing up does
// something before either is asked, and so it asks http.CrossOriginProtection itself.
func (a *app) routes(o options) (http.Handler, error) {
	d, err := a.doors(o.fresh)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", a.guard.Optional(sliding.Handler(http.HandlerFunc(a.home))))
	mux.HandleFunc("GET /assets/{file}", serveAsset)
	mux.HandleFunc("/", notFound)

	mux.HandleFunc("GET /signup", a.signupPage)
	mux.Handle("POST /signup", sameOrigin(a.signup))
	mux.HandleFunc("GET /login", a.loginPage)
	mux.HandleFunc("POST /login", a.login)
	mux.HandleFunc("POST /logout", a.logout)

	d.handle(mux, "GET /confirm", d.private, a.confirmPage)
	d.handle(mux, "POST /confirm", d.proving, a.confirm)
	d.handle(mux, "GET /password", d.private, a.passwordPage)
	d.handle(mux, "POST /password", d.proving, a.changePassword)
	d.handle(mux, "GET /devices", d.private, a.devicesPage)
	d.handle(mux, "POST /devices", d.fresh, a.endDevices)
	d.handle(mux, "GET /delete", d.fresh, a.deletePage)
	d.handle(mux, "POST /delete", d.fresh, a.deleteAccount)

	d.handle(mux, "GET /live", d.private, a.livePage)
	d.handle(mux, "POST /live", d.private, a.postNote)
	d.handle(mux, "GET /live/events", d.listeners, a.events)

	d.handle(mux, "GET /admin", d.admins, a.usersPage)
	d.handle(mux, "GET /admin/users/{user}", d.admins, a.userPage)
	d.handle(mux, "POST /admin/users/{user}", d.freshAdmins, a.changeUser)
	return withHeaders(mux), nil
}

// sameOrigin refuses what the page of another site posts.
func sameOrigin(h http.HandlerFunc) http.Handler {
	p := http.NewCrossOriginProtection()
	p.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { showProblem(w, http.StatusForbidden) }))
	return p.Handler(h)
}

// Doors are what stands before the handlers.
type doors struct {
	private, proving, fresh, admins, freshAdmins, listeners func(http.Handler) http.Handler
}

func (doors) handle(mux *http.ServeMux, pattern string, door func(http.Handler) http.Handler, h http.HandlerFunc) {
	mux.Handle(pattern, door(h))
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
	behind := func(g *middleware.Guard) func(http.Handler) http.Handler {
		return middleware.Chain(g.Handler, sliding.Handler)
	}
	return doors{
		private:     behind(a.guard),
		fresh:       behind(recent),
		admins:      behind(admins),
		freshAdmins: behind(recentAdmins),
		// Without sliding: authenticating again is activity, and gives the session a new start.
		proving: a.guard.Handler,
		// A page left open listens, and is no reason to keep the session alive.
		listeners: middleware.Chain(sliding.Passive, a.guard.Handler, sliding.Handler, middleware.EndWithSession),
	}, nil
}
