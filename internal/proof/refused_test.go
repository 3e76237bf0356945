package proof_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/inga-auth/inga/internal/proof"
	"github.com/inga-auth/inga/internal/prooftest"
)

func TestAProofWithAnythingDoubtfulInItIsRefused(t *testing.T) {
	// DP-9.
	d, rsa, ed := prooftest.New(t, "ES256"), prooftest.New(t, "RS256"), prooftest.New(t, "EdDSA")
	good := d.Proof(t, "dpop+jwt", map[string]any{"jti": "a"})
	if _, err := dpop.Read(good); err != nil {
		t.Fatal(err)
	}
	header := map[string]any{"typ": "dpop+jwt", "alg": "ES256", "jwk": d.JWK}
	headers := func(pairs ...any) string { return d.Signed(t, prooftest.With(header, pairs...), map[string]any{}) }
	jwk := func(pairs ...any) string { return headers("jwk", prooftest.With(d.JWK, pairs...)) }
	claims := func(payload string) string { return d.Signed(t, header, payload) }
	x, y := d.JWK["x"].(string), d.JWK["y"].(string)
	parts := strings.Split(good, ".")
	// The last digit of 64 bytes has 4 spare bits.
	last := strings.IndexByte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", parts[2][85])
	spare := parts[2][:85] + string("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[last|1])

	for name, text := range map[string]string{
		"nothing":                          "",
		"two parts":                        parts[0] + "." + parts[1],
		"four parts":                       good + ".",
		"no signature":                     parts[0] + "." + parts[1] + ".",
		"padded":                           good + "=",
		"a line break":                     good + "\n",
		"spare bits":                       parts[0] + "." + parts[1] + "." + spare,
		"the signature of another":         parts[0] + "." + prooftest.B64([]byte(`{"jti":"b"}`)) + "." + parts[2],
		"a longer signature":               parts[0] + "." + parts[1] + "." + longer(t, parts[2]),
		"too long":                         claims(`{"jti":"` + strings.Repeat("a", 4096) + `"}`),
		"another typ":                      headers("typ", "JWT"),
		"no typ":                           headers("typ", nil),
		"a typ with application/":          headers("typ", "application/dpop+jwt"),
		"a typ in capitals":                headers("typ", "DPOP+JWT"),
		"the typ of the other protocol":    headers("typ", "dbsc+jwt"),
		"a typ twice":                      d.Signed(t, strings.Replace(`{"typ":"dpop+jwt","typ":"dpop+jwt","alg":"ES256","jwk":JWK}`, "JWK", text(d), 1), "{}"),
		"no alg":                           headers("alg", nil),
		"none":                             headers("alg", "none"),
		"an alg that the key does not fit": headers("alg", "ES384"),
		"an alg of another kind":           headers("alg", "EdDSA"),
		"an alg in small letters":          headers("alg", "es256"),
		"an HMAC with the public key":      symmetric(d),
		"crit":                             headers("crit", []string{"exp"}),
		"b64":                              headers("b64", true),
		"jku":                              headers("jku", "https://example.com"),
		"x5u":                              headers("x5u", "https://example.com"),
		"x5c":                              headers("x5c", []string{"AAAA"}),
		"JWK beside jwk":                   headers("JWK", d.JWK),
		"no jwk":                           headers("jwk", nil),
		"a jwk that is null":               d.Signed(t, `{"typ":"dpop+jwt","alg":"ES256","jwk":null}`, "{}"),
		"a jwk that is text":               headers("jwk", text(d)),
		"a jwk that is a list":             headers("jwk", []any{d.JWK}),
		"a private key":                    jwk("d", x),
		"a private key in capitals":        jwk("D", x),
		"a secret":                         jwk("k", x),
		"a private member of RSA":          jwk("dp", x),
		"another kty":                      jwk("kty", "RSA"),
		"kty in small letters":             jwk("kty", "ec"),
		"another curve":                    jwk("crv", "P-384"),
		"no curve":                         jwk("crv", nil),
		"no x":                             jwk("x", nil),
		"an x that is a number":            jwk("x", 7),
		"a point off the curve":            jwk("x", y, "y", x),
		"x cut apart elsewhere":            jwk("x", x[:40], "y", x[40:]+y),
		"x with padding":                   jwk("x", x+"="),
		"x with a line break":              jwk("x", x+"\n"),
		"a member of another kind of key":  jwk("n", x),
		"for encryption":                   jwk("use", "enc"),
		"to sign":                          jwk("key_ops", []string{"sign"}),
		"to sign and verify":               jwk("key_ops", []string{"sign", "verify"}),
		"for another alg":                  jwk("alg", "ES384"),
		"for an alg that is not known":     jwk("alg", "ES257"),
		"a claim twice":                    claims(`{"jti":"a","jti":"b"}`),
		"a claim in capitals":              claims(`{"JTI":"a"}`),
		"a jti that is a number":           claims(`{"jti":1}`),
		"an iat that is text":              claims(`{"iat":"1"}`),
		"an iat that is negative":          claims(`{"iat":-1}`),
		"an exp that is no time":           claims(`{"exp":1e300}`),
		"claims that are a list":           claims(`[]`),
		"claims with text around":          claims(`{} {}`),
		"claims that are not UTF-8":        claims("{\"jti\":\"\xff\"}"),
		"half a surrogate pair":            claims(`{"jti":"\ud800"}`),
		"a key of RSA 1024":                rsa.Signed(t, map[string]any{"typ": "dpop+jwt", "alg": "RS256", "jwk": map[string]any{"kty": "RSA", "e": "AQAB", "n": prooftest.B64([]byte(strings.Repeat("\xff", 128)))}}, map[string]any{}),
		"RSA with a zero before n":         rsa.Signed(t, map[string]any{"typ": "dpop+jwt", "alg": "RS256", "jwk": prooftest.With(rsa.JWK, "n", zeroBefore(t, rsa.JWK["n"]))}, map[string]any{}),
		"RSA with a zero before e":         rsa.Signed(t, map[string]any{"typ": "dpop+jwt", "alg": "RS256", "jwk": prooftest.With(rsa.JWK, "e", "AAEAAQ")}, map[string]any{}),
		"Ed25519 with a y":                 ed.Signed(t, map[string]any{"typ": "dpop+jwt", "alg": "EdDSA", "jwk": prooftest.With(ed.JWK, "y", ed.JWK["x"])}, map[string]any{}),
		"Ed448":                            ed.Signed(t, map[string]any{"typ": "dpop+jwt", "alg": "EdDSA", "jwk": prooftest.With(ed.JWK, "crv", "Ed448")}, map[string]any{}),
	} {
		if p, err := dpop.Read(text); err == nil {
			t.Errorf("%s: read as %+v", name, p)
		} else if p.Key != nil || p.Claims.ID != "" {
			t.Errorf("%s: %v, and yet %+v", name, err, p)
		}
	}

	for name, text := range map[string]string{
		"of the key's members, those that say for what it is": jwk("alg", "ES256", "use", "sig", "key_ops", []string{"verify"}, "ext", true, "kid", "a"),
		"claims that are not known":                           claims(`{"jti":"a","cnf":{"a":[1]}}`),
		"a kid":                                               headers("kid", "a"),
		"the new name of EdDSA":                               ed.Signed(t, map[string]any{"typ": "dpop+jwt", "alg": "Ed25519", "jwk": prooftest.With(ed.JWK, "alg", "EdDSA")}, map[string]any{}),
	} {
		if _, err := dpop.Read(text); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnAlgorithmThatTheReaderDoesNotAcceptIsRefused(t *testing.T) {
	// DP-9.
	d := prooftest.New(t, "ES384")
	text := d.Proof(t, "dbsc+jwt", map[string]any{})
	for _, accepted := range [][]string{nil, {"ES256", "RS256"}} {
		if _, err := (proof.Reader{Type: proof.DBSC, Algorithms: accepted}).Read(text); err == nil {
			t.Errorf("ES384 is read where %q are accepted", accepted)
		}
	}
	if _, err := (proof.Reader{Type: proof.DBSC, Algorithms: all}).Read(text); err != nil {
		t.Error(err)
	}
	// Names of which none is asymmetric are none that a key can be for.
	for _, alg := range []string{"none", "HS256", ""} {
		text := d.Signed(t, map[string]any{"typ": "dbsc+jwt", "alg": alg, "jwk": d.JWK}, map[string]any{})
		if _, err := (proof.Reader{Type: proof.DBSC, Algorithms: []string{alg}}).Read(text); err == nil {
			t.Errorf("%q is accepted", alg)
		}
	}
}

// text returns the JWK of the device as JSON.
func text(d *prooftest.Device) string {
	return `{"kty":"EC","crv":"P-256","x":"` + d.JWK["x"].(string) + `","y":"` + d.JWK["y"].(string) + `"}`
}

// symmetric returns a proof that an HMAC with the text of the public key authenticates.
func symmetric(d *prooftest.Device) string {
	signed := prooftest.B64([]byte(`{"typ":"dpop+jwt","alg":"HS256","jwk":`+text(d)+`}`)) + "." + prooftest.B64([]byte("{}"))
	h := hmac.New(sha256.New, []byte(text(d)))
	h.Write([]byte(signed))
	return signed + "." + prooftest.B64(h.Sum(nil))
}

// longer returns the base64 with a byte more.
func longer(t *testing.T, text string) string {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return prooftest.B64(append(b, 0))
}

// zeroBefore returns the number with a byte more, which changes nothing but its spelling.
func zeroBefore(t *testing.T, number any) string {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(number.(string))
	if err != nil {
		t.Fatal(err)
	}
	return prooftest.B64(append([]byte{0}, b...))
}
