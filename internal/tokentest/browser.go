package tokentest

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A Browser keeps cookies as a browser does for one host, and sends them back.
type Browser struct {
	T   testing.TB
	App http.Handler
	Jar map[string]string
}

// NewBrowser returns a browser without cookies.
func NewBrowser(t testing.TB, app http.Handler) *Browser {
	return &Browser{t, app, map[string]string{}}
}

// Send is Do without keeping what comes: the answer is late, or lost.
func (b *Browser) Send(method, path string, edit ...func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "https://app.example"+path, nil).WithContext(b.T.Context())
	for _, name := range slices.Sorted(maps.Keys(b.Jar)) {
		r.AddCookie(&http.Cookie{Name: name, Value: b.Jar[name]})
	}
	for _, e := range edit {
		e(r)
	}
	w := httptest.NewRecorder()
	b.App.ServeHTTP(w, r)
	return w
}

// Do sends a request as the edits change it, and keeps the cookies that come.
func (b *Browser) Do(method, path string, edit ...func(*http.Request)) *httptest.ResponseRecorder {
	w := b.Send(method, path, edit...)
	b.Keep(w)
	return w
}

// Keep does with the cookies of a response what RFC 6265 says.
func (b *Browser) Keep(w *httptest.ResponseRecorder) {
	for _, c := range w.Result().Cookies() {
		if c.MaxAge < 0 {
			delete(b.Jar, c.Name)
			continue
		}
		b.Jar[c.Name] = c.Value
	}
}

// Status is Do, and fails the test unless the answer has the status.
func (b *Browser) Status(method, path string, want int, edit ...func(*http.Request)) *httptest.ResponseRecorder {
	b.T.Helper()
	w := b.Do(method, path, edit...)
	if w.Code != want {
		b.T.Fatalf("%s %s: status %d, want %d: %s", method, path, w.Code, want, w.Body)
	}
	return w
}

// Login logs the user in.
func (b *Browser) Login(user string) {
	b.T.Helper()
	b.Status("POST", "/login", 200, As(user))
}

// Expire drops the access cookie, as a browser does when its Max-Age has passed.
func (b *Browser) Expire() { delete(b.Jar, "__Host-access") }

// Access and Refresh return the cookies of the browser.
func (b *Browser) Access() string  { return b.Jar["__Host-access"] }
func (b *Browser) Refresh() string { return b.Jar["__Host-refresh"] }

// Copy returns a browser with the same cookies.
func (b *Browser) Copy() *Browser { return &Browser{b.T, b.App, maps.Clone(b.Jar)} }

var (
	accessValue  = regexp.MustCompile(`=eyJ[\w.-]+;`)
	refreshValue = regexp.MustCompile(`=inga_rt1_[\w-]{144};`)
)

// Lines returns the Set-Cookie lines with T for an access and R for a refresh token.
func Lines(w *httptest.ResponseRecorder) []string {
	var all []string
	for _, line := range w.Header().Values("Set-Cookie") {
		line = accessValue.ReplaceAllString(line, "=T;")
		all = append(all, refreshValue.ReplaceAllString(line, "=R;"))
	}
	return all
}

// WantLines fails the test unless the answer sets these cookies.
func WantLines(t testing.TB, w *httptest.ResponseRecorder, want ...string) {
	t.Helper()
	if got := Lines(w); !slices.Equal(got, want) {
		t.Errorf("Set-Cookie\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if got := w.Header().Get("Cache-Control"); len(want) > 0 && got != "no-store" {
		t.Errorf("Cache-Control %q, want no-store", got)
	}
}
