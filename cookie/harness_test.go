package cookie_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/cookie"
	"github.com/inga-auth/inga/internal/pgtest"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/session"
	"github.com/inga-auth/inga/sliding"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// counting counts what reaches a store.
type counting struct {
	backends.Store
	asked, extended atomic.Int64
}

func (c *counting) Find(ctx context.Context, now time.Time, id string, h backends.SecretHash) (backends.Session, backends.User, error) {
	c.asked.Add(1)
	return c.Store.Find(ctx, now, id, h)
}

func (c *counting) Extend(ctx context.Context, now time.Time, id string) (time.Time, bool, error) {
	until, ok, err := c.Store.Extend(ctx, now, id)
	if ok {
		c.extended.Add(1)
	}
	return until, ok, err
}

var (
	keyA   = keyOf("a")
	keyB   = keyOf("b")
	policy = sliding.Policy{Idle: 30 * time.Minute, Absolute: 12 * time.Hour}
)

// keyOf returns a key that is the same each time.
func keyOf(name string) []byte {
	key := sha256.Sum256([]byte(name))
	return key[:]
}

// A config is that of a registry and of the cookies of its sessions.
type config struct {
	registry
	cookie.Config
}

type registry = session.Config

func newCookies(t testing.TB, s backends.Store, edit ...func(*config)) *cookie.Cookies {
	t.Helper()
	c := config{registry{Store: s, Policy: policy, Events: quiet}, cookie.Config{Keys: [][]byte{keyA}}}
	for _, e := range edit {
		e(&c)
	}
	sessions, err := session.New(c.registry)
	if err != nil {
		t.Fatal(err)
	}
	c.Sessions = sessions
	cookies, err := cookie.New(c.Config)
	if err != nil {
		t.Fatal(err)
	}
	return cookies
}

func quiet(context.Context, middleware.Event) {}

// newRegistry returns a registry whose policy and events are those of all tests here, unless c
// says otherwise.
func newRegistry(t testing.TB, c registry) *session.Registry {
	t.Helper()
	if c.Policy == nil {
		c.Policy = policy
	}
	if c.Events == nil {
		c.Events = quiet
	}
	sessions, err := session.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return sessions
}

// cookiesOf returns the cookies of a registry that has other ways of proving, too.
func cookiesOf(t testing.TB, sessions *session.Registry) *cookie.Cookies {
	t.Helper()
	cookies, err := cookie.New(cookie.Config{Sessions: sessions, Keys: [][]byte{keyA}})
	if err != nil {
		t.Fatal(err)
	}
	return cookies
}

// now is the time as stores keep it.
func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// newApp is a small application: log in, log out, prove again, and a guarded page.
func newApp(t testing.TB, s backends.Store, edit ...func(*config)) http.Handler {
	t.Helper()
	return appOf(t, newCookies(t, s, edit...), slog.New(slog.DiscardHandler))
}

func appOf(t testing.TB, cookies *cookie.Cookies, logger *slog.Logger) http.Handler {
	t.Helper()
	guard, err := middleware.New(middleware.Config{Authenticator: cookies, Roles: []string{"user", "admin"}, Logger: logger})
	if err != nil {
		t.Fatal(err)
	}
	admin, err := guard.Require(middleware.HasRole("admin"))
	if err != nil {
		t.Fatal(err)
	}
	private := middleware.Chain(guard.Handler, sliding.Handler)
	answer := func(w http.ResponseWriter, r *http.Request, s backends.Session, err error) {
		if err != nil {
			guard.Refuse(w, r, err)
			return
		}
		_ = json.NewEncoder(w).Encode(s)
	}
	logout := func(w http.ResponseWriter, r *http.Request) {
		if err := cookies.Logout(w, r); err != nil {
			guard.Refuse(w, r, err)
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/login", func(w http.ResponseWriter, r *http.Request) {
		s, err := cookies.Login(w, r, middleware.Login{Subject: r.Header.Get("User")})
		answer(w, r, s, err)
	})
	mux.HandleFunc("/prove", func(w http.ResponseWriter, r *http.Request) {
		s, err := cookies.Reauthenticate(w, r, middleware.Login{Subject: "1", AMR: []string{"pwd", "otp"}})
		answer(w, r, s, err)
	})
	mux.HandleFunc("/logout", logout)
	mux.Handle("/private/logout", private(http.HandlerFunc(logout)))
	mux.Handle("/me", private(me))
	mux.Handle("/poll", sliding.Passive(private(me)))
	mux.Handle("/admin", admin.Handler(me))
	return mux
}

var me = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	id, _ := middleware.FromContext(r.Context())
	_ = json.NewEncoder(w).Encode(id)
})

// A browser keeps cookies as a browser does for one host, and sends them back.
type browser struct {
	t   testing.TB
	app http.Handler
	jar map[string]string
}

func newBrowser(t testing.TB, app http.Handler) *browser {
	return &browser{t: t, app: app, jar: map[string]string{}}
}

func (b *browser) do(method, path string, edit ...func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "https://app.example"+path, nil).WithContext(b.t.Context())
	for name, value := range b.jar {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	for _, e := range edit {
		e(r)
	}
	w := httptest.NewRecorder()
	b.app.ServeHTTP(w, r)
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

func as(user string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("User", user) }
}

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func cookieHeader(value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Cookie", value) }
}

// session returns the one session cookie of a response, with its attributes.
func sessionCookie(t testing.TB, w *httptest.ResponseRecorder) *http.Cookie {
	t.Helper()
	lines := w.Header().Values("Set-Cookie")
	if len(lines) != 1 {
		t.Fatalf("%d Set-Cookie lines, want 1: %q", len(lines), lines)
	}
	c, err := http.ParseSetCookie(lines[0])
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func wantMentions(t *testing.T, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("error does not mention %s:\n%v", word, err)
		}
	}
}
