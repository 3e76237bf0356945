package foreign_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/sliding"
)

const (
	issuer   = "https://app.example"
	audience = "https://api.example"
)

// secret has every byte from 0 to 31 once: nothing that a human would think of.
var secret = []byte("\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f")

var edKey = sync.OnceValue(func() ed25519.PrivateKey { return ed25519.NewKeyFromSeed(secret) })

// keys are some of our own, one of each algorithm that others can verify.
func keys(t testing.TB) map[string]jwtauth.Key {
	t.Helper()
	ec, err1 := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	r, err2 := rsa.GenerateKey(rand.Reader, 2048)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	es256, err1 := jwtauth.ES256(ec)
	eddsa, err2 := jwtauth.EdDSA(edKey())
	rs256, err3 := jwtauth.RS256(r)
	ps256, err4 := jwtauth.PS256(r)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
	return map[string]jwtauth.Key{"ES256": es256, "EdDSA": eddsa, "RS256": rs256, "PS256": ps256}
}

func withKeys(keys ...jwtauth.Key) func(*jwtauth.Config) {
	return func(c *jwtauth.Config) { c.Keys = keys }
}

// newTokens returns tokens of our own, which stand beside those of other issuers.
func newTokens(t testing.TB, s backends.Store, edit ...func(*jwtauth.Config)) *jwtauth.Tokens {
	t.Helper()
	key, err := jwtauth.HS256(secret)
	if err == nil {
		key, err = key.WithID("k1")
	}
	if err != nil {
		t.Fatal(err)
	}
	c := jwtauth.Config{
		Store: s, Keys: []jwtauth.Key{key}, Issuer: issuer, Audience: audience,
		Policy: sliding.Policy{Idle: 30 * time.Minute, Absolute: 12 * time.Hour},
		Events: func(context.Context, middleware.Event) {},
	}
	for _, e := range edit {
		e(&c)
	}
	tokens, err := jwtauth.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

func login(t testing.TB, tokens *jwtauth.Tokens, user string) (jwtauth.Response, error) {
	t.Helper()
	return tokens.Login(httptest.NewRequest("POST", "/", nil), middleware.Login{Subject: user})
}

// presented is a request that brings the token.
func presented(token string) *http.Request {
	r := httptest.NewRequest("GET", "/", nil)
	r.Header["Authorization"] = []string{"Bearer " + token}
	return r
}

var me = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	id, _ := middleware.FromContext(r.Context())
	_ = json.NewEncoder(w).Encode(id)
})

func identityOf(t testing.TB, w *httptest.ResponseRecorder) middleware.Identity {
	t.Helper()
	var id middleware.Identity
	if err := json.Unmarshal(w.Body.Bytes(), &id); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	return id
}

// goodHeader and goodClaims are those of a token of ours that is good for the session.
const goodHeader = `{"alg":"HS256","typ":"at+jwt","kid":"k1"}`

func goodClaims(sid string) string {
	now := time.Now().Unix()
	return fmt.Sprintf(`{"iss":"https://app.example","sub":"1","aud":"https://api.example","exp":%d,"iat":%d,"jti":"J","sid":%q}`, now+300, now, sid)
}

// sign makes a token of any header and claims, with our secret and HMAC.
func sign(header, claims string) string { return signWith(secret, header, claims) }

func signWith(secret []byte, header, claims string) string {
	signed := b64(header) + "." + b64(claims)
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(signed))
	return signed + "." + b64(string(mac.Sum(nil)))
}

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// replaced replaces old once, and insists that it was there.
func replaced(t testing.TB, s, old, new string) string {
	t.Helper()
	if !strings.Contains(s, old) {
		t.Fatalf("%q is not in %s", old, s)
	}
	return strings.Replace(s, old, new, 1)
}

func wantMentions(t *testing.T, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("error does not mention %s:\n%v", word, err)
		}
	}
}
