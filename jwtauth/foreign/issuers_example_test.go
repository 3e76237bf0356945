package foreign_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/inga-auth/inga/backends/memory"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/jwtauth/foreign"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/session"
	"github.com/inga-auth/inga/sliding"
)

func ExampleNew() {
	issuers, err := foreign.New(
		foreign.Config{ // Keycloak
			Issuer:   "https://login.example/realms/shop",
			Audience: "orders-api",
			Types:    []string{"JWT"},
			Roles:    func(c foreign.Claims) []string { return c.Strings("realm_access", "roles") },
		},
		foreign.Config{ // Auth0, with its tokens of RFC 9068
			Issuer:   "https://tenant.eu.auth0.com/",
			Audience: "https://orders.example",
			Scopes:   func(c foreign.Claims) []string { return c.Strings("permissions") },
		},
		foreign.Config{ // Entra, for one tenant
			Issuer:   "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0",
			Audience: "6731de76-14a6-49ae-97bc-6eba6914391e",
			Types:    []string{"JWT"},
			Roles:    func(c foreign.Claims) []string { return c.Strings("roles") },
		},
	)
	if err != nil {
		log.Fatal(err)
	}
	guard, err := middleware.New(middleware.Config{Authenticator: issuers})
	if err != nil {
		log.Fatal(err)
	}
	readers, err := guard.Require(middleware.HasScope("orders:read"))
	if err != nil {
		log.Fatal(err)
	}
	h := readers.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, _ := middleware.FromContext(r.Context())
		fmt.Fprintf(w, "user %s of %s", id.Subject, id.Issuer) // both: another issuer may have the same Subject
	}))

	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/orders", nil))
	fmt.Println(w.Code, w.Header().Get("WWW-Authenticate"))
	// Output: 401 Bearer realm="inga"
}

// Without TLS an attacker on the network can substitute the keys, an empty audience would accept
// the tokens of all other applications, and a symmetric key cannot be published.
func ExampleNew_incorrect() {
	_, err := foreign.New(foreign.Config{
		Issuer:     "https://login.example",
		JWKSURL:    "http://login.example/keys",
		Algorithms: []string{"RS256", "HS256"},
	})
	fmt.Println(err)
	// Output:
	// foreign: Config "https://login.example": Audience is "", want 1 to 255 bytes of text without space around it
	// foreign: Config "https://login.example": JWKSURL is "http://login.example/keys": want https, or DangerouslyAllowHTTP
	// foreign: Config "https://login.example": Algorithms has "HS256", want some of ES256, ES384, ES512, Ed25519, EdDSA, PS256, PS384, PS512, RS256, RS384, RS512
}

// Our own tokens and those of others need ByIssuer. With FirstOf, the one that is asked first
// refuses the tokens of the other, and that is final.
func ExampleByIssuer_incorrect() {
	secret := make([]byte, 32)
	_, _ = rand.Read(secret)
	key, err1 := jwtauth.HS256(secret)
	sessions, err0 := session.New(session.Config{
		Store:  memory.New(),
		Policy: sliding.Policy{Idle: 30 * time.Minute, Absolute: 12 * time.Hour},
	})
	tokens, err2 := jwtauth.New(jwtauth.Config{
		Sessions: sessions,
		Keys:     []jwtauth.Key{key},
		Issuer:   "https://app.example",
		Audience: "https://api.app.example",
	})
	p := bubbled(foreignEC()) // an issuer that is not there
	issuers, err3 := foreign.New(p.config())
	both, err4 := foreign.ByIssuer(tokens, issuers)
	if err := errors.Join(err0, err1, err2, err3, err4); err != nil {
		log.Fatal(err)
	}
	theirs := bearing(p.token(foreignEC()))

	_, err := middleware.FirstOf(tokens, issuers).Authenticate(theirs)
	fmt.Println(err)
	id, err := both.Authenticate(theirs)
	fmt.Println(id.Subject, err)
	// Output:
	// middleware: invalid credentials: kid names none of our keys
	// u1 <nil>
}
