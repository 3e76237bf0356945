// Command gin is a small web application with the router gin.
//
//	go run ./examples/gin
//	curl -d name=ann -d password=ann-likes-tea http://127.0.0.1:8080/login/token
//
// Gin has no function that turns a middleware of net/http into one of its own; see wrap. Its WrapH
// would not do: it calls a handler and then goes on, whether or not the guard has let the request
// pass. Five properties of gin matter here:
//
//   - The identity is in c.Request.Context(). The *gin.Context is a context too, but looks there
//     only if the engine has ContextWithFallback.
//   - A path that exists with another method is 404 unless HandleMethodNotAllowed is set.
//   - HEAD is a route of its own.
//   - The middleware of a group runs once the route is found. That of the engine runs for unknown
//     paths too.
//   - gin.Recovery logs the header of a request in debug mode, and in any mode when the client has
//     gone: without Authorization, but with the session cookie. So this program has a recovery of
//     its own.
//
// This file says which route has which guard; handlers.go has the handlers.
package main

import (
	"errors"
	"flag"
	"log"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

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
	gin.SetMode(gin.ReleaseMode)
	g := gin.New()
	g.HandleMethodNotAllowed = true
	g.SetHTMLTemplate(site.Pages)
	g.Use(gin.CustomRecoveryWithWriter(nil, recovered), fail)
	read := []string{http.MethodGet, http.MethodHead}
	g.Match(read, "/", wrap(a.guard.Optional), home)
	g.Match(read, "/login", loginPage)
	g.POST("/login", a.login)
	g.POST("/login/token", a.loginToken)
	g.POST("/logout", a.logout)

	private := g.Group("", wrap(a.guard.Handler), wrap(sliding.Handler))
	private.Match(read, "/account", account)
	private.POST("/notes", a.addNote)
	private.Match(read, "/notes/:id", a.note)
	private.Match(read, "/bug", bug)
	private.Match(read, "/admin", wrap(a.admins.Handler), admin)

	// Without sliding: listening is no activity.
	streams := g.Group("", wrap(a.guard.Handler), wrap(middleware.EndWithSession))
	streams.GET("/events", gin.WrapF(site.Events))
	streams.GET("/ws", gin.WrapF(site.Echo))
	return g
}
