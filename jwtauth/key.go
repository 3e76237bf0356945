package jwtauth

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"slices"

	"github.com/golang-jwt/jwt/v5"

	"github.com/inga-auth/inga/internal/entropy"
	"github.com/inga-auth/inga/internal/jose"
)

// A Key signs and verifies tokens with one algorithm, which it was made for. It prints as
// its algorithm and ID, never as what it is made of. The zero Key is refused by [New].
type Key struct{ k *jose.Key }

// HS256 returns a key for HMAC with SHA-256. The secret must be 32 random bytes or more, or
// the hexadecimal or base64 text of as many: a secret that a person made up can be guessed from
// any token. The same secret must be in every process that verifies.
func HS256(secret []byte) (Key, error) {
	if err := entropy.Check(secret); err != nil {
		return Key{}, fmt.Errorf("jwtauth: HS256: %w", err)
	}
	secret = slices.Clone(secret)
	// The thumbprint is a SHA-256 of the secret, and public. RFC 7638, section 7, warns of that
	// for secrets that can be guessed; these cannot, nor would a signature hide them.
	return newKey(jwt.SigningMethodHS256, secret, secret, map[string]string{"kty": "oct", "k": jose.Encode(secret)})
}

// ES256 returns a key for ECDSA with the curve P-256 and SHA-256.
func ES256(private *ecdsa.PrivateKey) (Key, error) {
	if private == nil {
		return Key{}, errors.New("jwtauth: ES256: key is nil")
	}
	return es256(&private.PublicKey, private)
}

// ES256Public returns a key that verifies what the private one signed elsewhere.
func ES256Public(public *ecdsa.PublicKey) (Key, error) { return es256(public, nil) }

func es256(public *ecdsa.PublicKey, private any) (k Key, err error) {
	defer incomplete(jwt.SigningMethodES256, &k, &err)
	if public == nil || public.Curve != elliptic.P256() {
		return Key{}, errors.New("jwtauth: ES256: key is not one of the curve P-256")
	}
	point, err := public.ECDH()
	if err != nil {
		return Key{}, fmt.Errorf("jwtauth: ES256: %w", err)
	}
	xy := point.Bytes()[1:] // after the 4 of an uncompressed point
	return newKey(jwt.SigningMethodES256, public, private, map[string]string{
		"kty": "EC", "crv": "P-256", "x": jose.Encode(xy[:32]), "y": jose.Encode(xy[32:]),
	})
}

// EdDSA returns a key for Ed25519.
func EdDSA(private ed25519.PrivateKey) (Key, error) {
	if len(private) != ed25519.PrivateKeySize {
		return Key{}, fmt.Errorf("jwtauth: EdDSA: key has %d bytes, want %d", len(private), ed25519.PrivateKeySize)
	}
	private = slices.Clone(private)
	return eddsa(private.Public().(ed25519.PublicKey), private)
}

// EdDSAPublic returns a key that verifies what the private one signed elsewhere.
func EdDSAPublic(public ed25519.PublicKey) (Key, error) { return eddsa(slices.Clone(public), nil) }

func eddsa(public ed25519.PublicKey, private any) (Key, error) {
	if len(public) != ed25519.PublicKeySize {
		return Key{}, fmt.Errorf("jwtauth: EdDSA: public key has %d bytes, want %d", len(public), ed25519.PublicKeySize)
	}
	// RFC 8037, section 2.
	return newKey(jwt.SigningMethodEdDSA, public, private, map[string]string{"kty": "OKP", "crv": "Ed25519", "x": jose.Encode(public)})
}

// RS256 returns a key for RSA (PKCS #1 v1.5) with SHA-256, of at least 2048 bits.
func RS256(private *rsa.PrivateKey) (Key, error) { return rsaPair(jwt.SigningMethodRS256, private) }

// RS256Public returns a key that verifies what the private one signed elsewhere.
func RS256Public(public *rsa.PublicKey) (Key, error) {
	return rsaKey(jwt.SigningMethodRS256, public, nil)
}

// PS256 returns a key for RSA (PSS) with SHA-256, of at least 2048 bits.
func PS256(private *rsa.PrivateKey) (Key, error) { return rsaPair(jose.PS256, private) }

// PS256Public returns a key that verifies what the private one signed elsewhere.
func PS256Public(public *rsa.PublicKey) (Key, error) {
	return rsaKey(jose.PS256, public, nil)
}

func rsaPair(method jwt.SigningMethod, private *rsa.PrivateKey) (Key, error) {
	if private == nil {
		return Key{}, fmt.Errorf("jwtauth: %s: key is nil", method.Alg())
	}
	return rsaKey(method, &private.PublicKey, private)
}

func rsaKey(method jwt.SigningMethod, public *rsa.PublicKey, private any) (k Key, err error) {
	defer incomplete(method, &k, &err)
	if public == nil || public.N == nil {
		return Key{}, fmt.Errorf("jwtauth: %s: key is nil", method.Alg())
	}
	if n := public.N.BitLen(); n < jose.MinRSA {
		return Key{}, fmt.Errorf("jwtauth: %s: key has %d bits, want at least %d", method.Alg(), n, jose.MinRSA)
	}
	if public.E < 3 || public.E%2 == 0 {
		return Key{}, fmt.Errorf("jwtauth: %s: exponent is %d, want an odd number of at least 3", method.Alg(), public.E)
	}
	return newKey(method, public, private, map[string]string{
		"kty": "RSA", "n": jose.Encode(public.N.Bytes()), "e": jose.Encode(big.NewInt(int64(public.E)).Bytes()),
	})
}

// incomplete makes an error of the panic of a crypto package at a key in which a number is nil.
func incomplete(method jwt.SigningMethod, k *Key, err *error) {
	if p := recover(); p != nil {
		*k, *err = Key{}, fmt.Errorf("jwtauth: %s: key is incomplete: %v", method.Alg(), p)
	}
}

func newKey(method jwt.SigningMethod, public, private any, members map[string]string) (Key, error) {
	k, err := jose.NewKey(method, public, private, members)
	if err != nil {
		return Key{}, fmt.Errorf("jwtauth: %s: %w", method.Alg(), err)
	}
	return Key{k}, nil
}

const maxID = 128

// WithID returns the key with another ID, the kid of its tokens, in place of the thumbprint
// of RFC 7638: 1 to 128 letters, digits and any of -._~
func (k Key) WithID(id string) (Key, error) {
	if k.k == nil {
		return Key{}, errors.New("jwtauth: WithID of the zero Key")
	}
	valid := len(id) >= 1 && len(id) <= maxID
	for _, r := range id {
		valid = valid && (isAlphanumeric(r) || r == '-' || r == '.' || r == '_' || r == '~')
	}
	if !valid {
		return Key{}, fmt.Errorf("jwtauth: WithID: ID is %.200q, want 1 to %d letters, digits and any of -._~", id, maxID)
	}
	return Key{k.k.WithID(id)}, nil
}

// ID returns the key's ID: the kid of its tokens.
func (k Key) ID() string {
	if k.k == nil {
		return ""
	}
	return k.k.ID
}

// String returns the algorithm and the ID.
func (k Key) String() string {
	if k.k == nil {
		return "[no key]"
	}
	return "[" + k.k.Alg + " key " + k.k.ID + "]"
}

// Format implements [fmt.Formatter], so that no verb prints what the key is made of.
func (k Key) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(k.String())) }

// LogValue implements [slog.LogValuer].
func (k Key) LogValue() slog.Value { return slog.StringValue(k.String()) }

// MarshalText keeps what the key is made of out of JSON and other encodings.
func (k Key) MarshalText() ([]byte, error) { return []byte(k.String()), nil }
