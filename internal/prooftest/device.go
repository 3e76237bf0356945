// Package prooftest makes proofs that a client has its key, as clients do, and wrong ones. Tests use it.
package prooftest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"maps"
	"math/big"
	"testing"

	"github.com/golang-jwt/jwt/v5"
)

// A Device has a key. Its methods may be called concurrently.
type Device struct {
	Alg string
	// JWK is the public key.
	JWK map[string]any

	private crypto.PrivateKey
}

// New returns a device with a new key for the algorithm: ES256, ES384, RS256, PS256, or EdDSA.
func New(t testing.TB, alg string) *Device {
	t.Helper()
	d := Device{Alg: alg}
	var err error
	switch alg {
	case "ES256":
		d.private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "ES384":
		d.private, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case "RS256", "PS256":
		d.private, err = rsa.GenerateKey(rand.Reader, 2048)
	default:
		_, d.private, err = ed25519.GenerateKey(nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	d.JWK = jwkOf(t, d.private.(crypto.Signer).Public())
	return &d
}

func jwkOf(t testing.TB, public crypto.PublicKey) map[string]any {
	t.Helper()
	switch k := public.(type) {
	case *ecdsa.PublicKey:
		point, err := k.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		half := (len(point) - 1) / 2
		return map[string]any{"kty": "EC", "crv": k.Curve.Params().Name, "x": B64(point[1 : 1+half]), "y": B64(point[1+half:])}
	case *rsa.PublicKey:
		return map[string]any{"kty": "RSA", "n": B64(k.N.Bytes()), "e": B64(big.NewInt(int64(k.E)).Bytes())}
	}
	return map[string]any{"kty": "OKP", "crv": "Ed25519", "x": B64(public.(ed25519.PublicKey))}
}

// Proof returns a proof of the type with the claims, and the public key in its header.
func (d *Device) Proof(t testing.TB, typ string, claims map[string]any) string {
	t.Helper()
	return d.Signed(t, map[string]any{"typ": typ, "alg": d.Alg, "jwk": d.JWK}, claims)
}

// Signed returns what the device signs with the header and the claims. A json.RawMessage or a string in
// place of a map is taken as it is.
func (d *Device) Signed(t testing.TB, header, claims any) string {
	t.Helper()
	text := B64(text(t, header)) + "." + B64(text(t, claims))
	sig, err := jwt.GetSigningMethod(d.Alg).Sign(text, d.private)
	if err != nil {
		t.Fatal(err)
	}
	return text + "." + B64(sig)
}

func text(t testing.TB, v any) []byte {
	t.Helper()
	if s, ok := v.(string); ok {
		return []byte(s)
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// With returns a copy of m with the names and values, which come in pairs. A nil value removes the name.
func With(m map[string]any, pairs ...any) map[string]any {
	m = maps.Clone(m)
	for i := 0; i < len(pairs); i += 2 {
		if m[pairs[i].(string)] = pairs[i+1]; pairs[i+1] == nil {
			delete(m, pairs[i].(string))
		}
	}
	return m
}

// B64 is base64url without padding.
func B64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
