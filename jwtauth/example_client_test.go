package jwtauth_test

import (
	"context"
	"crypto/rand"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/memory"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/session"
	"github.com/inga-auth/inga/sliding"
)

// annsAPI returns the configuration of an application with one user, with refresh tokens, and
// a guard for it.
func annsAPI() (jwtauth.Config, *jwtauth.Tokens, *middleware.Guard) {
	store, secret, refresh := memory.New(), make([]byte, 32), make([]byte, 32)
	_, _ = rand.Read(secret)
	_, _ = rand.Read(refresh)
	if err := store.Users().CreateUser(context.Background(), backends.User{ID: "ann", Name: "ann"}, ""); err != nil {
		log.Fatal(err)
	}
	key, err := jwtauth.HS256(secret)
	if err != nil {
		log.Fatal(err)
	}
	sessions, err := session.New(session.Config{
		Store:  store,
		Policy: sliding.Policy{Idle: 30 * time.Minute, Absolute: 12 * time.Hour},
	})
	if err != nil {
		log.Fatal(err)
	}
	c := jwtauth.Config{
		Sessions:    sessions,
		Keys:        []jwtauth.Key{key},
		RefreshKeys: [][]byte{refresh},
		Issuer:      "https://app.example",
		Audience:    "https://api.app.example",
	}
	tokens, err := jwtauth.New(c)
	if err != nil {
		log.Fatal(err)
	}
	guard, err := middleware.New(middleware.Config{Authenticator: tokens})
	if err != nil {
		log.Fatal(err)
	}
	return c, tokens, guard
}

// annIn logs Ann in.
func annIn(tokens *jwtauth.Tokens) jwtauth.Response {
	resp, err := tokens.Login(httptest.NewRequest("POST", "/login", nil), middleware.Login{Subject: "ann"})
	if err != nil {
		log.Fatal(err)
	}
	return resp
}

// call sends a request with a token, if that is not empty.
func call(h http.Handler, method, path, token string) *httptest.ResponseRecorder {
	r, w := httptest.NewRequest(method, path, nil), httptest.NewRecorder()
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	h.ServeHTTP(w, r)
	return w
}

var account = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	id, _ := middleware.FromContext(r.Context())
	_, _ = w.Write([]byte("account of " + id.Subject))
})
