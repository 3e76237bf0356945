package tokentest

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"sync"
	"testing"

	"github.com/inga-auth/inga/jwtauth"
)

// Secret has every byte from 0 to 31 once: nothing that a person would think of.
var Secret = []byte("\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f")

// Keys for refresh tokens: neither is the secret of the access tokens.
var (
	RefreshKeyA = []byte("\xa0\xa1\xa2\xa3\xa4\xa5\xa6\xa7\xa8\xa9\xaa\xab\xac\xad\xae\xaf\xb0\xb1\xb2\xb3\xb4\xb5\xb6\xb7\xb8\xb9\xba\xbb\xbc\xbd\xbe\xbf")
	RefreshKeyB = []byte("\xc0\xc1\xc2\xc3\xc4\xc5\xc6\xc7\xc8\xc9\xca\xcb\xcc\xcd\xce\xcf\xd0\xd1\xd2\xd3\xd4\xd5\xd6\xd7\xd8\xd9\xda\xdb\xdc\xdd\xde\xdf")
)

// The private keys of the tests, made once.
var (
	ECKey  = sync.OnceValue(func() *ecdsa.PrivateKey { k, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader); return k })
	RSAKey = sync.OnceValue(func() *rsa.PrivateKey { k, _ := rsa.GenerateKey(rand.Reader, 2048); return k })
	EdKey  = sync.OnceValue(func() ed25519.PrivateKey { return ed25519.NewKeyFromSeed(Secret) })
)

// HS256 returns the key of [Secret].
func HS256(t testing.TB) jwtauth.Key { return Must(t)(jwtauth.HS256(Secret)) }

// Keys returns one key of each algorithm, by its name.
func Keys(t testing.TB) map[string]jwtauth.Key {
	return map[string]jwtauth.Key{
		"HS256": HS256(t),
		"ES256": Must(t)(jwtauth.ES256(ECKey())),
		"EdDSA": Must(t)(jwtauth.EdDSA(EdKey())),
		"RS256": Must(t)(jwtauth.RS256(RSAKey())),
		"PS256": Must(t)(jwtauth.PS256(RSAKey())),
	}
}

// Must returns a function that returns the key, or fails the test.
func Must(t testing.TB) func(jwtauth.Key, error) jwtauth.Key {
	t.Helper()
	return func(k jwtauth.Key, err error) jwtauth.Key {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
}

// Named returns the key with the ID.
func Named(t testing.TB, k jwtauth.Key, id string) jwtauth.Key {
	t.Helper()
	return Must(t)(k.WithID(id))
}
