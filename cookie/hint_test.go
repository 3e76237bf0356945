package cookie_test

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/cookie"
	"github.com/inga-auth/inga/internal/storetest"
)

func TestTheIDIsFoundInEachValueOfACookie(t *testing.T) {
	// Under names of any length, and whatever its secret is.
	for _, name := range []string{"s", "__Host-session", "__Secure-" + strings.Repeat("n", 200)} {
		b := newBrowser(t, newApp(t, storetest.Memory(t), func(c *config) { c.Name = name }))
		for range 200 {
			id := b.opened("1")
			got, ok := cookie.UnverifiedID(b.jar[name])
			if !ok || string(got[:]) != id {
				t.Fatalf("%s: the value %q holds %q (%v), want %s", name, b.jar[name], got, ok, id)
			}
		}
	}
	for _, secret := range [][]byte{make([]byte, 32), bytes.Repeat([]byte{0xff}, 32), []byte(strings.Repeat("|", 32))} {
		id := backends.NewID("1")
		if got, ok := cookie.UnverifiedID(seal(t, keyA, secret, id)); !ok || string(got[:]) != id {
			t.Errorf("secret %x: the value holds %q (%v), want %s", secret, got, ok, id)
		}
	}
}

func TestTheIDIsFoundForAsLongAsTheTimeHasTenDigits(t *testing.T) {
	// 2001-09-09 to 2286-11-20. In other times it is not, and no other ID is found instead.
	id := backends.NewID("1")
	for seconds, found := range map[string]bool{
		"0": false, "946684800": false, "999999999": false,
		"1000000000": true, "1795882000": true, "9999999999": true,
		"10000000000": false, "-999999999": true, // as long as ten digits
	} {
		inner := seconds + "|" + base64.URLEncoding.EncodeToString(append(make([]byte, 32), id...)) + "|" + strings.Repeat("M", 32)
		got, ok := cookie.UnverifiedID(base64.URLEncoding.EncodeToString([]byte(inner)))
		if ok && string(got[:]) == id != found || !ok && found {
			t.Errorf("at %s: got %q (%v), want it found: %v", seconds, got, ok, found)
		}
	}
}

// What stands in a value where an ID is sought is good for looking it up, and for nothing else:
// any text may stand there.
func FuzzUnverifiedID(f *testing.F) {
	for _, value := range badValues(f) {
		f.Add(value)
	}
	good := seal(f, keyA, make([]byte, 32), backends.NewID("1"))
	f.Add(good)
	f.Add(good[:68] + strings.Repeat("\n", 56) + good[124:])
	f.Add(good[:68] + strings.Repeat("=", 56) + good[124:])
	f.Add(strings.Repeat("A", 150))
	f.Add(strings.Repeat("_", 190))
	app := newApp(f, storetest.Cached(f, storetest.Memory(f)))
	f.Fuzz(func(t *testing.T, value string) {
		cookie.UnverifiedID(value) // does not panic
		if w := newBrowser(t, app).do("GET", "/me", cookieHeader("__Host-session="+value)); w.Code != 401 {
			t.Errorf("status %d for %q, want 401", w.Code, value)
		}
	})
}
