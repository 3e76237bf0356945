package main

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"

	"github.com/inga-auth/inga/jwtauth"
)

// Keys sign and verify the credentials. The first of each kind signs, all of them verify.
type keys struct {
	cookie, refresh [][]byte
	signing         []jwtauth.Key
}

// A keyRing is the same keys as text, for the key file.
type keyRing struct {
	Cookie  []string     `json:"cookie_keys"`  // base64 of 32 random bytes each
	Refresh []string     `json:"refresh_keys"` // of 32 other bytes each
	Signing []signingKey `json:"signing_keys"`
}

// A signingKey signs access tokens with one algorithm.
type signingKey struct {
	Alg string `json:"alg"`
	Key string `json:"key"` // base64 of PKCS #8 (RFC 5958), or for HS256 of the secret itself
}

const (
	defaultAlg = "ES256"
	allAlgs    = "HS256, ES256, EdDSA, RS256 or PS256"
	secretSize = 32 // bytes
)

// alg returns the algorithm that new tokens are signed with.
func (k keyRing) alg() string {
	if len(k.Signing) == 0 {
		return defaultAlg
	}
	return k.Signing[0].Alg
}

// rotated returns the ring with a new key of each kind in front. The old keys still verify, so a
// rotation logs no one out. With alg "" the algorithm stays.
func (k keyRing) rotated(alg string) (keyRing, error) {
	signing, err := newSigningKey(cmp.Or(alg, k.alg()))
	if err != nil {
		return keyRing{}, err
	}
	return keyRing{
		Cookie:  slices.Concat([]string{newSecret()}, k.Cookie),
		Refresh: slices.Concat([]string{newSecret()}, k.Refresh),
		Signing: slices.Concat([]signingKey{signing}, k.Signing),
	}, nil
}

func newSigningKey(alg string) (signingKey, error) {
	if alg == "HS256" {
		return signingKey{alg, newSecret()}, nil
	}
	private, err := newPrivateKey(alg)
	if err != nil {
		return signingKey{}, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	return signingKey{alg, base64.StdEncoding.EncodeToString(der)}, err
}

func newPrivateKey(alg string) (any, error) {
	switch alg {
	case "ES256":
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "EdDSA":
		_, private, err := ed25519.GenerateKey(rand.Reader)
		return private, err
	case "RS256", "PS256":
		return rsa.GenerateKey(rand.Reader, 2048)
	}
	return nil, fmt.Errorf("-alg is %q, want %s", alg, allAlgs)
}

func newSecret() string {
	secret := make([]byte, secretSize)
	_, _ = rand.Read(secret) // never returns an error
	return base64.StdEncoding.EncodeToString(secret)
}

// parse returns the keys of the ring. Its error joins all mistakes, each naming its field but
// not its content.
func (k keyRing) parse() (keys, error) {
	cookie, err1 := parseSecrets("cookie_keys", k.Cookie)
	refresh, err2 := parseSecrets("refresh_keys", k.Refresh)
	signing, err3 := parseSigning("signing_keys", k.Signing)
	return keys{cookie, refresh, signing}, errors.Join(err1, err2, err3)
}

func parseSecrets(field string, list []string) ([][]byte, error) {
	var secrets [][]byte
	var errs []error
	for i, text := range list {
		secret, err := base64.StdEncoding.DecodeString(text)
		if err != nil || len(secret) < secretSize {
			errs = append(errs, fmt.Errorf("%s[%d] is not the base64 of %d bytes or more", field, i, secretSize))
		}
		secrets = append(secrets, secret)
	}
	if len(list) == 0 {
		errs = append(errs, fmt.Errorf("%s is empty", field))
	}
	return secrets, errors.Join(errs...)
}

func parseSigning(field string, list []signingKey) ([]jwtauth.Key, error) {
	var keys []jwtauth.Key
	var errs []error
	for i, s := range list {
		key, err := s.parse()
		if err != nil {
			errs = append(errs, fmt.Errorf("%s[%d].%w", field, i, err))
		}
		keys = append(keys, key)
	}
	if len(list) == 0 {
		errs = append(errs, fmt.Errorf("%s is empty", field))
	}
	return keys, errors.Join(errs...)
}

func (s signingKey) parse() (jwtauth.Key, error) {
	raw, err := base64.StdEncoding.DecodeString(s.Key)
	if err != nil {
		return jwtauth.Key{}, errors.New("key is not base64")
	}
	key, err := s.key(raw)
	if err != nil {
		return jwtauth.Key{}, fmt.Errorf("key: %w", err)
	}
	return key, nil
}

// key returns the key of the raw bytes, which must suit the algorithm.
func (s signingKey) key(raw []byte) (jwtauth.Key, error) {
	if s.Alg == "HS256" {
		return jwtauth.HS256(raw)
	}
	private, err := x509.ParsePKCS8PrivateKey(raw)
	if err != nil {
		return jwtauth.Key{}, errors.New("not a private key in PKCS #8")
	}
	switch private := private.(type) {
	case *ecdsa.PrivateKey:
		if s.Alg == "ES256" {
			return jwtauth.ES256(private)
		}
	case ed25519.PrivateKey:
		if s.Alg == "EdDSA" {
			return jwtauth.EdDSA(private)
		}
	case *rsa.PrivateKey:
		switch s.Alg {
		case "RS256":
			return jwtauth.RS256(private)
		case "PS256":
			return jwtauth.PS256(private)
		}
	}
	return jwtauth.Key{}, fmt.Errorf("not one for alg, want %s", allAlgs)
}
