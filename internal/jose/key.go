package jose

import (
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"

	"github.com/golang-jwt/jwt/v5"
)

// PS256 and its like are RSASSA-PSS with a salt as long as the hash: RFC 7518, section 3.5.
// Golang-jwt's own accept a salt of any length.
var (
	PS256 = pss(jwt.SigningMethodPS256)
	PS384 = pss(jwt.SigningMethodPS384)
	PS512 = pss(jwt.SigningMethodPS512)
)

func pss(m *jwt.SigningMethodRSAPSS) jwt.SigningMethod {
	return &jwt.SigningMethodRSAPSS{
		SigningMethodRSA: m.SigningMethodRSA,
		Options:          &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash},
	}
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
func NewKey(method jwt.SigningMethod, public, private any, members map[string]string) (*Key, error) {
	k := Key{Alg: method.Alg(), Members: members}
	if members["kty"] == "oct" {
		k.Members = nil // to verify is to be able to sign
	}
	k.Verify = func(text string, sig []byte) error { return method.Verify(text, sig, public) }
	if private != nil {
		k.Sign = func(text string) ([]byte, error) { return method.Sign(text, private) }
	}
	if err := k.check(); err != nil {
		return nil, fmt.Errorf("key does not work: %w", err)
	}
	return k.WithID(thumbprint(members)), nil
}

// check reports whether a private key verifies by its public half, so that one that was put
// together wrongly is found here and not at the first login.
func (k *Key) check() error {
	if k.Sign == nil {
		return nil
	}
	const text = "inga"
	sig, err := k.Sign(text)
	if err != nil {
		return err
	}
	return k.Verify(text, sig)
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
	if k.Alg != jwt.SigningMethodHS256.Alg() {
		return false
	}
	const text = "any"
	sig, err := jwt.SigningMethodHS256.Sign(text, secret)
	return err == nil && k.Verify(text, sig) == nil
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

// thumbprint is that of RFC 7638, section 3: SHA-256 of the required members as JSON, in
// lexicographic order and without space, which is how encoding/json writes a map.
func thumbprint(required map[string]string) string {
	text, _ := json.Marshal(required) // of strings, which does not fail
	sum := sha256.Sum256(text)
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
