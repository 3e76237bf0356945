package tokentest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/inga-auth/inga/jwtauth"
)

// A Device keeps both tokens, as an app on a phone would.
type Device struct {
	Client
	Refresh string
}

// NewDevice returns a device on which the user has logged in, or a logged-out one if user is "".
func NewDevice(t testing.TB, app http.Handler, user string) *Device {
	t.Helper()
	d := &Device{Client: Client{T: t, App: app}}
	if user != "" {
		d.Keep(d.Status("POST", "/login", 200, As(user)))
	}
	return d
}

// DeviceWith returns a device with these tokens.
func DeviceWith(t testing.TB, app http.Handler, access, refresh string) *Device {
	return &Device{Client{t, app, access}, refresh}
}

// Keep keeps the tokens of an answer.
func (d *Device) Keep(w *httptest.ResponseRecorder) {
	d.T.Helper()
	resp := AnswerOf(d.T, w)
	d.Token, d.Refresh = resp.AccessToken, resp.RefreshToken
}

// Post sends a form.
func (d *Device) Post(path string, params ...string) *httptest.ResponseRecorder {
	d.T.Helper()
	return d.Do("POST", path, WithForm(params...), func(r *http.Request) { r.Header.Del("Authorization") })
}

// Present refreshes with a token, and keeps nothing.
func (d *Device) Present(token string) *httptest.ResponseRecorder {
	d.T.Helper()
	return d.Post("/token", "grant_type", "refresh_token", "refresh_token", token)
}

// Next refreshes with the current token, keeps what it gets, and returns the former tokens. The
// current token is replaced only if it is older than the overlap.
func (d *Device) Next() (access, refresh string) {
	d.T.Helper()
	access, refresh = d.Token, d.Refresh
	d.Keep(d.Present(refresh))
	return access, refresh
}

// Rotate is Next, and fails the test unless the refresh token was replaced; see [Eager].
func (d *Device) Rotate() (access, refresh string) {
	d.T.Helper()
	Tick()
	access, refresh = d.Next()
	if d.Refresh == refresh {
		d.T.Fatal("the refresh token was not replaced")
	}
	return access, refresh
}

// Prove authenticates again, and keeps the new tokens.
func (d *Device) Prove() {
	d.T.Helper()
	d.Token, d.Refresh = GrantOf(d.T, d.Status("POST", "/prove", 200))
}

// WantGranted fails the test unless the token is answered with this successor.
func (d *Device) WantGranted(token, successor string) {
	d.T.Helper()
	if got := AnswerOf(d.T, d.Present(token)).RefreshToken; got != successor {
		d.T.Fatalf("another successor than before")
	}
}

// WantNoGrant fails the test unless the token is refused, for good and without a word more.
func (d *Device) WantNoGrant(token string) {
	d.T.Helper()
	w := d.Present(token)
	if w.Code != 400 || w.Body.String() != InvalidGrant {
		d.T.Fatalf("status %d, body %s; want 400 and %s", w.Code, w.Body, InvalidGrant)
	}
	if got := w.Header().Values("Set-Cookie"); got != nil {
		d.T.Fatalf("Set-Cookie %q", got)
	}
}

// WantAccess asks for a guarded page with the token.
func (d *Device) WantAccess(token string, status int) {
	d.T.Helper()
	ClientWith(d.T, d.App, token).Status("GET", "/poll", status)
}

// InvalidGrant is the answer to a refresh token that is not good.
const InvalidGrant = `{"error":"invalid_grant","error_description":"token is invalid, expired or revoked"}` + "\n"

// WithForm sends a form of the parameters, a name and a value each.
func WithForm(params ...string) func(*http.Request) {
	form := url.Values{}
	for pair := range slices.Chunk(params, 2) {
		form.Add(pair[0], pair[1])
	}
	return WithBody(form.Encode())
}

// WithBody sends the body as a form.
func WithBody(body string) func(*http.Request) {
	return func(r *http.Request) {
		with := httptest.NewRequest(r.Method, r.URL.String(), strings.NewReader(body))
		r.Body, r.ContentLength = with.Body, with.ContentLength
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
}

// AnswerOf returns an answer that must have both tokens.
func AnswerOf(t testing.TB, w *httptest.ResponseRecorder) jwtauth.Response {
	t.Helper()
	var resp jwtauth.Response
	if err := json.Unmarshal(w.Body.Bytes(), &resp); err != nil || w.Code != 200 || resp.AccessToken == "" || resp.RefreshToken == "" {
		t.Fatalf("status %d, no tokens (%v): %s", w.Code, err, w.Body)
	}
	return resp
}
