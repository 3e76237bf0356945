package cookie_test

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/securecookie"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/memory"
	"github.com/inga-auth/inga/backends/postgres"
	"github.com/inga-auth/inga/cookie"
	"github.com/inga-auth/inga/internal/bench"
	"github.com/inga-auth/inga/internal/pgtest"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/sliding"
)

var nothing = http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})

// BenchmarkGuardedRequest is a request with a session cookie on the memory backend, beside
// the same done by hand: find the cookie, verify it, hash, look up, put into the context.
func BenchmarkGuardedRequest(b *testing.B) {
	for _, sessions := range bench.Sizes() {
		s := storetest.Memory(b)
		fill(b, s, sessions)
		b.Run(fmt.Sprintf("inga/sessions=%d", sessions), func(b *testing.B) {
			c := newCookies(b, s)
			serve(b, guarded(b, c), loggedIn(b, c))
		})
		b.Run(fmt.Sprintf("inga+sliding/sessions=%d", sessions), func(b *testing.B) {
			c := newCookies(b, s)
			serve(b, middleware.Chain(guardOf(b, c).Handler, sliding.Handler)(nothing), loggedIn(b, c))
		})
		h, value := byHandInMemory(b, sessions)
		b.Run(fmt.Sprintf("hand/sessions=%d", sessions), func(b *testing.B) { serve(b, h, value) })
		b.Run(fmt.Sprintf("ratio/sessions=%d", sessions), func(b *testing.B) {
			c := newCookies(b, s)
			bench.Ratio(b, 200, request(guarded(b, c), loggedIn(b, c)), request(h, value))
		})
	}
}

func guardOf(b testing.TB, a middleware.Authenticator) *middleware.Guard {
	g, err := middleware.New(middleware.Config{Authenticator: a})
	if err != nil {
		b.Fatal(err)
	}
	return g
}

func guarded(b testing.TB, a middleware.Authenticator) http.Handler {
	return guardOf(b, a).Handler(nothing)
}

func loggedIn(b testing.TB, c *cookie.Cookies) string {
	w := httptest.NewRecorder()
	if _, err := c.Login(w, httptest.NewRequest("POST", "/", nil), middleware.Login{Subject: "2"}); err != nil {
		b.Fatal(err)
	}
	return w.Result().Cookies()[0].Value
}

func serve(b *testing.B, h http.Handler, value string) {
	r := httptest.NewRequest("GET", "/", nil)
	r.AddCookie(&http.Cookie{Name: "__Host-session", Value: value})
	w := httptest.NewRecorder()
	b.ReportAllocs()
	for b.Loop() {
		clear(w.Header())
		h.ServeHTTP(w, r)
	}
	if w.Code != 200 {
		b.Fatalf("status %d", w.Code)
	}
}

// request returns a function that makes one request with the cookie.
func request(h http.Handler, value string) func() { return bench.Request(h, withCookie(value)) }

func withCookie(value string) *http.Request {
	r := httptest.NewRequest("GET", "/", nil)
	r.AddCookie(&http.Cookie{Name: "__Host-session", Value: value})
	return r
}

func fill(b testing.TB, s *memory.Store, n int) {
	now := time.Now()
	for range n {
		_, err := s.Create(context.Background(), now, backends.Session{
			ID: backends.NewID("1"), UserID: "1", Kind: backends.KindCookie, CreatedAt: now, AuthenticatedAt: now, LastSeenAt: now,
			IdleTimeout: time.Hour, RenewalInterval: time.Minute, IdleDeadline: now.Add(time.Hour), AbsoluteDeadline: now.Add(time.Hour),
		}, backends.NewSecret().Hash(), backends.CreateOptions{})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// A row is what is found by hand.
type row struct {
	hash    [32]byte
	user    string
	roles   []string
	expires time.Time
}

// A finder finds the session with the ID whose secret has the hash.
type finder func(ctx context.Context, id string, hash [32]byte) *row

// byHand is the floor: what anybody would write who needs no more than to find a session.
func byHand(find finder) http.Handler {
	type key struct{}
	codec := securecookie.New(keyA, nil).SetSerializer(securecookie.NopEncoder{}).MaxAge(0)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := r.Cookie("__Host-session")
		if err != nil {
			w.WriteHeader(401)
			return
		}
		var payload []byte
		if err := codec.Decode("__Host-session", c.Value, &payload); err != nil {
			w.WriteHeader(401)
			return
		}
		found := find(r.Context(), string(payload[backends.SecretSize:]), sha256.Sum256(payload[:backends.SecretSize]))
		if found == nil || time.Now().After(found.expires) {
			w.WriteHeader(401)
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Add("Vary", "Cookie")
		nothing.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), key{}, found)))
	})
}

// byHandInMemory is a map with so many sessions, one of which the value opens.
func byHandInMemory(b testing.TB, sessions int) (h http.Handler, value string) {
	b.Helper()
	rows := map[string]*row{}
	var mu sync.RWMutex
	var secret backends.Secret
	var id string
	for range sessions {
		secret, id = backends.NewSecret(), backends.NewID("2")
		rows[id] = &row{secret.Hash(), "2", []string{"user", "admin"}, time.Now().Add(time.Hour)}
	}
	return byHand(func(_ context.Context, id string, hash [32]byte) *row {
		mu.RLock()
		defer mu.RUnlock()
		if found := rows[id]; found != nil && subtle.ConstantTimeCompare(found.hash[:], hash[:]) == 1 {
			return found
		}
		return nil
	}), seal(b, keyA, secret[:], id)
}

// BenchmarkGuardedRequestOnPostgres is beside the same statement sent by hand, and for
// sixty-four clients at once beside a server that does all of it by hand.
func BenchmarkGuardedRequestOnPostgres(b *testing.B) {
	trace := &tracer{}
	traced := storetest.Postgres(b, tracedPool(b, trace), pgtest.Schema(b))
	storetest.AddUsers(b, traced)
	value := loggedIn(b, newCookies(b, traced))
	statement, args := trace.statementOf(request(guarded(b, newCookies(b, traced)), value))
	b.Run("inga", func(b *testing.B) {
		before := trace.queries.Load()
		serve(b, guarded(b, newCookies(b, traced)), value)
		b.ReportMetric(float64(trace.queries.Load()-before)/float64(b.N), "queries/op")
	})

	// A tracer costs: what is timed has none.
	pool := pgtest.Pool(b, func(c *pgxpool.Config) { c.MaxConns = 16 })
	s, err := postgres.New(postgres.Config{Pool: pool, Schema: schemaOf(statement)})
	if err != nil {
		b.Fatal(err)
	}
	h := guarded(b, newCookies(b, s))
	// The context of each request can be cancelled, which pgx watches for.
	client := func() context.Context {
		ctx, cancel := context.WithCancel(context.Background())
		b.Cleanup(cancel)
		return ctx
	}
	ours := func() func() { return bench.Request(h, withCookie(value).WithContext(client())) }
	find := findByHand(pool, statement)
	hand := func() func() {
		ctx := client()
		return func() {
			if find(ctx, args[0].(string), [32]byte(args[1].([]byte))) == nil {
				b.Error("not found")
			}
		}
	}
	b.Run("hand", func(b *testing.B) {
		b.ReportAllocs()
		do := hand()
		for b.Loop() {
			do()
		}
	})
	b.Run("ratio", func(b *testing.B) { bench.Ratio(b, 20, ours(), hand()) })
	b.Run("clients=64", func(b *testing.B) {
		bench.Ratio(b, 1, crowdOf(b, h, value), crowdOf(b, byHand(find), value))
	})
}

// crowdOf returns what has sixty-four clients of a server with the handler send twenty requests
// each, over a connection of their own.
func crowdOf(b *testing.B, h http.Handler, value string) func() {
	b.Helper()
	const clients, requests = 64, 20
	server := httptest.NewServer(h)
	b.Cleanup(server.Close)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}}
	b.Cleanup(client.CloseIdleConnections)
	return func() {
		var sending sync.WaitGroup
		for range clients {
			sending.Go(func() {
				for range requests {
					r, _ := http.NewRequest("GET", server.URL, nil)
					r.AddCookie(&http.Cookie{Name: "__Host-session", Value: value})
					response, err := client.Do(r)
					if err != nil {
						b.Error(err)
						return
					}
					_, _ = io.Copy(io.Discard, response.Body)
					_ = response.Body.Close()
					if response.StatusCode != 200 {
						b.Errorf("status %d, want 200", response.StatusCode)
					}
				}
			})
		}
		sending.Wait()
	}
}

// schemaOf is the schema of the tables in a statement.
func schemaOf(statement string) string {
	_, rest, _ := strings.Cut(statement, `FROM "`)
	schema, _, _ := strings.Cut(rest, `"`)
	return schema
}

// findByHand sends the statement and scans what comes.
func findByHand(pool *pgxpool.Pool, statement string) finder {
	return func(ctx context.Context, id string, hash [32]byte) *row {
		var (
			found                                         row
			kind, ip, agent, label, reason, name          string
			actor, actorSession, algorithm, thumb, key    string
			amr                                           []string
			created, authenticated, seen, absolute        time.Time
			rotatedAt, seenAt, endedAt, boundAt, provedAt *time.Time
			timeout, interval, generation                 int64
			version, actorVersion                         int64
			has, disabled                                 bool
		)
		err := pool.QueryRow(ctx, statement, id, hash[:]).Scan(&id, &found.user, &kind, &ip, &agent, &label, &amr,
			&created, &authenticated, &seen, &timeout, &interval, &found.expires, &absolute, &generation,
			&rotatedAt, &seenAt, &actor, &actorSession, &actorVersion, &algorithm, &thumb, &key, &boundAt, &provedAt,
			&endedAt, &reason, &has, &name, &found.roles, &disabled, &version)
		if err != nil || endedAt != nil || disabled {
			return nil
		}
		return &found
	}
}

// tracer counts statements, and the rows that they changed, without those of the feed.
type tracer struct {
	queries, writes atomic.Int64
	mu              sync.Mutex
	sql             string
	args            []any
}

func (t *tracer) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	if pgtest.OfFeed(data.SQL) {
		return ctx
	}
	t.queries.Add(1)
	t.mu.Lock()
	t.sql, t.args = data.SQL, data.Args
	t.mu.Unlock()
	return ctx
}

func (t *tracer) TraceQueryEnd(_ context.Context, _ *pgx.Conn, data pgx.TraceQueryEndData) {
	if !data.CommandTag.Select() {
		t.writes.Add(data.CommandTag.RowsAffected())
	}
}

func (t *tracer) statementOf(do func()) (string, []any) {
	do()
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.sql, t.args
}

func tracedPool(t testing.TB, trace *tracer) *pgxpool.Pool {
	config, err := pgxpool.ParseConfig(pgtest.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	config.ConnConfig.Tracer = trace
	pool, err := pgxpool.NewWithConfig(context.Background(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

func TestARequestIsOneQueryAndActivityOneWriteInAnInterval(t *testing.T) {
	// IN-2, TL-6, on Postgres: counted at the driver.
	trace := &tracer{}
	s := storetest.Postgres(t, tracedPool(t, trace), pgtest.Schema(t))
	storetest.AddUsers(t, s)
	app := newApp(t, s, func(c *config) {
		c.Policy = sliding.Policy{Idle: time.Hour, Absolute: 2 * time.Hour, Interval: time.Millisecond}
	})
	b := newBrowser(t, app)
	b.login("2")

	anonymous := newBrowser(t, app)
	trace.queries.Store(0)
	for range 100 {
		anonymous.status("GET", "/me", 401)
	}
	if n := trace.queries.Load(); n != 0 {
		t.Errorf("anonymous visitors cost %d queries, want 0", n)
	}
	trace.queries.Store(0)
	for range 100 {
		b.status("GET", "/admin", 200) // guarded twice over, and not sliding
	}
	if n := trace.queries.Load(); n != 100 {
		t.Errorf("a hundred requests cost %d queries, want 100", n)
	}

	hourly := newBrowser(t, newApp(t, s))
	hourly.jar = b.jar // its row has the interval of a millisecond: wait until one is over
	for w := trace.writes.Load(); trace.writes.Load() == w; {
		hourly.status("GET", "/me", 200)
	}
	slow := newBrowser(t, newApp(t, s, func(c *config) {
		c.Policy = sliding.Policy{Idle: 3 * time.Hour, Absolute: 3 * time.Hour, Interval: time.Hour}
	}))
	slow.login("1")
	trace.queries.Store(0)
	trace.writes.Store(0)
	for range 1000 {
		slow.status("GET", "/me", 200)
	}
	if q, w := trace.queries.Load(), trace.writes.Load(); q != 1000 || w != 0 {
		t.Errorf("a thousand requests in one interval cost %d queries and %d writes, want 1000 and 0: the login was the one", q, w)
	}
}

func TestAGuardedRequestAllocatesAtMostAThirdMoreThanTheSameByHand(t *testing.T) {
	c := newCookies(t, storetest.Memory(t))
	count := func(h http.Handler, value string) float64 {
		r, w := httptest.NewRequest("GET", "/", nil), httptest.NewRecorder()
		r.AddCookie(&http.Cookie{Name: "__Host-session", Value: value})
		return testing.AllocsPerRun(100, func() {
			clear(w.Header())
			h.ServeHTTP(w, r)
		})
	}
	ours := count(guarded(t, c), loggedIn(t, c))
	floor := count(byHandInMemory(t, 1))
	if ours > 1.3*floor || ours > 16 {
		t.Errorf("%v allocations, want at most 16, and at most 1.3 times the %v by hand", ours, floor)
	}
}
