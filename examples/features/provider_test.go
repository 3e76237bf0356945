package features_test

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"

	"golang.org/x/oauth2"

	"github.com/inga-auth/inga/examples/features"
	"github.com/inga-auth/inga/middleware/authtest"
)

// A provider knows one person, Ann, who has always agreed. It checks PKCE, accepts a code once, and
// signs ID tokens.
type provider struct {
	*authtest.Issuer // its issuer identifier, and its keys
	url              string

	mu     sync.Mutex
	codes  map[string]url.Values // what each code was asked for with
	claims map[string]any        // of the next ID token, besides
	signer *authtest.Issuer      // of the ID tokens
}

func newProvider(t *testing.T) *provider {
	t.Helper()
	p := &provider{Issuer: authtest.NewIssuer(t), codes: map[string]url.Values{}}
	p.signer = p.Issuer
	mux := http.NewServeMux()
	mux.HandleFunc("GET /authorize", p.authorize)
	mux.HandleFunc("POST /token", p.token)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	p.url = server.URL
	return p
}

// config is what the shop knows of the provider.
func (p *provider) config(shop string) features.Provider {
	return features.Provider{Issuer: p.URL, Keys: p.URL + "/jwks", Config: oauth2.Config{
		ClientID: "shop", RedirectURL: shop + "/login/provider/callback", Scopes: []string{"openid", "email"},
		Endpoint: oauth2.Endpoint{AuthURL: p.url + "/authorize", TokenURL: p.url + "/token", AuthStyle: oauth2.AuthStyleInParams},
	}}
}

// say changes what the ID tokens say, and who signs them if signer is not nil.
func (p *provider) say(claims map[string]any, signer *authtest.Issuer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.claims = claims; signer != nil {
		p.signer = signer
	}
}

func (p *provider) authorize(w http.ResponseWriter, r *http.Request) {
	asked, code := r.URL.Query(), rand.Text()
	p.mu.Lock()
	p.codes[code] = asked
	p.mu.Unlock()
	answer := url.Values{"code": {code}, "state": {asked.Get("state")}, "iss": {p.URL}}
	http.Redirect(w, r, asked.Get("redirect_uri")+"?"+answer.Encode(), http.StatusSeeOther)
}

func (p *provider) token(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	asked := p.codes[r.PostFormValue("code")]
	delete(p.codes, r.PostFormValue("code"))
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	if asked.Get("code_challenge_method") != "S256" || asked.Get("code_challenge") != base64.RawURLEncoding.EncodeToString(sum[:]) {
		http.Error(w, `{"error":"invalid_grant"}`, http.StatusBadRequest)
		return
	}
	claims := map[string]any{
		"iss": p.URL, "sub": "248289761001", "aud": "shop", "nonce": asked.Get("nonce"), "email": "ann@example.com", "email_verified": true,
	}
	maps.Copy(claims, p.claims)
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{
		"access_token": rand.Text(), "token_type": "Bearer", "id_token": p.signer.Sign(map[string]any{"typ": "JWT"}, claims),
	})
}
