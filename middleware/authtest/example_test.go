package authtest_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/memory"
	"github.com/inga-auth/inga/cookie"
	"github.com/inga-auth/inga/jwtauth/foreign"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/authtest"
	"github.com/inga-auth/inga/middleware/session"
	"github.com/inga-auth/inga/sliding"
)

// A mux is what the shop registers its routes with: an http.ServeMux, and in a test an
// authtest.Mux.
type mux interface {
	Handle(pattern string, h http.Handler)
	HandleFunc(pattern string, h func(http.ResponseWriter, *http.Request))
}

// shopRoutes are the routes of an application.
func shopRoutes(m mux, guard *middleware.Guard) {
	m.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "Welcome.") })
	m.Handle("GET /account", guard.Handler(http.HandlerFunc(account)))
	m.HandleFunc("DELETE /orders/{id}", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "Deleted.") })
}

func account(w http.ResponseWriter, r *http.Request) {
	id, _ := middleware.FromContext(r.Context())
	fmt.Fprintf(w, "Account of %s, who has the roles %v.", id.Subject, id.Roles)
}

// shop is an application, with Ann as its user.
func shop(events middleware.EventHook) (*cookie.Cookies, http.Handler) {
	store := memory.New()
	if err := store.Users().CreateUser(context.Background(), backends.User{ID: "7", Name: "ann", Roles: []string{"user"}}, ""); err != nil {
		panic(err)
	}
	sessions := must(session.New(session.Config{
		Store: store, Events: events,
		Policy: sliding.Policy{Idle: 30 * time.Minute, Absolute: 12 * time.Hour},
	}))
	cookies := must(cookie.New(cookie.Config{Sessions: sessions, Keys: [][]byte{newKey()}}))
	m := http.NewServeMux()
	shopRoutes(m, must(middleware.New(middleware.Config{Authenticator: cookies})))
	return cookies, m
}

func ExampleWithIdentity() {
	r := httptest.NewRequest("GET", "/account", nil)
	r = authtest.WithIdentity(r, middleware.Identity{Subject: "7", Roles: []string{"user"}})
	w := httptest.NewRecorder()
	account(w, r)
	fmt.Println(w.Body)
	// Output: Account of 7, who has the roles [user].
}

// A guard relies on its own authenticator, and not on what a test puts into a context.
func ExampleWithIdentity_incorrect() {
	_, app := shop(nil)
	r := httptest.NewRequest("GET", "/account", nil)
	r = authtest.WithIdentity(r, middleware.Identity{Subject: "7"})
	w := httptest.NewRecorder()
	app.ServeHTTP(w, r)
	fmt.Println(w.Code)
	// Output: 401
}

func ExampleAuthenticator() {
	guard := must(middleware.New(middleware.Config{
		Authenticator: authtest.Authenticator{}, // the application's own, in production
		Roles:         []string{"user", "admin"},
	}))
	admins := must(guard.Require(middleware.HasRole("admin")))
	for _, role := range []string{"user", "admin"} {
		r := httptest.NewRequest("GET", "/account", nil)
		r = authtest.WithIdentity(r, middleware.Identity{Subject: "7", Roles: []string{role}})
		w := httptest.NewRecorder()
		admins.Handler(http.HandlerFunc(account)).ServeHTTP(w, r)
		fmt.Println(role, w.Code)
	}
	// Output:
	// user 403
	// admin 200
}

func ExampleClient() {
	TestAccount := func(t testing.TB) {
		cookies, app := shop(nil)
		server := httptest.NewServer(app)
		defer server.Close()
		ann := authtest.Client(t, server, func(w http.ResponseWriter, r *http.Request) error {
			_, err := cookies.Login(w, r, middleware.Login{Subject: "7"})
			return err
		})
		resp, err := ann.Get("/account")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		fmt.Printf("%s\n", body)
	}
	goTest(TestAccount)
	// Output: Account of 7, who has the roles [user].
}

func ExampleNewIssuer() {
	TestOutage := func(t testing.TB) {
		issuer := authtest.NewIssuer(t)
		issuers := must(foreign.New(foreign.Config{Issuer: issuer.URL, Audience: "orders", HTTPClient: issuer.Client()}))
		guard := must(middleware.New(middleware.Config{Authenticator: issuers}))
		ask := func() {
			r := httptest.NewRequest("GET", "/account", nil)
			r.Header.Set("Authorization", "Bearer "+issuer.Token(map[string]any{"sub": "ann", "aud": "orders"}))
			w := httptest.NewRecorder()
			guard.Handler(http.HandlerFunc(account)).ServeHTTP(w, r)
			fmt.Println(w.Code, "after", issuer.Fetches())
		}
		ask()
		issuer.Rotate()
		ask()
		issuer.Break(authtest.Fails)
		ask() // the key is known
	}
	goTest(TestOutage)
	// Output:
	// 200 after 1
	// 200 after 2
	// 200 after 2
}

func ExampleEvents() {
	TestLogin := func(t testing.TB) {
		var events authtest.Events
		cookies, app := shop(events.Hook)
		authtest.InMemoryClient(t, app, func(w http.ResponseWriter, r *http.Request) error {
			_, err := cookies.Login(w, r, middleware.Login{Subject: "7"})
			return err
		})
		login := events.Wait(t, middleware.EventLogin)
		fmt.Println(login.Subject, login.Method)
	}
	goTest(TestLogin)
	// Output: 7 cookie
}

func ExampleGuarded() {
	TestEveryRouteIsGuarded := func(t testing.TB) {
		var m authtest.Mux
		shopRoutes(&m, must(middleware.New(middleware.Config{Authenticator: authtest.Authenticator{}})))
		authtest.Guarded(t, &m, m.Routes(), "GET /{$}")
	}
	goTest(TestEveryRouteIsGuarded)
	// Output: authtest: DELETE /orders/{id}: DELETE /orders/authtest is answered with 200: no guard refuses it, and it is not named as public
}

// goTest runs a test that an example shows, and prints how it fails.
func goTest(test func(t testing.TB)) {
	t := &exampleT{}
	defer func() {
		for _, clean := range t.cleanups {
			clean()
		}
	}()
	done := make(chan struct{})
	go func() {
		defer close(done)
		test(t)
	}()
	<-done
	for _, err := range t.errors {
		fmt.Println(err)
	}
}

type exampleT struct {
	trial
	cleanups []func()
}

func (t *exampleT) Context() context.Context { return context.Background() }
func (t *exampleT) Cleanup(f func())         { t.cleanups = append(t.cleanups, f) }
