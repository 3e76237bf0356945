package proof_test

import (
	"crypto/sha256"
	"strings"
	"testing"
	"time"

	"github.com/inga-auth/inga/internal/proof"
	"github.com/inga-auth/inga/internal/prooftest"
)

var all = []string{"ES256", "ES384", "RS256", "PS256", "EdDSA", "Ed25519"}

var dpop = proof.Reader{Type: proof.DPoP, Algorithms: all}

const (
	// RFC 9449, section 4.1, figure 2.
	rfcTokenProof = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg"
	// RFC 9449, section 7.1, figure 12.
	rfcResourceProof = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA"
	rfcKey           = `{"crv":"P-256","kty":"EC","x":"l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs","y":"9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA"}`
	rfcThumbprint    = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" // section 6.1, figure 9
)

func TestTheProofsOfTheRFCAreRead(t *testing.T) {
	for text, want := range map[string]proof.Claims{
		rfcTokenProof:    {ID: "-BwC3ESc6acc2lTc", Method: "POST", URL: "https://server.example.com/token", IssuedAt: time.Date(2019, 7, 4, 17, 50, 16, 0, time.UTC)},
		rfcResourceProof: {ID: "e1j3V_bKic8-LAEB", Method: "GET", URL: "https://resource.example.org/protectedresource", IssuedAt: time.Date(2019, 7, 4, 17, 50, 18, 0, time.UTC), TokenHash: "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"},
	} {
		p, err := dpop.Read(text)
		if err != nil {
			t.Fatal(err)
		}
		got := p.Claims
		if got.ID != want.ID || got.Method != want.Method || got.URL != want.URL || !got.IssuedAt.Equal(want.IssuedAt) || got.TokenHash != want.TokenHash {
			t.Errorf("claims %+v, want %+v", got, want)
		}
		if p.Key.Algorithm != "ES256" || p.Key.Thumbprint != rfcThumbprint || p.Key.JWK != rfcKey {
			t.Errorf("key %s %s %s", p.Key.Algorithm, p.Key.Thumbprint, p.Key.JWK)
		}
	}
	sum := sha256.Sum256([]byte("Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"))
	if p, _ := dpop.Read(rfcResourceProof); p.Claims.TokenHash != prooftest.B64(sum[:]) {
		t.Errorf("ath %s", p.Claims.TokenHash)
	}
}

func TestAThumbprintIsThatOfTheRFC(t *testing.T) {
	for jwk, want := range map[string]string{
		// RFC 7638, section 3.1.
		`{"e":"AQAB","kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"}`: "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
		// RFC 8037, appendix A.3.
		`{"crv":"Ed25519","kty":"OKP","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`: "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
		rfcKey: rfcThumbprint,
	} {
		alg := map[byte]string{'e': "RS256", 'c': "EdDSA"}[jwk[2]]
		if jwk == rfcKey {
			alg = "ES256"
		}
		k, err := proof.ParseKey(alg, jwk)
		if err != nil || k.Thumbprint != want || k.JWK != jwk {
			t.Errorf("%s: %+v, %v; want %s", jwk, k, err, want)
		}
	}
}

func TestAProofIsReadByTheKeyInItAndByThatKeyWhenItWasStored(t *testing.T) {
	for _, alg := range []string{"ES256", "ES384", "RS256", "PS256", "EdDSA"} {
		d := prooftest.New(t, alg)
		p, err := dpop.Read(d.Proof(t, "dpop+jwt", map[string]any{"jti": "a"}))
		if err != nil || p.Claims.ID != "a" {
			t.Fatalf("%s: %+v, %v", alg, p, err)
		}
		stored, err := proof.ParseKey(p.Key.Algorithm, p.Key.JWK)
		if err != nil || stored.Thumbprint != p.Key.Thumbprint {
			t.Fatalf("%s: stored key: %v", alg, err)
		}
		header := map[string]any{"typ": "dpop+jwt", "alg": alg}
		for name, text := range map[string]string{
			"with the key":    d.Proof(t, "dpop+jwt", map[string]any{"jti": "b"}),
			"without the key": d.Signed(t, header, map[string]any{"jti": "b"}),
		} {
			if p, err := dpop.ReadWith(text, stored); err != nil || p.Claims.ID != "b" {
				t.Errorf("%s %s: %+v, %v", alg, name, p, err)
			}
		}
		other := prooftest.New(t, alg)
		for name, text := range map[string]string{
			"another key":                         other.Proof(t, "dpop+jwt", map[string]any{}),
			"another signature":                   other.Signed(t, header, map[string]any{}),
			"another signature, with the key":     other.Signed(t, map[string]any{"typ": "dpop+jwt", "alg": alg, "jwk": d.JWK}, map[string]any{}),
			"the key, with another in the header": d.Signed(t, map[string]any{"typ": "dpop+jwt", "alg": alg, "jwk": other.JWK}, map[string]any{}),
		} {
			if p, err := dpop.ReadWith(text, stored); err == nil {
				t.Errorf("%s: by %s: %+v", alg, name, p)
			}
		}
		if _, err := dpop.Read(d.Signed(t, header, map[string]any{})); err == nil {
			t.Errorf("%s: without a key: read by none", alg)
		}
	}
	if _, err := dpop.ReadWith(rfcTokenProof, nil); err == nil {
		t.Error("read with a nil key")
	}
}

func TestAStoredKeyVerifiesWithItsOwnAlgorithmOnly(t *testing.T) {
	d := prooftest.New(t, "RS256")
	p, err := dpop.Read(d.Proof(t, "dpop+jwt", map[string]any{}))
	if err != nil {
		t.Fatal(err)
	}
	stored := p.Key
	d.Alg = "PS256"
	text := d.Proof(t, "dpop+jwt", map[string]any{})
	if _, err := dpop.Read(text); err != nil {
		t.Fatal(err)
	}
	if _, err := dpop.ReadWith(text, stored); err == nil {
		t.Error("a key for RS256 verifies PS256")
	}
	for _, alg := range []string{"", "none", "HS256", "ES256", "EdDSA"} {
		if _, err := proof.ParseKey(alg, stored.JWK); err == nil {
			t.Errorf("an RSA key is one for %q", alg)
		}
	}
}

func TestAKeyThatNoStoreWouldKeepIsRefused(t *testing.T) {
	for bytes, good := range map[int]bool{736: true, 744: true, 768: false, 1024: false} { // of the modulus
		n := prooftest.B64([]byte(strings.Repeat("\xff", bytes)))
		k, err := proof.ParseKey("RS256", `{"e":"AQAB","kty":"RSA","n":"`+n+`"}`)
		if (err == nil) != good || good && len(k.JWK) > 1024 {
			t.Errorf("RSA with %d bits: %v, want good: %v", 8*bytes, err, good)
		}
	}
}

func TestOnlyTheCanonicalTextOfAStoredKeyIsParsed(t *testing.T) {
	for _, text := range []string{
		"", "null", "{}", " " + rfcKey, rfcKey + " ", strings.Replace(rfcKey, ":", ": ", 1),
		strings.Replace(rfcKey, `"crv":"P-256","kty":"EC"`, `"kty":"EC","crv":"P-256"`, 1),
		strings.Replace(rfcKey, `{`, `{"alg":"ES256",`, 1),
		strings.Replace(rfcKey, "BFs", `B\u0046s`, 1),
	} {
		if _, err := proof.ParseKey("ES256", text); err == nil {
			t.Errorf("%q is parsed", text)
		}
	}
}
