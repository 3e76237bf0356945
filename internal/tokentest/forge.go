package tokentest

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/tokens"
)

// GoodHeader is the header of a token that [New] accepts.
const GoodHeader = `{"alg":"HS256","typ":"at+jwt","kid":"k1"}`

// GoodClaims returns the claims of a token of user 1 that is good for the session with the ID.
func GoodClaims(sid string) string {
	now := time.Now().Unix()
	return fmt.Sprintf(`{"iss":"https://app.example","sub":"1","aud":"https://api.example","exp":%d,"iat":%d,"jti":"J","sid":%q}`, now+300, now, sid)
}

// Sign makes a token of any header and claims, with [Secret] and HMAC.
func Sign(header, claims string) string { return SignWith(Secret, header, claims) }

// SignWith is Sign with another secret.
func SignWith(secret []byte, header, claims string) string {
	return SignRaw(secret, B64(header)+"."+B64(claims))
}

// SignRaw appends the signature of the text, which need not be the first two parts of a token.
func SignRaw(secret []byte, signed string) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(signed))
	return signed + "." + B64(string(mac.Sum(nil)))
}

// B64 is base64url.
func B64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// Replaced replaces old once, and insists that it was there.
func Replaced(t testing.TB, s, old, new string) string {
	t.Helper()
	if !strings.Contains(s, old) {
		t.Fatalf("%q is not in %s", old, s)
	}
	return strings.Replace(s, old, new, 1)
}

// ClaimsOf reads a token without verifying it.
func ClaimsOf(t testing.TB, token string) map[string]any {
	t.Helper()
	return Part(t, token, 1)
}

// SID returns the ID of the session that an access token names.
func SID(t testing.TB, token string) string {
	t.Helper()
	return ClaimsOf(t, token)["sid"].(string)
}

// Part reads a part of a token.
func Part(t testing.TB, token string, i int) map[string]any {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[i])
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&m); err != nil {
		t.Fatal(err)
	}
	return m
}

// Seconds returns a claim that is a number.
func Seconds(t testing.TB, v any) int64 {
	t.Helper()
	n, err := v.(json.Number).Int64()
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func refreshKeys(key []byte) tokens.RefreshKeys {
	return tokens.NewRefreshKeys([][]byte{key}, Issuer, Audience)
}

// EncodeRefresh returns the refresh token with this content, authenticated by the key.
func EncodeRefresh(key []byte, sessionID string, generation int64, secret backends.Secret) string {
	return refreshKeys(key).Encode(tokens.RefreshToken{SessionID: sessionID, Generation: generation, Secret: secret})
}

// ParseRefresh returns the content of a refresh token that the key authenticated.
func ParseRefresh(key []byte, token string) (sessionID string, generation int64, secret backends.Secret, err error) {
	rt, err := refreshKeys(key).Parse(token)
	return rt.SessionID, rt.Generation, rt.Secret, err
}

// Members returns the text of n members with different names.
func Members(n int) string {
	var s strings.Builder
	for i := range n {
		name, _ := json.Marshal("m" + strings.Repeat("a", i/26) + string(rune('a'+i%26)))
		s.Write(name)
		s.WriteString(":1,")
	}
	return s.String()
}
