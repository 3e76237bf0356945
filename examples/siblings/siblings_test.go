package siblings_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/memory"
	"github.com/inga-auth/inga/cookie"
	"github.com/inga-auth/inga/examples/internal/chromium"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/session"
	"github.com/inga-auth/inga/sliding"
)

// A house is an application and a subdomain of it, on one server. Chromium resolves both names to
// this machine, and takes them for as safe as with TLS.
type house struct {
	app, evil string // the origins
	sessions  *session.Registry
	bobs      string       // a good cookie value of bob, who has the subdomain
	arrived   atomic.Int64 // requests of the application with it
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{}
	store := memory.New()
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	var errs []error
	for id, name := range map[string]string{"1": "ann", "2": "bob"} {
		errs = append(errs, store.Users().CreateUser(t.Context(), backends.User{ID: id, Name: name}, ""))
	}
	sessions, err1 := session.New(session.Config{
		Store:  store,
		Policy: sliding.Policy{Idle: time.Hour, Absolute: 12 * time.Hour},
		Events: func(context.Context, middleware.Event) {},
	})
	cookies, err2 := cookie.New(cookie.Config{Sessions: sessions, Keys: [][]byte{key}})
	guard, err3 := middleware.New(middleware.Config{Authenticator: cookies, Logger: slog.New(slog.DiscardHandler)})
	if err := errors.Join(append(errs, err1, err2, err3)...); err != nil {
		t.Fatal(err)
	}
	h.sessions = sessions

	app := http.NewServeMux()
	app.HandleFunc("POST /login/{user}", func(w http.ResponseWriter, r *http.Request) {
		if _, err := cookies.Login(w, r, middleware.Login{Subject: r.PathValue("user")}); err != nil {
			guard.Refuse(w, r, err)
		}
	})
	app.HandleFunc("POST /logout", func(w http.ResponseWriter, r *http.Request) {
		if err := cookies.Logout(w, r); err != nil {
			guard.Refuse(w, r, err)
		}
	})
	app.Handle("GET /me", guard.Optional(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, _ := middleware.FromContext(r.Context())
		_, _ = io.WriteString(w, "user "+id.Subject)
	})))
	app.HandleFunc("GET /{$}", func(http.ResponseWriter, *http.Request) {})

	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.Host, "evil.") {
			w.Header()["Set-Cookie"] = r.URL.Query()["set"]
			return
		}
		if strings.Contains(r.Header.Get("Cookie"), h.bobs) {
			h.arrived.Add(1)
		}
		app.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	_, port, _ := strings.Cut(strings.TrimPrefix(server.URL, "http://"), ":")
	w := httptest.NewRecorder()
	if _, err := cookies.Login(w, httptest.NewRequest("POST", "/", nil), middleware.Login{Subject: "2"}); err != nil {
		t.Fatal(err)
	}
	h.bobs = w.Result().Cookies()[0].Value
	h.app, h.evil = "http://app.localhost:"+port, "http://evil.app.localhost:"+port
	return h
}

// A tab is one of a browser that has no cookie yet.
type tab struct {
	t   *testing.T
	ctx context.Context
	*house
}

func (h *house) open(t *testing.T, browser context.Context) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(cancel)
	return &tab{t, ctx, h}
}

// plant visits the subdomain, which sets a cookie, and comes back.
func (b *tab) plant(line string) {
	b.t.Helper()
	err := chromedp.Do(b.ctx,
		chromedp.Navigate(b.evil+"/?set="+url.QueryEscape(line)),
		chromedp.Navigate(b.app+"/"))
	if err != nil {
		b.t.Fatal(err)
	}
}

// send returns the status and the body of a request of the application's page.
func (b *tab) send(method, path string) string {
	b.t.Helper()
	script := fmt.Sprintf(`fetch(%q, {method: %q}).then(async r => r.status + " " + await r.text())`, path, method)
	answer, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](script, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatal(err)
	}
	return answer
}

func (b *tab) want(method, path, want string) {
	b.t.Helper()
	if got := b.send(method, path); got != want {
		b.t.Errorf("%s %s: %q, want %q", method, path, got, want)
	}
}

// live returns how many sessions ann has.
func (b *tab) live() int {
	b.t.Helper()
	list, err := b.sessions.List(b.t.Context(), "1")
	if err != nil {
		b.t.Fatal(err)
	}
	return len(list)
}

func TestWhatASubdomainPlantsLogsNobodyInAndShutsNobodyOut(t *testing.T) {
	// CK-12, in a browser. With the value of bob, who has the subdomain and an account.
	browser := chromium.Start(t)
	const rest = "; Domain=app.localhost; Path=/"
	arrived := int64(0)
	for name, line := range map[string]string{
		"the name itself":               "__Host-session=%s" + rest + "; Secure",
		"the name itself, not Secure":   "__Host-session=%s" + rest,
		"for a path":                    "__Host-session=%s; Domain=app.localhost; Path=/me; Secure",
		"small letters":                 "__host-session=%s" + rest + "; Secure",
		"capitals":                      "__HOST-SESSION=%s" + rest + "; Secure",
		"without a name":                "=__Host-session=%s" + rest,
		"without a name or an equals":   "__Host-session" + rest,
		"a name of spaces":              " =__Host-session=%s" + rest,
		"a space before":                " __Host-session=%s" + rest,
		"a space after":                 "__Host-session =%s" + rest,
		"a tab before":                  "\t__Host-session=%s" + rest,
		"a tab after":                   "__Host-session\t=%s" + rest,
		"U+2000 before":                 "\u2000__Host-session=%s" + rest,
		"U+2000 after":                  "__Host-session\u2000=%s" + rest,
		"U+00A0 before":                 "\u00a0__Host-session=%s" + rest,
		"U+0085 before":                 "\u0085__Host-session=%s" + rest,
		"U+3000 before":                 "\u3000__Host-session=%s" + rest,
		"U+FEFF before":                 "\ufeff__Host-session=%s" + rest,
		"a vertical tab before":         "\v__Host-session=%s" + rest,
		"a letter that folds to ASCII":  "__Host-\u017fe\u017f\u017fion=%s" + rest,
		"a quoted name":                 `"__Host-session"=%s` + rest,
		"a value that holds the pair":   "a=__Host-session=%s" + rest,
		"a value that ends with quotes": `a="; b="__Host-session=%s"` + rest,
		"a comma before":                ",__Host-session=%s" + rest,
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			if strings.Contains(line, "%s") {
				line = fmt.Sprintf(line, h.bobs)
			}
			b := h.open(t, browser)
			b.plant(line)
			b.want("GET", "/me", "200 user ")
			b.want("POST", "/login/1", "200 ")
			b.want("GET", "/me", "200 user 1")
			b.plant(line)
			b.want("GET", "/me", "200 user 1")
			if n := b.live(); n != 1 {
				t.Errorf("%d sessions after the login, want 1", n)
			}
			b.want("POST", "/logout", "200 ")
			if n := b.live(); n != 0 {
				t.Errorf("%d sessions after the logout, want 0", n)
			}
			b.want("GET", "/me", "200 user ")
			b.want("POST", "/login/1", "200 ")
			b.want("GET", "/me", "200 user 1")
			arrived += min(h.arrived.Load(), 1)
		})
	}
	if arrived < 5 {
		t.Errorf("%d of the cookies came with a request, want at least 5: nothing was tried", arrived)
	}
	t.Logf("%d of the cookies came with a request", arrived)
}
