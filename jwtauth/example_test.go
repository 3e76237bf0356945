package jwtauth_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
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

func Example() {
	store := memory.New()
	if err := store.Users().CreateUser(context.Background(), backends.User{ID: "42", Name: "ann", Roles: []string{"user"}}, ""); err != nil {
		log.Fatal(err)
	}
	secret := make([]byte, 32) // from a file or a secret store, the same in every process
	_, _ = rand.Read(secret)
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
	tokens, err := jwtauth.New(jwtauth.Config{
		Sessions: sessions,
		Keys:     []jwtauth.Key{key},
		Issuer:   "https://app.example",
		Audience: "https://api.app.example",
	})
	if err != nil {
		log.Fatal(err)
	}
	guard, err := middleware.New(middleware.Config{Authenticator: tokens})
	if err != nil {
		log.Fatal(err)
	}
	private := middleware.Chain(guard.Handler, sliding.Handler)

	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		// Here the application makes sure that it is Ann.
		response, err := tokens.Login(r, middleware.Login{Subject: "42"})
		if err != nil {
			guard.Refuse(w, r, err)
			return
		}
		response.Write(w)
	})
	mux.HandleFunc("POST /logout", func(w http.ResponseWriter, r *http.Request) {
		if err := tokens.Logout(w, r); err != nil {
			guard.Refuse(w, r, err)
		}
	})
	mux.Handle("GET /account", private(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, _ := middleware.FromContext(r.Context())
		fmt.Fprintf(w, "user %s, roles %v", id.Subject, id.Roles)
	})))

	// A client.
	send := func(method, path, token string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, path, nil)
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		return w
	}
	anonymous := send("GET", "/account", "")
	fmt.Println(anonymous.Code, anonymous.Header().Get("WWW-Authenticate"))

	var answer struct {
		AccessToken string `json:"access_token"`
		ExpiresIn   int    `json:"expires_in"`
	}
	if err := json.NewDecoder(send("POST", "/login", "").Body).Decode(&answer); err != nil {
		log.Fatal(err)
	}
	account := send("GET", "/account", answer.AccessToken)
	fmt.Println(account.Code, account.Body, "for", answer.ExpiresIn, "seconds")

	send("POST", "/logout", answer.AccessToken)
	gone := send("GET", "/account", answer.AccessToken)
	fmt.Println(gone.Code, gone.Header().Get("WWW-Authenticate"))
	// Output:
	// 401 Bearer realm="inga"
	// 200 user 42, roles [user] for 300 seconds
	// 401 Bearer realm="inga", error="invalid_token"
}

// A password is not a key: with a single token, passwords can be tried offline. An empty issuer
// or audience would check nothing.
func ExampleNew_incorrect() {
	_, err := jwtauth.HS256([]byte("correct horse battery staple, twice over"))
	fmt.Println(err)

	_, err = jwtauth.New(jwtauth.Config{
		Audience: "api",
		Leeway:   time.Hour,
	})
	fmt.Println(err)
	// Output:
	// jwtauth: HS256: secret is text that a human may have thought of, or a file of another kind, want 32 random bytes (openssl rand -hex 32)
	// jwtauth: Config.Issuer is "", want 1 to 255 bytes of text without space around it
	// jwtauth: Config.Leeway is 1h0m0s, want 1ns to 1m0s, or 0 for the default
	// jwtauth: Config.Keys is empty, want at least one key that signs
	// jwtauth: Config.Sessions is nil, want what session.New returns
}

// Claims of the application are typed on both sides: a struct goes in, and comes out.
func ExampleConfig_claims() {
	type profile struct {
		Tenant string `json:"tenant"`
	}
	store := memory.New()
	if err := store.Users().CreateUser(context.Background(), backends.User{ID: "42", Name: "ann@acme"}, ""); err != nil {
		log.Fatal(err)
	}
	secret := make([]byte, 32)
	_, _ = rand.Read(secret)
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
	tokens, err := jwtauth.New(jwtauth.Config{
		Sessions: sessions,
		Keys:     []jwtauth.Key{key},
		Issuer:   "https://app.example",
		Audience: "https://api.app.example",
		Claims: func(_ context.Context, u backends.User) (any, error) {
			return profile{Tenant: u.Name[len("ann@"):]}, nil
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	response, err := tokens.Login(httptest.NewRequest("POST", "/login", nil), middleware.Login{Subject: "42"})
	if err != nil {
		log.Fatal(err)
	}

	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Authorization", "Bearer "+response.AccessToken)
	id, err := tokens.Authenticate(r) // a guard does this, and middleware.FromContext has the identity
	if err != nil {
		log.Fatal(err)
	}
	var p profile
	if err := id.DecodeClaims(&p); err != nil {
		log.Fatal(err)
	}
	fmt.Println(id.Subject, p.Tenant)
	// Output: 42 acme
}

// In a rotation the new key is announced first, then signs, and the old one goes last.
func ExampleKey_WithID() {
	old, next := make([]byte, 32), make([]byte, 32)
	_, _ = rand.Read(old)
	_, _ = rand.Read(next)
	key := func(secret []byte, id string) jwtauth.Key {
		k, err := jwtauth.HS256(secret)
		if err != nil {
			log.Fatal(err)
		}
		if k, err = k.WithID(id); err != nil {
			log.Fatal(err)
		}
		return k
	}
	keys := []jwtauth.Key{key(next, "2026-04"), key(old, "2026-03")}
	fmt.Println(keys)
	// Output: [[HS256 key 2026-04] [HS256 key 2026-03]]
}
