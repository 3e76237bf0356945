package tokens_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/internal/tokentest"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/middleware"
)

// goldenRefresh is generation 7 of the session ABCDEFGHIJKLMNOPQRSTUVWXYZ, whose secret has
// the bytes 32 to 63, with the key of the bytes 0 to 31. Made by Python:
//
//	key = bytes(range(32))
//	raw = sha256(b"inga refresh key\0" + key).digest()[:4] + b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
//	raw += (7).to_bytes(8, "big") + bytes(range(32, 64))
//	raw += hmac.new(key, b"inga_rt1_https://app.example\0https://api.example\0" + raw, sha256).digest()
//	text = b"inga_rt1_" + base64.urlsafe_b64encode(raw)
//	text += b"%08x" % zlib.crc32(text)
const goldenRefresh = "inga_rt1_ZLQAyEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaAAAAAAAAAAcgISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0-PyQm4ZrKY4-socLGlqaYOYLfQwsgF-ezCb7GxS-kCBJEa7c92768"

func goldenSecret() backends.Secret {
	return backends.Secret([]byte(" !\"#$%&'()*+,-./0123456789:;<=>?"))
}

func TestTheFormatOfARefreshTokenNeverChanges(t *testing.T) {
	// Clients keep one for months.
	if got := tokentest.EncodeRefresh(tokentest.Secret, "ABCDEFGHIJKLMNOPQRSTUVWXYZ", 7, goldenSecret()); got != goldenRefresh {
		t.Errorf("encoded %s, want %s", got, goldenRefresh)
	}
	id, n, s, err := tokentest.ParseRefresh(tokentest.Secret, goldenRefresh)
	if err != nil || id != "ABCDEFGHIJKLMNOPQRSTUVWXYZ" || n != 7 || s != goldenSecret() {
		t.Errorf("parsed %s, %d, %v; error %v", id, n, s == goldenSecret(), err)
	}
}

func TestAScannerForLeakedSecretsKnowsARefreshToken(t *testing.T) {
	form := regexp.MustCompile(`^inga_rt1_[A-Za-z0-9_-]{136}[0-9a-f]{8}$`)
	d := tokentest.NewDevice(t, tokentest.App(t, tokentest.New(t, storetest.Memory(t), tokentest.Eager)), "1")
	for range 10 {
		_, token := d.Rotate()
		if !form.MatchString(token) {
			t.Fatalf("%s has not the form", token)
		}
		if sum := fmt.Sprintf("%08x", crc32.ChecksumIEEE([]byte(token[:145]))); sum != token[145:] {
			t.Fatalf("checksum %s, want %s", token[145:], sum)
		}
	}
}

// parts of a raw token, by hand: what a forger knows.
func rawOf(t testing.TB, token string) []byte {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(token[9:145])
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// retold spells raw bytes as a token, with a checksum that fits.
func retold(raw []byte) string {
	text := "inga_rt1_" + base64.RawURLEncoding.EncodeToString(raw)
	return text + fmt.Sprintf("%08x", crc32.ChecksumIEEE([]byte(text)))
}

// forgeries are made of a good token, and of one of another session.
func forgeries(t testing.TB, good, other string) map[string]string {
	t.Helper()
	edited := func(edit func(raw []byte)) string {
		raw := rawOf(t, good)
		edit(raw)
		return retold(raw)
	}
	macIn := func(context string, key []byte, raw []byte) []byte {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(context))
		h.Write(raw[:70])
		return h.Sum(nil)
	}
	macOf := func(key []byte, raw []byte) []byte {
		return macIn("inga_rt1_https://app.example\x00https://api.example\x00", key, raw)
	}
	inContext := func(context string) string {
		return edited(func(raw []byte) { copy(raw[70:], macIn(context, tokentest.RefreshKeyA, raw)) })
	}
	all := map[string]string{
		"nothing":                   "",
		"the prefix":                "inga_rt1_",
		"twice":                     good + good,
		"with a space":              good + " ",
		"with a NUL":                good + "\x00",
		"padded":                    good[:145] + "=" + good[145:],
		"with a line break inside":  good[:80] + "\n" + good[81:],
		"with a line break more":    good[:80] + "\n" + good[80:],
		"capitals":                  strings.ToUpper(good),
		"another version":           strings.Replace(good, "rt1", "rt2", 1),
		"no checksum":               good[:145],
		"wrong checksum":            good[:145] + "00000000",
		"64 KiB":                    good + strings.Repeat("A", 64<<10),
		"not UTF-8":                 "\xff\xfe" + good,
		"no MAC":                    retold(append(rawOf(t, good)[:70], make([]byte, 32)...)),
		"MAC of the hash alone":     edited(func(raw []byte) { sum := sha256.Sum256(raw[:70]); copy(raw[70:], sum[:]) }),
		"MAC with an empty key":     edited(func(raw []byte) { copy(raw[70:], macOf(nil, raw)) }),
		"MAC with the access key":   edited(func(raw []byte) { copy(raw[70:], macOf(tokentest.Secret, raw)) }),
		"MAC without the prefix":    inContext("https://app.example\x00https://api.example\x00"),
		"MAC without the issuer":    inContext("inga_rt1_\x00https://api.example\x00"),
		"MAC of the prefix only":    inContext("inga_rt1_"),
		"MAC for another audience":  inContext("inga_rt1_https://app.example\x00https://other.example\x00"),
		"MAC of one long issuer":    inContext("inga_rt1_https://app.examplehttps://api.example\x00\x00"),
		"MAC of another session":    edited(func(raw []byte) { copy(raw[70:], rawOf(t, other)[70:]) }),
		"ID of another session":     edited(func(raw []byte) { copy(raw[4:30], rawOf(t, other)[4:30]) }),
		"secret of another session": edited(func(raw []byte) { copy(raw[38:70], rawOf(t, other)[38:70]) }),
		"the next generation":       edited(func(raw []byte) { raw[37]++ }),
		"an earlier generation":     edited(func(raw []byte) { raw[37]-- }),
		"ID of another key":         edited(func(raw []byte) { raw[0]++ }),
		"a byte less":               retold(rawOf(t, good)[:101]),
		"a byte more":               retold(append(rawOf(t, good), 0)),
	}
	id, n, s, err := tokentest.ParseRefresh(tokentest.RefreshKeyA, good)
	if err != nil {
		t.Fatal(err)
	}
	all["our claims, their key"] = tokentest.EncodeRefresh(tokentest.RefreshKeyB, id, n, s)
	for i := range good {
		all[fmt.Sprintf("cut after %d", i)] = good[:i]
		for bit := range 8 {
			flipped := []byte(good)
			flipped[i] ^= 1 << bit
			all[fmt.Sprintf("bit %d of byte %d", bit, i)] = string(flipped)
		}
	}
	for i := range 102 {
		for bit := range 8 {
			all[fmt.Sprintf("bit %d of raw byte %d", bit, i)] = edited(func(raw []byte) { raw[i] ^= 1 << bit })
		}
	}
	return all
}

func TestForgedTruncatedAndForeignTokensAreRefusedWithoutAskingAnybody(t *testing.T) {
	// RT-13.
	m := storetest.Memory(t)
	s := tokentest.NewSpy(m)
	var j tokentest.Journal
	tokens := tokentest.New(t, s, tokentest.Eager, j.Use)
	app := tokentest.App(t, tokens)
	d, other := tokentest.NewDevice(t, app, "1"), tokentest.NewDevice(t, app, "2")
	d.Rotate()
	all := forgeries(t, d.Refresh, other.Refresh)
	all["an access token"] = d.Token
	s.Take()
	for name, token := range all {
		if token == d.Refresh {
			t.Fatalf("%s: is the good one", name)
		}
		_, err := tokens.Refresh(httptest.NewRequest("POST", "/", nil), token)
		if !errors.Is(err, middleware.ErrInvalidCredentials) {
			t.Errorf("%s: error %v, want ErrInvalidCredentials", name, err)
		}
	}
	if asked := s.Take(); len(asked) != 0 {
		t.Errorf("the store was asked %d times, want never: %v", len(asked), asked[0])
	}
	j.Want(t, 1, 0, 0)
	d.Rotate()
	other.Rotate()
}

func TestAKeyWithoutTheSecretOfTheSessionRevokesNothing(t *testing.T) {
	// RT-13: what has a good MAC and is no token that was ever given out.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		var j tokentest.Journal
		app := tokentest.App(t, tokentest.New(t, s, tokentest.Eager, j.Use))
		d, other := tokentest.NewDevice(t, app, "1"), tokentest.NewDevice(t, app, "2")
		d.Rotate()
		id, n, own, err := tokentest.ParseRefresh(tokentest.RefreshKeyA, d.Refresh)
		if err != nil {
			t.Fatal(err)
		}
		otherID, _, foreign, err := tokentest.ParseRefresh(tokentest.RefreshKeyA, other.Refresh)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range []struct {
			name       string
			id         string
			generation int64
			secret     backends.Secret
		}{
			{"a generation to come", id, n + 1, own},
			{"one far away", id, math.MaxInt64, own},
			{"generation 0", id, 0, own},
			{"a negative one", id, -1, own},
			{"the least one", id, math.MinInt64, own},
			{"no secret", id, n, backends.Secret{}},
			{"another secret", id, n, backends.NewSecret()},
			{"another secret, old generation", id, n - 1, backends.NewSecret()},
			{"the secret of another session", id, 1, foreign},
			{"the ID of another session", otherID, 1, own},
			{"a session that never was", backends.NewID("1"), 1, own},
			{"a session ID of zeros", strings.Repeat("\x00", 26), 1, own},
			{"a session ID that is SQL", "' OR ''='' --' OR ''='' --", 1, own},
		} {
			t.Run(row.name, func(t *testing.T) {
				d.WantNoGrant(tokentest.EncodeRefresh(tokentest.RefreshKeyA, row.id, row.generation, row.secret))
			})
		}
		j.Want(t, 1, 0, 0)
		d.Rotate()
		other.Rotate()
	})
}

func FuzzRefreshToken(f *testing.F) {
	s := tokentest.NewSpy(storetest.Memory(f))
	tokens := tokentest.New(f, s, tokentest.WithRefreshKeys(tokentest.Secret), tokentest.WithKeys(tokentest.Must(f)(jwtauth.ES256(tokentest.ECKey()))))
	r := httptest.NewRequest("POST", "/", nil).WithContext(context.Background())
	f.Add(goldenRefresh)
	f.Add(tokentest.Sign(tokentest.GoodHeader, tokentest.FixedClaims))
	other := tokentest.EncodeRefresh(tokentest.Secret, tokentest.FixedSession, 1, backends.Secret{})
	f.Add(other)
	for name, token := range forgeries(f, tokentest.EncodeRefresh(tokentest.RefreshKeyA, tokentest.FixedSession, 2, goldenSecret()), other) {
		if len(token) < 1000 && !strings.HasPrefix(name, "bit ") {
			f.Add(token)
		}
	}
	f.Fuzz(func(t *testing.T, token string) {
		id, n, own, err := tokentest.ParseRefresh(tokentest.Secret, token)
		s.Take()
		resp, refused := tokens.Refresh(r, token)
		if !errors.Is(refused, middleware.ErrInvalidCredentials) || resp.AccessToken != "" || resp.RefreshToken != "" {
			t.Fatalf("%q: error %v, response %v", token, refused, resp)
		}
		if err != nil {
			if asked := s.Take(); len(asked) > 0 || id != "" || n != 0 || own != (backends.Secret{}) {
				t.Fatalf("%q is refused, and says %q, %d; the store was asked: %v", token, id, n, asked)
			}
			return
		}
		// A token has one spelling, which only the key can make.
		if again := tokentest.EncodeRefresh(tokentest.Secret, id, n, own); again != token {
			t.Fatalf("%q is another spelling of %q", token, again)
		}
		raw := rawOf(t, token)
		if string(raw[4:30]) != id || binary.BigEndian.Uint64(raw[30:38]) != uint64(n) || string(raw[38:70]) != string(own[:]) {
			t.Fatalf("%q says %q, %d", token, id, n)
		}
	})
}
