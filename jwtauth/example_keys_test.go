package jwtauth_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"log"
	"strings"

	"github.com/inga-auth/inga/jwtauth"
)

func ExampleHS256() {
	secret := make([]byte, 32) // openssl rand -hex 32, from a file or a secret store
	_, _ = rand.Read(secret)
	key, err := jwtauth.HS256(secret)
	if err != nil {
		log.Fatal(err)
	}
	key, err = key.WithID("2026-03")
	fmt.Println(key, err) // never what it is made of
	// Output: [HS256 key 2026-03] <nil>
}

// A short secret, or one that a person made up, can be guessed offline from one token.
func ExampleHS256_incorrect() {
	for _, secret := range []string{"secret", "my-very-long-and-therefore-secret-key", strings.Repeat("a1", 16)} {
		_, err := jwtauth.HS256([]byte(secret)) // right: openssl rand -hex 32
		fmt.Println(err)
	}
	// Output:
	// jwtauth: HS256: secret has 6 bytes, want 32 random bytes (openssl rand -hex 32)
	// jwtauth: HS256: secret is text that a human may have thought of, or a file of another kind, want 32 random bytes (openssl rand -hex 32)
	// jwtauth: HS256: secret repeats the same few bytes, want 32 random bytes (openssl rand -hex 32)
}

func ExampleES256() {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader) // or x509.ParsePKCS8PrivateKey
	if err != nil {
		log.Fatal(err)
	}
	key, err := jwtauth.ES256(private)
	fmt.Println(len(key.ID()), err) // the thumbprint of RFC 7638
	// Output: 43 <nil>
}

func ExampleEdDSA() {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	key, err := jwtauth.EdDSA(private)
	fmt.Println(len(key.ID()), err)
	// Output: 43 <nil>
}

func ExampleRS256() {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		log.Fatal(err)
	}
	key, err := jwtauth.RS256(private)
	fmt.Println(len(key.ID()), err)
	// Output: 43 <nil>
}

// A process that only verifies has no private key. The first of Config.Keys must have one.
func ExampleRS256Public() {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		log.Fatal(err)
	}
	former, err := jwtauth.RS256Public(&private.PublicKey)
	if err != nil {
		log.Fatal(err)
	}
	c, _, _ := annsAPI()
	c.Keys = append(c.Keys, former) // our own signs, the former one still verifies
	_, err = jwtauth.New(c)
	fmt.Println(err)
	// Output: <nil>
}

// A key that only verifies cannot issue tokens.
func ExampleES256Public_incorrect() {
	private, err1 := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err1 != nil {
		log.Fatal(err1)
	}
	public, err2 := jwtauth.ES256Public(&private.PublicKey)
	c, _, _ := annsAPI()
	c.Keys = []jwtauth.Key{public} // right: a key that signs comes first
	_, err3 := jwtauth.New(c)
	fmt.Println(errors.Join(err2, err3))
	// Output: jwtauth: Config.Keys[0] can only verify, want one that signs
}
