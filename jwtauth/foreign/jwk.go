package foreign

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	_ "crypto/sha512" // for RS384, PS512 and their like
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"

	"github.com/golang-jwt/jwt/v5"

	"github.com/inga-auth/inga/internal/jose"
)

// An algorithm is one that a public key can verify, and the keys that it fits.
type algorithm struct {
	method   jwt.SigningMethod
	kty, crv string
}

// algorithms are the supported ones. None is symmetric, and "none" is not among them.
var algorithms = map[string]algorithm{
	"RS256":   {jwt.SigningMethodRS256, "RSA", ""},
	"RS384":   {jwt.SigningMethodRS384, "RSA", ""},
	"RS512":   {jwt.SigningMethodRS512, "RSA", ""},
	"PS256":   {jose.PS256, "RSA", ""},
	"PS384":   {jose.PS384, "RSA", ""},
	"PS512":   {jose.PS512, "RSA", ""},
	"ES256":   {jwt.SigningMethodES256, "EC", "P-256"},
	"ES384":   {jwt.SigningMethodES384, "EC", "P-384"},
	"ES512":   {jwt.SigningMethodES512, "EC", "P-521"},
	"EdDSA":   {jwt.SigningMethodEdDSA, "OKP", "Ed25519"},
	"Ed25519": {jwt.SigningMethodEdDSA, "OKP", "Ed25519"},
}

func algorithmNames() []string { return slices.Sorted(maps.Keys(algorithms)) }

// A publicKey verifies with the methods that it has, by the names of their algorithms.
type publicKey struct {
	id      string // "" if its issuer gives it none
	key     crypto.PublicKey
	methods map[string]jwt.SigningMethod
}

// maxKeys is how many keys a set may have. The largest in use have about a dozen.
const maxKeys = 256

// parseSet returns the keys of a JWK set (RFC 7517, section 5) that verify with one of the
// algorithms. It skips all others, as that section requires: issuers publish keys for encryption,
// on other curves and of other kinds beside those needed here.
//
// A set that is empty is a withdrawal of all keys. One that has keys, and none that is usable,
// does not match Config.Algorithms, which is an error.
func parseSet(data []byte, accepted []string) ([]publicKey, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(data, &set); err != nil {
		return nil, fmt.Errorf("not a JWK set: %w", err)
	}
	if set.Keys == nil {
		return nil, errors.New("not a JWK set: it has no keys, not even an empty list")
	}
	var keys []publicKey
	for _, raw := range set.Keys {
		var j jwk
		if json.Unmarshal(raw, &j) != nil {
			continue
		}
		if k := j.publicKey(accepted); k.key != nil {
			keys = append(keys, k)
		}
	}
	if len(keys) == 0 && len(set.Keys) > 0 {
		return nil, fmt.Errorf("JWK set has %d keys, and none that we can use", len(set.Keys))
	}
	if len(keys) > maxKeys {
		return nil, fmt.Errorf("JWK set has %d keys, want at most %d", len(keys), maxKeys)
	}
	return keys, nil
}

// A jwk has the members of RFC 7517, section 4, and RFC 7518, section 6, that public keys
// for signatures have.
type jwk struct {
	Kty string   `json:"kty"`
	Crv string   `json:"crv"`
	Alg string   `json:"alg"`
	Use string   `json:"use"`
	Ops []string `json:"key_ops"`
	Kid string   `json:"kid"`
	N   string   `json:"n"`
	E   string   `json:"e"`
	X   string   `json:"x"`
	Y   string   `json:"y"`
}

// publicKey returns the key, or none if it cannot be used. A key with an alg has that one only.
// Without, as at Entra, it has all accepted algorithms that it fits.
func (j jwk) publicKey(accepted []string) publicKey {
	methods := make(map[string]jwt.SigningMethod)
	for _, name := range accepted {
		a := algorithms[name]
		if a.kty == j.Kty && (a.crv == "" || a.crv == j.Crv) && (j.Alg == "" || j.Alg == name) {
			methods[name] = a.method
		}
	}
	if len(methods) == 0 || j.Use != "" && j.Use != "sig" || j.Ops != nil && !slices.Contains(j.Ops, "verify") {
		return publicKey{}
	}
	return publicKey{j.Kid, j.parse(), methods}
}

// parse returns the key, or nil if it is none.
func (j jwk) parse() crypto.PublicKey {
	switch j.Kty {
	case "RSA":
		key := &rsa.PublicKey{N: new(big.Int).SetBytes(number(j.N))}
		if e := new(big.Int).SetBytes(number(j.E)); e.BitLen() < 32 {
			key.E = int(e.Int64())
		}
		if jose.CheckRSA(key) == nil {
			return key
		}
	case "EC":
		// RFC 7518, section 6.2.1.2: as long as the field, so that x and y cannot be cut apart
		// in another place.
		curve, x, y := curves[j.Crv], number(j.X), number(j.Y)
		if len(x) != len(y) {
			return nil
		}
		if key, err := ecdsa.ParseUncompressedPublicKey(curve, slices.Concat([]byte{4}, x, y)); err == nil {
			return key
		}
	case "OKP":
		if x := number(j.X); len(x) == ed25519.PublicKeySize {
			return ed25519.PublicKey(x)
		}
	}
	return nil
}

var curves = map[string]elliptic.Curve{"P-256": elliptic.P256(), "P-384": elliptic.P384(), "P-521": elliptic.P521()}

// number returns the bytes of a number, or nil. Some issuers pad the base64, against RFC 7518,
// section 2.
func number(s string) []byte {
	b, err := jose.Decode(strings.TrimRight(s, "="))
	if err != nil {
		return nil
	}
	return b
}
