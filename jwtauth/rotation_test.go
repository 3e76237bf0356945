package jwtauth_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/inga-auth/inga/backends/memory"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/internal/tokentest"
	"github.com/inga-auth/inga/jwtauth"
)

func TestRotatingKeysLogsNobodyOut(t *testing.T) {
	// JW-14: every step of the rotation, with a token of each.
	synctest.Test(t, func(t *testing.T) {
		m := storetest.Memory(t)
		earlier := tokentest.Must(t)(jwtauth.ES256(tokentest.ECKey()))
		later := tokentest.Must(t)(jwtauth.EdDSA(tokentest.EdKey()))
		verifies := tokentest.Must(t)(jwtauth.ES256Public(&tokentest.ECKey().PublicKey))
		kid := func(c *tokentest.Client) any { return tokentest.Part(t, c.Token, 0)["kid"] }

		c := tokentest.NewClient(t, tokentest.App(t, tokentest.New(t, m, tokentest.WithKeys(earlier)))).Login("1")
		for _, step := range []struct {
			name   string
			keys   []jwtauth.Key
			signer jwtauth.Key
		}{
			{"the new key is announced", []jwtauth.Key{earlier, later}, earlier},
			{"the new key signs", []jwtauth.Key{later, earlier}, later},
			{"the old key's private half is gone", []jwtauth.Key{later, verifies}, later},
		} {
			c.App = tokentest.App(t, tokentest.New(t, m, tokentest.WithKeys(step.keys...)))
			c.Status("GET", "/me", 200)
			if fresh := tokentest.NewClient(t, c.App).Login("1"); kid(fresh) != step.signer.ID() {
				t.Errorf("%s: a new token is signed by %v, want %v", step.name, kid(fresh), step.signer)
			}
			for _, key := range step.keys {
				if !strings.Contains(c.Status("GET", "/jwks", 200).Body.String(), key.ID()) {
					t.Errorf("%s: the JWKS does not list %v", step.name, key)
				}
			}
		}
		if kid(c) != earlier.ID() {
			t.Fatalf("the token of the beginning is signed by %v", kid(c))
		}
		old := c.Token
		time.Sleep(3 * time.Minute)
		c.Status("GET", "/me", 200) // a renewal: the client goes over to the new key
		if kid(c) != later.ID() {
			t.Errorf("a renewed token is signed by %v, want %v", kid(c), later)
		}
		c.App = tokentest.App(t, tokentest.New(t, m, tokentest.WithKeys(later)))
		c.Status("GET", "/me", 200)
		c.Token = old
		c.Status("GET", "/me", 401) // a key that is removed takes its tokens with it, at once
	})
}

func TestAKeyOfSomebodyElseIsNotOursWhateverItsID(t *testing.T) {
	// JW-7: a key belongs to an issuer.
	theirs, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	m := storetest.Memory(t)
	foreign := tokentest.NewClient(t, tokentest.App(t, tokentest.New(t, m, tokentest.WithKeys(tokentest.Named(t, tokentest.Must(t)(jwtauth.ES256(theirs)), "k1"))))).Login("1")
	foreign.App = tokentest.App(t, tokentest.New(t, m, tokentest.WithKeys(tokentest.Named(t, tokentest.Must(t)(jwtauth.ES256(tokentest.ECKey())), "k1"))))
	foreign.Status("GET", "/me", 401)

	other := tokentest.NewClient(t, tokentest.App(t, tokentest.New(t, m, func(c *tokentest.Config) { c.Issuer = "https://other.example" }))).Login("1")
	other.App = tokentest.App(t, tokentest.New(t, m))
	other.Status("GET", "/me", 401)
}

func TestTheJWKSHasThePublicKeysAndNothingElse(t *testing.T) {
	all := tokentest.Keys(t)
	app := tokentest.App(t, tokentest.New(t, memory.New(), tokentest.WithKeys(all["HS256"], tokentest.Named(t, all["RS256"], "rs"), tokentest.Named(t, all["PS256"], "ps"), all["ES256"], all["EdDSA"])))
	w := tokentest.NewClient(t, app).Status("GET", "/jwks", 200)
	if got := w.Header().Get("Content-Type"); got != "application/jwk-set+json" {
		t.Errorf("Content-Type %q", got)
	}
	if got := w.Header().Get("Cache-Control"); got != "public, max-age=300" {
		t.Errorf("Cache-Control %q", got)
	}
	var set struct{ Keys []map[string]any }
	if err := json.Unmarshal(w.Body.Bytes(), &set); err != nil {
		t.Fatal(err)
	}
	members := map[string][]string{
		"RS256": {"alg", "e", "kid", "kty", "n", "use"},
		"PS256": {"alg", "e", "kid", "kty", "n", "use"},
		"ES256": {"alg", "crv", "kid", "kty", "use", "x", "y"},
		"EdDSA": {"alg", "crv", "kid", "kty", "use", "x"},
	}
	if len(set.Keys) != 4 {
		t.Errorf("%d keys, want 4: the secret of HS256 is not among them", len(set.Keys))
	}
	for _, k := range set.Keys {
		var names []string
		for name := range k {
			names = append(names, name)
		}
		slices.Sort(names)
		if alg, _ := k["alg"].(string); !slices.Equal(names, members[alg]) || k["use"] != "sig" {
			t.Errorf("key %v, want the members %v", k, members[alg])
		}
	}
	if n := bytes.Count(w.Body.Bytes(), []byte(tokentest.B64(string(tokentest.Secret)))); n != 0 {
		t.Error("the secret is in the JWKS")
	}
	tokentest.NewClient(t, app).Status("HEAD", "/jwks", 200)
	if w := tokentest.NewClient(t, app).Status("POST", "/jwks", 405); w.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("Allow %q", w.Header().Get("Allow"))
	}
	none := tokentest.NewClient(t, tokentest.App(t, tokentest.New(t, memory.New()))).Status("GET", "/jwks", 200)
	if got := none.Body.String(); got != `{"keys":[]}` {
		t.Errorf("without a public key: %s", got)
	}
}

func TestTheJWKOfAKnownKeyIsThatOfTheRFC(t *testing.T) {
	// RFC 8037, appendix A.2.
	k := tokentest.Must(t)(jwtauth.EdDSAPublic(unbase64(t, "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")))
	body := tokentest.NewClient(t, tokentest.App(t, tokentest.New(t, memory.New(), tokentest.WithKeys(tokentest.HS256(t), k)))).Status("GET", "/jwks", 200).Body.String()
	want := `{"keys":[{"alg":"EdDSA","crv":"Ed25519","kid":"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k","kty":"OKP","use":"sig","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`
	if body != want {
		t.Errorf("got %s\nwant %s", body, want)
	}
}
