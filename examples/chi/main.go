// Command chi is a small web application with the router chi.
//
//	go run ./examples/chi
//	curl -d name=ann -d password=ann-likes-tea http://127.0.0.1:8080/login/token
//
// A guard is a middleware as chi has them: Use and With take it as it is. Two properties of chi
// matter here:
//
//   - The middleware of a group runs once the route is found, so a path that does not exist is 404
//     and not 401. A guard in the Use of the router itself runs before that, and responds with 401
//     for everything.
//   - [middleware.EndWithSession] and sliding.Handler belong inside the guard: in one Use, the
//     first is outermost.
//
// A guard inside another one, as at /admin, does not ask the backend again.
//
// This file says which route has which guard; handlers.go has the handlers.
package main

import (
	"errors"
	"flag"
	"log"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"
	chimiddleware "github.com/go-chi/chi/v5/middleware"

	"github.com/inga-auth/inga/backends/memory"
	"github.com/inga-auth/inga/cookie"
	"github.com/inga-auth/inga/examples/internal/site"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/session"
	"github.com/inga-auth/inga/sliding"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "`address` to listen on; port 0 is any free one")
	idle := flag.Duration("idle", 30*time.Minute, "end a session that has not been used for this long")
	flag.Parse()
	a, err := newApp(sliding.Policy{Idle: *idle, Absolute: 12 * time.Hour})
	if err != nil {
		log.Fatal(err)
	}
	if err := site.Serve(*addr, a.routes()); err != nil {
		log.Fatal(err)
	}
}

// An app is what the handlers share.
type app struct {
	users   *site.Users
	notes   site.Notes
	cookies *cookie.Cookies   // a session in a cookie
	tokens  *jwtauth.Tokens   // the same in a token
	guard   *middleware.Guard // for everyone who is logged in
	admins  *middleware.Guard // administrators
}

func newApp(policy sliding.Policy) (*app, error) {
	store := memory.New() // or postgres.New
	users, err1 := site.NewUsers(store)
	key, err2 := jwtauth.HS256(site.NewKey())
	sessions, err3 := session.New(session.Config{Store: store, Policy: policy})
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	cookies, err4 := cookie.New(cookie.Config{Sessions: sessions, Keys: [][]byte{site.NewKey()}})
	tokens, err5 := jwtauth.New(jwtauth.Config{
		Sessions: sessions, Keys: []jwtauth.Key{key}, Issuer: "https://app.example", Audience: "app",
	})
	if err := errors.Join(err4, err5); err != nil {
		return nil, err
	}
	guard, err := middleware.New(middleware.Config{
		Authenticator: middleware.FirstOf(tokens, jwtauth.WebSocket(tokens), cookies),
		Roles:         []string{site.RoleUser, site.RoleAdmin},
		Denier:        middleware.LoginRedirect{Path: "/login"}, // for browsers; others get 401
	})
	if err != nil {
		return nil, err
	}
	admins, err := guard.Require(middleware.HasRole(site.RoleAdmin))
	return &app{users: users, cookies: cookies, tokens: tokens, guard: guard, admins: admins}, err
}

func (a *app) routes() http.Handler {
	r := chi.NewRouter()
	r.Use(chimiddleware.Recoverer, chimiddleware.GetHead)
	r.With(a.guard.Optional).Get("/", home)
	r.Get("/login", loginPage)
	r.Post("/login", a.login)
	r.Post("/login/token", a.loginToken)
	r.Post("/logout", a.logout)

	r.Group(func(r chi.Router) {
		r.Use(a.guard.Handler, sliding.Handler)
		r.Get("/account", account)
		r.Post("/notes", a.addNote)
		r.Get("/notes/{id}", a.note)
		r.Get("/bug", bug)
		r.With(a.admins.Handler).Get("/admin", admin)
	})
	r.Group(func(r chi.Router) {
		r.Use(a.guard.Handler, middleware.EndWithSession) // without sliding: listening is no activity
		r.Get("/events", site.Events)
		r.Get("/ws", site.Echo)
	})
	return r
}
