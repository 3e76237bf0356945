package foreign_test

import (
	"context"
	"crypto/rand"
	"errors"
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

// ownTokens issues tokens of the application's own, to Ann.
func ownTokens() *jwtauth.Tokens {
	store := memory.New()
	err1 := store.Users().CreateUser(context.Background(), backends.User{ID: "ann", Name: "ann"}, "")
	secret := make([]byte, 32)
	_, _ = rand.Read(secret)
	key, err2 := jwtauth.HS256(secret)
	sessions, err0 := session.New(session.Config{
		Store:  store,
		Policy: sliding.Policy{Idle: 30 * time.Minute, Absolute: 12 * time.Hour},
	})
	tokens, err3 := jwtauth.New(jwtauth.Config{
		Sessions: sessions,
		Keys:     []jwtauth.Key{key},
		Issuer:   "https://app.example",
		Audience: "https://api.app.example",
	})
	if err := errors.Join(err0, err1, err2, err3); err != nil {
		log.Fatal(err)
	}
	return tokens
}

// ownToken logs Ann in.
func ownToken(tokens *jwtauth.Tokens) string {
	resp, err := tokens.Login(httptest.NewRequest("POST", "/login", nil), middleware.Login{Subject: "ann"})
	if err != nil {
		log.Fatal(err)
	}
	return resp.AccessToken
}

// bearing returns a request that brings the token.
func bearing(token string) *http.Request {
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	return r
}
