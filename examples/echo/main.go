// Command echo is a small web application with the router echo, version 5.
//
//	go run ./examples/echo
//	curl -d name=ann -d password=ann-likes-tea http://127.0.0.1:8080/login/token
//
// [echo.WrapMiddleware] turns a guard into a middleware of echo. It puts the request and the writer
// that the guard passes on into the context, so that c.Request().Context() has the identity, and
// returns the error of the handler to echo's HTTPErrorHandler. When the guard refuses, it has
// written the response and there is no error. [echo.WrapHandler] is for handlers of net/http. Four
// properties of echo matter here:
//
//   - A group with a middleware handles all paths under its prefix, even those that do not exist.
//     Without a prefix that is the whole site: each unknown path is 401, and of two such groups one
//     wins. NoGroupAutoRegister404Routes turns it off.
//   - A GET route does not handle HEAD unless AutoHandleHEAD is set.
//   - The router responds to OPTIONS with 204, before any guard of a group.
//   - c.FormValue reads the query as well as the form, and a password in a URL ends up in logs.
//
// With echo version 4 the lines with guards are the same. Its router has neither of the two
// settings above: give groups a prefix, or the guard to each route, as in
// e.GET("/account", account, guard, slide), and register HEAD where it is wanted. In handlers, c
// is an echo.Context, and c.Response() is an http.ResponseWriter. The HTTPErrorHandler has its
// arguments the other way round, and uses c.Response().Committed and an *echo.HTTPError in place of
// the two functions that it calls here.
//
// This file says which route has which guard; handlers.go has the handlers.
package main

import (
	"errors"
	"flag"
	"log"
	"net/http"
	"time"

	"github.com/labstack/echo/v5"
	echomiddleware "github.com/labstack/echo/v5/middleware"

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
	guard, admins := echo.WrapMiddleware(a.guard.Handler), echo.WrapMiddleware(a.admins.Handler)
	slide, live := echo.WrapMiddleware(sliding.Handler), echo.WrapMiddleware(middleware.EndWithSession)

	e := echo.NewWithConfig(echo.Config{
		HTTPErrorHandler:             fail,
		Renderer:                     &echo.TemplateRenderer{Template: site.Pages},
		Router:                       echo.NewRouter(echo.RouterConfig{AutoHandleHEAD: true}),
		NoGroupAutoRegister404Routes: true,
	})
	e.Use(echomiddleware.Recover())
	e.GET("/", home, echo.WrapMiddleware(a.guard.Optional))
	e.GET("/login", loginPage)
	e.POST("/login", a.login)
	e.POST("/login/token", a.loginToken)
	e.POST("/logout", a.logout)

	private := e.Group("", guard, slide)
	private.GET("/account", account)
	private.POST("/notes", a.addNote)
	private.GET("/notes/:id", a.note)
	private.GET("/bug", bug)
	private.GET("/admin", admin, admins)

	streams := e.Group("", guard, live) // without sliding: listening is no activity
	streams.GET("/events", echo.WrapHandler(http.HandlerFunc(site.Events)))
	streams.GET("/ws", echo.WrapHandler(http.HandlerFunc(site.Echo)))
	return e
}
