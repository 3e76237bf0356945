package authtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// An Issuer is a foreign issuer of tokens, like Keycloak or Auth0, within the test process. It
// serves OpenID Connect Discovery and a key set (RFC 7517), and signs with ES256. It is safe for
// concurrent use.
//
//	issuer := authtest.NewIssuer(t)
//	issuers, err := foreign.New(foreign.Config{Issuer: issuer.URL, Audience: "orders", HTTPClient: issuer.Client()})
//	token := issuer.Token(map[string]any{"sub": "ann", "aud": "orders"})
type Issuer struct {
	// URL is the address of the issuer and the claim iss of its tokens. Do not change it.
	URL string

	client *http.Client

	mu      sync.Mutex
	keys    []*signingKey // published; the last one signs
	made    int           // keys so far
	outage  http.HandlerFunc
	fetches int
}

var _ http.Handler = (*Issuer)(nil)

// NewIssuer returns an issuer with its own server, which is closed when the test ends.
func NewIssuer(t testing.TB) *Issuer {
	t.Helper()
	i := &Issuer{}
	i.Rotate()
	server := httptest.NewServer(i)
	t.Cleanup(server.Close)
	i.URL, i.client = server.URL, server.Client()
	return i
}

// InMemoryIssuer returns an issuer without a network; see [Transport]. Its URL is
// https://issuer.example, which only [Issuer.Client] reaches.
func InMemoryIssuer() *Issuer {
	const address = "https://issuer.example"
	i := &Issuer{URL: address}
	i.client = &http.Client{Transport: only{address, Transport(i)}}
	i.Rotate()
	return i
}

// Client returns a client that reaches the issuer, for foreign.Config.HTTPClient.
func (i *Issuer) Client() *http.Client { return i.client }

// Token returns a valid access token with the given claims. By default it also has the claims iss,
// iat, and an exp in one hour. Claims that are nil are omitted.
func (i *Issuer) Token(claims map[string]any) string {
	return i.Sign(map[string]any{"typ": "at+jwt"}, claims)
}

// Sign is [Issuer.Token] with a header. By default, alg and kid are those of the signing key. It
// makes tokens with another typ or an unknown kid, for example.
func (i *Issuer) Sign(header, claims map[string]any) string {
	i.mu.Lock()
	key := i.keys[len(i.keys)-1]
	i.mu.Unlock()
	now := time.Now()
	return key.sign(
		merged(map[string]any{"alg": "ES256", "kid": key.id}, header),
		merged(map[string]any{"iss": i.URL, "iat": now.Unix(), "exp": now.Add(time.Hour).Unix()}, claims),
	)
}

// Rotate generates a new signing key. The previous keys remain published.
func (i *Issuer) Rotate() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.made++
	i.keys = append(i.keys, newSigningKey(fmt.Sprintf("key-%d", i.made)))
}

// Withdraw removes all keys except the signing key from the published set.
func (i *Issuer) Withdraw() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.keys = i.keys[len(i.keys)-1:]
}

// Fetches returns how often the key set was requested so far, including during outages.
func (i *Issuer) Fetches() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.fetches
}

const (
	discoveryPath = "/.well-known/openid-configuration"
	keysPath      = "/jwks"
)

// ServeHTTP implements [http.Handler].
func (i *Issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer := i.answer(r.URL.Path)
	answer(w, r)
}

func (i *Issuer) answer(path string) http.HandlerFunc {
	i.mu.Lock()
	defer i.mu.Unlock()
	if path == keysPath {
		i.fetches++
	}
	switch {
	case i.outage != nil:
		return i.outage
	case path == keysPath:
		set := make([]any, 0, len(i.keys))
		for _, key := range i.keys {
			set = append(set, key.public())
		}
		return document(map[string]any{"keys": set})
	case path == discoveryPath:
		return document(map[string]any{"issuer": i.URL, "jwks_uri": i.URL + keysPath})
	}
	return http.NotFound
}

func document(v any) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(v) // an error means that the client has gone
	}
}

// A signingKey signs with ES256: RFC 7518, section 3.4.
type signingKey struct {
	id      string
	private *ecdsa.PrivateKey
}

func newSigningKey(id string) *signingKey {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return &signingKey{id, private}
}

func (k *signingKey) sign(header, claims map[string]any) string {
	signed := encode(mustJSON(header)) + "." + encode(mustJSON(claims))
	digest := sha256.Sum256([]byte(signed))
	r, s, err := ecdsa.Sign(rand.Reader, k.private, digest[:])
	if err != nil {
		panic(err)
	}
	sig := make([]byte, 64)
	r.FillBytes(sig[:32])
	s.FillBytes(sig[32:])
	return signed + "." + encode(sig)
}

// public returns the JWK: RFC 7518, section 6.2.
func (k *signingKey) public() map[string]any {
	point, err := k.private.PublicKey.Bytes() // 4, x, y
	if err != nil {
		panic(err)
	}
	return map[string]any{
		"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": k.id,
		"x": encode(point[1:33]), "y": encode(point[33:]),
	}
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// mustJSON panics for values that cannot be encoded, which are mistakes in a test.
func mustJSON(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Errorf("authtest: %w", err))
	}
	return text
}

// merged adds over to base, and deletes what is nil.
func merged(base, over map[string]any) map[string]any {
	maps.Copy(base, over)
	maps.DeleteFunc(base, func(_ string, v any) bool { return v == nil })
	return base
}
