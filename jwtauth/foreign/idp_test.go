package foreign_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/inga-auth/inga/internal/tokentest"
	"github.com/inga-auth/inga/jwtauth/foreign"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/authtest"
)

// An idp is an issuer that publishes keys and misbehaves on command.
type idp struct {
	issuer string
	client *http.Client

	mu          sync.Mutex
	keys        []any
	document    map[string]any
	misbehave   http.HandlerFunc // in place of the JWK set
	fetches     int              // of the JWK set
	discoveries int
}

// newIDP is an issuer on a real HTTP server.
func newIDP(t testing.TB, keys ...*foreignKey) *idp {
	t.Helper()
	p := &idp{}
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	p.issuer = server.URL
	p.document = map[string]any{"issuer": p.issuer, "jwks_uri": p.issuer + "/jwks"}
	p.publish(keys...)
	return p
}

// bubbled is an issuer without a network, for tests that need the clock of a bubble.
func bubbled(keys ...*foreignKey) *idp {
	p := &idp{issuer: "https://idp.example"}
	p.client = &http.Client{Transport: authtest.Transport(p)}
	p.publish(keys...)
	return p
}

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func (p *idp) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	answer := p.misbehave
	var body any = map[string]any{"keys": p.keys}
	if r.URL.Path == "/.well-known/openid-configuration" {
		p.discoveries++
		answer, body = nil, p.document
	} else {
		p.fetches++
	}
	text, _ := json.Marshal(body)
	p.mu.Unlock()
	if answer != nil {
		answer(w, r)
		return
	}
	_, _ = w.Write(text)
}

// publish replaces the keys of the set.
func (p *idp) publish(keys ...*foreignKey) {
	var set []any
	for _, k := range keys {
		set = append(set, k.jwk())
	}
	p.publishRaw(set...)
}

func (p *idp) publishRaw(set ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.keys = set
}

func (p *idp) answer(misbehave http.HandlerFunc) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.misbehave = misbehave
}

// down answers every fetch with an error, and up ends that.
func (p *idp) down() { p.answer(status(500)) }
func (p *idp) up()   { p.answer(nil) }

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func (p *idp) fetched() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.fetches
}

func (p *idp) wantFetches(t testing.TB, want int) {
	t.Helper()
	if got := p.fetched(); got != want {
		t.Errorf("%d fetches, want %d", got, want)
	}
}

func (p *idp) config(edit ...func(*foreign.Config)) foreign.Config {
	c := foreign.Config{
		Issuer: p.issuer, Audience: tokentest.Audience, JWKSURL: p.issuer + "/jwks", HTTPClient: p.client,
		Logger: slog.New(slog.DiscardHandler),
	}
	for _, e := range edit {
		e(&c)
	}
	return c
}

func (p *idp) issuers(t testing.TB, edit ...func(*foreign.Config)) *foreign.Issuers {
	t.Helper()
	return newIssuers(t, p.config(edit...))
}

func newIssuers(t testing.TB, configs ...foreign.Config) *foreign.Issuers {
	t.Helper()
	issuers, err := foreign.New(configs...)
	if err != nil {
		t.Fatal(err)
	}
	return issuers
}

// claims are those of a good token; %s in more are further members, each with a comma first.
func (p *idp) claims(more string) string {
	now := time.Now().Unix()
	return fmt.Sprintf(`{"iss":%q,"sub":"u1","aud":%q,"exp":%d,"iat":%d%s}`, p.issuer, tokentest.Audience, now+3600, now, more)
}

// token is a good one, signed by k.
func (p *idp) token(k *foreignKey) string { return k.sign(k.header(), p.claims("")) }

// A foreignKey is the key of an issuer, with the one algorithm that it signs with.
type foreignKey struct {
	kid     string
	alg     string
	private crypto.Signer
}

func (k *foreignKey) header() string {
	return fmt.Sprintf(`{"alg":%q,"typ":"at+jwt","kid":%q}`, k.alg, k.kid)
}

func (k *foreignKey) sign(header, claims string) string {
	signed := tokentest.B64(header) + "." + tokentest.B64(claims)
	alg := k.alg
	if alg == "Ed25519" {
		alg = "EdDSA"
	}
	sig, err := jwt.GetSigningMethod(alg).Sign(signed, k.private)
	if err != nil {
		panic(err)
	}
	return signed + "." + tokentest.B64(string(sig))
}

// named is the same key under another ID, as which it is unknown to those who know this one.
func (k *foreignKey) named(kid string) *foreignKey { return &foreignKey{kid, k.alg, k.private} }

// as is the same key with another algorithm.
func (k *foreignKey) as(alg string) *foreignKey { return &foreignKey{k.kid, alg, k.private} }

// jwk is the public half, without an algorithm, as many issuers publish it.
func (k *foreignKey) jwk() map[string]any {
	enc := base64.RawURLEncoding.EncodeToString
	m := map[string]any{"kid": k.kid}
	switch public := k.private.Public().(type) {
	case *rsa.PublicKey:
		m["kty"], m["n"], m["e"] = "RSA", enc(public.N.Bytes()), "AQAB"
	case *ecdsa.PublicKey:
		point, err := public.Bytes()
		if err != nil {
			panic(err)
		}
		half := len(point) / 2
		m["kty"], m["crv"], m["x"], m["y"] = "EC", public.Params().Name, enc(point[1:1+half]), enc(point[1+half:])
	case ed25519.PublicKey:
		m["kty"], m["crv"], m["x"] = "OKP", "Ed25519", enc(public)
	}
	return m
}

// with is m with more members.
func with(m map[string]any, more ...any) map[string]any {
	for i := 0; i < len(more); i += 2 {
		m[more[i].(string)] = more[i+1]
	}
	return m
}

// The keys of the issuers.
var (
	foreignRSA = sync.OnceValue(func() *foreignKey {
		private, _ := rsa.GenerateKey(rand.Reader, 2048)
		return &foreignKey{"rsa", "RS256", private}
	})
	foreignEC   = sync.OnceValue(func() *foreignKey { return newEC("ec", "ES256", elliptic.P256()) })
	nextEC      = sync.OnceValue(func() *foreignKey { return newEC("next", "ES256", elliptic.P256()) })
	foreign384  = sync.OnceValue(func() *foreignKey { return newEC("p384", "ES384", elliptic.P384()) })
	foreign521  = sync.OnceValue(func() *foreignKey { return newEC("p521", "ES512", elliptic.P521()) })
	foreignEd   = sync.OnceValue(func() *foreignKey { return &foreignKey{"ed", "EdDSA", tokentest.EdKey()} })
	attackersEC = sync.OnceValue(func() *foreignKey { return newEC("ec", "ES256", elliptic.P256()) })
)

func newEC(kid, alg string, curve elliptic.Curve) *foreignKey {
	private, _ := ecdsa.GenerateKey(curve, rand.Reader)
	return &foreignKey{kid, alg, private}
}

// junk is a token in which nothing is wrong but its key, which is unknown.
func (p *idp) junk(kid any) string {
	header := attackersEC().named(fmt.Sprint("junk ", kid)).header()
	return tokentest.B64(header) + "." + tokentest.B64(p.claims("")) + "." + tokentest.B64(fmt.Sprintf("%064d", 7)) // as long as a signature
}

// guarded is a page that only a guard who asks a lets through.
func guarded(t testing.TB, a middleware.Authenticator, rules ...middleware.Authorizer) http.Handler {
	t.Helper()
	guard, err := middleware.New(middleware.Config{Authenticator: a, Roles: []string{"user", "admin"}, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if len(rules) > 0 {
		if guard, err = guard.Require(rules...); err != nil {
			t.Fatal(err)
		}
	}
	return guard.Handler(tokentest.Me)
}

func send(h http.Handler, token string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, tokentest.Presented(token))
	return w
}

func wantStatus(t testing.TB, h http.Handler, token string, want int) *httptest.ResponseRecorder {
	t.Helper()
	w := send(h, token)
	if w.Code != want {
		t.Fatalf("status %d, want %d: %s", w.Code, want, w.Body)
	}
	return w
}

// wantUndecided wants the answer that the token is undecided, which logs no client out.
func wantUndecided(t testing.TB, h http.Handler, token string) {
	t.Helper()
	w := wantStatus(t, h, token, 503)
	if got := w.Header().Get("Retry-After"); got != "1" {
		t.Errorf("Retry-After %q, want 1", got)
	}
	if got := w.Header().Get("WWW-Authenticate"); got != "" {
		t.Errorf("WWW-Authenticate %s, want none", got)
	}
}
