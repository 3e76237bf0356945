package jwtauth_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/big"
	"strings"
	"testing"

	"github.com/inga-auth/inga/backends/memory"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/internal/tokentest"
	"github.com/inga-auth/inga/jwtauth"
)

func unbase64(t *testing.T, s string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestTheIDOfAKeyIsTheThumbprintOfRFC7638(t *testing.T) {
	// JW-13: the example of RFC 7638, section 3.1.
	n := unbase64(t, "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw")
	k := tokentest.Must(t)(jwtauth.RS256Public(&rsa.PublicKey{N: new(big.Int).SetBytes(n), E: 65537}))
	if got, want := k.ID(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"; got != want {
		t.Errorf("RSA: %s, want %s", got, want)
	}
	// That of RFC 8037, appendix A.3.
	k = tokentest.Must(t)(jwtauth.EdDSAPublic(unbase64(t, "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")))
	if got, want := k.ID(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"; got != want {
		t.Errorf("Ed25519: %s, want %s", got, want)
	}
	// A private key and its public half are one key.
	for name, pair := range map[string][2]jwtauth.Key{
		"ES256": {tokentest.Must(t)(jwtauth.ES256(tokentest.ECKey())), tokentest.Must(t)(jwtauth.ES256Public(&tokentest.ECKey().PublicKey))},
		"EdDSA": {tokentest.Must(t)(jwtauth.EdDSA(tokentest.EdKey())), tokentest.Must(t)(jwtauth.EdDSAPublic(tokentest.EdKey().Public().(ed25519.PublicKey)))},
		"PS256": {tokentest.Must(t)(jwtauth.PS256(tokentest.RSAKey())), tokentest.Must(t)(jwtauth.PS256Public(&tokentest.RSAKey().PublicKey))},
	} {
		if pair[0].ID() != pair[1].ID() || len(pair[0].ID()) != 43 {
			t.Errorf("%s: IDs %q and %q", name, pair[0].ID(), pair[1].ID())
		}
	}
}

func TestASecretThatCanBeGuessedIsRefused(t *testing.T) {
	// JW-10: RFC 8725, section 3.5.
	for name, secret := range map[string]string{
		"nothing":                   "",
		"short":                     "0123456789abcdef0123456789abcde",
		"31 random bytes":           string(tokentest.Secret[:31]),
		"a password":                "correct horse battery staple, correct horse battery staple",
		"a password of one word":    "my-super-secret-signing-key-do-not-share",
		"the key of many a README":  "your-256-bit-secret-your-256-bit-secret",
		"a password with capitals":  "ThisIsTheSecretOfOurCompanyAndNobodyKnowsItAtAll",
		"a password in Korean":      "우리회사의비밀열쇠는아무도모릅니다",
		"a password and a newline":  "correct horse battery staple, said he\n",
		"half the digits in hex":    "8f14e45fceea167a5a36dedd4bea2543",
		"digits only":               "1234567890123456789012345678901234567890123456789012345678901234",
		"one byte again and again":  strings.Repeat("\xff", 64),
		"zeros":                     string(make([]byte, 32)),
		"hex from a file with line": "8f14e45fceea167a5a36dedd4bea25438f14e45fceea167a5a36dedd4bea2543\n",
		// The trap that many fell into: a public key of RS256 for the secret of HS256.
		"a public key": "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----\n",
	} {
		if _, err := jwtauth.HS256([]byte(secret)); err == nil {
			t.Errorf("%s: no error", name)
		} else if !strings.Contains(err.Error(), "32 random bytes") {
			t.Errorf("%s: error does not say what to do: %v", name, err)
		} else if len(secret) > 8 && strings.Contains(err.Error(), secret[:8]) {
			t.Errorf("%s: error shows the secret: %v", name, err)
		}
	}
}

func TestARandomSecretIsTaken(t *testing.T) {
	for name, secret := range map[string]string{
		"bytes":                 string(tokentest.Secret),
		"hex":                   "8f14e45fceea167a5a36dedd4bea25438f14e45fceea167a5a36dedd4bea2543",
		"hex in capitals":       "8F14E45FCEEA167A5A36DEDD4BEA25438F14E45FCEEA167A5A36DEDD4BEA2543",
		"base64":                "jxTkX87qFnpaNt7dS+olQ48U5F/O6hZ6WjbeXUvqJUM=",
		"base64url":             "jxTkX87qFnpaNt7dS-olQ48U5F_O6hZ6WjbeXUvqJUM",
		"more than it needs be": strings.Repeat(string(tokentest.Secret), 8),
	} {
		if _, err := jwtauth.HS256([]byte(secret)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for range 1000 {
		b := make([]byte, 32)
		_, _ = rand.Read(b)
		if _, err := jwtauth.HS256(b); err != nil {
			t.Fatalf("%x: %v", b, err)
		}
	}
}

func TestAWeakOrWrongKeyIsRefused(t *testing.T) {
	// JW-10, JW-2.
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	mismatched := *tokentest.ECKey()
	mismatched.PublicKey = other.PublicKey
	halves := append(bytes.Clone(tokentest.EdKey()[:32]), make([]byte, 32)...)
	noSecret := *tokentest.ECKey()
	noSecret.D = nil
	noPrime := *tokentest.RSAKey()
	noPrime.Primes, noPrime.Precomputed = []*big.Int{nil, nil}, rsa.PrecomputedValues{}
	for name, fails := range map[string]func() (jwtauth.Key, error){
		"RS256 of 1024 bits":         func() (jwtauth.Key, error) { return jwtauth.RS256(small) },
		"PS256 of 1024 bits":         func() (jwtauth.Key, error) { return jwtauth.PS256(small) },
		"RS256 of 1024 bits, public": func() (jwtauth.Key, error) { return jwtauth.RS256Public(&small.PublicKey) },
		"RS256, nil":                 func() (jwtauth.Key, error) { return jwtauth.RS256(nil) },
		"RS256, empty":               func() (jwtauth.Key, error) { return jwtauth.RS256(&rsa.PrivateKey{}) },
		"PS256, nil, public":         func() (jwtauth.Key, error) { return jwtauth.PS256Public(nil) },
		"RS256 with exponent 1":      func() (jwtauth.Key, error) { return jwtauth.RS256Public(&rsa.PublicKey{N: tokentest.RSAKey().N, E: 1}) },
		"PS256 with an even exponent": func() (jwtauth.Key, error) {
			return jwtauth.PS256Public(&rsa.PublicKey{N: tokentest.RSAKey().N, E: 65536})
		},
		"RS256 with an even modulus": func() (jwtauth.Key, error) {
			return jwtauth.RS256Public(&rsa.PublicKey{N: new(big.Int).Sub(tokentest.RSAKey().N, big.NewInt(1)), E: 65537})
		},
		"PS256 of 8193 bits": func() (jwtauth.Key, error) {
			return jwtauth.PS256Public(&rsa.PublicKey{N: new(big.Int).SetBit(tokentest.RSAKey().N, 8192, 1), E: 65537})
		},
		"ES256 of the curve P-384": func() (jwtauth.Key, error) { return jwtauth.ES256(p384) },
		"ES256 of P-384, public":   func() (jwtauth.Key, error) { return jwtauth.ES256Public(&p384.PublicKey) },
		"ES256, nil":               func() (jwtauth.Key, error) { return jwtauth.ES256(nil) },
		"ES256, empty":             func() (jwtauth.Key, error) { return jwtauth.ES256(&ecdsa.PrivateKey{}) },
		"ES256 off the curve": func() (jwtauth.Key, error) {
			return jwtauth.ES256Public(&ecdsa.PublicKey{Curve: elliptic.P256(), X: big.NewInt(1), Y: big.NewInt(1)})
		},
		"ES256 without its secret":       func() (jwtauth.Key, error) { return jwtauth.ES256(&noSecret) },
		"ES256 without a point, public":  func() (jwtauth.Key, error) { return jwtauth.ES256Public(&ecdsa.PublicKey{Curve: elliptic.P256()}) },
		"PS256 without its primes":       func() (jwtauth.Key, error) { return jwtauth.PS256(&noPrime) },
		"ES256, nil, public":             func() (jwtauth.Key, error) { return jwtauth.ES256Public(nil) },
		"ES256 of two halves":            func() (jwtauth.Key, error) { return jwtauth.ES256(&mismatched) },
		"EdDSA, nil":                     func() (jwtauth.Key, error) { return jwtauth.EdDSA(nil) },
		"EdDSA, a seed":                  func() (jwtauth.Key, error) { return jwtauth.EdDSA(ed25519.PrivateKey(tokentest.Secret)) },
		"EdDSA, nil, public":             func() (jwtauth.Key, error) { return jwtauth.EdDSAPublic(nil) },
		"EdDSA of two halves":            func() (jwtauth.Key, error) { return jwtauth.EdDSA(halves) },
		"WithID of the zero Key":         func() (jwtauth.Key, error) { return jwtauth.Key{}.WithID("a") },
		"WithID empty":                   func() (jwtauth.Key, error) { return tokentest.HS256(t).WithID("") },
		"WithID of a path":               func() (jwtauth.Key, error) { return tokentest.HS256(t).WithID("../../dev/null") },
		"WithID with a quote":            func() (jwtauth.Key, error) { return tokentest.HS256(t).WithID(`a"b`) },
		"WithID with a letter not ASCII": func() (jwtauth.Key, error) { return tokentest.HS256(t).WithID("é") },
		"WithID of 129 bytes":            func() (jwtauth.Key, error) { return tokentest.HS256(t).WithID(strings.Repeat("a", 129)) },
	} {
		if k, err := fails(); err == nil {
			t.Errorf("%s: no error", name)
		} else if k != (jwtauth.Key{}) {
			t.Errorf("%s: a key and an error", name)
		}
	}
	if got := tokentest.Named(t, tokentest.HS256(t), "2026-03_a.b~c").ID(); got != "2026-03_a.b~c" {
		t.Errorf("ID %q", got)
	}
}

func TestAKeyIsACopy(t *testing.T) {
	s := bytes.Clone(tokentest.Secret)
	k := tokentest.Must(t)(jwtauth.HS256(s))
	clear(s)
	m := storetest.Memory(t)
	ours := tokentest.NewClient(t, tokentest.App(t, tokentest.New(t, m, tokentest.WithKeys(k)))).Login("1")
	ours.App = tokentest.App(t, tokentest.New(t, m, tokentest.WithKeys(tokentest.HS256(t))))
	ours.Status("GET", "/me", 200)
}

func TestAKeyNeverPrintsWhatItIsMadeOf(t *testing.T) {
	private := tokentest.EdKey()
	for name, k := range tokentest.Keys(t) {
		tokens := tokentest.New(t, memory.New(), tokentest.WithKeys(k))
		config := jwtauth.Config{Keys: []jwtauth.Key{k}}
		var out bytes.Buffer
		for _, v := range []any{k, &k, []jwtauth.Key{k}, config, &config, tokens, *tokens, struct{ k jwtauth.Key }{k}} {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
				fmt.Fprintf(&out, verb+"\n", v)
			}
			slog.New(slog.NewTextHandler(&out, nil)).Info("m", "v", v)
		}
		slog.New(slog.NewJSONHandler(&out, nil)).Info("m", "k", k, "list", []jwtauth.Key{k})
		if err := json.NewEncoder(&out).Encode([]jwtauth.Key{k}); err != nil {
			t.Fatal(err)
		}
		text := strings.ToLower(out.String())
		if !strings.Contains(text, "["+strings.ToLower(name)+" key "+strings.ToLower(k.ID())+"]") {
			t.Errorf("%s: does not say which key it is", name)
		}
		for _, material := range [][]byte{tokentest.Secret, private.Seed(), must2(tokentest.ECKey().Bytes()), tokentest.RSAKey().D.Bytes(), tokentest.RSAKey().Primes[0].Bytes()} {
			some := material[1:9]
			for _, form := range []string{
				fmt.Sprintf("%x", some), strings.Trim(fmt.Sprint(some), "[]"), new(big.Int).SetBytes(material).String(),
				strings.Trim(fmt.Sprintf("%#v", some)[len("[]byte{"):], "{}"), base64.StdEncoding.EncodeToString(material)[:16],
			} {
				if strings.Contains(text, strings.ToLower(form)) {
					i := strings.Index(text, strings.ToLower(form))
					t.Errorf("%s: printed %s: %s", name, form, text[max(0, i-300):i+100])
				}
			}
		}
	}
	if got := fmt.Sprint(jwtauth.Key{}); got != "[no key]" || (jwtauth.Key{}).ID() != "" {
		t.Errorf("the zero Key prints as %q and has the ID %q", got, jwtauth.Key{}.ID())
	}
}

func must2[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
