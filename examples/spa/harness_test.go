package main

import (
	"context"
	"crypto/rand"
	"flag"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/password"
	"github.com/inga-auth/inga/internal/pgtest"
	"github.com/inga-auth/inga/middleware"
)

func TestMain(m *testing.M) {
	flag.Parse()
	// These tests wait, for time to pass and for a browser, more than they work.
	if p := flag.Lookup("test.parallel"); p.Value.String() == p.DefValue {
		_ = p.Value.Set("6")
	}
	slog.SetDefault(slog.New(slog.DiscardHandler))
	os.Exit(pgtest.Main(m))
}

// A program is the application behind a server that keeps book.
type program struct {
	t     *testing.T
	url   string
	store store
	down  atomic.Bool // whether connections break

	mu      sync.Mutex
	events  map[middleware.EventType]int
	answers []answered
	meeting *meeting // of refreshes, if there is one
}

// An answered request, as the server remembers it.
type answered struct {
	method, path string
	status       int
	at           time.Time // when it came
	presented    string    // the refresh token that it brought, if any
	successor    string    // the one that it was given, if any
	header       http.Header
}

// start starts the program as the flags say. It ends with the test.
func start(t *testing.T, flags ...string) *program {
	t.Helper()
	o, err := parse(append([]string{"-leeway", "1ns"}, flags...))
	if err != nil {
		t.Fatal(err)
	}
	o.passwords = password.Config{Memory: 7168, Time: 5} // the least that is allowed
	o.postgres.Timeout = patience
	s, closeStore, err := open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(closeStore)
	p := &program{t: t, store: s, events: map[middleware.EventType]int{}}
	server := httptest.NewUnstartedServer(nil)
	t.Cleanup(server.Close)
	p.url = "http://" + server.Listener.Addr().String()
	o.url = p.url
	a, err := newApp(t.Context(), s, o, p.happened)
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = p.keepBook(a.handler)
	server.Start()
	return p
}

func (p *program) happened(_ context.Context, e middleware.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.events[e.Type]++
}

// count is how often it has happened.
func (p *program) count(e middleware.EventType) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.events[e]
}

func (p *program) keepBook(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p.down.Load() {
			panic(http.ErrAbortHandler)
		}
		came := time.Now()
		p.meet(r)
		seen := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(seen, r)
		p.mu.Lock()
		defer p.mu.Unlock()
		a := answered{method: r.Method, path: r.URL.Path, status: seen.status, at: came, header: r.Header}
		if c, err := r.Cookie("__Host-refresh"); err == nil {
			a.presented = c.Value
		}
		for _, c := range (&http.Response{Header: w.Header()}).Cookies() {
			if c.Name == "__Host-refresh" {
				a.successor = c.Value
			}
		}
		p.answers = append(p.answers, a)
	})
}

type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// book returns the requests to the path that were answered, or all for "".
func (p *program) book(path string) (all []answered) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, a := range p.answers {
		if path == "" || a.path == path {
			all = append(all, a)
		}
	}
	return all
}

// A meeting has requests wait for each other.
type meeting struct {
	missing int
	all     chan struct{}
}

// gather has the next n refreshes wait until all of them have come, so that the server has
// them at the same time. The channel is closed then.
func (p *program) gather(n int) <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.meeting = &meeting{n, make(chan struct{})}
	return p.meeting.all
}

func (p *program) meet(r *http.Request) {
	p.mu.Lock()
	m := p.meeting
	if m == nil || r.URL.Path != "/refresh" {
		p.mu.Unlock()
		return
	}
	if m.missing--; m.missing == 0 {
		p.meeting = nil
		close(m.all)
	}
	p.mu.Unlock()
	select {
	case <-m.all:
	case <-r.Context().Done():
	}
}

// wantNobodyLoggedOut wants no request to have been refused for want of a session, and no
// refresh token to have been taken for a stolen one.
func (p *program) wantNobodyLoggedOut() {
	p.t.Helper()
	for _, a := range p.book("") {
		if a.status == http.StatusUnauthorized {
			p.t.Errorf("%s %s was answered with 401", a.method, a.path)
		}
	}
	if n := p.count(middleware.EventTheft); n != 0 {
		p.t.Errorf("%d times a token was taken for stolen, want never", n)
	}
}

// wantOneSuccessor wants all refreshes that brought the same token to have got the same one.
func (p *program) wantOneSuccessor() {
	p.t.Helper()
	successor := map[string]string{}
	for _, a := range p.book("/refresh") {
		if a.successor == "" {
			continue // it was refused
		}
		former, known := successor[a.presented]
		if known && a.successor != former && former != a.presented {
			p.t.Error("two refreshes brought the same token, and got different ones")
		}
		successor[a.presented] = a.successor
	}
}

// wantSessions wants the store to have so many live sessions.
func (p *program) wantSessions(want int) {
	p.t.Helper()
	list, _, err := p.store.List(p.t.Context(), time.Now(), "ann", backends.Page{})
	if err != nil || len(list) != want {
		p.t.Errorf("%d sessions in the store (%v), want %d", len(list), err, want)
	}
}

// onEachBackend runs the test on memory and on a database of its own. The flags that it is
// given start the program on either.
func onEachBackend(t *testing.T, test func(t *testing.T, flags ...string)) {
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		test(t)
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, "-database-url", newDatabase(t))
	})
}

// newDatabase returns the URL of an empty database. The program keeps its tables in one
// schema, always the same, so a schema for each test would not do.
func newDatabase(t *testing.T) string {
	t.Helper()
	server := pgtest.URL(t)
	name := "spa_" + strings.ToLower(rand.Text())
	execute(t, server, "CREATE DATABASE "+name)
	t.Cleanup(func() { execute(t, server, "DROP DATABASE "+name+" WITH (FORCE)") })
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}

func execute(t *testing.T, databaseURL, sql string) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	conn, err := pgx.Connect(ctx, databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, sql); err != nil {
		t.Fatal(err)
	}
}

// patience is how long tests wait for what must happen: far longer than a busy machine takes.
const patience = 3 * time.Minute

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !is(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it does not happen that %s", what)
		}
	}
}

func await(t *testing.T, what string, done <-chan struct{}) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(patience):
		t.Fatalf("it does not happen that %s", what)
	}
}
