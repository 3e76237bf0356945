package bound_test

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/memory"
	"github.com/inga-auth/inga/cookie"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/dbsc"
	"github.com/inga-auth/inga/middleware/session"
	"github.com/inga-auth/inga/sliding"
)

// A site is an application with TLS, and another site beside it on the same server. The browser takes
// both names for this machine.
type site struct {
	app, other string // the origins
	spki       string // of the certificate, for the browser to accept
	cookies    *cookie.Cookies
	sessions   *session.Registry
	store      *memory.Store
	server     *httptest.Server

	mu       sync.Mutex
	requests []request
	events   []middleware.Event
	before   func(w http.ResponseWriter, r *http.Request) bool // answers in place of the site, if it returns true
}

// A request is one that came.
type request struct {
	method, path     string
	status           int
	bound, responded bool // with a bound cookie, with a proof
	skipped          string
	site             string
	cookie           string
}

func newSite(t *testing.T, life time.Duration) *site {
	t.Helper()
	s := &site{store: memory.New()}
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	var errs []error
	for id, name := range map[string]string{"1": "ann", "2": "bob"} {
		errs = append(errs, s.store.Users().CreateUser(t.Context(), backends.User{ID: id, Name: name}, ""))
	}
	var err1, err2, err3 error
	s.sessions, err1 = session.New(session.Config{
		Store: s.store, Policy: sliding.Policy{Idle: time.Hour, Absolute: 12 * time.Hour}, Events: s.note,
	})
	s.cookies, err2 = cookie.New(cookie.Config{Sessions: s.sessions, Keys: [][]byte{key}, Bind: session.Bind{Path: "/dbsc/"}})
	guard, err3 := middleware.New(middleware.Config{Authenticator: s.cookies, Logger: slog.New(slog.DiscardHandler)})
	if err := errors.Join(append(errs, err1, err2, err3)...); err != nil {
		t.Fatal(err)
	}
	if life > 0 {
		s.cookies.Bound().Shorten(life)
	}
	bound, err := dbsc.New(s.cookies)
	if err != nil {
		t.Fatal(err)
	}

	mux := http.NewServeMux()
	mux.Handle("/dbsc/", bound)
	act := func(do func(w http.ResponseWriter, r *http.Request) error) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if err := do(w, r); err != nil {
				guard.Refuse(w, r, err)
			}
		}
	}
	mux.HandleFunc("POST /login/{user}", act(func(w http.ResponseWriter, r *http.Request) error {
		_, err := s.cookies.Login(w, r, middleware.Login{Subject: r.PathValue("user")})
		return err
	}))
	mux.HandleFunc("POST /confirm/{user}", act(func(w http.ResponseWriter, r *http.Request) error {
		_, err := s.cookies.Reauthenticate(w, r, middleware.Login{Subject: r.PathValue("user")})
		return err
	}))
	mux.HandleFunc("POST /logout", act(s.cookies.Logout))
	mux.Handle("GET /me", guard.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, _ := middleware.FromContext(r.Context())
		_, _ = io.WriteString(w, "user "+id.Subject)
	})))
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, `<!doctype html><title>site</title><link rel="icon" href="data:,">`)
	})

	s.server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := &recorder{ResponseWriter: w, status: 200}
		s.mu.Lock()
		before := s.before
		s.mu.Unlock()
		if before == nil || !before(rec, r) {
			mux.ServeHTTP(rec, r)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.requests = append(s.requests, request{
			r.Method, r.URL.Path, rec.status, strings.Contains(r.Header.Get("Cookie"), "-bound-"),
			r.Header.Get("Secure-Session-Response") != "", r.Header.Get("Secure-Session-Skipped"), r.Header.Get("Sec-Fetch-Site"), r.Header.Get("Cookie"),
		})
	}))
	s.server.EnableHTTP2 = true
	s.server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	s.server.StartTLS()
	t.Cleanup(s.server.Close)
	sum := sha256.Sum256(s.server.Certificate().RawSubjectPublicKeyInfo)
	s.spki = base64.StdEncoding.EncodeToString(sum[:])
	port := s.server.URL[strings.LastIndex(s.server.URL, ":"):]
	s.app, s.other = "https://app.example.com"+port, "https://other.test"+port
	return s
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
