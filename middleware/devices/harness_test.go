package devices_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/cookie"
	"github.com/inga-auth/inga/internal/pgtest"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/devices"
	"github.com/inga-auth/inga/middleware/session"
	"github.com/inga-auth/inga/sliding"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

var (
	cookieKey  = []byte("f5c9a7d1e3b8406296aa1c0d7e5b3f487a1c9e0b5d3f82641b6e4c2a0f8d7951")
	tokenKey   = []byte("\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f")
	refreshKey = []byte("\x80\x81\x82\x83\x84\x85\x86\x87\x88\x89\x8a\x8b\x8c\x8d\x8e\x8f\x90\x91\x92\x93\x94\x95\x96\x97\x98\x99\x9a\x9b\x9c\x9d\x9e\x9f")
	policy     = sliding.Policy{Idle: 30 * time.Minute, Absolute: 12 * time.Hour}
)

// An app is a small application: log in by cookie or token, see devices, end them. Its users
// are those of storetest: 1 is ann, a user, and 2 is root, an administrator.
type app struct {
	http.Handler
	store   storetest.Store
	devices *devices.Devices
	cookies *cookie.Cookies
	tokens  *jwtauth.Tokens
	guard   *middleware.Guard

	mu     sync.Mutex
	events []middleware.Event // that are not about a way of proving: those of package devices
}

// newApp returns the app over s. Its devices may be those of another registry, over a store that
// fails.
func newApp(t *testing.T, s storetest.Store, of ...backends.Store) *app {
	t.Helper()
	a := &app{store: s}
	key, err1 := jwtauth.HS256(tokenKey)
	sessions, err2 := session.New(session.Config{Store: s, Policy: policy, Events: a.hear})
	var err3, err4, err5, err6, err7 error
	a.cookies, err3 = cookie.New(cookie.Config{Sessions: sessions, Keys: [][]byte{cookieKey}})
	a.tokens, err4 = jwtauth.New(jwtauth.Config{Sessions: sessions, Keys: []jwtauth.Key{key}, RefreshKeys: [][]byte{refreshKey},
		Issuer: "https://app.example", Audience: "https://api.example",
		RefreshOverlap: time.Microsecond, Leeway: time.Microsecond}) // so that each refresh is one
	if len(of) > 0 {
		sessions, err5 = session.New(session.Config{Store: of[0], Policy: policy, Events: a.hear})
	}
	a.devices, err6 = devices.New(sessions)
	a.guard, err7 = middleware.New(middleware.Config{Authenticator: middleware.FirstOf(a.tokens, a.cookies),
		Roles: []string{"user", "admin"}, Logger: slog.New(slog.DiscardHandler)})
	if err := errors.Join(err1, err2, err3, err4, err5, err6, err7); err != nil {
		t.Fatal(err)
	}
	a.Handler = a.routes(t)
	return a
}

func (a *app) routes(t *testing.T) http.Handler {
	t.Helper()
	admin, err1 := a.guard.Require(middleware.HasRole("admin"))
	fresh, err2 := a.guard.Require(middleware.Fresh(5 * time.Minute))
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	private := middleware.Chain(a.guard.Handler, sliding.Handler)
	of := a.devices.Of(func(r *http.Request) string { return r.PathValue("user") })

	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", a.login)
	mux.HandleFunc("POST /prove", a.prove)
	mux.Handle("GET /me", private(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})))
	mux.Handle("GET /sessions", private(a.devices.List()))
	mux.Handle("DELETE /sessions", private(a.devices.EndAll()))
	mux.Handle("DELETE /sessions/{id}", private(a.devices.End()))
	mux.Handle("DELETE /fresh/sessions", fresh.Handler(a.devices.EndAll()))
	mux.Handle("DELETE /fresh/sessions/{id}", fresh.Handler(a.devices.End()))
	mux.Handle("GET /users/{user}/sessions", admin.Handler(of.List()))
	mux.Handle("DELETE /users/{user}/sessions", admin.Handler(of.EndAll()))
	mux.Handle("DELETE /users/{user}/sessions/{id}", admin.Handler(of.End()))
	return mux
}

// login logs the user in whom a header names: no test here is about passwords.
func (a *app) login(w http.ResponseWriter, r *http.Request) {
	l := middleware.Login{Subject: r.Header.Get("User"), Label: r.Header.Get("Label")}
	if r.Header.Get("Want") == "token" {
		resp, err := a.tokens.Login(r, l)
		if err != nil {
			a.guard.Refuse(w, r, err)
			return
		}
		w.Header().Set("Session", resp.Session.ID)
		resp.Write(w)
		return
	}
	row, err := a.cookies.Login(w, r, l)
	if err != nil {
		a.guard.Refuse(w, r, err)
		return
	}
	w.Header().Set("Session", row.ID)
}

func (a *app) prove(w http.ResponseWriter, r *http.Request) {
	if _, err := a.cookies.Reauthenticate(w, r, middleware.Login{Subject: r.Header.Get("User")}); err != nil {
		a.guard.Refuse(w, r, err)
	}
}

func (a *app) hear(_ context.Context, e middleware.Event) {
	if e.Method != "" {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.events = append(a.events, e)
}

// heard returns the events since it was last called, without their times, which are checked
// to be of this moment and UTC.
func (a *app) heard(t *testing.T) []middleware.Event {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	events := a.events
	a.events = nil
	for i := range events {
		at := events[i].Time
		if at.Location() != time.UTC || time.Since(at) > time.Minute || time.Since(at) < 0 {
			t.Errorf("the event is of %v, want now in UTC", at)
		}
		events[i].Time = time.Time{}
	}
	return events
}

// wantEvents compares what was heard since the last call.
func (a *app) wantEvents(t *testing.T, want ...middleware.Event) {
	t.Helper()
	got := a.heard(t)
	if len(got) != len(want) {
		t.Errorf("%d events, want %d: %+v", len(got), len(want), got)
		return
	}
	for i := range got {
		if got[i] != want[i] {
			t.Errorf("event %+v, want %+v", got[i], want[i])
		}
	}
}

// A client is a browser or a program that has logged in.
type client struct {
	t       *testing.T
	app     *app
	id      string // of its session
	cookie  string // its value, for a browser
	token   string // for a program
	refresh string
}

// browser logs a user in with a cookie, and program with a token.
func (a *app) browser(t *testing.T, user string, edit ...func(*http.Request)) *client {
	t.Helper()
	return a.logIn(t, user, edit...)
}

func (a *app) program(t *testing.T, user string, edit ...func(*http.Request)) *client {
	t.Helper()
	return a.logIn(t, user, append(edit, header("Want", "token"))...)
}

func (a *app) logIn(t *testing.T, user string, edit ...func(*http.Request)) *client {
	t.Helper()
	c := &client{t: t, app: a}
	w := c.want("POST", "/login", 200, append(edit, header("User", user))...)
	c.id = w.Header().Get("Session")
	c.keep(w)
	if c.cookie == "" {
		var tokens struct {
			Access  string `json:"access_token"`
			Refresh string `json:"refresh_token"`
		}
		if err := json.Unmarshal(w.Body.Bytes(), &tokens); err != nil {
			t.Fatal(err)
		}
		c.token, c.refresh = tokens.Access, tokens.Refresh
	}
	return c
}

func (c *client) keep(w *httptest.ResponseRecorder) {
	for _, k := range w.Result().Cookies() {
		c.cookie = k.Value
	}
}

func (c *client) do(method, path string, edit ...func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "https://app.example"+path, nil).WithContext(c.t.Context())
	if c.cookie != "" {
		r.AddCookie(&http.Cookie{Name: "__Host-session", Value: c.cookie})
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	for _, e := range edit {
		e(r)
	}
	w := httptest.NewRecorder()
	c.app.ServeHTTP(w, r)
	return w
}

// want is do, and the test ends if the status is another.
func (c *client) want(method, path string, status int, edit ...func(*http.Request)) *httptest.ResponseRecorder {
	c.t.Helper()
	w := c.do(method, path, edit...)
	if w.Code != status {
		c.t.Fatalf("%s %s: status %d, want %d: %s", method, path, w.Code, status, w.Body)
	}
	return w
}

// ends asks for an end and compares the whole answer.
func (c *client) ends(path, want string, edit ...func(*http.Request)) {
	c.t.Helper()
	w := c.want("DELETE", path, 200, edit...)
	if got := w.Body.String(); got != want+"\n" {
		c.t.Errorf("DELETE %s: %s, want %s", path, got, want)
	}
	for field, want := range map[string]string{"Content-Type": "application/json", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"} {
		if got := w.Header().Get(field); got != want {
			c.t.Errorf("DELETE %s: %s %q, want %q", path, field, got, want)
		}
	}
}

// refused asks for something and compares the problem that it is answered.
func (c *client) refused(method, path string, status int, problem string, edit ...func(*http.Request)) {
	c.t.Helper()
	w := c.want(method, path, status, edit...)
	var body struct {
		Type   string `json:"type"`
		Status int    `json:"status"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || w.Header().Get("Content-Type") != "application/problem+json" {
		c.t.Fatalf("%s %s: %s %s, want a problem", method, path, w.Header().Get("Content-Type"), w.Body)
	}
	if body.Type != problem || body.Status != status {
		c.t.Errorf("%s %s: %s, want %s", method, path, w.Body, problem)
	}
}

// lives and ended say what became of the client's session: its next request.
func (c *client) lives() {
	c.t.Helper()
	c.want("GET", "/me", 200)
}

func (c *client) ended() {
	c.t.Helper()
	c.refused("GET", "/me", 401, "https://inga-auth.github.io/problems/session-revoked")
}

// list returns what a listing answers.
func (c *client) list(path string) []devices.Device {
	c.t.Helper()
	w := c.want("GET", path, 200)
	var body struct {
		Sessions []devices.Device `json:"sessions"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		c.t.Fatalf("%v: %s", err, w.Body)
	}
	return body.Sessions
}

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

// each is storetest.Each with an app.
func each(t *testing.T, test func(t *testing.T, a *app)) {
	storetest.Each(t, func(t *testing.T, s storetest.Store) { test(t, newApp(t, s)) })
}
