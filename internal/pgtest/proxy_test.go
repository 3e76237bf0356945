package pgtest_test

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/inga-auth/inga/internal/pgtest"
)

// connect connects to a database for as long as the test runs.
func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = conn.Close(ctx)
	})
	return conn
}

// ask has the database answer.
func ask(t *testing.T, conn *pgx.Conn) error {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var n int
	return conn.QueryRow(ctx, "SELECT 1").Scan(&n)
}

// soon is how long is waited for what must not come.
const soon = 200 * time.Millisecond

// dialFor is pgx.Connect with a bound.
func dialFor(t *testing.T, url string, atMost time.Duration) error {
	ctx, cancel := context.WithTimeout(t.Context(), atMost)
	defer cancel()
	conn, err := pgx.Connect(ctx, url)
	if err == nil {
		_ = conn.Close(ctx)
	}
	return err
}

// One server serves them all: it is never what fails.
func TestProxy(t *testing.T) {
	s := pgtest.Start(t)
	for name, test := range map[string]func(*testing.T, *pgtest.Server){
		"a black hole holds what it is sent until it passes":        aBlackholeHolds,
		"a black hole accepts connections and lets no client speak": aBlackholeAccepts,
		"a black hole swallows the end of a connection":             aBlackholeSwallowsTheEnd,
		"a cut ends connections and lets no client in":              aCutEndsConnections,
		"a delay is that of both ways":                              aDelayIsThatOfBothWays,
		"each proxy fails by itself":                                eachFailsByItself,
		"all of it is passed on, in its order":                      allOfItIsPassedOn,
	} {
		t.Run(name, func(t *testing.T) { test(t, s) })
	}
}

func aBlackholeHolds(t *testing.T, s *pgtest.Server) {
	p := s.Proxy(t)
	conn := connect(t, p.URL())
	if err := ask(t, conn); err != nil {
		t.Fatal(err)
	}
	p.Blackhole()
	answered := make(chan error, 1)
	go func() { answered <- ask(t, conn) }()
	select {
	case err := <-answered:
		t.Errorf("through a black hole came an answer, or the end of the connection: %v", err)
	case <-time.After(soon):
	}
	p.Pass()
	if err := <-answered; err != nil {
		t.Errorf("after it: %v", err)
	}
}

func aBlackholeAccepts(t *testing.T, s *pgtest.Server) {
	p := s.Proxy(t)
	p.Blackhole()
	open, err := net.Dial("unix", socket(t, p))
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	if err := dialFor(t, p.URL(), soon); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want that there is no answer in time", err)
	}
	if err := open.SetReadDeadline(time.Now().Add(soon)); err != nil {
		t.Fatal(err)
	}
	if _, err := open.Read(make([]byte, 1)); err == nil || !err.(net.Error).Timeout() {
		t.Errorf("error %v, want that the connection is open and silent", err)
	}
	p.Pass()
	if err := ask(t, connect(t, p.URL())); err != nil {
		t.Errorf("after it: %v", err)
	}
}

// A server that ends a connection is not heard through a black hole either.
func aBlackholeSwallowsTheEnd(t *testing.T, s *pgtest.Server) {
	p := s.Proxy(t)
	conn := connect(t, p.URL())
	p.Blackhole()
	var ended bool
	err := s.Pool(t).QueryRow(t.Context(), "SELECT pg_terminate_backend($1, 30000)", conn.PgConn().PID()).Scan(&ended)
	if err != nil || !ended {
		t.Fatalf("ended %v, %v", ended, err)
	}
	waiting, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	if _, err := conn.WaitForNotification(waiting); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want silence", err)
	}
	p.Pass()
	if err := ask(t, conn); err == nil {
		t.Error("after it the connection still answers")
	}
}

func aCutEndsConnections(t *testing.T, s *pgtest.Server) {
	p := s.Proxy(t)
	conn := connect(t, p.URL())
	for _, before := range []func(){p.Pass, p.Blackhole} {
		before()
		p.Cut()
		if err := ask(t, conn); err == nil {
			t.Error("a connection that was cut answers")
		}
		if err := dialFor(t, p.URL(), 30*time.Second); err == nil || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v, want a connection that ends at once", err)
		}
		p.Pass()
		conn = connect(t, p.URL())
		if err := ask(t, conn); err != nil {
			t.Errorf("after it: %v", err)
		}
	}
}

func aDelayIsThatOfBothWays(t *testing.T, s *pgtest.Server) {
	p := s.Proxy(t)
	conn := connect(t, p.URL())
	for _, d := range []struct{ there, back time.Duration }{
		{100 * time.Millisecond, 0}, {0, 100 * time.Millisecond}, {50 * time.Millisecond, 50 * time.Millisecond},
	} {
		p.Delay(d.there, d.back)
		began := time.Now()
		// The simple protocol sends once and is answered once.
		if _, err := conn.Exec(t.Context(), "SELECT 1", pgx.QueryExecModeSimpleProtocol); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took < d.there+d.back {
			t.Errorf("delay %+v: %v, want at least the sum", d, took)
		}
	}
	p.Delay(0, 0)
	if err := ask(t, conn); err != nil {
		t.Error(err)
	}
}

// The second way is not slower for what became of the first.
func eachFailsByItself(t *testing.T, s *pgtest.Server) {
	p, other := s.Proxy(t), s.Proxy(t)
	conn := connect(t, other.URL())
	p.Cut()
	if err := ask(t, conn); err != nil {
		t.Error(err)
	}
	if err := ask(t, connect(t, s.URL())); err != nil {
		t.Error(err)
	}
}

// Much data has to wait for its reader, and must not be lost or change its order.
func allOfItIsPassedOn(t *testing.T, s *pgtest.Server) {
	p := s.Proxy(t)
	p.Delay(time.Millisecond, time.Millisecond)
	conn := connect(t, p.URL())
	rows, err := conn.Query(t.Context(), "SELECT n, repeat('x', 1000) FROM generate_series(1, 20000) n")
	if err != nil {
		t.Fatal(err)
	}
	want := 1
	for ; rows.Next(); want++ {
		var n int
		var text string
		if err := rows.Scan(&n, &text); err != nil || n != want || len(text) != 1000 {
			t.Fatalf("row %d: got %d with %d bytes, %v", want, n, len(text), err)
		}
	}
	if want != 20001 || rows.Err() != nil {
		t.Errorf("%d rows, %v, want 20000", want-1, rows.Err())
	}
}

func socket(t *testing.T, p *pgtest.Proxy) string {
	t.Helper()
	config, err := pgx.ParseConfig(p.URL())
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(config.Host, ".s.PGSQL.5432")
}
