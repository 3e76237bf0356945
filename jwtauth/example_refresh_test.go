package jwtauth_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http/httptest"

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
	_, tokens, _ := annsAPI()
	r := httptest.NewRequest("POST", "/token", nil)
	first := annIn(tokens)
	second, err := tokens.Refresh(r, first.RefreshToken)
	if err != nil {
		log.Fatal(err)
	}
	if _, err = tokens.Refresh(r, second.RefreshToken); err != nil {
		log.Fatal(err)
	}
	_, err = tokens.Refresh(r, first.RefreshToken) // wrong: it was replaced two refreshes ago
	fmt.Println(errors.Is(err, middleware.ErrSessionStolen))
	_, err = tokens.Refresh(r, second.RefreshToken)
	fmt.Println(errors.Is(err, middleware.ErrSessionStolen))
	// Output:
	// true
	// true
}

func ExampleTokens_TokenHandler() {
	_, tokens, _ := annsAPI()
	endpoint := tokens.TokenHandler() // mux.Handle("POST /token", …), without a guard
	w := postForm(endpoint, "", "grant_type", "refresh_token", "refresh_token", annIn(tokens).RefreshToken)
	var answer map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		log.Fatal(err)
	}
	fmt.Println(w.Code, answer["token_type"], answer["expires_in"])

	w = postForm(endpoint, "", "grant_type", "refresh_token", "refresh_token", "made up")
	fmt.Print(w.Code, " ", w.Body)
	// Output:
	// 200 Bearer 300
	// 400 {"error":"invalid_grant","error_description":"token is not good, or not any more"}
}

// Behind a guard, the endpoint is out of reach for those who need it: their access token has
// expired.
func ExampleTokens_TokenHandler_incorrect() {
	_, tokens, guard := annsAPI()
	refresh := annIn(tokens).RefreshToken
	wrong := guard.Handler(tokens.TokenHandler())
	fmt.Println(postForm(wrong, "", "grant_type", "refresh_token", "refresh_token", refresh).Code)
	right := tokens.TokenHandler() // the refresh token is proof enough
	fmt.Println(postForm(right, "", "grant_type", "refresh_token", "refresh_token", refresh).Code)
	// Output:
	// 401
	// 200
}

func ExampleTokens_RevokeHandler() {
	_, tokens, guard := annsAPI()
	resp := annIn(tokens)
	fmt.Println(postForm(tokens.RevokeHandler(), "", "token", resp.RefreshToken).Code)
	fmt.Println(call(guard.Handler(account), "GET", "/account", resp.AccessToken).Code) // both are gone
	// Output:
	// 200
	// 401
}

func ExampleTokens_IntrospectHandler() {
	_, tokens, guard := annsAPI()
	introspect := guard.Handler(tokens.IntrospectHandler()) // for whoever may ask: guard.Require
	resp := annIn(tokens)
	var answer struct {
		Active  bool   `json:"active"`
		Subject string `json:"sub"`
	}
	w := postForm(introspect, resp.AccessToken, "token", resp.AccessToken)
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		log.Fatal(err)
	}
	fmt.Println(answer.Active, answer.Subject)
	fmt.Print(postForm(introspect, resp.AccessToken, "token", "made up").Body)
	// Output:
	// true ann
	// {"active":false}
}

// Introspection tells who somebody is, so it asks who wants to know. Without a guard it refuses
// everybody.
func ExampleTokens_IntrospectHandler_incorrect() {
	_, tokens, _ := annsAPI()
	resp := annIn(tokens)
	w := postForm(tokens.IntrospectHandler(), resp.AccessToken, "token", resp.AccessToken)
	fmt.Println(w.Code) // right: guard.Handler(tokens.IntrospectHandler())
	// Output: 403
}

// Whoever guesses the key needs only the database for tokens that live for months. It is a
// secret of its own: New cannot see what else it is used for.
func ExampleConfig_incorrectRefreshKeys() {
	c, _, _ := annsAPI()
	c.RefreshKeys = [][]byte{[]byte("secret")} // right: 32 random bytes of their own
	_, err := jwtauth.New(c)
	fmt.Println(err)
	// Output: jwtauth: Config.RefreshKeys[0]: secret has 6 bytes, want 32 random bytes (openssl rand -hex 32)
}
