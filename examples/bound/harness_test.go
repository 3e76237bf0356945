package bound_test

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
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
	"github.com/inga-auth/inga/middleware/dbsc"
	"github.com/inga-auth/inga/middleware/session"
	"github.com/inga-auth/inga/sliding"
)

// A site is an application with TLS, and another site beside it on the same server. The browser takes
// both names for this machine.
type site struct {
	app, other string // the origins
	cookies    cookies
	sessions   *session.Registry
	server     *httptest.Server

	mu       sync.Mutex
	requests []request
	events   []middleware.Event
	before   http.HandlerFunc // answers in place of the site, or calls it
}

// cookies are those of package cookie, or of tokencookie.
type cookies interface {
	middleware.Authenticator
	dbsc.Cookies
	Login(w http.ResponseWriter, r *http.Request, l middleware.Login) (backends.Session, error)
	Reauthenticate(w http.ResponseWriter, r *http.Request, l middleware.Login) (backends.Session, error)
	Logout(w http.ResponseWriter, r *http.Request) error
}

// A request is one that was answered.
type request struct {
	method, path string
	status       int
	bound        bool   // whether it came with a bound cookie
	login        bool   // whether it came with the cookie of the session
	proof        bool   // whether it came with a proof
	skipped      string // why it came without a bound cookie, as the browser says
	from         string // Sec-Fetch-Site
}

var kinds = map[string]func(*session.Registry, session.Bind) (cookies, error){
	"session cookie": sessionCookie,
	"token cookies":  tokenCookies,
}

func TestMain(m *testing.M) {
	flag.Parse()
	// These tests wait for a browser more than they work.
	if p := flag.Lookup("test.parallel"); p.Value.String() == p.DefValue {
		_ = p.Value.Set("4")
	}
	slog.SetDefault(slog.New(slog.DiscardHandler))
	os.Exit(m.Run())
}

func newKey() [][]byte {
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	return [][]byte{key}
}

func sessionCookie(s *session.Registry, b session.Bind) (cookies, error) {
	return cookie.New(cookie.Config{Sessions: s, Keys: newKey(), Bind: b})
}

func tokenCookies(s *session.Registry, b session.Bind) (cookies, error) {
	key, err := jwtauth.HS256(newKey()[0])
	if err != nil {
		return nil, err
	}
	tokens, err := jwtauth.New(jwtauth.Config{
		Sessions: s, Keys: []jwtauth.Key{key}, Issuer: "https://app.example.com", Audience: "app", RefreshKeys: newKey(),
	})
	if err != nil {
		return nil, err
	}
	return tokencookie.New(tokencookie.Config{Tokens: tokens, Bind: b})
}

// newSite starts a site whose bound cookies live so long: with less than the 5 minutes that New allows,
// they are accepted for five times as long as the browser keeps them, so that no test depends on how fast
// the machine is.
func newSite(t *testing.T, with func(*session.Registry, session.Bind) (cookies, error), life time.Duration) *site {
	t.Helper()
	store := memory.New()
	var errs []error
	for id, name := range map[string]string{"1": "ann", "2": "bob"} {
		errs = append(errs, store.Users().CreateUser(t.Context(), backends.User{ID: id, Name: name}, ""))
	}
	s := &site{}
	var err1, err2 error
	s.sessions, err1 = session.New(session.Config{
		Store: store, Policy: sliding.Policy{Idle: time.Hour, Absolute: 12 * time.Hour}, Events: s.note,
	})
	bind := session.Bind{Path: "/dbsc/"}
	if life >= 5*time.Minute {
		bind.Life = life
	}
	if s.cookies, err2 = with(s.sessions, bind); errors.Join(append(errs, err1, err2)...) != nil {
		t.Fatal(errs, err1, err2)
	}
	if bind.Life == 0 {
		s.cookies.Bound().Shorten(life, 4*life)
	}
	s.serve(t, s.routes(t))
	return s
}

func (s *site) routes(t *testing.T) http.Handler {
	t.Helper()
	bound, err1 := dbsc.New(s.cookies)
	guard, err2 := middleware.New(middleware.Config{Authenticator: s.cookies, Logger: slog.New(slog.DiscardHandler)})
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	fresh, err := bound.Fresh(10 * time.Second)
	if err != nil {
		t.Fatal(err)
	}
	act := func(do func(w http.ResponseWriter, r *http.Request) error) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if err := do(w, r); err != nil {
				guard.Refuse(w, r, err)
			}
		}
	}
	mux := http.NewServeMux()
	mux.Handle("/dbsc/", bound)
	mux.HandleFunc("POST /login/{user}", act(func(w http.ResponseWriter, r *http.Request) error {
		_, err := s.cookies.Login(w, r, middleware.Login{Subject: r.PathValue("user")})
		if err == nil && r.FormValue("then") != "" {
			http.Redirect(w, r, "/page", http.StatusSeeOther)
		}
		return err
	}))
	mux.HandleFunc("POST /again/{user}", act(func(w http.ResponseWriter, r *http.Request) error {
		_, err := s.cookies.Reauthenticate(w, r, middleware.Login{Subject: r.PathValue("user")})
		return err
	}))
	mux.HandleFunc("POST /logout", act(s.cookies.Logout))
	mux.Handle("GET /me", guard.Handler(http.HandlerFunc(me)))
	mux.Handle("POST /pay", guard.Handler(fresh(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(w, r.Body)
	}))))
	mux.Handle("GET /page", guard.Handler(page(`<p id="mine">the page of the user</p>`)))
	mux.Handle("GET /{$}", page(`<form method="post" action="/login/1"><button name="then" value="page">log in</button></form>`))
	mux.Handle("GET /elsewhere", page(`<a id="link" href="https://app.example.com:PORT/page">link</a>`))
	return mux
}

// me says who the user is, and whether the key of the session was proved.
func me(w http.ResponseWriter, r *http.Request) {
	id, _ := middleware.FromContext(r.Context())
	switch b := id.Binding; {
	case b.Proved:
		_, _ = io.WriteString(w, "user "+id.Subject+", proved")
	case b.Thumbprint != "":
		_, _ = io.WriteString(w, "user "+id.Subject+", bound")
	default:
		_, _ = io.WriteString(w, "user "+id.Subject)
	}
}

func page(body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, port, _ := strings.Cut(r.Host, ":")
		_, _ = io.WriteString(w, `<!doctype html><title>site</title><link rel="icon" href="data:,">`+strings.ReplaceAll(body, "PORT", port))
	})
}

func (s *site) serve(t *testing.T, next http.Handler) {
	s.server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := &recorder{w, 200}
		s.mu.Lock()
		before := s.before
		s.mu.Unlock()
		if before != nil {
			before(rec, r.WithContext(context.WithValue(r.Context(), nextKey{}, next)))
		} else {
			next.ServeHTTP(rec, r)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.requests = append(s.requests, request{
			r.Method, r.URL.Path, rec.status, strings.Contains(r.Header.Get("Cookie"), "-bound-"),
			strings.Contains(r.Header.Get("Cookie"), "__Host-session="), r.Header.Get("Secure-Session-Response") != "", r.Header.Get("Secure-Session-Skipped"), r.Header.Get("Sec-Fetch-Site"),
		})
	}))
	s.server.EnableHTTP2 = true
	s.server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	s.server.StartTLS()
	t.Cleanup(s.server.Close)
	port := s.server.URL[strings.LastIndex(s.server.URL, ":"):]
	s.app, s.other = "https://app.example.com"+port, "https://other.test"+port
}

type nextKey struct{}

// pass lets the site answer a request that came to before.
func pass(w http.ResponseWriter, r *http.Request) {
	r.Context().Value(nextKey{}).(http.Handler).ServeHTTP(w, r)
}

// intercept has f answer all requests from now on, until it is nil.
func (s *site) intercept(f http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before = f
}

type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

func (s *site) note(_ context.Context, e middleware.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, e)
}

// count returns how many of the answered requests are such.
func (s *site) count(is func(request) bool) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.requests {
		if is(r) {
			n++
		}
	}
	return n
}

func refreshed(r request) bool { return r.path == "/dbsc/refresh" && r.status == 200 && r.proof }

// happened returns how many events there were of the type.
func (s *site) happened(of middleware.EventType) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.events {
		if e.Type == of {
			n++
		}
	}
	return n
}

// live returns how many sessions the user has.
func (s *site) live(t *testing.T, userID string) int {
	t.Helper()
	list, _, err := s.sessions.List(t.Context(), userID, backends.Page{})
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}
