package tokens_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/inga-auth/inga/internal/tokentest"
)

const edHeader = `{"alg":"EdDSA","typ":"at+jwt","kid":"k2"}`

func signEd(header, claims string) string {
	signed := tokentest.B64(header) + "." + tokentest.B64(claims)
	return signed + "." + tokentest.B64(string(ed25519.Sign(tokentest.EdKey(), []byte(signed))))
}

func FuzzJWT(f *testing.F) {
	good := []string{tokentest.Sign(tokentest.GoodHeader, tokentest.FixedClaims), signEd(edHeader, tokentest.FixedClaims)}
	for _, token := range good {
		f.Add(token)
		f.Add(token + "A")
		f.Add(token[:len(token)-1])
		f.Add(strings.Replace(token, ".", "\n.", 1))
	}
	for _, rows := range [][]forgery{refused, accepted} {
		for _, row := range rows {
			if token := row.token(f, tokentest.FixedSession); len(token) < 10_000 {
				f.Add(token)
			}
		}
	}
	f.Add("..")
	f.Add(tokentest.B64(`{"alg":"none","typ":"at+jwt","kid":"k1"}`) + "." + tokentest.B64(tokentest.FixedClaims) + ".")
	tokens := tokentest.Fixed(f)
	f.Fuzz(func(t *testing.T, token string) {
		id, err := tokens.Authenticate(tokentest.Presented(token))
		if err != nil {
			if id.Subject != "" || id.Claims != "" {
				t.Fatalf("%q: an error, and the identity %+v", token, id)
			}
			return
		}
		// No other signature can be made: an accepted token is one that we signed, and so are its
		// claims.
		parts := strings.Split(token, ".")
		header, claims := unb64(t, parts[0]), unb64(t, parts[1])
		if token != tokentest.Sign(header, claims) && token != signEd(header, claims) {
			t.Fatalf("%q is not what we signed", token)
		}
		if id.Claims != claims || id.Subject != "1" || id.SessionID != tokentest.FixedSession {
			t.Fatalf("%q: the identity is %+v with %s", token, id, id.Claims)
		}
	})
}

func unb64(t *testing.T, s string) string {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// FuzzSignedJWT is for what stands behind the signature: headers and claims of any form,
// signed properly. Encoding/json is the judge.
func FuzzSignedJWT(f *testing.F) {
	f.Add(tokentest.GoodHeader, tokentest.FixedClaims, `{"a":[1,-2.5e3,"\u00e9",null,true,false,{}]}`)
	for _, rows := range [][]forgery{refused, accepted} {
		for _, row := range rows {
			header, claims := tokentest.GoodHeader, tokentest.FixedClaims
			if row.in == inHeader {
				header = tokentest.Replaced(f, header, row.old, row.new)
			} else {
				claims = tokentest.Replaced(f, claims, row.old, row.new)
			}
			if len(header)+len(claims) < 6000 {
				f.Add(header, claims, "1")
			}
		}
	}
	tokens := tokentest.Fixed(f)
	f.Fuzz(func(t *testing.T, header, claims, extra string) {
		if id, err := tokens.Authenticate(tokentest.Presented(tokentest.Sign(header, claims))); err == nil {
			wantHeader(t, header)
			wantClaims(t, claims)
			if id.Claims != claims {
				t.Fatalf("claims %s of %s", id.Claims, claims)
			}
		}
		// What encoding/json writes is read by us, as long as it is not too much.
		var v any
		if json.Unmarshal([]byte(extra), &v) != nil {
			return
		}
		canonical, err := json.Marshal(v)
		if err != nil {
			return
		}
		depth := depthOf(v)
		fits := len(canonical) < 5000 && depth < 32
		_, err = tokens.Authenticate(tokentest.Presented(tokentest.Sign(tokentest.GoodHeader, `{"x":`+string(canonical)+`,`+tokentest.FixedClaims[1:])))
		if fits && err != nil {
			t.Fatalf("claim %s is refused: %v", canonical, err)
		}
	})
}

func wantHeader(t *testing.T, text string) {
	t.Helper()
	var h struct{ Alg, Typ, Kid string }
	if err := json.Unmarshal([]byte(text), &h); err != nil {
		t.Fatalf("header %q: %v", text, err)
	}
	typ := strings.TrimPrefix(strings.ToLower(h.Typ), "application/")
	if h.Alg != "HS256" || typ != "at+jwt" || h.Kid != "k1" {
		t.Fatalf("header %q", text)
	}
}

func wantClaims(t *testing.T, text string) {
	t.Helper()
	// Without regard to case, and the last of a name: if that makes a difference, we should
	// have refused it.
	var c struct {
		Iss, Sub, Sid, Jti string
		Aud                any
		Exp, Iat           *float64
		Nbf                float64
	}
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		t.Fatalf("claims %q: %v", text, err)
	}
	aud, ok := c.Aud.([]any)
	if !ok {
		aud = []any{c.Aud}
	}
	now := float64(time.Now().Unix())
	if c.Iss != tokentest.Issuer || c.Sub != "1" || c.Sid != tokentest.FixedSession || c.Jti == "" || !slices.Contains(aud, any(tokentest.Audience)) ||
		c.Exp == nil || *c.Exp < now-31 || *c.Exp > 253402300799 || c.Iat == nil || *c.Iat > now+31 || *c.Iat < 0 || c.Nbf > now+31 || c.Nbf < 0 {
		t.Fatalf("claims %q", text)
	}
}

// depthOf returns how many objects and arrays v is nested in, itself included.
func depthOf(v any) (depth int) {
	switch v := v.(type) {
	case map[string]any:
		for _, x := range v {
			depth = max(depth, depthOf(x))
		}
	case []any:
		for _, x := range v {
			depth = max(depth, depthOf(x))
		}
	default:
		return 0
	}
	return depth + 1
}
