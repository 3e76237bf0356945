package foreign_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/inga-auth/inga/internal/tokentest"
	"github.com/inga-auth/inga/jwtauth/foreign"
)

// sets are JWK sets as issuers publish them, and whether a token that foreignEC signed is
// good by them.
var sets = []struct {
	name string
	keys func() []any
	good bool
}{
	{"the key", func() []any { return []any{foreignEC().jwk()} }, true},
	{"with all its members", func() []any {
		return []any{with(foreignEC().jwk(), "alg", "ES256", "use", "sig", "key_ops", []string{"verify"}, "x5t", "x", "x5c", []string{"MIIB"}, "issuer", "x")}
	}, true},
	{"for signing as well", func() []any { return []any{with(foreignEC().jwk(), "key_ops", []string{"sign", "verify"})} }, true},
	{"padded", func() []any { return []any{with(foreignEC().jwk(), "x", foreignEC().jwk()["x"].(string)+"=")} }, true},

	// What a set may have beside it, before and after.
	{"a key of a kind that is not invented yet", beside(map[string]any{"kty": "AKP", "alg": "ML-DSA-44", "pub": "AAAA", "kid": "pq"}), true},
	{"a key on a curve that we do not know", beside(map[string]any{"kty": "EC", "crv": "secp256k1", "alg": "ES256K", "kid": "k1", "x": "AAAA", "y": "AAAA"}), true},
	{"Ed448", beside(map[string]any{"kty": "OKP", "crv": "Ed448", "kid": "448", "x": "AAAA"}), true},
	{"X25519", beside(map[string]any{"kty": "OKP", "crv": "X25519", "kid": "x", "x": strings.Repeat("A", 43)}), true},
	{"a secret", beside(map[string]any{"kty": "oct", "k": "AAAA"}), true},
	{"a key for encryption", beside(with(foreignRSA().jwk(), "use", "enc", "alg", "RSA-OAEP")), true},
	{"a key of 1024 bits", beside(map[string]any{"kty": "RSA", "e": "AQAB", "n": tokentest.B64(strings.Repeat("\xff", 128))}), true},
	{"a key off its curve", beside(with(foreignEC().jwk(), "y", foreignEC().jwk()["x"])), true},
	{"nothing", beside(map[string]any{}), true},
	{"null", beside(nil), true},
	{"a number", beside(7), true},
	{"a list", beside([]any{}), true},
	{"a kid that is a number", beside(with(foreignRSA().jwk(), "kid", 7)), true},
	{"a key with the same kid", beside(with(foreignRSA().jwk(), "kid", "ec")), true},
	{"a key of its kind with the same kid", beside(with(nextEC().jwk(), "kid", "ec")), true},
	{"a key for encryption with the same kid", beside(with(nextEC().jwk(), "kid", "ec", "use", "enc")), true},
	{"a broken key with the same kid", beside(with(foreignEC().jwk(), "x", "!")), true},

	// What makes it another key, or none for this.
	{"for encryption", func() []any { return []any{with(foreignEC().jwk(), "use", "enc")} }, false},
	{"for no use that there is", func() []any { return []any{with(foreignEC().jwk(), "use", "SIG")} }, false},
	{"not to verify", func() []any { return []any{with(foreignEC().jwk(), "key_ops", []string{"deriveKey"})} }, false},
	{"not to do anything", func() []any { return []any{with(foreignEC().jwk(), "key_ops", []string{})} }, false},
	{"of another algorithm", func() []any { return []any{with(foreignEC().jwk(), "alg", "ES384")} }, false},
	{"of an algorithm of another kind", func() []any { return []any{with(foreignEC().jwk(), "alg", "RS256")} }, false},
	{"of another kid", func() []any { return []any{with(foreignEC().jwk(), "kid", "EC")} }, false},
	{"without a kid", func() []any { return []any{with(foreignEC().jwk(), "kid", "")} }, false},
	{"on another curve", func() []any { return []any{with(foreignEC().jwk(), "crv", "P-384")} }, false},
	{"of another kind", func() []any { return []any{with(foreignEC().jwk(), "kty", "ec")} }, false},
	{"without y", func() []any { return []any{with(foreignEC().jwk(), "y", "")} }, false},
	{"with a byte of x in y", func() []any {
		point, err := foreignEC().private.Public().(*ecdsa.PublicKey).Bytes()
		if err != nil {
			panic(err)
		}
		return []any{with(foreignEC().jwk(), "x", tokentest.B64(string(point[1:32])), "y", tokentest.B64(string(point[32:])))}
	}, false},
	{"the point at infinity", func() []any {
		return []any{with(foreignEC().jwk(), "x", strings.Repeat("A", 43), "y", strings.Repeat("A", 43))}
	}, false},
}

// beside is a set that has the key between two of the other.
func beside(other any) func() []any {
	return func() []any { return []any{other, foreignEC().jwk(), other} }
}

func TestOneStrangeKeyDoesNotSpoilTheSet(t *testing.T) {
	p := newIDP(t)
	for _, row := range sets {
		t.Run(row.name, func(t *testing.T) {
			p.publishRaw(row.keys()...)
			w := send(guarded(t, p.issuers(t)), p.token(foreignEC()))
			// A set without a key for us is no answer: 503.
			if good := w.Code == 200; good != row.good || !good && w.Code != 401 && w.Code != 503 {
				t.Errorf("status %d, good %v, want %v", w.Code, good, row.good)
			}
		})
	}
}

func TestAWeakOrMonstrousRSAKeyOfAnIssuerIsNotUsed(t *testing.T) {
	// JW-10. A set that has no other key is no set, which is how one sees that it is not used.
	private, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	weak := &foreignKey{"rsa", "RS256", private}
	k := foreignRSA()
	p := newIDP(t)
	for _, row := range []struct {
		name string
		jwk  map[string]any
		want int
	}{
		{"the key", k.jwk(), 200},
		{"2048 bits of another", with(k.jwk(), "n", tokentest.B64(strings.Repeat("\xff", 256))), 401},
		{"2047 bits", with(k.jwk(), "n", tokentest.B64("\x7f"+strings.Repeat("\xff", 255))), 503},
		{"2048 bits and zeros", with(k.jwk(), "n", tokentest.B64("\x00\x00"+strings.Repeat("\xff", 256))), 401},
		{"8192 bits", with(k.jwk(), "n", tokentest.B64(strings.Repeat("\xff", 1024))), 401},
		{"8193 bits", with(k.jwk(), "n", tokentest.B64("\x01"+strings.Repeat("\xff", 1024))), 503},
		{"exponent 1", with(k.jwk(), "e", "AQ"), 503},
		{"exponent 2", with(k.jwk(), "e", "Ag"), 503},
		{"exponent 3", with(k.jwk(), "e", "Aw"), 401},
		{"an even exponent", with(k.jwk(), "e", "AQAA"), 503},
		{"an even modulus", with(k.jwk(), "n", tokentest.B64(strings.Repeat("\xff", 255)+"\xfe")), 503},
		{"an exponent of 31 bits", with(k.jwk(), "e", "f____w"), 401},
		{"an exponent of 32 bits", with(k.jwk(), "e", "_____w"), 503},
		{"an exponent of 64 bits and 3", with(k.jwk(), "e", "AQAAAAAAAAAD"), 503},
		{"no exponent", with(k.jwk(), "e", ""), 503},
		{"no modulus", with(k.jwk(), "n", nil), 503},
		{"no base64", with(k.jwk(), "e", "AQ!B"), 503},
	} {
		p.publishRaw(row.jwk)
		if w := send(guarded(t, p.issuers(t)), p.token(k)); w.Code != row.want {
			t.Errorf("%s: status %d, want %d", row.name, w.Code, row.want)
		}
	}
	p.publish(weak)
	wantStatus(t, guarded(t, p.issuers(t)), p.token(weak), 503)
}

func TestASetMayBeLargeAndNotTooLarge(t *testing.T) {
	p := newIDP(t)
	var set []any
	for i := range 255 {
		set = append(set, with(nextEC().jwk(), "kid", fmt.Sprint(i)))
	}
	p.publishRaw(append(set, foreignEC().jwk())...)
	wantStatus(t, guarded(t, p.issuers(t)), p.token(foreignEC()), 200)
	p.publishRaw(append(set, set[0], foreignEC().jwk())...)
	wantUndecided(t, guarded(t, p.issuers(t)), p.token(foreignEC()))
}

// TestTheKeysOfRFC7517AreRead has the public keys of RFC 7517, appendix A.1, and of RFC
// 8037, appendix A.2. Nothing is signed with them here: that they are read shows in that a bad
// signature is known to be bad, at one fetch, and does not leave the set without a key.
func TestTheKeysOfRFC7517AreRead(t *testing.T) {
	ec := `{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","use":"enc","kid":"1"}`
	rsa := `{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}`
	ed := `{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","kid":"ed"}`
	for _, row := range []struct {
		set, kid, alg string
		want          int
	}{
		{ec, "1", "ES256", 503}, // for encryption, and the set has no other
		{rsa, "2011-04-29", "RS256", 401},
		{ed, "ed", "EdDSA", 401},
		{ec + "," + rsa + "," + ed, "2011-04-29", "RS256", 401},
	} {
		p := newIDP(t)
		p.answer(write(`{"keys":[` + row.set + `]}`))
		token := tokentest.B64(fmt.Sprintf(`{"alg":%q,"typ":"at+jwt","kid":%q}`, row.alg, row.kid)) + "." + tokentest.B64(p.claims("")) + "." + tokentest.B64(strings.Repeat("x", 64))
		wantStatus(t, guarded(t, p.issuers(t)), token, row.want)
		p.wantFetches(t, 1)
	}
}

func FuzzJWKSet(f *testing.F) {
	add := func(keys ...any) {
		text, err := json.Marshal(map[string]any{"keys": keys})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	for _, row := range sets {
		add(row.keys()...)
	}
	add(foreignRSA().jwk(), foreignEd().jwk(), foreign384().jwk(), foreign521().jwk())
	f.Add([]byte(`{"keys":[]}`))
	f.Add([]byte(`{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}],"keys":null}`))

	p := bubbled()
	// The attacker's key is in no seed, and cannot be guessed.
	attacker := newEC("ec", "ES256", elliptic.P256())
	tokens := map[string]string{}
	for _, k := range []*foreignKey{attacker, attacker.named(""), attacker.named("rsa")} {
		tokens["attacker's "+k.kid] = p.token(k)
	}
	for _, alg := range []string{"RS256", "ES256", "ES384", "ES512", "EdDSA"} {
		tokens["junk "+alg] = tokentest.B64(fmt.Sprintf(`{"alg":%q,"typ":"at+jwt"}`, alg)) + "." + tokentest.B64(p.claims("")) + "." + tokentest.B64(strings.Repeat("\x01", 64))
	}
	f.Fuzz(func(t *testing.T, set []byte) {
		issuers := p.issuers(t, everyAlgorithm, func(c *foreign.Config) {
			c.Logger = slog.New(slog.DiscardHandler)
			c.HTTPClient = &http.Client{Transport: transport(func(*http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader(string(set)))}, nil
			})}
		})
		for name, token := range tokens {
			if id, err := issuers.Authenticate(tokentest.Presented(token)); err == nil || id.Subject != "" {
				t.Fatalf("%s passes as %+v by %q", name, id, set)
			}
		}
	})
}
