package clients_test

import (
	"net/http"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	josejwt "github.com/go-jose/go-jose/v4/jwt"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jws"
	jwxjwt "github.com/lestrrat-go/jwx/v3/jwt"
)

const jwksPath = "/.well-known/jwks.json"

func TestGoJoseVerifiesOurTokensThroughTheJWKS(t *testing.T) {
	onEachAlg(t, func(t *testing.T, url, alg string) {
		var set jose.JSONWebKeySet
		decode(t, get(t, http.DefaultClient, url+jwksPath), &set)
		verify := func(token, audience string) error {
			parsed, err := josejwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(alg)})
			if err != nil {
				return err
			}
			if typ := parsed.Headers[0].ExtraHeaders[jose.HeaderType]; typ != "at+jwt" {
				t.Errorf("typ %v, want at+jwt", typ)
			}
			var claims josejwt.Claims
			if err := parsed.Claims(set, &claims); err != nil {
				return err
			}
			if claims.Subject != "ann" || claims.Expiry == nil || claims.ID == "" {
				t.Errorf("claims %+v, want ann's, with exp and jti", claims)
			}
			return claims.Validate(josejwt.Expected{Issuer: issuer, AnyAudience: josejwt.Audience{audience}, Time: time.Now()})
		}
		wantVerified(t, login(t, url, annJSON).Access, verify)
	})
}

func TestJwxVerifiesOurTokensThroughTheJWKS(t *testing.T) {
	onEachAlg(t, func(t *testing.T, url, alg string) {
		set, err := jwk.Fetch(t.Context(), url+jwksPath)
		if err != nil {
			t.Fatal(err)
		}
		verify := func(token, audience string) error {
			parsed, err := jwxjwt.ParseString(token, jwxjwt.WithKeySet(set), jwxjwt.WithIssuer(issuer), jwxjwt.WithAudience(audience),
				jwxjwt.WithRequiredClaim("exp"), jwxjwt.WithRequiredClaim("jti"))
			if err != nil {
				return err
			}
			if sub, _ := parsed.Subject(); sub != "ann" {
				t.Errorf("subject %q, want ann", sub)
			}
			message, err := jws.ParseString(token)
			if err != nil {
				return err
			}
			header := message.Signatures()[0].ProtectedHeaders()
			typ, _ := header.Type()
			signed, _ := header.Algorithm()
			if typ != "at+jwt" || signed.String() != alg {
				t.Errorf("typ %s and alg %s, want at+jwt and %s", typ, signed, alg)
			}
			return nil
		}
		wantVerified(t, login(t, url, annJSON).Access, verify)
	})
}

// wantVerified wants the token to be good, and what it was made into to be not.
func wantVerified(t *testing.T, token string, verify func(token, audience string) error) {
	t.Helper()
	if err := verify(token, audience); err != nil {
		t.Errorf("not verified: %v", err)
	}
	if verify(token, "somebody else") == nil {
		t.Error("verified for another audience")
	}
	if verify(tampered(token), audience) == nil {
		t.Error("verified with another signature")
	}
}

func TestAfterARotationTheJWKSVerifiesOldAndNewTokens(t *testing.T) {
	t.Parallel()
	keys := filepath.Join(t.TempDir(), "keys.json")
	url, stop := startAndStop(t, "-keys", keys, "-alg", "RS256")
	issued := []string{login(t, url, annJSON).Access}
	stop()
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), path, "-keys", keys, "-rotate-keys", "-alg", "EdDSA").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	url = start(t, "-keys", keys)
	issued = append(issued, login(t, url, annJSON).Access)

	set, err := jwk.Fetch(t.Context(), url+jwksPath)
	if err != nil {
		t.Fatal(err)
	}
	if set.Len() != 2 {
		t.Errorf("%d keys, want 2", set.Len())
	}
	for _, token := range issued {
		if _, err := jwxjwt.ParseString(token, jwxjwt.WithKeySet(set), jwxjwt.WithIssuer(issuer), jwxjwt.WithAudience(audience)); err != nil {
			t.Error(err)
		}
	}
}

func TestWithASharedSecretTheJWKSIsEmptyAndStillOne(t *testing.T) {
	t.Parallel()
	set, err := jwk.Fetch(t.Context(), start(t, "-alg", "HS256")+jwksPath)
	if err != nil || set.Len() != 0 {
		t.Errorf("%v (%v), want an empty set", set, err)
	}
}
