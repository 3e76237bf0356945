package foreign_test

import (
	"errors"
	"fmt"
	"log"

	"github.com/inga-auth/inga/jwtauth/foreign"
	"github.com/inga-auth/inga/middleware/authtest"
)

func ExampleClaims_Strings() {
	keycloak := authtest.InMemoryIssuer() // of the test package, in place of Keycloak
	issuers, err := foreign.New(foreign.Config{
		Issuer:     keycloak.URL,
		Audience:   "orders-api",
		HTTPClient: keycloak.Client(),
		Roles:      func(c foreign.Claims) []string { return c.Strings("realm_access", "roles") },
	})
	if err != nil {
		log.Fatal(err)
	}
	id, err := issuers.Authenticate(bearing(keycloak.Token(map[string]any{
		"sub": "ann", "aud": "orders-api", "realm_access": map[string]any{"roles": []string{"editor"}},
	})))
	fmt.Println(id.Subject, id.Roles, err)
	// Output: ann [editor] <nil>
}

// A Subject is unique at its issuer only: a user there may have the name of one of ours.
// Rows of an application belong to issuer and subject together.
func ExampleIssuers_incorrect() {
	tokens, auth0 := ownTokens(), authtest.InMemoryIssuer()
	issuers, err1 := foreign.New(foreign.Config{Issuer: auth0.URL, Audience: "orders-api", HTTPClient: auth0.Client()})
	both, err2 := foreign.ByIssuer(tokens, issuers)
	if err := errors.Join(err1, err2); err != nil {
		log.Fatal(err)
	}
	bySubject, byBoth := map[string]bool{}, map[[2]string]bool{}
	for _, token := range []string{ownToken(tokens), auth0.Token(map[string]any{"sub": "ann", "aud": "orders-api"})} {
		id, err := both.Authenticate(bearing(token))
		if err != nil {
			log.Fatal(err)
		}
		bySubject[id.Subject] = true                    // wrong: two people, one account
		byBoth[[2]string{id.Issuer, id.Subject}] = true // right
	}
	fmt.Println(len(bySubject), len(byBoth))
	// Output: 1 2
}

// Tokens of our own and of others go through one guard. What a token says its issuer is decides
// who verifies it.
func ExampleByIssuer() {
	tokens, auth0 := ownTokens(), authtest.InMemoryIssuer()
	issuers, err1 := foreign.New(foreign.Config{Issuer: auth0.URL, Audience: "orders-api", HTTPClient: auth0.Client()})
	both, err2 := foreign.ByIssuer(tokens, issuers)
	if err := errors.Join(err1, err2); err != nil {
		log.Fatal(err)
	}
	theirs, err := both.Authenticate(bearing(auth0.Token(map[string]any{"sub": "ann", "aud": "orders-api"})))
	fmt.Println(theirs.Subject, theirs.Issuer == auth0.URL, err)
	ours, err := both.Authenticate(bearing(ownToken(tokens)))
	fmt.Println(ours.Subject, ours.Issuer == "", err)
	// Output:
	// ann true <nil>
	// ann true <nil>
}
