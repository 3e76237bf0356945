package jwtauth_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/jwtauth"
)

func TestAForgedOrDeviantTokenIsRefused(t *testing.T) {
	// Promise 14. Each row is signed with the right key.
	m := storetest.Memory(t)
	app := newApp(t, newTokens(t, m))
	sid := claimsOf(t, newClient(t, app).login("1").token)["sid"].(string)
	for _, f := range refused {
		t.Run(f.name, func(t *testing.T) {
			c := newClient(t, app)
			c.token = f.token(t, sid)
			w := c.status("GET", "/me", 401)
			if got, want := w.Header().Get("WWW-Authenticate"), `Bearer realm="inga", error="invalid_token"`; got != want {
				t.Errorf("WWW-Authenticate %s, want %s", got, want)
			}
			if strings.Contains(w.Body.String(), "subject") {
				t.Errorf("something was handed out: %s", w.Body)
			}
		})
	}
}

func TestATokenThatOtherSoftwareSignedWithOurKeyIsGood(t *testing.T) {
	m := storetest.Memory(t)
	app := newApp(t, newTokens(t, m))
	sid := claimsOf(t, newClient(t, app).login("1").token)["sid"].(string)
	for _, f := range accepted {
		t.Run(f.name, func(t *testing.T) {
			c := newClient(t, app)
			c.token = f.token(t, sid)
			if id := identityOf(t, c.status("GET", "/me", 200)); id.Subject != "1" || id.SessionID != sid {
				t.Errorf("identity %+v", id)
			}
		})
	}
}

// counting counts what reaches a store.
type counting struct {
	backends.Store
	asked atomic.Int64
}

func (c *counting) FindByID(ctx context.Context, now time.Time, id string) (backends.Session, backends.User, error) {
	c.asked.Add(1)
	return c.Store.FindByID(ctx, now, id)
}

func TestATokenThatIsNotOursIsRefusedWithoutAskingTheStore(t *testing.T) {
	// JW-1, JW-2, JW-11, JW-12, RT-12, SID-9: what can be seen without the store is.
	counted := &counting{Store: storetest.Memory(t)}
	app := newApp(t, newTokens(t, counted))
	good := newClient(t, app).login("1").token
	p := strings.Split(good, ".")
	h, payload, sig := p[0], p[1], p[2]
	tampered := []byte(sig)
	tampered[0] ^= 1 // another letter
	for name, token := range map[string]string{
		"no signature":                  h + "." + payload + ".",
		"alg none and no signature":     b64(`{"alg":"none","typ":"at+jwt","kid":"k1"}`) + "." + payload + ".",
		"a signature of zeros":          h + "." + payload + "." + b64(strings.Repeat("\x00", 32)),
		"a signature cut off":           good[:len(good)-4],
		"another signature":             h + "." + payload + "." + string(tampered),
		"a signature of another key":    signWith([]byte("another-secret"), goodHeader, goodClaims("AAAAAAAAAAAAAAAAAAAAAAAAAA")),
		"a signature of an empty key":   signWith(nil, goodHeader, goodClaims("AAAAAAAAAAAAAAAAAAAAAAAAAA")),
		"claims of somebody else":       h + "." + b64(goodClaims("AAAAAAAAAAAAAAAAAAAAAAAAAA")) + "." + sig,
		"two parts":                     h + "." + payload,
		"one part":                      h,
		"four parts":                    good + "." + sig,
		"five parts, as encrypted ones": h + "..." + payload + "." + sig,
		"dots":                          "..",
		"a header that is no base64":    "A." + payload + "." + sig,
		"claims that are no base64":     signRaw(h + ".A"),
		"claims with spare bits":        signRaw(h + "." + payload[:len(payload)-1] + respell(payload[len(payload)-1])),
		"many dots":                     strings.Repeat(".", 8000),
		"padding":                       good + "=",
		"padding inside":                h + "=." + payload + "." + sig,
		"standard base64":               strings.Replace(good, "_", "/", 1) + "+",
		"a line break in the signature": good[:len(good)-3] + "\n" + good[len(good)-3:],
		"a line break in the claims":    h + "." + payload[:9] + "\r\n" + payload[9:] + "." + sig,
		"a NUL":                         good + "\x00",
		"not ASCII":                     good + "é",
		"a character more":              good + "A",
		"8 KiB and a byte":              good + strings.Repeat("A", 8193-len(good)),
		"1 MB":                          strings.Repeat("A", 1<<20),
		"a refresh token":               "inga_rt_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"an API key":                    "0123456789abcdef",
		"the ID of the session":         claimsOf(t, good)["sid"].(string),
	} {
		c := newClient(t, app)
		c.token = token
		w := c.do("GET", "/me")
		if w.Code != 401 || !strings.Contains(w.Header().Get("WWW-Authenticate"), `error="invalid_token"`) {
			t.Errorf("%s: %d, %s", name, w.Code, w.Header().Get("WWW-Authenticate"))
		}
	}
	if n := counted.asked.Load(); n != 0 {
		t.Errorf("the store was asked %d times, want 0", n)
	}
}

func signRaw(signed string) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(signed))
	return signed + "." + b64(string(mac.Sum(nil)))
}

// respell returns a character that differs from c in the last bit.
func respell(c byte) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return string(alphabet[strings.IndexByte(alphabet, c)^1])
}

func TestTheLastCharacterHasOneSpelling(t *testing.T) {
	// JW-12: 32 bytes end in a character that has two spare bits.
	app := newApp(t, newTokens(t, storetest.Memory(t)))
	c := newClient(t, app).login("1")
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	good, spellings := c.token, 0
	for _, last := range alphabet {
		c.token = good[:len(good)-1] + string(last)
		if c.do("GET", "/me").Code == 200 {
			spellings++
		}
	}
	if spellings != 1 {
		t.Errorf("%d spellings of the token pass, want 1", spellings)
	}
}

func TestAPublicKeyIsNoSecret(t *testing.T) {
	// JW-2: a token with alg HS256, its secret being the public key of RS256 in any form.
	m := storetest.Memory(t)
	k := named(t, must(t)(jwtauth.RS256(rsaKey())), "k1")
	app := newApp(t, newTokens(t, m, withKeys(k)))
	c := newClient(t, app).login("1")
	sid := claimsOf(t, c.token)["sid"].(string)
	c.status("GET", "/me", 200)
	der, err := x509.MarshalPKIXPublicKey(&rsaKey().PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	for name, secret := range map[string][]byte{
		"DER":     der,
		"PKCS #1": x509.MarshalPKCS1PublicKey(&rsaKey().PublicKey),
		"PEM":     pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}),
		"modulus": rsaKey().N.Bytes(),
	} {
		for _, alg := range []string{"HS256", "RS256"} {
			c.token = signWith(secret, replaced(t, goodHeader, "HS256", alg), goodClaims(sid))
			if w := c.do("GET", "/me"); w.Code != 401 {
				t.Errorf("%s as the secret of %s: status %d, want 401", name, alg, w.Code)
			}
		}
	}
}

func TestAKeyWorksWithItsOwnAlgorithmOnly(t *testing.T) {
	// JW-2: the other algorithms of the same family would verify with the key.
	m := storetest.Memory(t)
	for name, k := range keys(t) {
		k = named(t, k, "k1")
		app := newApp(t, newTokens(t, m, withKeys(k)))
		c := newClient(t, app).login("1")
		sid := claimsOf(t, c.token)["sid"].(string)
		c.status("GET", "/me", 200)
		private := map[string]any{"HS256": secret, "ES256": ecKey(), "EdDSA": edKey(), "RS256": rsaKey(), "PS256": rsaKey()}[name]
		for _, method := range []jwt.SigningMethod{
			jwt.SigningMethodHS256, jwt.SigningMethodHS384, jwt.SigningMethodHS512, jwt.SigningMethodES256, jwt.SigningMethodEdDSA,
			jwt.SigningMethodRS256, jwt.SigningMethodRS384, jwt.SigningMethodRS512, jwt.SigningMethodPS256, jwt.SigningMethodPS384, jwt.SigningMethodPS512,
		} {
			for _, said := range []string{name, method.Alg()} {
				signed := b64(replaced(t, goodHeader, "HS256", said)) + "." + b64(goodClaims(sid))
				sig, err := method.Sign(signed, private)
				if err != nil {
					continue // the method has no use for the key
				}
				c.token = signed + "." + b64(string(sig))
				want := 401
				if said == name && method.Alg() == name {
					want = 200
				}
				if w := c.do("GET", "/me"); w.Code != want {
					t.Errorf("%s key, %s signature, alg %s: status %d, want %d", name, method.Alg(), said, w.Code, want)
				}
			}
		}
	}
}

func TestSignaturesInOtherFormsAreRefused(t *testing.T) {
	m := storetest.Memory(t)
	k := named(t, must(t)(jwtauth.ES256(ecKey())), "k1")
	app := newApp(t, newTokens(t, m, withKeys(k)))
	c := newClient(t, app).login("1")
	signed := c.token[:strings.LastIndex(c.token, ".")]
	raw, err := base64.RawURLEncoding.DecodeString(c.token[len(signed)+1:])
	if err != nil {
		t.Fatal(err)
	}
	der, err := asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(raw[:32]), new(big.Int).SetBytes(raw[32:])})
	if err != nil {
		t.Fatal(err)
	}
	sum, sum512 := sha256.Sum256([]byte(signed)), sha512.Sum512([]byte(signed))
	r, s, err := ecdsa.Sign(rand.Reader, ecKey(), sum512[:])
	if err != nil {
		t.Fatal(err)
	}
	rsaSig, err := rsa.SignPKCS1v15(rand.Reader, rsaKey(), crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	for name, sig := range map[string][]byte{
		"ASN.1":             der,
		"of SHA-512":        append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...),
		"of RSA":            rsaSig,
		"with a byte more":  append(append([]byte{}, raw...), 0),
		"with zeros before": append(make([]byte, 2), raw...),
		"zeros":             make([]byte, 64), // CVE-2022-21449
		"r and n":           append(append([]byte{}, raw[:32]...), elliptic.P256().Params().N.Bytes()...),
	} {
		c.token = signed + "." + b64(string(sig))
		if w := c.do("GET", "/me"); w.Code != 401 {
			t.Errorf("%s: status %d, want 401", name, w.Code)
		}
	}
}

func TestATokenThatNamesAKeyOfItsOwnCausesNoRequest(t *testing.T) {
	// JW-3: the URLs lead to a real server, which would know.
	var fetched atomic.Int64
	evil := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fetched.Add(1)
		fmt.Fprintf(w, `{"keys":[{"kty":"oct","kid":"evil","alg":"HS256","k":%q}]}`, b64("evil"))
	}))
	defer evil.Close()
	m := storetest.Memory(t)
	app := newApp(t, newTokens(t, m))
	c := newClient(t, app).login("1")
	sid := claimsOf(t, c.token)["sid"].(string)
	for _, kid := range []string{"k1", "evil"} {
		for _, extra := range []string{`"jku":%q,`, `"x5u":%q,`, `"iss":%q,`, `"jwk":{"kty":"oct","k":"ZXZpbA","jku":%q},`} {
			h := replaced(t, goodHeader, `{`, `{`+fmt.Sprintf(extra, evil.URL))
			c.token = signWith([]byte("evil"), replaced(t, h, "k1", kid), goodClaims(sid))
			c.status("GET", "/me", 401)
		}
	}
	if n := fetched.Load(); n != 0 {
		t.Errorf("%d requests went out, want none", n)
	}
}

func TestTheLeewayIsOnTheRightSide(t *testing.T) {
	// JW-5: with the default of 30 seconds, to the second, and with others.
	for _, row := range []struct {
		leeway, good, bad time.Duration
	}{
		{0, 30*time.Second - 1, 30 * time.Second},
		{time.Minute, time.Minute - 1, time.Minute},
		{1, 0, 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			m := storetest.Memory(t)
			app := newApp(t, newTokens(t, m, func(c *jwtauth.Config) { c.Leeway = row.leeway }))
			c := newClient(t, app).login("1") // at 946684800, for 300 seconds
			time.Sleep(300*time.Second + row.good)
			c.status("GET", "/poll", 200)
			time.Sleep(row.bad - row.good)
			c.status("GET", "/poll", 401)

			// The other side: a token that begins in the future.
			sid := claimsOf(t, newClient(t, app).login("1").token)["sid"].(string)
			for _, name := range []string{"nbf", "iat"} {
				start := time.Now().Truncate(time.Second).Add(90 * time.Second)
				payload := strings.Replace(goodClaims(sid), `"iat":`, `"was":`, 1)
				if name == "nbf" {
					payload = goodClaims(sid)
				}
				c.token = sign(goodHeader, replaced(t, payload, `{`, fmt.Sprintf(`{"%s":%d,`, name, start.Unix())))
				time.Sleep(time.Until(start.Add(-row.bad - 1)))
				c.status("GET", "/poll", 401)
				time.Sleep(time.Nanosecond)
				c.status("GET", "/poll", 200)
				time.Sleep(2 * time.Minute)
			}
		})
	}
}

func TestASessionThatTokensDoNotProveIsNotOpenedByOne(t *testing.T) {
	// The ID of a cookie's session is public. Even a token of ours cannot make use of it.
	m := storetest.Memory(t)
	row := begun(t, backends.KindCookie, policy)
	if _, err := m.Create(t.Context(), row.CreatedAt, row, backends.NewSecret().Hash(), backends.Admission{}); err != nil {
		t.Fatal(err)
	}
	c := newClient(t, newApp(t, newTokens(t, m)))
	c.token = sign(goodHeader, goodClaims(row.ID))
	c.status("GET", "/me", 401)
}

func TestTheIdentityIsTheSubject(t *testing.T) {
	// JW-15: not an e-mail address, nor a name, whatever the claims say.
	m := storetest.Memory(t)
	app := newApp(t, newTokens(t, m))
	c := newClient(t, app).login("1")
	sid := claimsOf(t, c.token)["sid"].(string)
	c.token = sign(goodHeader, replaced(t, goodClaims(sid), `{`, `{"email":"root@app.example","name":"root","roles":["admin"],"preferred_username":"2",`))
	id := identityOf(t, c.status("GET", "/me", 200))
	if id.Subject != "1" || fmt.Sprint(id.Roles) != "[user]" || id.Issuer != "" || id.Method != "bearer" {
		t.Errorf("identity %+v", id)
	}
	c.status("GET", "/admin", 403)
	raw, _ := json.Marshal(id)
	if strings.Contains(string(raw), "email") {
		t.Errorf("claims in the identity: %s", raw)
	}
}
