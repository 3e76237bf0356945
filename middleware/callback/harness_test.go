package callback_test

import (
	"context"
	"crypto/sha256"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/memory"
	"github.com/inga-auth/inga/cookie"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/callback"
	"github.com/inga-auth/inga/middleware/session"
	"github.com/inga-auth/inga/sliding"
)

const issuer = "https://idp.example"

// keyOf returns a key that is the same each time.
func keyOf(name string) []byte {
	key := sha256.Sum256([]byte(name))
	return key[:]
}

func newLogins(t testing.TB, edit ...func(*callback.Config)) *callback.Logins {
	t.Helper()
	c := callback.Config{Issuer: issuer, Keys: [][]byte{keyOf("a")}}
	for _, e := range edit {
		e(&c)
	}
	l, err := callback.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func formPost(c *callback.Config) { c.FormPost = true }

// A browser keeps the cookies of a host and sends them back, all of them unless they are stricter
// than the request allows.
type browser struct {
	t   testing.TB
	jar map[string]*http.Cookie
}

func newBrowser(t testing.TB) *browser { return &browser{t, map[string]*http.Cookie{}} }

// bring adds the cookies to r that a browser would send.
func (b *browser) bring(r *http.Request) *http.Request {
	posted := r.Header.Get("Sec-Fetch-Site") == "cross-site" && r.Method == http.MethodPost
	for _, c := range b.jar {
		if !posted || c.SameSite == http.SameSiteNoneMode {
			r.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
		}
	}
	return r
}

func (b *browser) keep(w *httptest.ResponseRecorder) {
	for _, c := range w.Result().Cookies() {
		b.jar[c.Name] = c
		if c.MaxAge < 0 {
			delete(b.jar, c.Name)
		}
	}
}

// request returns a request that a page of the site makes with the method.
func (b *browser) request(method, target string) *http.Request {
	r := httptest.NewRequest(method, target, nil)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.bring(r)
}

func (b *browser) begin(l *callback.Logins, i callback.Intent) callback.Begun {
	b.t.Helper()
	w := httptest.NewRecorder()
	begun, err := l.Begin(w, b.request("POST", "https://app.example/login"), i)
	if err != nil {
		b.t.Fatal(err)
	}
	b.keep(w)
	return begun
}

// back returns the request with which a provider sends the browser back.
func (b *browser) back(q url.Values) *http.Request {
	r := httptest.NewRequest("GET", "https://app.example/callback?"+q.Encode(), nil)
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	return b.bring(r)
}

// posted returns the request with which a form of the provider does.
func (b *browser) posted(q url.Values) *http.Request {
	r := httptest.NewRequest("POST", "https://app.example/callback", strings.NewReader(q.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	r.Header.Set("Origin", issuer)
	return b.bring(r)
}

// good is the answer of the provider to a login that has begun.
func good(begun callback.Begun) url.Values {
	return url.Values{"state": {begun.State}, "code": {"c0de"}, "iss": {issuer}}
}

func with(q url.Values, name string, values ...string) url.Values {
	q[name] = values
	return q
}

func (b *browser) finish(l *callback.Logins, r *http.Request) (*http.Request, callback.Result, error) {
	b.t.Helper()
	w := httptest.NewRecorder()
	done, res, err := l.Finish(w, r)
	b.keep(w)
	return done, res, err
}

// newCookies returns the session cookies of a site with the user ann.
func newCookies(t testing.TB) *cookie.Cookies {
	t.Helper()
	sessions := newRegistry(t)
	cookies, err := cookie.New(cookie.Config{Sessions: sessions, Keys: [][]byte{keyOf("a")}})
	if err != nil {
		t.Fatal(err)
	}
	return cookies
}

func newRegistry(t testing.TB) *session.Registry {
	t.Helper()
	store := memory.New()
	if err := store.Users().CreateUser(t.Context(), backends.User{ID: "ann"}, ""); err != nil {
		t.Fatal(err)
	}
	sessions, err := session.New(session.Config{
		Store:  store,
		Policy: sliding.Policy{Idle: 30 * time.Minute, Absolute: 12 * time.Hour},
		Events: func(context.Context, middleware.Event) {},
	})
	if err != nil {
		t.Fatal(err)
	}
	return sessions
}
