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
		if err := json.Unmarshal(raw, &j); err != nil {
			continue
		}
		if k, err := j.publicKey(accepted); err == nil {
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

// publicKey returns the key, or why it cannot be used. A key with an alg has that one only.
// Without, as at Entra, it has all accepted algorithms that it fits.
func (j jwk) publicKey(accepted []string) (publicKey, error) {
	if j.Use != "" && j.Use != "sig" || j.Ops != nil && !slices.Contains(j.Ops, "verify") {
		return publicKey{}, errors.New("key is not for signatures")
	}
	methods := make(map[string]jwt.SigningMethod)
	for _, name := range accepted {
		a := algorithms[name]
		if a.kty == j.Kty && (a.crv == "" || a.crv == j.Crv) && (j.Alg == "" || j.Alg == name) {
			methods[name] = a.method
		}
	}
	if len(methods) == 0 {
		return publicKey{}, errors.New("key fits none of the algorithms")
	}
	key, err := j.parse()
	return publicKey{j.Kid, key, methods}, err
}

func (j jwk) parse() (crypto.PublicKey, error) {
	switch j.Kty {
	case "RSA":
		return j.rsa()
	case "EC":
		return j.ec()
	}
	x, err := number(j.X)
	if err == nil && len(x) != ed25519.PublicKeySize {
		err = errors.New("x has not the length of the curve")
	}
	return ed25519.PublicKey(x), err
}

const maxRSA = 8192 // bits: a signature takes long to verify with more

func (j jwk) rsa() (crypto.PublicKey, error) {
	n, err := number(j.N)
	if err != nil {
		return nil, err
	}
	e, err := number(j.E)
	if err != nil {
		return nil, err
	}
	modulus, exponent := new(big.Int).SetBytes(n), new(big.Int).SetBytes(e)
	if bits := modulus.BitLen(); bits < jose.MinRSA || bits > maxRSA {
		return nil, errors.New("key is too short or too long")
	}
	if exponent.BitLen() > 31 || exponent.Int64() < 3 || exponent.Bit(0) == 0 {
		return nil, errors.New("exponent is not an odd number of at least 3 and 31 bits")
	}
	return &rsa.PublicKey{N: modulus, E: int(exponent.Int64())}, nil
}

func (j jwk) ec() (crypto.PublicKey, error) {
	curve := elliptic.P256()
	switch j.Crv {
	case "P-384":
		curve = elliptic.P384()
	case "P-521":
		curve = elliptic.P521()
	}
	x, err := number(j.X)
	if err != nil {
		return nil, err
	}
	y, err := number(j.Y)
	if err != nil {
		return nil, err
	}
	// RFC 7518, section 6.2.1.2: as long as the field, so that x and y cannot be cut apart
	// in another place.
	if size := (curve.Params().BitSize + 7) / 8; len(x) != size || len(y) != size {
		return nil, errors.New("x or y has not the length of the curve")
	}
	return ecdsa.ParseUncompressedPublicKey(curve, slices.Concat([]byte{4}, x, y))
}

// number returns the bytes of a number. Some issuers pad the base64, against RFC 7518, section 2.
func number(s string) ([]byte, error) {
	b, err := jose.Decode(strings.TrimRight(s, "="))
	if err == nil && len(b) == 0 {
		err = errors.New("key has a number missing")
	}
	return b, err
}
