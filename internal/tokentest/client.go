package tokentest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/inga-auth/inga/middleware"
)

// A Client keeps its access token as a program would, and takes each new one that it gets.
type Client struct {
	T     testing.TB
	App   http.Handler
	Token string
}

// NewClient returns a client of the app without a token.
func NewClient(t testing.TB, app http.Handler) *Client { return ClientWith(t, app, "") }

// ClientWith returns a client of the app with the token.
func ClientWith(t testing.TB, app http.Handler, token string) *Client { return &Client{t, app, token} }

// Do sends a request as the edits change it.
func (c *Client) Do(method, path string, edit ...func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "https://app.example"+path, nil).WithContext(c.T.Context())
	if c.Token != "" {
		r.Header.Set("Authorization", "Bearer "+c.Token)
	}
	for _, e := range edit {
		e(r)
	}
	w := httptest.NewRecorder()
	c.App.ServeHTTP(w, r)
	if renewed := w.Header().Get("Access-Token"); renewed != "" {
		c.Token = renewed
	}
	return w
}

// Status is Do, and fails the test unless the answer has the status.
func (c *Client) Status(method, path string, want int, edit ...func(*http.Request)) *httptest.ResponseRecorder {
	c.T.Helper()
	w := c.Do(method, path, edit...)
	if w.Code != want {
		c.T.Fatalf("%s %s: status %d, want %d: %s", method, path, w.Code, want, w.Body)
	}
	return w
}

// Login logs the user in.
func (c *Client) Login(user string) *Client {
	c.T.Helper()
	c.Token, _ = GrantOf(c.T, c.Status("POST", "/login", 200, As(user)))
	return c
}

// Presented is a GET that brings the token.
func Presented(token string) *http.Request {
	r := httptest.NewRequest("GET", "/", nil)
	r.Header["Authorization"] = []string{"Bearer " + token}
	return r
}

// As names the user for /login.
func As(user string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("User", user) }
}

// Header sets a header.
func Header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

// CookieHeader sends these cookies and no others.
func CookieHeader(value string) func(*http.Request) { return Header("Cookie", value) }

// Origin says which page a browser sends the request from.
func Origin(site, from string) func(*http.Request) {
	return func(r *http.Request) {
		if site != "" {
			r.Header.Set("Sec-Fetch-Site", site)
		}
		if from != "" {
			r.Header.Set("Origin", from)
		}
	}
}

// IdentityOf returns what [Me] answered.
func IdentityOf(t testing.TB, w *httptest.ResponseRecorder) middleware.Identity {
	t.Helper()
	var id middleware.Identity
	if err := json.Unmarshal(w.Body.Bytes(), &id); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	return id
}

// GrantOf returns the tokens of an answer; there may be no refresh token.
func GrantOf(t testing.TB, w *httptest.ResponseRecorder) (access, refresh string) {
	t.Helper()
	var body struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || w.Code != 200 || body.Access == "" {
		t.Fatalf("status %d, no token (%v): %s", w.Code, err, w.Body)
	}
	return body.Access, body.Refresh
}
