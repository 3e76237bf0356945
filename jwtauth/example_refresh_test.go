package jwtauth_test

import (
	"errors"
	"fmt"
	"log"
	"net/http/httptest"
	"time"

	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/middleware"
)

func ExampleTokens_Refresh() {
	_, tokens, guard := annsAPI()
	r := httptest.NewRequest("POST", "/token", nil)
	first := annIn(tokens)
	second, err1 := tokens.Refresh(r, first.RefreshToken)
	again, err2 := tokens.Refresh(r, first.RefreshToken) // the answer was lost, or another tab asked too
	if err := errors.Join(err1, err2); err != nil {
		log.Fatal(err)
	}
	fmt.Println(second.RefreshToken == again.RefreshToken)
	fmt.Println(call(guard.Handler(account), "GET", "/account", again.AccessToken).Body)
	// Output:
	// true
	// account of ann
}

// A client keeps the refresh token that came last. One that goes on with an older one looks
// like a thief: the session ends, for the client as for the thief.
func ExampleTokens_Refresh_incorrect() {
	c, _, _ := annsAPI()
	c.RefreshOverlap, c.Leeway = time.Nanosecond, time.Nanosecond // for this example not to wait 40 seconds, twice
	tokens, err := jwtauth.New(c)
	if err != nil {
		log.Fatal(err)
	}
	r := httptest.NewRequest("POST", "/token", nil)
	first := annIn(tokens)
	second, err1 := tokens.Refresh(r, first.RefreshToken)
	_, err2 := tokens.Refresh(r, second.RefreshToken)
	if err := errors.Join(err1, err2); err != nil {
		log.Fatal(err)
	}
	_, err = tokens.Refresh(r, first.RefreshToken) // wrong: it has been replaced twice
	fmt.Println(errors.Is(err, middleware.ErrSessionStolen))
	_, err = tokens.Refresh(r, second.RefreshToken)
	fmt.Println(errors.Is(err, middleware.ErrSessionStolen))
	// Output:
	// true
	// true
}

// With the key guessed, a copy of the database is enough to make tokens that live for months. It
// must be used for nothing else, which New cannot check.
func ExampleConfig_incorrectRefreshKeys() {
	c, _, _ := annsAPI()
	c.RefreshKeys = [][]byte{[]byte("secret")} // right: 32 random bytes of their own
	_, err := jwtauth.New(c)
	fmt.Println(err)
	// Output: jwtauth: Config.RefreshKeys[0]: secret has 6 bytes, want 32 random bytes (openssl rand -hex 32)
}
