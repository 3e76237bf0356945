package jwtauth_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/sliding"
)

func newCookies(t testing.TB, tokens *jwtauth.Tokens, edit ...func(*jwtauth.CookieConfig)) *jwtauth.Cookies {
	t.Helper()
	c := jwtauth.CookieConfig{Tokens: tokens}
	for _, e := range edit {
		e(&c)
	}
	cookies, err := jwtauth.NewCookies(c)
	if err != nil {
		t.Fatal(err)
	}
	return cookies
}

// newCookieApp is a small application for browsers. Its pages are refreshed transparently;
// logging in and out and the refresh in advance are not.
func newCookieApp(t testing.TB, k *jwtauth.Cookies, before ...middleware.Authenticator) http.Handler {
	t.Helper()
	guard, err := middleware.New(middleware.Config{
		Authenticator: middleware.FirstOf(append(before, k)...), Roles: []string{"user", "admin"}, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	admin, err := guard.Require(middleware.HasRole("admin"))
	if err != nil {
		t.Fatal(err)
	}
	private := middleware.Chain(k.Handler, guard.Handler, sliding.Handler)
	logout := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := k.Logout(w, r); err != nil {
			guard.Refuse(w, r, err)
		}
	})
	mux := http.NewServeMux()
	mux.HandleFunc("/login", func(w http.ResponseWriter, r *http.Request) {
		if _, err := k.Login(w, r, middleware.Login{Subject: r.Header.Get("User")}); err != nil {
			guard.Refuse(w, r, err)
		}
	})
	mux.HandleFunc("/refresh", func(w http.ResponseWriter, r *http.Request) {
		if _, err := k.Refresh(w, r); err != nil {
			guard.Refuse(w, r, err)
		}
	})
	mux.Handle("/logout", logout)
	mux.Handle("/private/logout", private(logout))
	mux.Handle("/me", private(me))
	mux.Handle("/admin", k.Handler(admin.Handler(me)))
	mux.Handle("/optional", k.Handler(guard.Optional(me)))
	return mux
}

// A browser keeps cookies as a browser does for one host, and sends them back.
type browser struct {
	t   testing.TB
	app http.Handler
	jar map[string]string
}

func newBrowser(t testing.TB, app http.Handler) *browser {
	return &browser{t: t, app: app, jar: map[string]string{}}
}

// send is do without keeping what comes.
func (b *browser) send(method, path string, edit ...func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "https://app.example"+path, nil).WithContext(b.t.Context())
	for name, value := range b.jar {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	for _, e := range edit {
		e(r)
	}
	w := httptest.NewRecorder()
	b.app.ServeHTTP(w, r)
	return w
}

func (b *browser) do(method, path string, edit ...func(*http.Request)) *httptest.ResponseRecorder {
	w := b.send(method, path, edit...)
	b.keep(w)
	return w
}

// keep does with the cookies of a response what RFC 6265 says.
func (b *browser) keep(w *httptest.ResponseRecorder) {
	for _, c := range w.Result().Cookies() {
		if c.MaxAge < 0 {
			delete(b.jar, c.Name)
			continue
		}
		b.jar[c.Name] = c.Value
	}
}

func (b *browser) status(method, path string, want int, edit ...func(*http.Request)) *httptest.ResponseRecorder {
	b.t.Helper()
	w := b.do(method, path, edit...)
	if w.Code != want {
		b.t.Fatalf("%s %s: status %d, want %d: %s", method, path, w.Code, want, w.Body)
	}
	return w
}

func (b *browser) login(user string) {
	b.t.Helper()
	b.status("POST", "/login", 200, as(user))
}

// expire drops the access cookie, as a browser does when its Max-Age has passed.
func (b *browser) expire() { delete(b.jar, "__Host-access") }

func cookieHeader(value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Cookie", value) }
}

func origin(site, from string) func(*http.Request) {
	return func(r *http.Request) {
		if site != "" {
			r.Header.Set("Sec-Fetch-Site", site)
		}
		if from != "" {
			r.Header.Set("Origin", from)
		}
	}
}
