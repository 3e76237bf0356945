package cookie_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/securecookie"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/eventtest"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/sliding"
)

func payloadHex(t *testing.T, value string) string {
	t.Helper()
	raw, err := base64.URLEncoding.DecodeString(payload(t, value))
	if err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(raw)
}

// sign makes a cookie value as the holder of the key would.
func sign(t testing.TB, key []byte, name string, payload []byte) string {
	t.Helper()
	value, err := securecookie.New(key, nil).SetSerializer(securecookie.NopEncoder{}).Encode(name, payload)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// seal makes the cookie value of a session.
func seal(t testing.TB, key []byte, secret []byte, id string) string {
	t.Helper()
	return sign(t, key, "__Host-session", append(slices.Clip(secret), id...))
}

// badValues are cookie values that open nothing.
func badValues(t testing.TB) map[string]string {
	secret := bytes.Repeat([]byte{7}, 32)
	payload := append(slices.Clip(secret), backends.NewID("1")...)
	good := sign(t, keyA, "__Host-session", payload)
	return map[string]string{
		"empty":                     "",
		"short":                     "x",
		"64 KB":                     strings.Repeat("A", 64<<10),
		"not base64":                strings.Repeat("!", 120),
		"NUL":                       "\x00",
		"not UTF-8":                 "\xff\xfe",
		"quotes":                    `"` + good + `"x`,
		"no signature":              base64.URLEncoding.EncodeToString(bytes.Repeat([]byte("1|2|3"), 18)),
		"a flipped bit":             good[:60] + string(good[60]^1) + good[61:],
		"truncated":                 good[:len(good)-4],
		"twice":                     good + good,
		"signed by another key":     sign(t, keyB, "__Host-session", payload),
		"of another cookie":         sign(t, keyA, "other", payload),
		"a payload that is short":   sign(t, keyA, "__Host-session", payload[:57]),
		"a payload that is long":    sign(t, keyA, "__Host-session", append(payload, 7)),
		"a secret without an ID":    sign(t, keyA, "__Host-session", secret),
		"an API key":                "sk_live_0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", // SID-9
		"SQL":                       "' OR 1=1; DROP TABLE sessions; --" + strings.Repeat(" ", 80),
		"the hash of a secret, raw": string(secret),
	}
}

func TestABadCookieIsRefusedWithoutAskingTheStore(t *testing.T) {
	// SID-10
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		c := &counting{Store: s}
		b := newBrowser(t, newApp(t, c))
		for name, value := range badValues(t) {
			w := b.do("GET", "/me", cookieHeader("__Host-session="+value))
			if w.Code != 401 && w.Code != 400 {
				t.Errorf("%s: status %d, want 401 or 400", name, w.Code)
			}
			if got := w.Header().Values("Set-Cookie"); got != nil {
				t.Errorf("%s: a refusal set %q", name, got)
			}
		}
		if n := c.asked.Load(); n != 0 {
			t.Errorf("the store was asked %d times, want 0", n)
		}
		b.login("1")
		b.status("GET", "/me", 200)
		if n := c.asked.Load(); n != 1 {
			t.Errorf("one request asked the store %d times, want 1", n)
		}
	})
}

func TestOfTwoCookiesTheUnsignedOneNeverWins(t *testing.T) {
	// CK-12, SID-10: a subdomain, or a proxy, planted another one.
	c := &counting{Store: storetest.Memory(t)}
	b := newBrowser(t, newApp(t, c))
	b.login("1")
	ended := "__Host-session=" + b.jar["__Host-session"]
	b.login("2")
	other := "__Host-session=" + b.jar["__Host-session"]
	b = newBrowser(t, b.app)
	forged := "__Host-session=" + seal(t, keyB, make([]byte, 32), backends.NewID("1")) + "; "
	for name, row := range map[string]struct {
		header string
		want   int
	}{
		"planted before":          {"__Host-session=planted; " + other, 200},
		"planted after":           {other + "; __Host-session=planted", 200},
		"the same twice":          {other + "; " + other, 200},
		"one that has ended":      {ended + "; " + other, 200},
		"many that are planted":   {strings.Repeat("__Host-session=planted; ", 100) + other, 200},
		"many that could be ours": {strings.Repeat(forged, 179) + other, 200},
		"more than browsers keep": {strings.Repeat(forged, 180) + other, 401},
		"eight that have ended":   {strings.Repeat(ended+"; ", 8) + other, 401},
		"two that are planted":    {"__Host-session=a; __Host-session=b", 401},
	} {
		if w := b.do("GET", "/me", cookieHeader(row.header)); w.Code != row.want {
			t.Errorf("%s: status %d, want %d", name, w.Code, row.want)
		}
	}
}

func TestALogoutEndsTheSessionsOfAllCookiesThatWeSigned(t *testing.T) {
	// LO-1, CK-12: a request with two is refused, and its logout must not say done while one of
	// them lives.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		var tr eventtest.Trail
		app := newApp(t, s, telling(&tr))
		ann, root := newBrowser(t, app), newBrowser(t, app)
		ids := []string{ann.opened("1"), root.opened("2")}
		anns, roots := "__Host-session="+ann.jar["__Host-session"], "__Host-session="+root.jar["__Host-session"]
		both := cookieHeader(anns + "; __Host-session=planted; " + anns + "; " + roots)
		newBrowser(t, app).status("GET", "/me", 401, both)
		tr.Take()
		newBrowser(t, app).status("POST", "/logout", 200, both)
		tr.WantEvents(t,
			middleware.Event{Type: "logout", Subject: "1", SessionID: ids[0], Method: "cookie", IP: "192.0.2.1"},
			middleware.Event{Type: "logout", Subject: "2", SessionID: ids[1], Method: "cookie", IP: "192.0.2.1"})
		ann.problem("GET", "/me", 401, "session-revoked")
		root.problem("GET", "/me", 401, "session-revoked")
	})
}

func TestALogoutThatCannotVerifyAllCookiesSaysSo(t *testing.T) {
	b := newBrowser(t, newApp(t, storetest.Memory(t)))
	b.login("1")
	mine := "__Host-session=" + b.jar["__Host-session"]
	forged := "__Host-session=" + seal(t, keyB, make([]byte, 32), backends.NewID("1")) + "; "
	never := "__Host-session=" + seal(t, keyA, make([]byte, 32), backends.NewID("1")) + "; "
	for _, path := range []string{"/logout", "/login"} {
		b.problem("POST", path, 401, "invalid-credentials", cookieHeader(strings.Repeat(forged, 180)+mine))
		b.problem("POST", path, 401, "invalid-credentials", cookieHeader(strings.Repeat(never, 8)+mine))
	}
	b.status("GET", "/me", 200)
	b.status("POST", "/logout", 200, cookieHeader(strings.Repeat(forged, 100)+mine))
	newBrowser(t, b.app).problem("GET", "/me", 401, "session-revoked", cookieHeader(mine))
}

func TestALoginEndsTheSessionsOfAllCookiesThatTheBrowserHad(t *testing.T) {
	// SID-2: under a limit that would refuse one more.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		app := newApp(t, s, within(backends.Limit{Total: 1, Refuse: true}))
		ann, root := newBrowser(t, app), newBrowser(t, app)
		ann.login("1")
		root.login("2")
		both := cookieHeader("__Host-session=" + ann.jar["__Host-session"] + "; __Host-session=" + root.jar["__Host-session"])
		b := newBrowser(t, app)
		b.status("POST", "/login", 200, as("1"), both)
		ann.problem("GET", "/me", 401, "session-revoked")
		root.problem("GET", "/me", 401, "session-revoked")
		b.status("GET", "/me", 200)
	})
}

func TestASecretInTheURLIsIgnored(t *testing.T) {
	// SID-7
	b := newBrowser(t, newApp(t, storetest.Memory(t)))
	b.login("1")
	value := b.jar["__Host-session"]
	other := newBrowser(t, b.app)
	w := other.status("GET", "/me?__Host-session="+value+"&session="+value, 401)
	if got := w.Header().Get("Location"); got != "" {
		t.Errorf("Location %q", got)
	}
}

func TestKeysAreRotatedWithoutLoggingAnyoneOut(t *testing.T) {
	// IN-7.
	s := storetest.Memory(t)
	before := newBrowser(t, newApp(t, s))
	before.login("1")
	rotated := newApp(t, s, func(c *config) { c.Keys = [][]byte{keyB, keyA} })
	after := newBrowser(t, rotated)
	after.jar = before.jar
	after.status("GET", "/me", 200)

	fresh := newBrowser(t, rotated)
	fresh.login("1")
	onlyNew := newApp(t, s, func(c *config) { c.Keys = [][]byte{keyB} })
	fresh.app = onlyNew
	fresh.status("GET", "/me", 200)
	after.app = onlyNew
	after.status("GET", "/me", 401)
}

func TestAKeyThatIsWipedAfterNewStillSignsAndVerifies(t *testing.T) {
	// Keys are copied. Otherwise anyone could sign, with zeros.
	s := storetest.Memory(t)
	wiped := slices.Clone(keyA)
	app := newApp(t, s, func(c *config) { c.Keys = [][]byte{wiped} })
	clear(wiped)
	b := newBrowser(t, app)
	b.login("1")
	b.status("GET", "/me", 200)
	secret, id := signed(t, b.jar["__Host-session"])
	newBrowser(t, app).status("GET", "/me", 401, cookieHeader("__Host-session="+seal(t, make([]byte, 32), secret, id)))
	newBrowser(t, newApp(t, s)).status("GET", "/me", 200, cookieHeader("__Host-session="+b.jar["__Host-session"]))
}

func TestACookieIsGoodForAsLongAsItsSession(t *testing.T) {
	// securecookie would end a value after 30 days by itself.
	synctest.Test(t, func(t *testing.T) {
		long := sliding.Policy{Idle: 60 * 24 * time.Hour, Absolute: 90 * 24 * time.Hour}
		b := newBrowser(t, newApp(t, storetest.Memory(t), func(c *config) { c.Policy = long }))
		b.login("1")
		time.Sleep(59 * 24 * time.Hour)
		b.status("GET", "/me", 200)
	})
}

func FuzzCookieValue(f *testing.F) {
	for _, value := range badValues(f) {
		f.Add(value)
	}
	c := &counting{Store: storetest.Memory(f)}
	app := newApp(f, c)
	f.Fuzz(func(t *testing.T, value string) {
		r := httptest.NewRequest(http.MethodGet, "/me", nil)
		r.Header.Set("Cookie", "__Host-session="+value)
		w := httptest.NewRecorder()
		app.ServeHTTP(w, r)
		if w.Code != 401 && w.Code != 400 {
			t.Fatalf("status %d for %q", w.Code, value)
		}
		if c.asked.Load() != 0 {
			t.Fatalf("the store was asked about %q", value)
		}
	})
}
