package dpop_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/memory"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/jwtauth/dpop"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/session"
	"github.com/inga-auth/inga/sliding"
)

// A client that sends a proof when it logs in gets tokens that are bound to its key. A copy of
// them opens nothing.
func Example() {
	tokens := bindingTokens()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader) // of the client
	if err != nil {
		log.Fatal(err)
	}
	login := httptest.NewRequest("POST", "https://app.example/login", nil)
	login.Header.Set("DPoP", proofOf(key, "POST", "https://app.example/login", ""))
	resp, err := tokens.Login(login, middleware.Login{Subject: "ann"})
	fmt.Println(resp.TokenType, err)

	r := httptest.NewRequest("GET", "https://app.example/orders", nil)
	r.Header.Set("Authorization", "DPoP "+resp.AccessToken)
	r.Header.Set("DPoP", proofOf(key, "GET", "https://app.example/orders", resp.AccessToken))
	id, err := tokens.Authenticate(r)
	fmt.Println(id.Subject, id.Binding.Proved, err)

	_, err = tokens.Authenticate(r) // a thief sends the same again
	fmt.Println(errors.Is(err, middleware.ErrUnproved))
	// Output:
	// DPoP <nil>
	// ann true <nil>
	// true
}

// The URL is not that of the process but the one that clients use. Behind a proxy the two differ, and no
// proof would be for the right one.
func Example_incorrect() {
	proofs, err := dpop.New(dpop.Config{URL: "http://localhost:8080", InMemory: true}) // right: https://app.example
	if err != nil {
		log.Fatal(err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	r := httptest.NewRequest("POST", "http://localhost:8080/login", nil) // as the proxy passes it on
	r.Header.Set("DPoP", proofOf(key, "POST", "https://app.example/login", ""))
	fmt.Println(proofs.Precheck(r) == nil)
	// Output: false
}

// A way of proving of the application's own checks proofs as well.
func ExampleProofs_Check() {
	proofs, err := dpop.New(dpop.Config{URL: "https://app.example", Claims: memory.New()})
	if err != nil {
		log.Fatal(err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	r := httptest.NewRequest("GET", "https://app.example/orders", nil)
	r.Header.Set("DPoP", proofOf(key, "GET", "https://app.example/orders", "a token"))
	bound, err := proofs.Check(r, "a token", "") // any key: it will be that of the token
	fmt.Println(bound.Algorithm, len(bound.Thumbprint), err)
	_, err = proofs.Check(r, "a token", bound.Thumbprint)
	fmt.Println(errors.Is(err, middleware.ErrUnproved)) // used before
	// Output:
	// ES256 43 <nil>
	// true
}

// With nonces a client may have to ask twice. A password should not be counted, nor a code used up, for a
// request that will be repeated.
func ExampleProofs_Precheck() {
	nonceKey := make([]byte, 32)
	_, _ = rand.Read(nonceKey)
	proofs, err := dpop.New(dpop.Config{URL: "https://app.example", InMemory: true, NonceKeys: [][]byte{nonceKey}})
	if err != nil {
		log.Fatal(err)
	}
	login := func(w http.ResponseWriter, r *http.Request) {
		if err := proofs.Precheck(r); err != nil {
			middleware.Refuse(w, r, err)
			return
		}
		// now the password, and Tokens.Login
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	r := httptest.NewRequest("POST", "https://app.example/login", nil)
	r.Header.Set("DPoP", proofOf(key, "POST", "https://app.example/login", ""))
	w := httptest.NewRecorder()
	login(w, r)
	fmt.Println(w.Code, w.Header().Get(dpop.NonceHeader) == proofs.Nonce())
	// Output: 401 true
}

func bindingTokens() *jwtauth.Tokens {
	store, secret := memory.New(), make([]byte, 32)
	_, _ = rand.Read(secret)
	err1 := store.Users().CreateUser(context.Background(), backends.User{ID: "ann", Name: "ann"}, "")
	sessions, err2 := session.New(session.Config{
		Store: store, Policy: sliding.Policy{Idle: 30 * time.Minute, Absolute: 12 * time.Hour},
		Events: func(context.Context, middleware.Event) {},
	})
	proofs, err3 := dpop.New(dpop.Config{URL: "https://app.example", Claims: store})
	key, err4 := jwtauth.HS256(secret)
	tokens, err5 := jwtauth.New(jwtauth.Config{
		Sessions: sessions,
		Keys:     []jwtauth.Key{key},
		Issuer:   "https://app.example",
		Audience: "https://api.app.example",
		DPoP:     jwtauth.DPoPOffered,
		Proofs:   proofs,
	})
	if err := errors.Join(err1, err2, err3, err4, err5); err != nil {
		log.Fatal(err)
	}
	return tokens
}

// proofOf is what libraries of clients make: RFC 9449, section 4.2.
func proofOf(key *ecdsa.PrivateKey, method, url, token string) string {
	encode := base64.RawURLEncoding.EncodeToString
	point, err := key.PublicKey.Bytes()
	if err != nil {
		log.Fatal(err)
	}
	header := map[string]any{"typ": "dpop+jwt", "alg": "ES256", "jwk": map[string]string{
		"kty": "EC", "crv": "P-256", "x": encode(point[1:33]), "y": encode(point[33:]),
	}}
	hash := sha256.Sum256([]byte(token))
	claims := map[string]any{"jti": rand.Text(), "htm": method, "htu": url, "iat": time.Now().Unix(), "ath": encode(hash[:])}
	head, _ := json.Marshal(header)
	body, _ := json.Marshal(claims)
	text := encode(head) + "." + encode(body)
	sig, err := jwt.SigningMethodES256.Sign(text, key)
	if err != nil {
		log.Fatal(err)
	}
	return text + "." + encode(sig)
}
