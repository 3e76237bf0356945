package jwtauth_test

import (
	"bytes"
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
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/pgtest"
	"github.com/inga-auth/inga/internal/session"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/sliding"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

const (
	issuer   = "https://app.example"
	audience = "https://api.example"
)

var policy = sliding.Policy{Idle: 30 * time.Minute, Absolute: 12 * time.Hour}

// secret has every byte from 0 to 31 once: nothing that a human would think of.
var secret = []byte("\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f")

// The private keys of the tests, made once.
var (
	ecKey  = sync.OnceValue(func() *ecdsa.PrivateKey { k, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader); return k })
	rsaKey = sync.OnceValue(func() *rsa.PrivateKey { k, _ := rsa.GenerateKey(rand.Reader, 2048); return k })
	edKey  = sync.OnceValue(func() ed25519.PrivateKey { return ed25519.NewKeyFromSeed(secret) })
)

func hs256(t testing.TB) jwtauth.Key { return must(t)(jwtauth.HS256(secret)) }

// keys has one key of each algorithm.
func keys(t testing.TB) map[string]jwtauth.Key {
	return map[string]jwtauth.Key{
		"HS256": hs256(t),
		"ES256": must(t)(jwtauth.ES256(ecKey())),
		"EdDSA": must(t)(jwtauth.EdDSA(edKey())),
		"RS256": must(t)(jwtauth.RS256(rsaKey())),
		"PS256": must(t)(jwtauth.PS256(rsaKey())),
	}
}

func must(t testing.TB) func(jwtauth.Key, error) jwtauth.Key {
	t.Helper()
	return func(k jwtauth.Key, err error) jwtauth.Key {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
}

func named(t testing.TB, k jwtauth.Key, id string) jwtauth.Key {
	t.Helper()
	return must(t)(k.WithID(id))
}

func newTokens(t testing.TB, s backends.Store, edit ...func(*jwtauth.Config)) *jwtauth.Tokens {
	t.Helper()
	c := jwtauth.Config{Store: s, Keys: []jwtauth.Key{named(t, hs256(t), "k1")}, Issuer: issuer, Audience: audience, Policy: policy,
		Events: func(context.Context, middleware.Event) {}}
	for _, e := range edit {
		e(&c)
	}
	tokens, err := jwtauth.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

func withKeys(keys ...jwtauth.Key) func(*jwtauth.Config) {
	return func(c *jwtauth.Config) { c.Keys = keys }
}

// begun is a session of the user 1 that begins now, not stored yet.
func begun(t testing.TB, kind backends.Kind, p middleware.Policy) backends.Session {
	t.Helper()
	now := session.Now()
	row := backends.Session{ID: backends.NewID(), UserID: "1", Kind: kind, CreatedAt: now}
	if err := session.Begin(&row, now, p, nil); err != nil {
		t.Fatal(err)
	}
	return row
}

// newApp is a small application: log in, log out, and a guarded page.
func newApp(t testing.TB, tokens *jwtauth.Tokens) http.Handler {
	t.Helper()
	return appOf(t, tokens, slog.New(slog.DiscardHandler))
}

func appOf(t testing.TB, tokens *jwtauth.Tokens, logger *slog.Logger) http.Handler {
	t.Helper()
	guard, err := middleware.New(middleware.Config{Authenticator: tokens, Roles: []string{"user", "admin"}, Logger: logger})
	if err != nil {
		t.Fatal(err)
	}
	admin, err := guard.Require(middleware.HasRole("admin"))
	if err != nil {
		t.Fatal(err)
	}
	private := middleware.Chain(guard.Handler, sliding.Handler)
	logout := func(w http.ResponseWriter, r *http.Request) {
		if err := tokens.Logout(w, r); err != nil {
			guard.Refuse(w, r, err)
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/login", func(w http.ResponseWriter, r *http.Request) {
		response, err := tokens.Login(r, middleware.Login{Subject: r.Header.Get("User"), AMR: []string{"pwd"}})
		if err != nil {
			guard.Refuse(w, r, err)
			return
		}
		response.Write(w)
	})
	mux.HandleFunc("/logout", logout)
	mux.Handle("/private/logout", private(http.HandlerFunc(logout)))
	mux.Handle("/me", private(me))
	mux.Handle("/poll", sliding.Passive(private(me)))
	mux.Handle("/admin", admin.Handler(me))
	mux.Handle("/jwks", tokens.JWKSHandler())
	return mux
}

// guarded is a page that only a guard who asks a lets through.
func guarded(t testing.TB, a middleware.Authenticator) http.Handler {
	t.Helper()
	guard, err := middleware.New(middleware.Config{Authenticator: a, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return guard.Handler(me)
}

var me = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	id, _ := middleware.FromContext(r.Context())
	_ = json.NewEncoder(w).Encode(id)
})

// A client keeps the token as a program would, and takes each new one that it is given.
type client struct {
	t     testing.TB
	app   http.Handler
	token string
}

func newClient(t testing.TB, app http.Handler) *client { return &client{t: t, app: app} }

func (c *client) do(method, path string, edit ...func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "https://app.example"+path, nil).WithContext(c.t.Context())
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	for _, e := range edit {
		e(r)
	}
	w := httptest.NewRecorder()
	c.app.ServeHTTP(w, r)
	if renewed := w.Header().Get("Access-Token"); renewed != "" {
		c.token = renewed
	}
	return w
}

func (c *client) status(method, path string, want int, edit ...func(*http.Request)) *httptest.ResponseRecorder {
	c.t.Helper()
	w := c.do(method, path, edit...)
	if w.Code != want {
		c.t.Fatalf("%s %s: status %d, want %d: %s", method, path, w.Code, want, w.Body)
	}
	return w
}

func (c *client) login(user string) *client {
	c.t.Helper()
	w := c.status("POST", "/login", 200, as(user))
	var body struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || body.AccessToken == "" {
		c.t.Fatalf("no token in %s (%v)", w.Body, err)
	}
	c.token = body.AccessToken
	return c
}

func as(user string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("User", user) }
}

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func identityOf(t testing.TB, w *httptest.ResponseRecorder) middleware.Identity {
	t.Helper()
	var id middleware.Identity
	if err := json.Unmarshal(w.Body.Bytes(), &id); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	return id
}

// claimsOf reads a token without verifying it.
func claimsOf(t testing.TB, token string) map[string]any {
	t.Helper()
	return part(t, token, 1)
}

func part(t testing.TB, token string, i int) map[string]any {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[i])
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&m); err != nil {
		t.Fatal(err)
	}
	return m
}

// The header and the claims of a token that is good for the session, as the forgers of the
// tests begin with.
const goodHeader = `{"alg":"HS256","typ":"at+jwt","kid":"k1"}`

func goodClaims(sid string) string {
	now := time.Now().Unix()
	return fmt.Sprintf(`{"iss":"https://app.example","sub":"1","aud":"https://api.example","exp":%d,"iat":%d,"jti":"J","sid":%q}`, now+300, now, sid)
}

// sign makes a token of any header and claims, with the secret of the tests and HMAC.
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
