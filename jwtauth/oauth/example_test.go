package oauth_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/memory"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/jwtauth/oauth"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/session"
	"github.com/inga-auth/inga/sliding"
)

// annsTokens returns the tokens of an application with one user, and a guard for them.
func annsTokens() (*jwtauth.Tokens, *middleware.Guard) {
	store, refresh := memory.New(), make([]byte, 32)
	_, _ = rand.Read(refresh)
	_, private, _ := ed25519.GenerateKey(rand.Reader)
	err1 := store.Users().CreateUser(context.Background(), backends.User{ID: "ann", Name: "ann"}, "")
	sessions, err2 := session.New(session.Config{
		Store:  store,
		Policy: sliding.Policy{Idle: 30 * time.Minute, Absolute: 12 * time.Hour},
	})
	key, err3 := jwtauth.EdDSA(private)
	key, err4 := key.WithID("2026-03")
	tokens, err5 := jwtauth.New(jwtauth.Config{
		Sessions:    sessions,
		Keys:        []jwtauth.Key{key},
		RefreshKeys: [][]byte{refresh},
		Issuer:      "https://app.example",
		Audience:    "https://api.app.example",
	})
	guard, err6 := middleware.New(middleware.Config{Authenticator: tokens})
	if err := errors.Join(err1, err2, err3, err4, err5, err6); err != nil {
		log.Fatal(err)
	}
	return tokens, guard
}

func annsEndpoints() (*oauth.Endpoints, *jwtauth.Tokens, *middleware.Guard) {
	tokens, guard := annsTokens()
	endpoints, err := oauth.New(oauth.Config{Tokens: tokens})
	if err != nil {
		log.Fatal(err)
	}
	return endpoints, tokens, guard
}

// annIn logs Ann in.
func annIn(tokens *jwtauth.Tokens) jwtauth.Response {
	resp, err := tokens.Login(httptest.NewRequest("POST", "/login", nil), middleware.Login{Subject: "ann"})
	if err != nil {
		log.Fatal(err)
	}
	return resp
}

// postForm sends a form of one or two fields, with a token if that is not empty.
func postForm(h http.Handler, token string, fields ...string) *httptest.ResponseRecorder {
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	r, w := httptest.NewRequest("POST", "/", strings.NewReader(form.Encode())), httptest.NewRecorder()
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	h.ServeHTTP(w, r)
	return w
}

func ExampleNew() {
	tokens, guard := annsTokens()
	endpoints, err := oauth.New(oauth.Config{Tokens: tokens})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("POST /token", endpoints.TokenHandler())
	mux.Handle("POST /revoke", endpoints.RevokeHandler())
	mux.Handle("POST /introspect", guard.Handler(endpoints.IntrospectHandler()))
	mux.Handle("GET /.well-known/jwks.json", endpoints.JWKSHandler())

	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest("POST", "/token", nil))
	fmt.Println(w.Code)
	// Output: 400
}

func ExampleEndpoints_JWKSHandler() {
	endpoints, _, _ := annsEndpoints()
	w := httptest.NewRecorder()
	endpoints.JWKSHandler().ServeHTTP(w, httptest.NewRequest("GET", "/.well-known/jwks.json", nil))
	var set struct{ Keys []map[string]string }
	if err := json.Unmarshal(w.Body.Bytes(), &set); err != nil {
		log.Fatal(err)
	}
	for _, k := range set.Keys {
		fmt.Println(k["kid"], k["alg"], k["use"])
	}
	fmt.Println(w.Header().Get("Cache-Control"))
	// Output:
	// 2026-03 EdDSA sig
	// public, max-age=300
}

func ExampleEndpoints_TokenHandler() {
	endpoints, tokens, _ := annsEndpoints()
	endpoint := endpoints.TokenHandler() // mux.Handle("POST /token", …), without a guard
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
	// 400 {"error":"invalid_grant","error_description":"token is invalid, expired or revoked"}
}

// Behind a guard, the endpoint is out of reach for those who need it: their access token has
// expired.
func ExampleEndpoints_TokenHandler_incorrect() {
	endpoints, tokens, guard := annsEndpoints()
	refresh := annIn(tokens).RefreshToken
	wrong := guard.Handler(endpoints.TokenHandler())
	fmt.Println(postForm(wrong, "", "grant_type", "refresh_token", "refresh_token", refresh).Code)
	right := endpoints.TokenHandler() // the refresh token is proof enough
	fmt.Println(postForm(right, "", "grant_type", "refresh_token", "refresh_token", refresh).Code)
	// Output:
	// 401
	// 200
}

func ExampleEndpoints_RevokeHandler() {
	endpoints, tokens, _ := annsEndpoints()
	resp := annIn(tokens)
	fmt.Println(postForm(endpoints.RevokeHandler(), "", "token", resp.RefreshToken).Code)
	r := httptest.NewRequest("GET", "/account", nil)
	r.Header.Set("Authorization", "Bearer "+resp.AccessToken)
	_, err := tokens.Authenticate(r)
	fmt.Println(errors.Is(err, middleware.ErrSessionRevoked)) // both are gone
	// Output:
	// 200
	// true
}

func ExampleEndpoints_IntrospectHandler() {
	endpoints, tokens, guard := annsEndpoints()
	introspect := guard.Handler(endpoints.IntrospectHandler()) // for those who may ask: guard.Require
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

// Introspection reveals who a token belongs to. Without a guard it refuses every request.
func ExampleEndpoints_IntrospectHandler_incorrect() {
	endpoints, tokens, _ := annsEndpoints()
	resp := annIn(tokens)
	w := postForm(endpoints.IntrospectHandler(), resp.AccessToken, "token", resp.AccessToken)
	fmt.Println(w.Code) // right: guard.Handler(endpoints.IntrospectHandler())
	// Output: 403
}

// An application with a grant of its own, an authorization code for example, refuses it as the endpoint
// does, so that libraries of clients understand why.
func ExampleEndpoints_Refuse() {
	endpoints, tokens, _ := annsEndpoints()
	token := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { // POST /token
		if r.PostFormValue("grant_type") != "urn:app:code" {
			endpoints.TokenHandler().ServeHTTP(w, r)
			return
		}
		resp, err := tokens.Login(r, middleware.Login{Subject: r.PostFormValue("code"), UserVersion: 7})
		if err != nil {
			endpoints.Refuse(w, r, err)
			return
		}
		resp.Write(w)
	})
	r := httptest.NewRequest("POST", "/token", strings.NewReader("grant_type=urn:app:code&code=ann"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	token.ServeHTTP(w, r)
	fmt.Print(w.Code, " ", w.Body)
	// Output: 400 {"error":"invalid_grant","error_description":"token is invalid, expired or revoked"}
}
