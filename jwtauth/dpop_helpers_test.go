package jwtauth_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/proof"
	"github.com/inga-auth/inga/internal/prooftest"
	"github.com/inga-auth/inga/internal/tokentest"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/jwtauth/dpop"
	"github.com/inga-auth/inga/middleware"
)

// withDPoP binds tokens by proofs that are claimed in the store.
func withDPoP(t testing.TB, mode jwtauth.DPoP, s any, edit ...func(*dpop.Config)) func(*tokentest.Config) {
	t.Helper()
	c := dpop.Config{URL: "https://app.example", Claims: s.(backends.Claims)}
	for _, e := range edit {
		e(&c)
	}
	proofs, err := dpop.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return func(c *tokentest.Config) { c.DPoP, c.Proofs = mode, proofs }
}

func withNonces(c *dpop.Config) { c.NonceKeys = [][]byte{tokentest.RefreshKeyA} }

// A prover is a client whose tokens are bound to its key.
type prover struct {
	t               testing.TB
	app             http.Handler
	key             *prooftest.Device
	access, refresh string
	nonce           string // that it has learned
}

func newProver(t testing.TB, app http.Handler) *prover {
	t.Helper()
	return &prover{t: t, app: app, key: prooftest.New(t, "ES256")}
}

// boundClient returns a prover on which the user with the ID 1 has logged in.
func boundClient(t testing.TB, app http.Handler) *prover {
	t.Helper()
	p := newProver(t, app)
	p.keep(p.want("POST", "/login", 200, p.proof("POST", "/login", ""), tokentest.As("1")))
	return p
}

// stored stores a session that is bound to the key and began so long ago, and returns its refresh token.
func (p *prover) stored(s backends.Store, ago time.Duration) (refresh string) {
	p.t.Helper()
	row := tokentest.Begun("1", backends.KindToken, tokentest.Policy, time.Now().Add(-ago))
	row.Refresh = backends.Refresh{Generation: 1, RotatedAt: row.CreatedAt}
	row.Binding = p.binding(row.CreatedAt)
	secret := backends.NewSecret()
	if _, err := s.Create(p.t.Context(), row.CreatedAt, row, secret.Hash(), backends.CreateOptions{}); err != nil {
		p.t.Fatal(err)
	}
	return tokentest.EncodeRefresh(tokentest.RefreshKeyA, row.ID, 1, secret)
}

// binding returns one to the key that was made at the time.
func (p *prover) binding(at time.Time) backends.Binding {
	p.t.Helper()
	read, err := proof.Reader{Type: proof.DPoP, Algorithms: []string{"ES256"}}.Read(p.made("POST", "/", ""))
	if err != nil {
		p.t.Fatal(err)
	}
	return backends.Binding{Algorithm: "ES256", Thumbprint: read.Key.Thumbprint, Key: read.Key.JWK, BoundAt: at, ProvedAt: at}
}

// with returns a copy of p that has stolen everything but the key.
func (p *prover) with(key *prooftest.Device) *prover {
	thief := *p
	thief.key = key
	return &thief
}

var proofCounter atomic.Int64

// made returns a proof for a request with the access token, "" for none.
func (p *prover) made(method, path, access string, pairs ...any) string {
	p.t.Helper()
	claims := map[string]any{
		"jti": fmt.Sprint(proofCounter.Add(1)), "iat": time.Now().Unix(), "htm": method, "htu": "https://app.example" + path,
	}
	if access != "" {
		sum := sha256.Sum256([]byte(access))
		claims["ath"] = prooftest.B64(sum[:])
	}
	if p.nonce != "" {
		claims["nonce"] = p.nonce
	}
	return p.key.Proof(p.t, "dpop+jwt", prooftest.With(claims, pairs...))
}

// proof adds a new one to a request.
func (p *prover) proof(method, path, access string, pairs ...any) func(*http.Request) {
	made := p.made(method, path, access, pairs...)
	return func(r *http.Request) { r.Header.Set("DPoP", made) }
}

// authorize adds the access token.
func authorize(scheme, token string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", scheme+" "+token) }
}

func (p *prover) do(method, path string, edit ...func(*http.Request)) *httptest.ResponseRecorder {
	w := tokentest.NewClient(p.t, p.app).Do(method, path, edit...)
	if nonce := w.Header().Get("DPoP-Nonce"); nonce != "" {
		p.nonce = nonce
	}
	return w
}

// want is do, and fails the test unless the answer has the status.
func (p *prover) want(method, path string, status int, edit ...func(*http.Request)) *httptest.ResponseRecorder {
	p.t.Helper()
	w := p.do(method, path, edit...)
	if w.Code != status {
		p.t.Fatalf("%s %s: status %d, want %d: %s %v", method, path, w.Code, status, w.Body, w.Header())
	}
	return w
}

// asks sends a request as it should be.
func (p *prover) asks(method, path string, status int) *httptest.ResponseRecorder {
	p.t.Helper()
	return p.want(method, path, status, authorize("DPoP", p.access), p.proof(method, path, p.access))
}

// presents sends the refresh token with a proof.
func (p *prover) presents(refresh string, edit ...func(*http.Request)) *httptest.ResponseRecorder {
	p.t.Helper()
	form := tokentest.WithForm("grant_type", "refresh_token", "refresh_token", refresh)
	return p.do("POST", "/token", append([]func(*http.Request){form, p.proof("POST", "/token", "")}, edit...)...)
}

// keep keeps the tokens of an answer, which must be bound.
func (p *prover) keep(w *httptest.ResponseRecorder) jwtauth.Response {
	p.t.Helper()
	var resp jwtauth.Response
	if err := json.Unmarshal(w.Body.Bytes(), &resp); err != nil || w.Code != 200 || resp.AccessToken == "" || resp.TokenType != "DPoP" {
		p.t.Fatalf("status %d: %s, want tokens of the type DPoP", w.Code, w.Body)
	}
	p.access, p.refresh = resp.AccessToken, resp.RefreshToken
	return resp
}

// without removes the proof.
func without(r *http.Request) { r.Header.Del("DPoP") }

// identityOf returns the identity in an answer of tokentest.Me.
func identityOf(t testing.TB, w *httptest.ResponseRecorder) (id middleware.Identity) {
	t.Helper()
	if err := json.Unmarshal(w.Body.Bytes(), &id); err != nil {
		t.Fatal(err)
	}
	return id
}

const algs = `algs="ES256 ES384 EdDSA Ed25519 PS256 RS256"`

// wantChallenge fails the test unless the answer has the status and the challenge.
func wantChallenge(t testing.TB, what string, w *httptest.ResponseRecorder, want string) {
	t.Helper()
	if got := w.Header().Get("WWW-Authenticate"); w.Code != 401 || got != want {
		t.Errorf("%s: status %d, %s; want 401 and %s", what, w.Code, got, want)
	}
}
