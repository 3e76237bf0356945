package proof

import (
	"errors"
	"fmt"

	"github.com/inga-auth/inga/internal/jose"
)

// maxJWK is how long a canonical JWK may be, in bytes: as a store of sessions keeps it. That is RSA
// with up to about 5 900 bits.
const maxJWK = 1024

// A Key is the public key of a client. It verifies with one algorithm.
type Key struct {
	Algorithm  string // RFC 7518, section 3.1
	Thumbprint string // RFC 7638, with SHA-256: 43 characters
	JWK        string // the JSON that the thumbprint is of: the required members, in their order

	verify func(signed string, sig []byte) error
}

// ParseKey returns the key with the canonical JWK, as [Key].JWK has it. Any other spelling is refused.
func ParseKey(algorithm, jwk string) (*Key, error) {
	k, err := readJWK(algorithm, []byte(jwk))
	if err == nil && k.JWK != jwk {
		k, err = nil, errors.New("JWK is not canonical")
	}
	return k, err
}

// readJWK returns the key that a JWK is, for the algorithm.
func readJWK(algorithm string, text []byte) (*Key, error) {
	var j jwk
	if err := jose.Scan(text, j.set); err != nil {
		return nil, err
	}
	a := jose.Asymmetric[algorithm]
	if !a.Fits(j.Kty, j.Crv) || !j.isFor(algorithm) {
		return nil, errors.New("JWK is not a key for the alg")
	}
	public, err := j.Key()
	if err != nil {
		return nil, err
	}
	members, err := jose.Members(public)
	if err != nil {
		return nil, err
	}
	if !j.spells(members) {
		return nil, errors.New("JWK has a number in another spelling")
	}
	canonical := jose.Canonical(members)
	if len(canonical) > maxJWK {
		return nil, fmt.Errorf("JWK has %d bytes, want at most %d", len(canonical), maxJWK)
	}
	return &Key{
		Algorithm: algorithm, Thumbprint: jose.Thumbprint(canonical), JWK: string(canonical),
		verify: func(signed string, sig []byte) error { return a.Verify(public, signed, sig) },
	}, nil
}

// jwkNames are the members that are read, or that no public key has: RFC 7517, section 4, and RFC 7518,
// section 6.
var jwkNames = []string{
	"kty", "crv", "x", "y", "n", "e", "alg", "use", "key_ops", "d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv",
}

// A jwk is a JWK as it is written.
type jwk struct {
	jose.PublicJWK
	alg string
}

// set is called by [jose.Scan] with each member.
func (j *jwk) set(name, value []byte) (err error) {
	switch string(name) {
	case "kty":
		j.Kty, err = jose.Text(value)
	case "crv":
		j.Crv, err = jose.Text(value)
	case "x":
		j.X, err = jose.Text(value)
	case "y":
		j.Y, err = jose.Text(value)
	case "n":
		j.N, err = jose.Text(value)
	case "e":
		j.E, err = jose.Text(value)
	case "alg":
		j.alg, err = jose.Text(value)
	case "d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv":
		// RFC 9449, section 4.3, step 7. A client that sends its private key has none any more.
		err = errors.New("JWK has a private member")
	case "use":
		err = only(value, "sig")
	case "key_ops":
		err = only(value, "verify")
	default:
		if jose.Variant(name, jwkNames) {
			err = errors.New("JWK has a registered name in another spelling")
		}
	}
	return err
}

// only returns an error unless value is the word, or a list of it.
func only(value []byte, word string) error {
	list, err := jose.Texts(value)
	if err == nil && (len(list) != 1 || list[0] != word) {
		err = errors.New("JWK is not one that verifies signatures")
	}
	return err
}

// isFor reports whether the JWK names no other algorithm. Ed25519 has two names: RFC 9864.
func (j *jwk) isFor(algorithm string) bool {
	return j.alg == "" || j.alg == algorithm || j.Kty == "OKP" && jose.Asymmetric[j.alg].Fits(j.Kty, j.Crv)
}

// spells reports whether the JWK has these required members and spells them so.
func (j *jwk) spells(members map[string]string) bool {
	for _, m := range [...]struct{ name, value string }{{"x", j.X}, {"y", j.Y}, {"n", j.N}, {"e", j.E}, {"crv", j.Crv}} {
		if m.value != members[m.name] {
			return false
		}
	}
	return true
}
