package jose

import (
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
)

// A Method signs and verifies with one algorithm: a jwt.SigningMethod of golang-jwt.
type Method interface {
	Alg() string
	Sign(text string, key any) ([]byte, error)
	Verify(text string, sig []byte, key any) error
}

// A Key signs and verifies with one algorithm. What it is made of is in two functions only:
// package fmt prints unexported fields too, and of a function it prints the address.
type Key struct {
	ID     string                            // the kid of its tokens
	Alg    string                            // RFC 7518, section 3.1
	Sign   func(text string) ([]byte, error) // nil if the key only verifies
	Verify func(text string, sig []byte) error

	// Members are those that RFC 7638, section 3.2, requires of the public JWK; nil for a key
	// without a public half.
	Members map[string]string
	// Header is the encoded header of the tokens that it signs.
	Header string
}

// NewKey returns a key that uses the method with what it takes to verify and to sign; nil does
// not sign. The ID is the thumbprint of the members.
func NewKey(method Method, public, private any, members map[string]string) (*Key, error) {
	k := Key{Alg: method.Alg(), Members: members}
	if members["kty"] == "oct" {
		k.Members = nil // to verify is to be able to sign
	}
	k.Verify = func(text string, sig []byte) error { return method.Verify(text, sig, public) }
	if private != nil {
		k.Sign = func(text string) ([]byte, error) { return method.Sign(text, private) }
	}
	if private != nil { // a key that was put together wrongly is found here and not at the first login
		sig, err := k.Sign("inga")
		if err == nil {
			err = k.Verify("inga", sig)
		}
		if err != nil {
			return nil, fmt.Errorf("key does not work: %w", err)
		}
	}
	return k.WithID(Thumbprint(Canonical(members))), nil
}

// WithID returns a copy of the key with another ID.
func (k *Key) WithID(id string) *Key {
	renamed := *k
	renamed.ID = id
	header, _ := json.Marshal(struct { // of strings, which does not fail
		Alg string `json:"alg"`
		Typ string `json:"typ"`
		Kid string `json:"kid"`
	}{k.Alg, AccessType, id})
	renamed.Header = Encode(header)
	return &renamed
}

// IsOf reports whether the key is the HMAC with SHA-256 of the secret.
func (k *Key) IsOf(secret []byte) bool {
	const text = "any"
	h := hmac.New(sha256.New, secret)
	h.Write([]byte(text))
	return k.Alg == "HS256" && k.Verify(text, h.Sum(nil)) == nil
}

const (
	minRSA = 2048 // bits: RFC 7518, section 3.3
	maxRSA = 8192 // a signature takes long to verify with more
)

// CheckRSA returns what is wrong with a key, as far as its numbers show.
func CheckRSA(k *rsa.PublicKey) error {
	switch bits := k.N.BitLen(); {
	case bits < minRSA || bits > maxRSA:
		return fmt.Errorf("key has %d bits, want %d to %d", bits, minRSA, maxRSA)
	case k.N.Bit(0) == 0:
		return errors.New("modulus is even, want the product of two primes")
	case k.E < 3 || k.E > math.MaxInt32 || k.E%2 == 0:
		return fmt.Errorf("exponent is %d, want an odd number of at least 3 and 31 bits", k.E)
	}
	return nil
}

// Canonical returns the required members of a JWK as the JSON of which RFC 7638, section 3, makes the
// thumbprint: in lexicographic order and without space, which is how encoding/json writes a map.
func Canonical(required map[string]string) []byte {
	text, _ := json.Marshal(required) // of strings, which does not fail
	return text
}

// Thumbprint returns the thumbprint of RFC 7638, SHA-256, of a canonical JWK.
func Thumbprint(canonical []byte) string {
	sum := sha256.Sum256(canonical)
	return Encode(sum[:])
}

// JWKS returns the public keys as a JWK set (RFC 7517, section 5).
func JWKS(keys []*Key) []byte {
	set := make([]map[string]string, 0, len(keys))
	for _, k := range keys {
		if k.Members == nil {
			continue
		}
		jwk := maps.Clone(k.Members)
		jwk["kid"], jwk["alg"], jwk["use"] = k.ID, k.Alg, "sig"
		set = append(set, jwk)
	}
	text, _ := json.Marshal(map[string]any{"keys": set}) // of strings, which does not fail
	return text
}

// Encode is base64url without padding: RFC 7515, section 2.
func Encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
