package jwtauth_test

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/sliding"
)

// What the fuzz targets sign is the same in every process that takes part: a session with a
// fixed ID, and claims that are good until the year 5138.
const (
	fixedSession = "AAAAAAAAAAAAAAAAAAAAAAAAAA"
	fixedClaims  = `{"iss":"https://app.example","sub":"1","aud":"https://api.example","exp":99999999999,"iat":1,"jti":"J","sid":"AAAAAAAAAAAAAAAAAAAAAAAAAA"}`
	edHeader     = `{"alg":"EdDSA","typ":"at+jwt","kid":"k2"}`
)

func fixedTokens(t testing.TB) *jwtauth.Tokens {
	t.Helper()
	m := storetest.Memory(t)
	day := sliding.Policy{Idle: 24 * time.Hour, Absolute: 24 * time.Hour}
	row := begun(t, backends.KindToken, day)
	row.ID = fixedSession
	if _, err := m.Create(context.Background(), row.CreatedAt, row, backends.SecretHash{}, backends.Admission{}); err != nil {
		t.Fatal(err)
	}
	ed := named(t, must(t)(jwtauth.EdDSA(edKey())), "k2")
	return newTokens(t, m, withKeys(named(t, hs256(t), "k1"), ed))
}

func signEd(header, claims string) string {
	signed := b64(header) + "." + b64(claims)
	return signed + "." + b64(string(ed25519.Sign(edKey(), []byte(signed))))
}

func presented(token string) *http.Request {
	r := httptest.NewRequest("GET", "/", nil)
	r.Header["Authorization"] = []string{"Bearer " + token}
	return r
}

func FuzzAuthorizationHeader(f *testing.F) {
	token := sign(goodHeader, fixedClaims)
	for _, row := range headers {
		values := append(slices.Clone(row.values), "", "")
		f.Add(strings.ReplaceAll(values[0], placeholder, token), strings.ReplaceAll(values[1], placeholder, token))
	}
	app := newApp(f, fixedTokens(f))
	challenges := map[string]int{
		`Bearer realm="inga"`:                          401,
		`Bearer realm="inga", error="invalid_token"`:   401,
		`Bearer realm="inga", error="invalid_request"`: 400,
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		r := httptest.NewRequest("GET", "/poll", nil)
		r.Header["Authorization"] = []string{first}
		if second != "" {
			r.Header["Authorization"] = []string{first, second}
		}
		w := httptest.NewRecorder()
		app.ServeHTTP(w, r)
		if w.Code == 200 {
			scheme, rest, _ := strings.Cut(first, " ")
			if second != "" || !strings.EqualFold(scheme, "Bearer") || strings.Trim(rest, " ") != token {
				t.Fatalf("%q, %q passes", first, second)
			}
			return
		}
		if challenge := w.Header().Get("WWW-Authenticate"); challenges[challenge] != w.Code {
			t.Fatalf("%q, %q: status %d with the challenge %s", first, second, w.Code, challenge)
		}
	})
}

func FuzzJWT(f *testing.F) {
	good := []string{sign(goodHeader, fixedClaims), signEd(edHeader, fixedClaims)}
	for _, token := range good {
		f.Add(token)
		f.Add(token + "A")
		f.Add(token[:len(token)-1])
		f.Add(strings.Replace(token, ".", "\n.", 1))
	}
	for _, rows := range [][]forgery{refused, accepted} {
		for _, row := range rows {
			if token := row.token(f, fixedSession); len(token) < 10_000 {
				f.Add(token)
			}
		}
	}
	f.Add("..")
	f.Add(b64(`{"alg":"none","typ":"at+jwt","kid":"k1"}`) + "." + b64(fixedClaims) + ".")
	tokens := fixedTokens(f)
	f.Fuzz(func(t *testing.T, token string) {
		id, err := tokens.Authenticate(presented(token))
		if err != nil {
			if id.Subject != "" || id.Claims != "" {
				t.Fatalf("%q: an error, and the identity %+v", token, id)
			}
			return
		}
		// Nobody can make another signature: what is accepted is what we signed, to the
		// letter, and so are its claims.
		parts := strings.Split(token, ".")
		header, claims := unb64(t, parts[0]), unb64(t, parts[1])
		if token != sign(header, claims) && token != signEd(header, claims) {
			t.Fatalf("%q is not what we signed", token)
		}
		if id.Claims != claims || id.Subject != "1" || id.SessionID != fixedSession {
			t.Fatalf("%q: the identity is %+v with %s", token, id, id.Claims)
		}
	})
}

func unb64(t *testing.T, s string) string {
	t.Helper()
	return string(unbase64(t, s))
}

// FuzzSignedJWT is for what stands behind the signature: headers and claims of any form,
// signed properly. Encoding/json is the judge.
func FuzzSignedJWT(f *testing.F) {
	f.Add(goodHeader, fixedClaims, `{"a":[1,-2.5e3,"\u00e9",null,true,false,{}]}`)
	for _, rows := range [][]forgery{refused, accepted} {
		for _, row := range rows {
			header, claims := goodHeader, fixedClaims
			if row.in == inHeader {
				header = replaced(f, header, row.old, row.new)
			} else {
				claims = replaced(f, claims, row.old, row.new)
			}
			if len(header)+len(claims) < 6000 {
				f.Add(header, claims, "1")
			}
		}
	}
	tokens := fixedTokens(f)
	f.Fuzz(func(t *testing.T, header, claims, extra string) {
		if id, err := tokens.Authenticate(presented(sign(header, claims))); err == nil {
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
		depth, members := size(v)
		fits := len(canonical) < 5000 && depth < 32 && members < 240
		_, err = tokens.Authenticate(presented(sign(goodHeader, `{"x":`+string(canonical)+`,`+fixedClaims[1:])))
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
	if c.Iss != issuer || c.Sub != "1" || c.Sid != fixedSession || c.Jti == "" || !slices.Contains(aud, any(audience)) ||
		c.Exp == nil || *c.Exp < now-31 || *c.Exp > 253402300799 || c.Iat == nil || *c.Iat > now+31 || *c.Iat < 0 || c.Nbf > now+31 || c.Nbf < 0 {
		t.Fatalf("claims %q", text)
	}
}

// size returns how deep v is nested, and how many members its objects have.
func size(v any) (depth, members int) {
	inner := func(v any) {
		d, m := size(v)
		depth, members = max(depth, d), members+m
	}
	switch v := v.(type) {
	case map[string]any:
		members = len(v)
		for _, x := range v {
			inner(x)
		}
	case []any:
		for _, x := range v {
			inner(x)
		}
	default:
		return 0, 0
	}
	return depth + 1, members
}
