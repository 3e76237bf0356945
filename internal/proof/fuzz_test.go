package proof_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/inga-auth/inga/internal/proof"
	"github.com/inga-auth/inga/internal/prooftest"
)

// What is read here, golang-jwt reads too, with the same key and the same claims.
func FuzzRead(f *testing.F) {
	f.Add(rfcTokenProof)
	f.Add(rfcResourceProof)
	for _, alg := range []string{"ES384", "RS256", "PS256", "EdDSA"} {
		f.Add(prooftest.New(f, alg).Proof(f, "dpop+jwt", map[string]any{"jti": "a", "iat": 1}))
	}
	f.Fuzz(func(t *testing.T, text string) {
		if p, err := dpop.Read(text); err == nil {
			sameElsewhere(t, text, p)
		}
	})
}

// A header and claims that a fuzzer wrote are signed first, or it would not get past the signature.
func FuzzSignedProof(f *testing.F) {
	d := prooftest.New(f, "ES256")
	jwk := text(d)
	for _, claims := range []string{`{"jti":"a","htm":"GET","htu":"https://a/","iat":1,"ath":"b","nonce":"c"}`, `{"jti":"a","jti":"b"}`, `{"JTI":1}`, `{"iat":1e9}`} {
		f.Add(`,"kid":"a"`, claims)
		f.Add(`,"jwk":{}`, claims)
	}
	f.Fuzz(func(t *testing.T, more, claims string) {
		text := d.Signed(t, `{"typ":"dpop+jwt","alg":"ES256","jwk":`+jwk+more+`}`, claims)
		if p, err := dpop.Read(text); err == nil {
			sameElsewhere(t, text, p)
		}
	})
}

// FuzzParseKey: what is parsed is canonical, and so is parsed again as the same key.
func FuzzParseKey(f *testing.F) {
	f.Add("ES256", rfcKey)
	f.Add("ES256", ` {"kty":"EC"}`)
	f.Add("EdDSA", `{"crv":"Ed25519","kty":"OKP","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`)
	f.Fuzz(func(t *testing.T, alg, text string) {
		k, err := proof.ParseKey(alg, text)
		if err != nil {
			return
		}
		var members map[string]string
		if err := json.Unmarshal([]byte(text), &members); err != nil {
			t.Fatalf("%q is parsed: %v", text, err)
		}
		canonical, _ := json.Marshal(members)
		sum := sha256.Sum256(canonical)
		if k.JWK != text || string(canonical) != text || k.Thumbprint != prooftest.B64(sum[:]) {
			t.Errorf("%q is parsed as %q %s", text, k.JWK, k.Thumbprint)
		}
	})
}

func sameElsewhere(t *testing.T, text string, p proof.Proof) {
	t.Helper()
	claims := jwt.MapClaims{}
	token, err := jwt.NewParser(jwt.WithValidMethods([]string{"ES256", "ES384", "RS256", "PS256", "EdDSA"}), jwt.WithoutClaimsValidation(), jwt.WithStrictDecoding()).
		ParseWithClaims(text, claims, func(token *jwt.Token) (any, error) { return keyIn(token.Header["jwk"]) })
	if err != nil {
		t.Fatalf("%q is read, and not by golang-jwt: %v", text, err)
	}
	if token.Header["typ"] != "dpop+jwt" || token.Method.Alg() != p.Key.Algorithm {
		t.Errorf("typ %v, alg %s, want dpop+jwt and %s", token.Header["typ"], token.Method.Alg(), p.Key.Algorithm)
	}
	for name, got := range map[string]string{
		"jti": p.Claims.ID, "htm": p.Claims.Method, "htu": p.Claims.URL, "ath": p.Claims.TokenHash, "nonce": p.Claims.Nonce, "authorization": p.Claims.Authorization,
	} {
		if want, _ := claims[name].(string); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if want, ok := claims["iat"].(float64); ok && p.Claims.IssuedAt.Unix() != int64(want) {
		t.Errorf("iat is %v, want %v", p.Claims.IssuedAt, want)
	}
}

// keyIn returns the key that a JWK is to encoding/json.
func keyIn(jwk any) (any, error) {
	members, _ := jwk.(map[string]any)
	number := func(name string) []byte {
		s, _ := members[name].(string)
		b, _ := base64.RawURLEncoding.DecodeString(s)
		return b
	}
	integer := func(name string) *big.Int { return new(big.Int).SetBytes(number(name)) }
	switch members["kty"] {
	case "EC":
		curve := map[any]elliptic.Curve{"P-256": elliptic.P256(), "P-384": elliptic.P384()}[members["crv"]]
		return &ecdsa.PublicKey{Curve: curve, X: integer("x"), Y: integer("y")}, nil
	case "RSA":
		return &rsa.PublicKey{N: integer("n"), E: int(integer("e").Int64())}, nil
	case "OKP":
		return ed25519.PublicKey(number("x")), nil
	}
	return nil, fmt.Errorf("kty %v", members["kty"])
}
