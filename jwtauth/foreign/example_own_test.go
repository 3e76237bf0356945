package foreign_test

import (
	"context"
	"errors"
	"log"
	"net/http/httptest"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/memory"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/sliding"
)

// ownTokens issues tokens of the application's own, to Ann.
func ownTokens() *jwtauth.Tokens {
	store := memory.New()
	err1 := store.CreateUser(context.Background(), backends.User{ID: "ann", Name: "ann"}, "")
	key, err2 := jwtauth.HS256(secret)
	tokens, err3 := jwtauth.New(jwtauth.Config{
		Store:    store,
		Keys:     []jwtauth.Key{key},
		Issuer:   "https://app.example",
		Audience: "https://api.app.example",
		Policy:   sliding.Policy{Idle: 30 * time.Minute, Absolute: 12 * time.Hour},
	})
	if err := errors.Join(err1, err2, err3); err != nil {
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
