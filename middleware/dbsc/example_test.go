package dbsc_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/memory"
	"github.com/inga-auth/inga/cookie"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/dbsc"
	"github.com/inga-auth/inga/middleware/session"
	"github.com/inga-auth/inga/sliding"
)

// exampleCookies are cookies that bind sessions, for a user who exists.
func exampleCookies() *cookie.Cookies {
	store := memory.New()
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	sessions, err1 := session.New(session.Config{
		Store: store, Policy: sliding.Policy{Idle: 30 * time.Minute, Absolute: 12 * time.Hour},
		Events: func(context.Context, middleware.Event) {},
	})
	cookies, err2 := cookie.New(cookie.Config{Sessions: sessions, Keys: [][]byte{key}, Bind: session.Bind{Path: "/dbsc/"}})
	err3 := store.Users().CreateUser(context.Background(), backends.User{ID: "ann"}, "")
	if err := errors.Join(err1, err2, err3); err != nil {
		log.Fatal(err)
	}
	return cookies
}

// Two lines bind the sessions of browsers that can do it. The response to each login offers it.
func ExampleNew() {
	cookies := exampleCookies() // with Bind: session.Bind{Path: "/dbsc/"}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		if _, err := cookies.Login(w, r, middleware.Login{Subject: "ann"}); err != nil {
			middleware.Refuse(w, r, err)
		}
	})

	bound, err := dbsc.New(cookies)
	if err != nil {
		log.Fatal(err)
	}
	mux.Handle("/dbsc/", bound)

	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest("POST", "https://app.example/login", nil))
	offer, _, _ := strings.Cut(w.Header().Get("Secure-Session-Registration"), ";challenge")
	fmt.Println(w.Code, offer)
	// Output: 200 (ES256 RS256);path="/dbsc/register"
}

// The handler is no route of the application: whatever answers in its place ends the binding. A refresh
// that a link from another site causes comes without the session's cookie, a guard refuses it, and the
// browser takes that 401 for the end: its user has to log in again.
func ExampleNew_incorrect() {
	cookies := exampleCookies()
	bound, err1 := dbsc.New(cookies)
	guard, err2 := middleware.New(middleware.Config{Authenticator: cookies})
	if err := errors.Join(err1, err2); err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/dbsc/", guard.Handler(bound)) // wrong: not inside a guard

	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest("POST", "https://app.example/dbsc/refresh", nil))
	fmt.Println(w.Code)
	// Output: 401
}

// A payment takes a proof of the last minute. A copy of the cookies passes for so long only, and the
// browser proves its key without a question to the user.
func ExampleHandler_Fresh() {
	cookies := exampleCookies()
	bound, err1 := dbsc.New(cookies)
	guard, err2 := middleware.New(middleware.Config{Authenticator: cookies})
	if err := errors.Join(err1, err2); err != nil {
		log.Fatal(err)
	}
	fresh, err := bound.Fresh(time.Minute)
	if err != nil {
		log.Fatal(err)
	}
	pay := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})

	mux := http.NewServeMux()
	mux.Handle("POST /pay", middleware.Chain(guard.Handler, fresh)(pay))
}
