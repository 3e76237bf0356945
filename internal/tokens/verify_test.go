package tokens_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
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
	"github.com/inga-auth/inga/internal/tokentest"
	"github.com/inga-auth/inga/jwtauth"
)

func TestAForgedOrDeviantTokenIsRefused(t *testing.T) {
	// JW-16. Each row is signed with the right key.
	m := storetest.Memory(t)
	app := tokentest.App(t, tokentest.New(t, m))
	sid := tokentest.ClaimsOf(t, tokentest.NewClient(t, app).Login("1").Token)["sid"].(string)
	for _, f := range refused {
		t.Run(f.name, func(t *testing.T) {
			c := tokentest.NewClient(t, app)
			c.Token = f.token(t, sid)
			w := c.Status("GET", "/me", 401)
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
	app := tokentest.App(t, tokentest.New(t, m))
	sid := tokentest.ClaimsOf(t, tokentest.NewClient(t, app).Login("1").Token)["sid"].(string)
	for _, f := range accepted {
		t.Run(f.name, func(t *testing.T) {
			c := tokentest.NewClient(t, app)
			c.Token = f.token(t, sid)
			if id := tokentest.IdentityOf(t, c.Status("GET", "/me", 200)); id.Subject != "1" || id.SessionID != sid {
				t.Errorf("identity %+v", id)
			}
		})
	}
}

func TestATokenThatIsNotOursIsRefusedWithoutAskingTheStore(t *testing.T) {
	// JW-1, JW-2, JW-11, JW-12, RT-12, SID-9: what can be seen without the store is.
	spy := tokentest.NewSpy(storetest.Memory(t))
	app := tokentest.App(t, tokentest.New(t, spy))
	good := tokentest.NewClient(t, app).Login("1").Token
	p := strings.Split(good, ".")
	h, payload, sig := p[0], p[1], p[2]
	spy.Take()
	tampered := []byte(sig)
	tampered[0] ^= 1 // another letter
	for name, token := range map[string]string{
		"no signature":                  h + "." + payload + ".",
		"alg none and no signature":     tokentest.B64(`{"alg":"none","typ":"at+jwt","kid":"k1"}`) + "." + payload + ".",
		"a signature of zeros":          h + "." + payload + "." + tokentest.B64(strings.Repeat("\x00", 32)),
		"a signature cut off":           good[:len(good)-4],
		"another signature":             h + "." + payload + "." + string(tampered),
		"a signature of another key":    tokentest.SignWith([]byte("another-secret"), tokentest.GoodHeader, tokentest.GoodClaims("AAAAAAAAAAAAAAAAAAAAAAAAAA")),
		"a signature of an empty key":   tokentest.SignWith(nil, tokentest.GoodHeader, tokentest.GoodClaims("AAAAAAAAAAAAAAAAAAAAAAAAAA")),
		"claims of another token":       h + "." + tokentest.B64(tokentest.GoodClaims("AAAAAAAAAAAAAAAAAAAAAAAAAA")) + "." + sig,
		"two parts":                     h + "." + payload,
		"one part":                      h,
		"four parts":                    good + "." + sig,
		"five parts, as encrypted ones": h + "..." + payload + "." + sig,
		"dots":                          "..",
		"a header that is no base64":    "A." + payload + "." + sig,
		"claims that are no base64":     tokentest.SignRaw(tokentest.Secret, h+".A"),
		"claims with spare bits":        tokentest.SignRaw(tokentest.Secret, h+"."+payload[:len(payload)-1]+respell(payload[len(payload)-1])),
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
		"the ID of the session":         tokentest.ClaimsOf(t, good)["sid"].(string),
	} {
		c := tokentest.NewClient(t, app)
		c.Token = token
		w := c.Do("GET", "/me")
		if w.Code != 401 || !strings.Contains(w.Header().Get("WWW-Authenticate"), `error="invalid_token"`) {
			t.Errorf("%s: %d, %s", name, w.Code, w.Header().Get("WWW-Authenticate"))
		}
	}
	if asked := spy.Take(); asked != nil {
		t.Errorf("the store was asked: %v", asked)
	}
}

// respell returns a character that differs from c in the last bit.
func respell(c byte) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return string(alphabet[strings.IndexByte(alphabet, c)^1])
}

func TestTheLastCharacterHasOneSpelling(t *testing.T) {
	// JW-12: 32 bytes end in a character that has two spare bits.
	app := tokentest.App(t, tokentest.New(t, storetest.Memory(t)))
	c := tokentest.NewClient(t, app).Login("1")
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	good, spellings := c.Token, 0
	for _, last := range alphabet {
		c.Token = good[:len(good)-1] + string(last)
		if c.Do("GET", "/me").Code == 200 {
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
	k := tokentest.Named(t, tokentest.Must(t)(jwtauth.RS256(tokentest.RSAKey())), "k1")
	app := tokentest.App(t, tokentest.New(t, m, tokentest.WithKeys(k)))
	c := tokentest.NewClient(t, app).Login("1")
	sid := tokentest.ClaimsOf(t, c.Token)["sid"].(string)
	c.Status("GET", "/me", 200)
	der, err := x509.MarshalPKIXPublicKey(&tokentest.RSAKey().PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	for name, secret := range map[string][]byte{
		"DER":     der,
		"PKCS #1": x509.MarshalPKCS1PublicKey(&tokentest.RSAKey().PublicKey),
		"PEM":     pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}),
		"modulus": tokentest.RSAKey().N.Bytes(),
	} {
		for _, alg := range []string{"HS256", "RS256"} {
			c.Token = tokentest.SignWith(secret, tokentest.Replaced(t, tokentest.GoodHeader, "HS256", alg), tokentest.GoodClaims(sid))
			if w := c.Do("GET", "/me"); w.Code != 401 {
				t.Errorf("%s as the secret of %s: status %d, want 401", name, alg, w.Code)
			}
		}
	}
}

func TestAKeyWorksWithItsOwnAlgorithmOnly(t *testing.T) {
	// JW-2: the other algorithms of the same family would verify with the key.
	m := storetest.Memory(t)
	for name, k := range tokentest.Keys(t) {
		k = tokentest.Named(t, k, "k1")
		app := tokentest.App(t, tokentest.New(t, m, tokentest.WithKeys(k)))
		c := tokentest.NewClient(t, app).Login("1")
		sid := tokentest.ClaimsOf(t, c.Token)["sid"].(string)
		c.Status("GET", "/me", 200)
		private := map[string]any{"HS256": tokentest.Secret, "ES256": tokentest.ECKey(), "EdDSA": tokentest.EdKey(), "RS256": tokentest.RSAKey(), "PS256": tokentest.RSAKey()}[name]
		for _, method := range []jwt.SigningMethod{
			jwt.SigningMethodHS256, jwt.SigningMethodHS384, jwt.SigningMethodHS512, jwt.SigningMethodES256, jwt.SigningMethodEdDSA,
			jwt.SigningMethodRS256, jwt.SigningMethodRS384, jwt.SigningMethodRS512, jwt.SigningMethodPS256, jwt.SigningMethodPS384, jwt.SigningMethodPS512,
		} {
			for _, said := range []string{name, method.Alg()} {
				signed := tokentest.B64(tokentest.Replaced(t, tokentest.GoodHeader, "HS256", said)) + "." + tokentest.B64(tokentest.GoodClaims(sid))
				sig, err := method.Sign(signed, private)
				if err != nil {
					continue // the method has no use for the key
				}
				c.Token = signed + "." + tokentest.B64(string(sig))
				want := 401
				if said == name && method.Alg() == name {
					want = 200
				}
				if w := c.Do("GET", "/me"); w.Code != want {
					t.Errorf("%s key, %s signature, alg %s: status %d, want %d", name, method.Alg(), said, w.Code, want)
				}
			}
		}
	}
}

func TestTheSaltOfAPSSSignatureIsAsLongAsItsHash(t *testing.T) {
	// JW-2, RFC 7518 section 3.5: the key says how long, not the signature.
	k := tokentest.Named(t, tokentest.Must(t)(jwtauth.PS256(tokentest.RSAKey())), "k1")
	app := tokentest.App(t, tokentest.New(t, storetest.Memory(t), tokentest.WithKeys(k)))
	c := tokentest.NewClient(t, app).Login("1")
	signed := c.Token[:strings.LastIndex(c.Token, ".")]
	sum := sha256.Sum256([]byte(signed))
	for salt, status := range map[int]int{32: 200, 1: 401, 31: 401, 33: 401, 222: 401} {
		sig, err := rsa.SignPSS(rand.Reader, tokentest.RSAKey(), crypto.SHA256, sum[:], &rsa.PSSOptions{SaltLength: salt})
		if err != nil {
			t.Fatal(err)
		}
		c.Token = signed + "." + tokentest.B64(string(sig))
		if w := c.Do("GET", "/me"); w.Code != status {
			t.Errorf("a salt of %d bytes: status %d, want %d", salt, w.Code, status)
		}
	}
}

func TestSignaturesInOtherFormsAreRefused(t *testing.T) {
	m := storetest.Memory(t)
	k := tokentest.Named(t, tokentest.Must(t)(jwtauth.ES256(tokentest.ECKey())), "k1")
	app := tokentest.App(t, tokentest.New(t, m, tokentest.WithKeys(k)))
	c := tokentest.NewClient(t, app).Login("1")
	signed := c.Token[:strings.LastIndex(c.Token, ".")]
	raw, err := base64.RawURLEncoding.DecodeString(c.Token[len(signed)+1:])
	if err != nil {
		t.Fatal(err)
	}
	der, err := asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(raw[:32]), new(big.Int).SetBytes(raw[32:])})
	if err != nil {
		t.Fatal(err)
	}
	sum, sum512 := sha256.Sum256([]byte(signed)), sha512.Sum512([]byte(signed))
	r, s, err := ecdsa.Sign(rand.Reader, tokentest.ECKey(), sum512[:])
	if err != nil {
		t.Fatal(err)
	}
	rsaSig, err := rsa.SignPKCS1v15(rand.Reader, tokentest.RSAKey(), crypto.SHA256, sum[:])
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
		c.Token = signed + "." + tokentest.B64(string(sig))
		if w := c.Do("GET", "/me"); w.Code != 401 {
			t.Errorf("%s: status %d, want 401", name, w.Code)
		}
	}
}

func TestATokenThatNamesAKeyOfItsOwnCausesNoRequest(t *testing.T) {
	// JW-3: the URLs lead to a real server, which would know.
	var fetched atomic.Int64
	evil := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fetched.Add(1)
		fmt.Fprintf(w, `{"keys":[{"kty":"oct","kid":"evil","alg":"HS256","k":%q}]}`, tokentest.B64("evil"))
	}))
	defer evil.Close()
	m := storetest.Memory(t)
	app := tokentest.App(t, tokentest.New(t, m))
	c := tokentest.NewClient(t, app).Login("1")
	sid := tokentest.ClaimsOf(t, c.Token)["sid"].(string)
	for _, kid := range []string{"k1", "evil"} {
		for _, extra := range []string{`"jku":%q,`, `"x5u":%q,`, `"iss":%q,`, `"jwk":{"kty":"oct","k":"ZXZpbA","jku":%q},`} {
			h := tokentest.Replaced(t, tokentest.GoodHeader, `{`, `{`+fmt.Sprintf(extra, evil.URL))
			c.Token = tokentest.SignWith([]byte("evil"), tokentest.Replaced(t, h, "k1", kid), tokentest.GoodClaims(sid))
			c.Status("GET", "/me", 401)
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
			app := tokentest.App(t, tokentest.New(t, m, func(c *tokentest.Config) { c.Leeway = row.leeway }))
			c := tokentest.NewClient(t, app).Login("1") // at 946684800, for 300 seconds
			time.Sleep(300*time.Second + row.good)
			c.Status("GET", "/poll", 200)
			time.Sleep(row.bad - row.good)
			c.Status("GET", "/poll", 401)

			// The other side: a token that begins in the future.
			sid := tokentest.ClaimsOf(t, tokentest.NewClient(t, app).Login("1").Token)["sid"].(string)
			for _, name := range []string{"nbf", "iat"} {
				start := time.Now().Truncate(time.Second).Add(90 * time.Second)
				payload := strings.Replace(tokentest.GoodClaims(sid), `"iat":`, `"was":`, 1)
				if name == "nbf" {
					payload = tokentest.GoodClaims(sid)
				}
				c.Token = tokentest.Sign(tokentest.GoodHeader, tokentest.Replaced(t, payload, `{`, fmt.Sprintf(`{"%s":%d,`, name, start.Unix())))
				time.Sleep(time.Until(start.Add(-row.bad - 1)))
				c.Status("GET", "/poll", 401)
				time.Sleep(time.Nanosecond)
				c.Status("GET", "/poll", 200)
				time.Sleep(2 * time.Minute)
			}
		})
	}
}

func TestASessionThatTokensDoNotProveIsNotOpenedByOne(t *testing.T) {
	// The ID of a cookie's session is public. Even a token of ours cannot make use of it.
	m := storetest.Memory(t)
	row := tokentest.Begun("1", backends.KindCookie, tokentest.Policy, time.Now())
	if _, err := m.Create(t.Context(), row.CreatedAt, row, backends.NewSecret().Hash(), backends.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	c := tokentest.NewClient(t, tokentest.App(t, tokentest.New(t, m)))
	c.Token = tokentest.Sign(tokentest.GoodHeader, tokentest.GoodClaims(row.ID))
	c.Status("GET", "/me", 401)
}

func TestTheIdentityIsTheSubject(t *testing.T) {
	// JW-15: not an e-mail address, nor a name, whatever the claims say.
	m := storetest.Memory(t)
	app := tokentest.App(t, tokentest.New(t, m))
	c := tokentest.NewClient(t, app).Login("1")
	sid := tokentest.ClaimsOf(t, c.Token)["sid"].(string)
	c.Token = tokentest.Sign(tokentest.GoodHeader, tokentest.Replaced(t, tokentest.GoodClaims(sid), `{`, `{"email":"root@app.example","name":"root","roles":["admin"],"preferred_username":"2",`))
	id := tokentest.IdentityOf(t, c.Status("GET", "/me", 200))
	if id.Subject != "1" || fmt.Sprint(id.Roles) != "[user]" || id.Issuer != "" || id.Method != "bearer" {
		t.Errorf("identity %+v", id)
	}
	c.Status("GET", "/admin", 403)
	raw, _ := json.Marshal(id)
	if strings.Contains(string(raw), "email") {
		t.Errorf("claims in the identity: %s", raw)
	}
}

func TestATokenThatIsRefusedIsNotRemembered(t *testing.T) {
	// Or junk would push out what is good.
	m := &storetest.Memo{Store: storetest.Cached(t, storetest.Memory(t))}
	c := tokentest.NewClient(t, tokentest.App(t, tokentest.New(t, m))).Login("1")
	good := c.Token
	id := tokentest.SID(t, good)
	for _, row := range refused {
		tokentest.ClientWith(t, c.App, row.token(t, id)).Do("GET", "/me")
		if m.Remembered.Load() != 0 {
			t.Fatalf("%s: it was remembered", row.name)
		}
	}
	c.Status("POST", "/logout", 200)
	c.Token = good
	c.Status("GET", "/me", 401)
	if m.Remembered.Load() != 0 {
		t.Error("a token was remembered whose session has ended")
	}
}
