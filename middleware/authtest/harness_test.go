package authtest_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/memory"
	"github.com/inga-auth/inga/cookie"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/jwtauth/tokencookie"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/authtest"
	"github.com/inga-auth/inga/middleware/session"
	"github.com/inga-auth/inga/sliding"
)

// whoami writes who the guard says it is, or why there is no identity.
var whoami = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	id, ok := middleware.FromContext(r.Context())
	if !ok {
		http.Error(w, "nobody", http.StatusTeapot)
		return
	}
	fmt.Fprintf(w, "%s %v by %s", id.Subject, id.Roles, id.Method)
})

// An app is a small application with every way of proving of ours.
type app struct {
	cookies      *cookie.Cookies
	tokens       *jwtauth.Tokens
	tokenCookies *tokencookie.Cookies
	events       *authtest.Events
	handler      http.Handler
}

// must returns v of a function that cannot fail here.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func newKey() []byte {
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	return key
}

func newApp(t testing.TB) *app {
	t.Helper()
	store, events := memory.New(), &authtest.Events{}
	for _, u := range []backends.User{{ID: "1", Name: "ann", Roles: []string{"user"}}, {ID: "2", Name: "root", Roles: []string{"admin"}}} {
		if err := store.Users().CreateUser(t.Context(), u, ""); err != nil {
			t.Fatal(err)
		}
	}
	policy := sliding.Policy{Idle: 30 * time.Minute, Absolute: 12 * time.Hour}
	sessions := must(session.New(session.Config{Store: store, Policy: policy, Events: events.Hook}))
	a := &app{events: events}
	a.cookies = must(cookie.New(cookie.Config{Sessions: sessions, Keys: [][]byte{newKey()}}))
	a.tokens = must(jwtauth.New(jwtauth.Config{
		Sessions: sessions, Keys: []jwtauth.Key{must(jwtauth.HS256(newKey()))}, RefreshKeys: [][]byte{newKey()},
		Issuer: "https://app.example", Audience: "https://api.example",
	}))
	a.tokenCookies = must(tokencookie.New(tokencookie.Config{Tokens: a.tokens}))
	a.handler = a.routes(newGuard(middleware.FirstOf(a.tokens, a.tokenCookies, a.cookies), nil))
	return a
}

func newGuard(who middleware.Authenticator, denier middleware.Denier) *middleware.Guard {
	return must(middleware.New(middleware.Config{
		Authenticator: who, Roles: []string{"user", "admin"}, Denier: denier, Logger: slog.New(slog.DiscardHandler),
	}))
}

func (a *app) routes(guard *middleware.Guard) http.Handler {
	admin := must(guard.Require(middleware.HasRole("admin")))
	private := middleware.Chain(guard.Handler, sliding.Handler)
	mux := http.NewServeMux()
	mux.Handle("/me", private(whoami))
	mux.Handle("/admin", admin.Handler(whoami))
	mux.Handle("/old", http.RedirectHandler("/me", http.StatusFound))
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		if err := a.byCookie(r.FormValue("user"))(w, r); err != nil {
			guard.Refuse(w, r, err)
			return
		}
		http.Redirect(w, r, "/me", http.StatusSeeOther)
	})
	mux.HandleFunc("POST /logout", func(w http.ResponseWriter, r *http.Request) {
		if err := errors.Join(a.cookies.Logout(w, r), a.tokenCookies.Logout(w, r)); err != nil {
			guard.Refuse(w, r, err)
		}
	})
	return mux
}

func (a *app) byCookie(user string) authtest.Login {
	return func(w http.ResponseWriter, r *http.Request) error {
		_, err := a.cookies.Login(w, r, middleware.Login{Subject: user})
		return err
	}
}

func (a *app) byToken(user string) authtest.Login {
	return func(w http.ResponseWriter, r *http.Request) error {
		response, err := a.tokens.Login(r, middleware.Login{Subject: user})
		if err == nil {
			response.Write(w)
		}
		return err
	}
}

func (a *app) byTokenCookies(user string) authtest.Login {
	return func(w http.ResponseWriter, r *http.Request) error {
		_, err := a.tokenCookies.Login(w, r, middleware.Login{Subject: user})
		return err
	}
}

// A trial is a testing.TB that remembers how it failed.
type trial struct {
	testing.TB
	mu     sync.Mutex
	errors []string
}

func (t *trial) Helper() {}

func (t *trial) Error(args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.errors = append(t.errors, fmt.Sprint(args...))
}

func (t *trial) Errorf(format string, args ...any) { t.Error(fmt.Sprintf(format, args...)) }

func (t *trial) Fatal(args ...any) {
	t.Error(args...)
	runtime.Goexit()
}

func (t *trial) Fatalf(format string, args ...any) { t.Fatal(fmt.Sprintf(format, args...)) }

// failures returns how f fails the test that it is given.
func failures(t *testing.T, f func(t testing.TB)) []string {
	t.Helper()
	tb := &trial{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(tb)
	}()
	<-done
	return tb.errors
}

// wantFailures wants one failure for each row, with the words of the row in it.
func wantFailures(t *testing.T, got []string, want ...string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d failures, want %d:\n%s", len(got), len(want), strings.Join(got, "\n"))
	}
	for i, words := range want {
		if !strings.Contains(got[i], words) {
			t.Errorf("failure %q, want %q in it", got[i], words)
		}
	}
}

func serve(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func wantResponse(t testing.TB, resp *http.Response, err error, status int, text string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var b strings.Builder
	if err := resp.Write(&b); err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != status || !strings.Contains(b.String(), text) {
		t.Errorf("status %d, want %d and %q in:\n%s", resp.StatusCode, status, text, b.String())
	}
}

func wantGet(t testing.TB, client *http.Client, path string, status int, text string) {
	t.Helper()
	resp, err := client.Get(path)
	wantResponse(t, resp, err, status, text)
}
