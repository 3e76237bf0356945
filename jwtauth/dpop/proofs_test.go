package dpop_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/memory"
	"github.com/inga-auth/inga/internal/prooftest"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/jwtauth/dpop"
	"github.com/inga-auth/inga/middleware"
)

const token = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU" // RFC 9449, section 7.1

func proofs(t testing.TB, edit ...func(*dpop.Config)) *dpop.Proofs {
	t.Helper()
	c := dpop.Config{URL: "https://app.example", InMemory: true}
	for _, e := range edit {
		e(&c)
	}
	p, err := dpop.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

var nonceKey = []byte("\x8f\x1a\x77\x5c\x02\xde\x91\x3b\xaa\x60\xf4\x19\x2e\xc8\x57\x0d\xb3\x44\xe9\x66\x7b\x12\x95\xcf\x38\xd0\x4d\xa1\x5f\x83\xec\x29")

func withNonces(c *dpop.Config) { c.NonceKeys = [][]byte{nonceKey} }

// claims are those of a good proof for a GET of /orders with the token.
func claims(pairs ...any) map[string]any {
	sum := sha256.Sum256([]byte(token))
	return prooftest.With(map[string]any{
		"jti": nextID(), "htm": "GET", "htu": "https://app.example/orders", "iat": time.Now().Unix(), "ath": prooftest.B64(sum[:]),
	}, pairs...)
}

var counter atomic.Int64

func nextID() string { return "jti-" + time.Duration(counter.Add(1)).String() }

func request(proof ...string) *http.Request {
	r := httptest.NewRequest("GET", "http://10.0.0.7:8080/orders?page=2", nil)
	r.Header["Dpop"] = proof
	return r
}

// codeOf returns the error code of a refusal, and the nonce that comes with it.
func codeOf(t *testing.T, err error) (code, nonce string) {
	t.Helper()
	var refusal interface {
		DenialCode() string
		DenialHeader(http.Header)
	}
	if !errors.As(err, &refusal) || !errors.Is(err, middleware.ErrUnproved) || !errors.Is(err, middleware.ErrInvalidCredentials) {
		t.Fatalf("error %v, want a refusal of the proof", err)
	}
	h := http.Header{}
	refusal.DenialHeader(h)
	return refusal.DenialCode(), h.Get("DPoP-Nonce")
}

func TestAProofForTheRequestAndItsTokenIsTakenOnce(t *testing.T) {
	for _, alg := range []string{"ES256", "ES384", "EdDSA", "PS256", "RS256"} {
		p, d := proofs(t), prooftest.New(t, alg)
		proof := d.Proof(t, "dpop+jwt", claims())
		b, err := p.Check(request(proof), token, "")
		if err != nil || b.Algorithm != alg || len(b.Thumbprint) != 43 || b.Key == "" || !b.BoundAt.IsZero() {
			t.Fatalf("%s: %+v, %v", alg, b, err)
		}
		if code, _ := codeOf(t, refused(p.Check(request(proof), token, ""))); code != "invalid_dpop_proof" {
			t.Errorf("%s: again: %s, want invalid_dpop_proof", alg, code)
		}
		if _, err := p.Check(request(d.Proof(t, "dpop+jwt", claims())), token, b.Thumbprint); err != nil {
			t.Errorf("%s: another proof of the same key: %v", alg, err)
		}
	}
}

func refused(_ backends.Binding, err error) error { return err }

func TestAProofForAnythingElseIsRefusedAndNotUsedUp(t *testing.T) {
	// DP-2, DP-3.
	p, d, other := proofs(t), prooftest.New(t, "ES256"), prooftest.New(t, "ES256")
	key := bindingOf(t, p, d).Thumbprint
	at := func(d time.Duration) int64 { return time.Now().Add(d).Unix() }
	for name, r := range map[string]*http.Request{
		"no proof":            request(),
		"an empty one":        request(""),
		"two proofs":          request(d.Proof(t, "dpop+jwt", claims()), d.Proof(t, "dpop+jwt", claims())),
		"two in one header":   request(d.Proof(t, "dpop+jwt", claims()) + ", " + d.Proof(t, "dpop+jwt", claims())),
		"of another protocol": request(d.Proof(t, "dbsc+jwt", claims())),
		"by another key":      request(other.Proof(t, "dpop+jwt", claims())),
		"another method":      request(d.Proof(t, "dpop+jwt", claims("htm", "POST"))),
		"small letters":       request(d.Proof(t, "dpop+jwt", claims("htm", "get"))),
		"no method":           request(d.Proof(t, "dpop+jwt", claims("htm", nil))),
		"another host":        request(d.Proof(t, "dpop+jwt", claims("htu", "https://evil.example/orders"))),
		"the host inside":     request(d.Proof(t, "dpop+jwt", claims("htu", "http://10.0.0.7:8080/orders"))),
		"another path":        request(d.Proof(t, "dpop+jwt", claims("htu", "https://app.example/order"))),
		"without TLS":         request(d.Proof(t, "dpop+jwt", claims("htu", "http://app.example/orders"))),
		"no URL":              request(d.Proof(t, "dpop+jwt", claims("htu", nil))),
		"a path alone":        request(d.Proof(t, "dpop+jwt", claims("htu", "/orders"))),
		"a user":              request(d.Proof(t, "dpop+jwt", claims("htu", "https://u@app.example/orders"))),
		"another token":       request(d.Proof(t, "dpop+jwt", claims("ath", "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEp"))),
		"no token":            request(d.Proof(t, "dpop+jwt", claims("ath", nil))),
		"the token itself":    request(d.Proof(t, "dpop+jwt", claims("ath", token))),
		"no jti":              request(d.Proof(t, "dpop+jwt", claims("jti", nil))),
		"an empty jti":        request(d.Proof(t, "dpop+jwt", claims("jti", ""))),
		"a long jti":          request(d.Proof(t, "dpop+jwt", claims("jti", strings.Repeat("a", 256)))),
		"no iat":              request(d.Proof(t, "dpop+jwt", claims("iat", nil))),
		"too old":             request(d.Proof(t, "dpop+jwt", claims("iat", at(-92*time.Second)))),
		"of the future":       request(d.Proof(t, "dpop+jwt", claims("iat", at(32*time.Second)))),
		"expired":             request(d.Proof(t, "dpop+jwt", claims("exp", at(-32*time.Second)))),
		"not good yet":        request(d.Proof(t, "dpop+jwt", claims("nbf", at(32*time.Second)))),
	} {
		code, nonce := codeOf(t, refused(p.Check(r, token, key)))
		if code != "invalid_dpop_proof" || nonce != "" {
			t.Errorf("%s: %s, nonce %q; want invalid_dpop_proof and none", name, code, nonce)
		}
	}
	for name, c := range map[string]map[string]any{
		"almost too old":        claims("iat", at(-85*time.Second)),
		"a clock that is ahead": claims("iat", at(25*time.Second)),
		"a long jti":            claims("jti", strings.Repeat("a", 255)),
		"exp and nbf":           claims("exp", at(0), "nbf", at(0)),
	} {
		if _, err := p.Check(request(d.Proof(t, "dpop+jwt", c)), token, key); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	// What was refused because of the request can still be sent with the right one.
	proof := d.Proof(t, "dpop+jwt", claims())
	r := request(proof)
	r.Method = "DELETE"
	codeOf(t, refused(p.Check(r, token, key)))
	codeOf(t, refused(p.Check(request(proof), token+"x", key)))
	codeOf(t, refused(p.Check(request(proof), token, bindingOf(t, p, other).Thumbprint)))
	if err := p.Precheck(request(proof)); err != nil {
		t.Error(err)
	}
	if _, err := p.Check(request(proof), token, key); err != nil {
		t.Errorf("at last: %v", err)
	}
}

// bindingOf returns the key of the device.
func bindingOf(t *testing.T, p *dpop.Proofs, d *prooftest.Device) backends.Binding {
	t.Helper()
	b, err := p.Check(request(d.Proof(t, "dpop+jwt", claims())), token, "")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestOfSimultaneousRequestsWithOneProofOnePasses(t *testing.T) {
	// DP-3.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		store := s.(backends.Claims)
		here := proofs(t, func(c *dpop.Config) { c.InMemory, c.Claims = false, store })
		there := proofs(t, func(c *dpop.Config) { c.InMemory, c.Claims = false, store }) // another process
		proof := prooftest.New(t, "ES256").Proof(t, "dpop+jwt", claims())
		var passed atomic.Int32
		var all sync.WaitGroup
		for i := range 20 {
			all.Go(func() {
				if _, err := []*dpop.Proofs{here, there}[i%2].Check(request(proof), token, ""); err == nil {
					passed.Add(1)
				} else if !errors.Is(err, middleware.ErrUnproved) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if passed.Load() != 1 {
			t.Errorf("%d passed, want 1", passed.Load())
		}
	})
}

func TestInMemoryAProofPassesOnceInEachProcess(t *testing.T) {
	proof := prooftest.New(t, "ES256").Proof(t, "dpop+jwt", claims())
	for _, p := range []*dpop.Proofs{proofs(t), proofs(t)} {
		if _, err := p.Check(request(proof), token, ""); err != nil {
			t.Error(err)
		}
		codeOf(t, refused(p.Check(request(proof), token, "")))
	}
}

func TestAProofStaysUsedForAsLongAsItIsGood(t *testing.T) {
	// DP-3.
	for name, claimed := range map[string]func(*dpop.Config){
		"in memory":  func(*dpop.Config) {},
		"in a store": func(c *dpop.Config) { c.InMemory, c.Claims = false, memory.New() },
	} {
		synctest.Test(t, func(t *testing.T) {
			p, d := proofs(t, claimed), prooftest.New(t, "ES256")
			late := d.Proof(t, "dpop+jwt", claims("iat", time.Now().Add(29*time.Second).Unix()))
			if _, err := p.Check(request(late), token, ""); err != nil {
				t.Fatal(err)
			}
			for range 118 { // until 30 s of leeway after the window of 60 s that begins with iat
				time.Sleep(time.Second)
				// Others come and go, and with them what is remembered.
				if _, err := p.Check(request(d.Proof(t, "dpop+jwt", claims())), token, ""); err != nil {
					t.Fatal(err)
				}
				if code, _ := codeOf(t, refused(p.Check(request(late), token, ""))); code != "invalid_dpop_proof" {
					t.Fatalf("%s: %s", name, code)
				}
			}
		})
	}
}

func TestAStoreThatCannotBeAskedLetsNoProofPass(t *testing.T) {
	p := proofs(t, func(c *dpop.Config) { c.InMemory, c.Claims = false, broken{} })
	_, err := p.Check(request(prooftest.New(t, "ES256").Proof(t, "dpop+jwt", claims())), token, "")
	if !errors.Is(err, middleware.ErrUnavailable) || errors.Is(err, middleware.ErrInvalidCredentials) {
		t.Errorf("error %v, want ErrUnavailable and nothing about the credential", err)
	}
}

func TestAFullMemoryRefusesNoClientForItsProof(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, d := proofs(t, func(c *dpop.Config) { c.InMemory, c.Claims = false, dpop.NewMemory(3) }), prooftest.New(t, "ES256")
		send := func() error { return refused(p.Check(request(d.Proof(t, "dpop+jwt", claims())), token, "")) }
		for range 3 {
			if err := send(); err != nil {
				t.Fatal(err)
			}
		}
		if err := send(); !errors.Is(err, middleware.ErrUnavailable) || errors.Is(err, middleware.ErrInvalidCredentials) {
			t.Errorf("error %v, want ErrUnavailable", err)
		}
		time.Sleep(4 * time.Minute) // until all are over, twice: what was remembered goes in two steps
		for range 2 {
			if err := send(); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestTwoClientsMayUseOneJTI(t *testing.T) {
	p := proofs(t)
	for range 2 {
		proof := prooftest.New(t, "EdDSA").Proof(t, "dpop+jwt", claims("jti", "1"))
		if _, err := p.Check(request(proof), token, ""); err != nil {
			t.Error(err)
		}
	}
}

// recorder remembers until when a name was claimed.
type recorder struct{ until time.Time }

func (r *recorder) Claim(_ context.Context, _ time.Time, _ backends.NameHash, until time.Time) (bool, error) {
	r.until = until
	return true, nil
}

func TestAProofIsClaimedUntilNoServerTakesIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, made := prooftest.New(t, "ES256"), time.Now().Add(-10*time.Second)
		for want, nonces := range map[time.Time]func(*dpop.Config){
			made.Add(60*time.Second + 2*30*time.Second): func(*dpop.Config) {},
			// A window of 60 s has just begun, and its nonce is good in the next one too.
			time.Now().Add(2*60*time.Second + 2*30*time.Second): withNonces,
		} {
			var claimed recorder
			p := proofs(t, nonces, func(c *dpop.Config) { c.InMemory, c.Claims = false, &claimed })
			proof := d.Proof(t, "dpop+jwt", claims("iat", made.Unix(), "nonce", p.Nonce()))
			if _, err := p.Check(request(proof), token, ""); err != nil || !claimed.until.Equal(want) {
				t.Errorf("claimed until %v (%v), want %v", claimed.until, err, want)
			}
		}
	})
}

func TestTheReasonForAProofOfAnotherURLIsTheURLThatIsMeant(t *testing.T) {
	// A wrong Config.URL refuses every client, and the log is where that can be seen.
	p, d := proofs(t), prooftest.New(t, "ES256")
	_, err := p.Check(request(d.Proof(t, "dpop+jwt", claims("htu", "http://10.0.0.7:8080/orders"))), token, "")
	if want := `by Config.URL is "https://app.example/orders"`; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v, want it to say %s", err, want)
	}
}
