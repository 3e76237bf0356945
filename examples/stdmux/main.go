package main

import (
	"errors"
	"flag"
	"log"
	"net/http"
	"time"

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
	private := middleware.Chain(a.guard.Handler, sliding.Handler)
	admins := middleware.Chain(a.admins.Handler, sliding.Handler)
	live := middleware.Chain(a.guard.Handler, middleware.EndWithSession) // listening is no activity

	mux := http.NewServeMux()
	mux.Handle("GET /{$}", a.guard.Optional(http.HandlerFunc(home)))
	mux.HandleFunc("GET /login", loginPage)
	mux.HandleFunc("POST /login", a.login)
	mux.HandleFunc("POST /login/token", a.loginToken)
	mux.HandleFunc("POST /logout", a.logout)

	mux.Handle("GET /account", private(http.HandlerFunc(account)))
	mux.Handle("POST /notes", private(http.HandlerFunc(a.addNote)))
	mux.Handle("GET /notes/{id}", private(http.HandlerFunc(a.note)))
	mux.Handle("GET /bug", private(http.HandlerFunc(bug)))
	mux.Handle("GET /admin", admins(http.HandlerFunc(admin)))
	mux.Handle("GET /events", live(http.HandlerFunc(site.Events)))
	mux.Handle("GET /ws", live(http.HandlerFunc(site.Echo)))
	return recovered(mux)
}
