package foreign_test

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/inga-auth/inga/internal/prooftest"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/internal/tokentest"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/jwtauth/dpop"
	"github.com/inga-auth/inga/jwtauth/foreign"
	"github.com/inga-auth/inga/middleware"
)

func newProofs(t testing.TB, edit ...func(*dpop.Config)) *dpop.Proofs {
	t.Helper()
	c := dpop.Config{URL: "https://app.example", InMemory: true}
	for _, e := range edit {
		e(&c)
	}
	proofs, err := dpop.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return proofs
}

// thumbprint returns that of the device's key, which is of ES256: RFC 7638, section 3.
func thumbprint(d *prooftest.Device) string {
	sum := sha256.Sum256(fmt.Appendf(nil, `{"crv":"P-256","kty":"EC","x":%q,"y":%q}`, d.JWK["x"], d.JWK["y"]))
	return prooftest.B64(sum[:])
}

var proofs atomic.Int64

// proofFor returns a proof for a GET of the page with the token.
func proofFor(t testing.TB, d *prooftest.Device, token, nonce string) string {
	t.Helper()
	sum := sha256.Sum256([]byte(token))
	claims := map[string]any{
		"jti": fmt.Sprint(proofs.Add(1)), "iat": time.Now().Unix(), "htm": "GET", "htu": "https://app.example/", "ath": prooftest.B64(sum[:]),
	}
	if nonce != "" {
		claims["nonce"] = nonce
	}
	return d.Proof(t, "dpop+jwt", claims)
}

func ask(h http.Handler, authorization, proof string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Authorization", authorization)
	if proof != "" {
		r.Header.Set("DPoP", proof)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

const algs = `algs="ES256 ES384 EdDSA Ed25519 PS256 RS256"`

func TestATokenThatItsIssuerHasBoundNeedsTheProofOfItsKey(t *testing.T) {
	// DP-7.
	p, d, thief := newIDP(t, foreignEC()), prooftest.New(t, "ES256"), prooftest.New(t, "ES256")
	token := foreignEC().sign(foreignEC().header(), p.claims(fmt.Sprintf(`,"cnf":{"jkt":%q}`, thumbprint(d))))
	issuers := p.issuers(t, func(c *foreign.Config) { c.Proofs = newProofs(t) })
	own := tokentest.New(t, storetest.Memory(t))
	beside, err := foreign.ByIssuer(own, issuers)
	if err != nil {
		t.Fatal(err)
	}
	for name, a := range map[string]middleware.Authenticator{"alone": issuers, "beside our own": beside} {
		h := guarded(t, a)
		used := proofFor(t, d, token, "")
		w := ask(h, "DPoP "+token, used)
		if id := tokentest.IdentityOf(t, w); w.Code != 200 || id.Subject != "u1" || !id.Binding.Proved || id.Binding.Thumbprint != thumbprint(d) {
			t.Errorf("%s: status %d, identity %+v", name, w.Code, id)
		}
		wrongProof := `DPoP realm="inga", error="invalid_dpop_proof", ` + algs
		for what, row := range map[string]struct{ authorization, proof, challenge string }{
			"no proof":         {"DPoP " + token, "", wrongProof},
			"used before":      {"DPoP " + token, used, wrongProof},
			"by another key":   {"DPoP " + token, proofFor(t, thief, token, ""), wrongProof},
			"as Bearer":        {"Bearer " + token, proofFor(t, d, token, ""), ""},
			"one that is free": {"DPoP " + p.token(foreignEC()), proofFor(t, d, p.token(foreignEC()), ""), `DPoP realm="inga", error="invalid_token", ` + algs},
		} {
			w := ask(h, row.authorization, row.proof)
			got := w.Header().Get("WWW-Authenticate")
			if w.Code != 401 || row.challenge != "" && got != row.challenge || !strings.Contains(got, "error=") {
				t.Errorf("%s, %s: status %d, %s; want 401 and %s", name, what, w.Code, got, row.challenge)
			}
		}
		if w := ask(h, "Bearer "+p.token(foreignEC()), ""); w.Code != 200 {
			t.Errorf("%s: a token that is not bound: status %d, want 200", name, w.Code)
		}
	}
	// Without proofs to check, and with a binding of another kind.
	h := guarded(t, p.issuers(t))
	wantStatus(t, h, token, 401)
	for _, cnf := range []string{`{"x5t#S256":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}`, `{}`, `{"jkt":""}`, `{"jkt":"x"}`, `"x"`, `null`} {
		wantStatus(t, h, foreignEC().sign(foreignEC().header(), p.claims(`,"cnf":`+cnf)), 401)
	}
}

func TestTokensOfOursAndOfOthersShareNoncesAndTheirProofs(t *testing.T) {
	p, d := newIDP(t, foreignEC()), prooftest.New(t, "ES256")
	shared := newProofs(t, func(c *dpop.Config) { c.NonceKeys = [][]byte{tokentest.RefreshKeyA} })
	own := tokentest.New(t, storetest.Memory(t), func(c *tokentest.Config) { c.DPoP, c.Proofs = jwtauth.DPoPOffered, shared })
	both, err := foreign.ByIssuer(own, p.issuers(t, func(c *foreign.Config) { c.Proofs = shared }))
	if err != nil {
		t.Fatal(err)
	}
	h := guarded(t, both)
	token := foreignEC().sign(foreignEC().header(), p.claims(fmt.Sprintf(`,"cnf":{"jkt":%q}`, thumbprint(d))))
	w := ask(h, "DPoP "+token, proofFor(t, d, token, ""))
	nonce := w.Header().Get("DPoP-Nonce")
	if got, want := w.Header().Get("WWW-Authenticate"), `DPoP realm="inga", error="use_dpop_nonce", `+algs; w.Code != 401 || got != want || nonce == "" {
		t.Fatalf("status %d, %s, nonce %q; want 401, %s", w.Code, got, nonce, want)
	}
	if w := ask(h, "DPoP "+token, proofFor(t, d, token, nonce)); w.Code != 200 || w.Header().Get("DPoP-Nonce") != nonce {
		t.Errorf("status %d, nonce %q; want 200 and the nonce", w.Code, w.Header().Get("DPoP-Nonce"))
	}
	r := httptest.NewRequest("POST", "https://app.example/", nil)
	claims := map[string]any{"jti": "a", "iat": time.Now().Unix(), "htm": "POST", "htu": "https://app.example/", "nonce": nonce}
	r.Header.Set("DPoP", d.Proof(t, "dpop+jwt", claims))
	resp, err := own.Login(r, middleware.Login{Subject: "1"})
	if err != nil {
		t.Fatal(err)
	}
	if w := ask(h, "DPoP "+resp.AccessToken, proofFor(t, d, resp.AccessToken, nonce)); w.Code != 200 {
		t.Errorf("our own: status %d, want 200: %s", w.Code, w.Body)
	}
	if _, err := foreign.New(p.config(func(c *foreign.Config) { c.Proofs = shared }), foreign.Config{
		Issuer: "https://other.example", Audience: "a", Proofs: newProofs(t),
	}); err == nil || !strings.Contains(err.Error(), "Proofs") {
		t.Errorf("two Proofs: %v, want an error about Proofs", err)
	}
}
