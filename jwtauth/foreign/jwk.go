package foreign

import (
	"crypto"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/inga-auth/inga/internal/jose"
)

func algorithmNames() []string { return slices.Sorted(maps.Keys(jose.Asymmetric)) }

// A publicKey verifies with the algorithms that it has, by their names.
type publicKey struct {
	id      string // "" if its issuer gives it none
	key     crypto.PublicKey
	methods map[string]jose.Algorithm
}

// maxKeys is how many keys a set may have. The largest in use have about a dozen.
const maxKeys = 256

// parseSet returns the keys of a JWK set (RFC 7517, section 5) that verify with one of the
// algorithms. It skips all others, as that section requires: issuers publish keys for encryption,
// on other curves and of other kinds beside those needed here.
//
// A set that is empty is a withdrawal of all keys. One that has keys, and none that is usable,
// is errUnusable: it does not match Config.Algorithms, or those that did have been withdrawn.
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
	others := 0
	for _, raw := range set.Keys {
		var j jwk
		if json.Unmarshal(raw, &j) != nil {
			continue
		}
		if k := j.publicKey(accepted); k.key != nil {
			keys = append(keys, k)
		} else if j.Kty != "" {
			others++
		}
	}
	if len(keys) == 0 && len(set.Keys) > 0 {
		if others == len(set.Keys) {
			return nil, errUnusable
		}
		return nil, fmt.Errorf("JWK set has %d keys, and none that we can use", len(set.Keys))
	}
	if len(keys) > maxKeys {
		return nil, fmt.Errorf("JWK set has %d keys, want at most %d", len(keys), maxKeys)
	}
	return keys, nil
}

var errUnusable = errors.New("JWK set has only keys that we cannot use")

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
	methods := make(map[string]jose.Algorithm)
	for _, name := range accepted {
		if a := jose.Asymmetric[name]; a.Fits(j.Kty, j.Crv) && (j.Alg == "" || j.Alg == name) {
			methods[name] = a
		}
	}
	if len(methods) == 0 || j.Use != "" && j.Use != "sig" || j.Ops != nil && !slices.Contains(j.Ops, "verify") {
		return publicKey{}
	}
	return publicKey{j.Kid, j.parse(), methods}
}

// parse returns the key, or nil if it is none. Some issuers pad the base64, against RFC 7518,
// section 2.
func (j jwk) parse() crypto.PublicKey {
	unpadded := func(s string) string { return strings.TrimRight(s, "=") }
	key, err := jose.PublicJWK{
		Kty: j.Kty, Crv: j.Crv, N: unpadded(j.N), E: unpadded(j.E), X: unpadded(j.X), Y: unpadded(j.Y),
	}.Key()
	if err != nil {
		return nil
	}
	return key
}
