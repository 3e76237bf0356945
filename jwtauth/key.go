package jwtauth

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

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
	secret = slices.Clone(secret)
	return newKey(jwt.SigningMethodHS256, secret, secret, func() (map[string]string, error) {
		// The thumbprint is a SHA-256 of the secret, and public. RFC 7638, section 7, warns of that
		// for secrets that can be guessed; these cannot, nor would a signature hide them.
		return map[string]string{"kty": "oct", "k": jose.Encode(secret)}, entropy.Check(secret)
	})
}

// ES256 returns a key for ECDSA with the curve P-256 and SHA-256.
func ES256(private *ecdsa.PrivateKey) (Key, error) {
	if private == nil {
		return es256(nil, nil)
	}
	return es256(&private.PublicKey, private)
}

// ES256Public returns a key that verifies what the private one signed elsewhere.
func ES256Public(public *ecdsa.PublicKey) (Key, error) { return es256(public, nil) }

func es256(public *ecdsa.PublicKey, private any) (Key, error) {
	return newKey(jwt.SigningMethodES256, public, private, func() (map[string]string, error) {
		if public == nil || public.Curve != elliptic.P256() {
			return nil, errors.New("key is not one of the curve P-256")
		}
		return jose.Members(public)
	})
}

// EdDSA returns a key for Ed25519.
func EdDSA(private ed25519.PrivateKey) (Key, error) {
	if len(private) != ed25519.PrivateKeySize {
		return eddsa(nil, nil)
	}
	private = slices.Clone(private)
	return eddsa(private.Public().(ed25519.PublicKey), private)
}

// EdDSAPublic returns a key that verifies what the private one signed elsewhere.
func EdDSAPublic(public ed25519.PublicKey) (Key, error) { return eddsa(slices.Clone(public), nil) }

func eddsa(public ed25519.PublicKey, private any) (Key, error) {
	return newKey(jwt.SigningMethodEdDSA, public, private, func() (map[string]string, error) {
		return jose.Members(public)
	})
}

// RS256 returns a key for RSA (PKCS #1 v1.5) with SHA-256, of 2048 to 8192 bits.
func RS256(private *rsa.PrivateKey) (Key, error) { return rsaPair(jwt.SigningMethodRS256, private) }

// RS256Public returns a key that verifies what the private one signed elsewhere.
func RS256Public(public *rsa.PublicKey) (Key, error) {
	return rsaKey(jwt.SigningMethodRS256, public, nil)
}

// PS256 returns a key for RSA (PSS) with SHA-256, of 2048 to 8192 bits.
func PS256(private *rsa.PrivateKey) (Key, error) { return rsaPair(ps256, private) }

// PS256Public returns a key that verifies what the private one signed elsewhere.
func PS256Public(public *rsa.PublicKey) (Key, error) { return rsaKey(ps256, public, nil) }

// ps256 has a salt as long as the hash: RFC 7518, section 3.5. Golang-jwt's own accepts one of any length.
var ps256 = &jwt.SigningMethodRSAPSS{
	SigningMethodRSA: jwt.SigningMethodPS256.SigningMethodRSA,
	Options:          &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash},
}

func rsaPair(method jwt.SigningMethod, private *rsa.PrivateKey) (Key, error) {
	if private == nil {
		return rsaKey(method, nil, nil)
	}
	return rsaKey(method, &private.PublicKey, private)
}

func rsaKey(method jwt.SigningMethod, public *rsa.PublicKey, private any) (Key, error) {
	return newKey(method, public, private, func() (map[string]string, error) {
		if public == nil || public.N == nil {
			return nil, errors.New("key is nil")
		}
		return jose.Members(public)
	})
}

// newKey makes an error of the panic of a crypto package at a key in which a number is nil.
func newKey(method jwt.SigningMethod, public, private any, members func() (map[string]string, error)) (k Key, err error) {
	defer func() {
		if p := recover(); p != nil {
			k, err = Key{}, fmt.Errorf("jwtauth: %s: key is incomplete: %v", method.Alg(), p)
		}
	}()
	m, err := members()
	if err == nil {
		k.k, err = jose.NewKey(method, public, private, m)
	}
	if err != nil {
		return Key{}, fmt.Errorf("jwtauth: %s: %w", method.Alg(), err)
	}
	return k, nil
}

const (
	maxID   = 128
	idChars = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
)

// WithID returns the key with another ID, the kid of its tokens, in place of the thumbprint
// of RFC 7638: 1 to 128 letters, digits and any of -._~
func (k Key) WithID(id string) (Key, error) {
	if k.k == nil {
		return Key{}, errors.New("jwtauth: WithID of the zero Key")
	}
	if id == "" || len(id) > maxID || strings.Trim(id, idChars) != "" {
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

// MarshalText returns the algorithm and the ID, and keeps what the key is made of out of JSON and
// other encodings.
func (k Key) MarshalText() ([]byte, error) {
	if k.k == nil {
		return []byte("[no key]"), nil
	}
	return []byte("[" + k.k.Alg + " key " + k.k.ID + "]"), nil
}

// Format implements [fmt.Formatter], so that no verb prints what the key is made of.
func (k Key) Format(f fmt.State, _ rune) {
	text, _ := k.MarshalText()
	_, _ = f.Write(text)
}

// LogValue implements [slog.LogValuer].
func (k Key) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(k)) }
