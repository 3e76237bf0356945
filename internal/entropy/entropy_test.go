package entropy_test

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/inga-auth/inga/internal/entropy"
)

func TestASecretThatCanBeGuessedIsRefused(t *testing.T) {
	for secret, want := range map[string]string{
		"":                             "secret has 0 bytes",
		strings.Repeat("\x9f", 31):     "secret has 31 bytes",
		strings.Repeat("\x00", 32):     "secret repeats the same few bytes",
		strings.Repeat("\x9f\x01", 64): "secret repeats the same few bytes",
		"correct horse battery staple, twice over":                         "secret is text",
		"-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA\n-----END---": "secret is text",
		"0123456789abcdef0123456789abcdef":                                 "secret is text", // 16 bytes
		strings.Repeat("0123456789", 7):                                    "secret is text", // no letter
		"비밀번호입니다비밀번호입니다비밀번호":                                               "secret is text",
	} {
		err := entropy.Check([]byte(secret))
		if err == nil || !strings.HasPrefix(err.Error(), want) || !strings.Contains(err.Error(), "openssl rand -hex 32") {
			t.Errorf("%q: %v, want %s, and what to do", secret, err, want)
		}
		if err != nil && len(secret) > 8 && strings.Contains(err.Error(), secret[:8]) {
			t.Errorf("%q is in the error %v", secret, err)
		}
	}
}

func TestARandomSecretIsAccepted(t *testing.T) {
	for range 1000 {
		raw := make([]byte, 32)
		_, _ = rand.Read(raw)
		spellings := [][]byte{raw, []byte(hex.EncodeToString(raw)), []byte(strings.ToUpper(hex.EncodeToString(raw)))}
		for _, e := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
			spellings = append(spellings, []byte(e.EncodeToString(raw)))
		}
		for i, secret := range spellings {
			// 43 random digits lack capitals, small letters or digits once in a thousand times.
			if err := entropy.Check(secret); err != nil && (i < 3 || !lacks(string(secret))) {
				t.Errorf("%q: %v", secret, err)
			}
		}
	}
}

// lacks reports whether s has no digit, no capital or no small letter.
func lacks(s string) bool {
	return !strings.ContainsAny(s, "0123456789") || strings.ToLower(s) == s || strings.ToUpper(s) == s
}
