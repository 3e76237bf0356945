package cookie_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/securecookie"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/cookie"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/sliding"
)

// newRememberingApp is an application with "remember me": the header Remember.
func newRememberingApp(t *testing.T, cookies *cookie.Cookies) http.Handler {
	t.Helper()
	guard, err := middleware.New(middleware.Config{Authenticator: cookies})
	if err != nil {
		t.Fatal(err)
	}
	answer := func(w http.ResponseWriter, r *http.Request, err error) {
		if err != nil {
			guard.Refuse(w, r, err)
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/login", func(w http.ResponseWriter, r *http.Request) {
		_, err := cookies.Login(w, r, middleware.Login{Subject: "1", BrowserSession: r.Header.Get("Remember") == ""})
		answer(w, r, err)
	})
	mux.HandleFunc("/prove", func(w http.ResponseWriter, r *http.Request) {
		_, err := cookies.Reauthenticate(w, r, middleware.Login{Subject: "1", BrowserSession: r.Header.Get("Public") != ""})
		answer(w, r, err)
	})
	mux.Handle("/me", guard.Handler(sliding.Handler(me)))
	return mux
}

func TestACookieThatEndsWithTheBrowserStaysOne(t *testing.T) {
	// CK-7, CK-10
	for _, row := range []struct {
		remember string
		reissue  bool
		maxAge   []int // after login, renewal, re-authentication, renewal
	}{
		{"", true, []int{0, 0, 0, 0}},
		{"", false, []int{0, 0}},
		{"yes", true, []int{1800, 1800, 1800, 1800}},
		{"yes", false, []int{43200, 43200}},
	} {
		synctest.Test(t, func(t *testing.T) {
			cookies := newCookies(t, storetest.Memory(t), func(c *config) { c.Reissue = row.reissue })
			b := newBrowser(t, newRememberingApp(t, cookies))
			var got []int
			do := func(method, path string) {
				w := b.status(method, path, 200, header("Remember", row.remember))
				for _, c := range w.Result().Cookies() {
					got = append(got, c.MaxAge)
				}
				time.Sleep(20 * time.Minute)
			}
			do("POST", "/login")
			do("GET", "/me")
			do("POST", "/prove")
			do("GET", "/me")
			if want, _ := json.Marshal(row.maxAge); string(mustJSON(t, got)) != string(want) {
				t.Errorf("remember %q, reissue %v: Max-Age %v, want %s", row.remember, row.reissue, got, want)
			}
		})
	}
}

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestReauthenticationCanLetTheCookieEndWithTheBrowser(t *testing.T) {
	b := newBrowser(t, newRememberingApp(t, newCookies(t, storetest.Memory(t))))
	b.status("POST", "/login", 200, header("Remember", "yes"))
	if c := sessionCookie(t, b.status("POST", "/prove", 200, header("Public", "yes"))); c.MaxAge != 0 {
		t.Errorf("Max-Age %d, want none", c.MaxAge)
	}
	if c := sessionCookie(t, b.status("POST", "/prove", 200)); c.MaxAge != 0 {
		t.Errorf("afterwards: Max-Age %d, want none", c.MaxAge)
	}
}

// The server ends the session all the same, and the store knows nothing of the browser.
func TestASessionWhoseCookieEndsWithTheBrowserHasItsDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBrowser(t, newRememberingApp(t, newCookies(t, storetest.Memory(t))))
		b.status("POST", "/login", 200)
		time.Sleep(29 * time.Minute)
		b.status("GET", "/me", 200)
		time.Sleep(30 * time.Minute)
		b.status("GET", "/me", 401)
	})
}

// What follows the ID is that one byte or nothing.
func TestNoOtherPayloadIsASession(t *testing.T) {
	cookies := newCookies(t, storetest.Memory(t))
	w := httptest.NewRecorder()
	s, err := cookies.Login(w, httptest.NewRequest("POST", "/", nil), middleware.Login{Subject: "1", BrowserSession: true})
	if err != nil {
		t.Fatal(err)
	}
	var payload []byte
	codec := securecookie.New(keyA, nil).SetSerializer(securecookie.NopEncoder{})
	if err := codec.Decode("__Host-session", w.Result().Cookies()[0].Value, &payload); err != nil {
		t.Fatal(err)
	}
	if id, ok := cookie.UnverifiedID(w.Result().Cookies()[0].Value); !ok || string(id[:]) != s.ID {
		t.Errorf("a cache would not find the session: %s, %v", id, ok)
	}
	if len(payload) != backends.SecretSize+len(s.ID)+1 || !bytes.HasSuffix(payload, []byte(s.ID+"b")) {
		t.Fatalf("payload of %d bytes", len(payload))
	}
	for name, row := range map[string]struct {
		payload []byte
		good    bool
	}{
		"as it was":    {payload, true},
		"without":      {payload[:len(payload)-1], true}, // as cookies were before there was this byte
		"another byte": {append(bytes.Clone(payload[:len(payload)-1]), 'c'), false},
		"twice":        {append(bytes.Clone(payload), 'b'), false},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.AddCookie(&http.Cookie{Name: "__Host-session", Value: sign(t, keyA, "__Host-session", row.payload)})
		if _, err := cookies.Authenticate(r); (err == nil) != row.good {
			t.Errorf("%s: %v, want good: %v", name, err, row.good)
		}
	}
}
