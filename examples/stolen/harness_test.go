package stolen_test

import (
	"flag"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/redis"
	"github.com/inga-auth/inga/internal/eventtest"
	"github.com/inga-auth/inga/internal/pgtest"
	"github.com/inga-auth/inga/internal/redistest"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/middleware"
)

// patience is how long tests wait for what must happen: far longer than a busy machine takes.
const patience = 2 * time.Minute

func TestMain(m *testing.M) {
	flag.Parse()
	// These tests wait for the end of a cookie more than they work.
	if p := flag.Lookup("test.parallel"); p.Value.String() == p.DefValue {
		_ = p.Value.Set("12")
	}
	slog.SetDefault(slog.New(slog.DiscardHandler))
	os.Exit(pgtest.Main(m))
}

// places are where sessions are kept. Each opens a store with the users of [storetest.AddUsers], and returns
// what opens it in a further server: those that are cached have a cache each.
var places = map[string]func(t *testing.T) (storetest.Store, func() storetest.Store){
	"memory": func(t *testing.T) (storetest.Store, func() storetest.Store) {
		s := storetest.Memory(t)
		return s, func() storetest.Store { return s }
	},
	"postgres, cached": func(t *testing.T) (storetest.Store, func() storetest.Store) {
		pool, schema := pgtest.Pool(t), pgtest.Schema(t)
		s := storetest.Postgres(t, pool, schema)
		storetest.AddUsers(t, s)
		return s, func() storetest.Store { return storetest.Cached(t, storetest.Postgres(t, pool, schema)) }
	},
	"redis": func(t *testing.T) (storetest.Store, func() storetest.Store) {
		open := onRedis(t)
		s := open()
		storetest.AddUsers(t, s)
		return s, open
	},
	"redis, cached": func(t *testing.T) (storetest.Store, func() storetest.Store) {
		open := onRedis(t)
		s := open()
		storetest.AddUsers(t, s)
		return s, func() storetest.Store { return storetest.Cached(t, open()) }
	},
}

func onRedis(t *testing.T) (open func() storetest.Store) {
	server, prefix := redistest.Shared(t), redistest.Prefix(t)+":"
	return func() storetest.Store {
		client, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{server.Addr()}, DisableCache: true})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(client.Close)
		s, err := redis.New(redis.Config{Client: client, Prefix: prefix})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
}

// origin is where clients find the servers.
const origin = "https://example.com"

// A site is two servers with one store, which take turns with the requests.
type site struct {
	store storetest.Store
	trail eventtest.Trail

	servers []*httptest.Server
	turn    atomic.Int64
}

func newSite(t *testing.T, place func(*testing.T) (storetest.Store, func() storetest.Store), app func(s *site, store storetest.Store) http.Handler) *site {
	t.Helper()
	store, open := place(t)
	s := &site{store: store}
	for range 2 {
		server := httptest.NewUnstartedServer(app(s, open()))
		server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
		server.StartTLS()
		t.Cleanup(server.Close)
		s.servers = append(s.servers, server)
	}
	return s
}

// RoundTrip implements [http.RoundTripper].
func (s *site) RoundTrip(r *http.Request) (*http.Response, error) {
	next := int(s.turn.Add(1)) % len(s.servers)
	return s.servers[next].Client().Transport.RoundTrip(r)
}

// An answer is that to a request.
type answer struct {
	status int
	header http.Header
	body   string
}

// send sends a request with the headers, which come in pairs. A body is sent as a form.
func send(t *testing.T, client *http.Client, method, path, body string, headers ...string) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, origin+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, string(text)}
}

// atEither does it once for each of the servers, which gets the first request.
func (s *site) atEither(do func()) {
	for i := range s.servers {
		s.turn.Store(int64(i))
		do()
	}
}

// eventually returns when it was so at either server.
func (s *site) eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	s.atEither(func() {
		t.Helper()
		for first := s.turn.Load(); !is(); s.turn.Store(first) {
			if time.Now().After(deadline) {
				t.Fatalf("waiting until %s", what)
			}
			<-time.After(20 * time.Millisecond)
		}
	})
}

// session returns the only live session of user 1, as the store has it, without a cache.
func (s *site) session(t *testing.T) backends.Session {
	t.Helper()
	live, _, err := s.store.List(t.Context(), time.Now(), "1", backends.Page{})
	if err != nil || len(live) != 1 {
		t.Fatalf("the owner has %d sessions (%v), want one", len(live), err)
	}
	return live[0]
}

// wantUntouched fails the test unless the session of the owner is the one of before, and what was tried is
// in the events.
func (s *site) wantUntouched(t *testing.T, before backends.Session) {
	t.Helper()
	now := s.session(t)
	if now.ID != before.ID || now.Binding.Thumbprint != before.Binding.Thumbprint || !now.Binding.BoundAt.Equal(before.Binding.BoundAt) {
		t.Errorf("session %s bound to %s at %v, want %s, %s and %v", now.ID, now.Binding.Thumbprint, now.Binding.BoundAt, before.ID, before.Binding.Thumbprint, before.Binding.BoundAt)
	}
	for _, e := range []middleware.EventType{middleware.EventLogout, middleware.EventRevoked, middleware.EventTheft} {
		if n := s.trail.Count(e); n != 0 {
			t.Errorf("%d events of the type %s, want none", n, e)
		}
	}
	if s.trail.Count(middleware.EventUnproved) == 0 {
		t.Error("no event says what was tried")
	}
}
