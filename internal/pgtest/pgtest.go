package pgtest

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// databaseURL names the variable that replaces the private server.
const databaseURL = "INGA_TEST_DATABASE_URL"

// What all tests of a process share: package variables, because tests have no other place in
// common.
var (
	shared   once // the server of [URL]
	pristine once // never runs: the others begin with a copy of its cluster
)

// A once is a server that is made at first use.
type once struct {
	mu     sync.Mutex
	server *Server
	err    error
}

func (o *once) get(make func() (*Server, error)) (*Server, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.server == nil && o.err == nil {
		o.server, o.err = make()
	}
	return o.server, o.err
}

func (o *once) remove() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.server != nil {
		o.server.remove()
	}
}

// Main runs the tests and then removes what they share. It returns the code to exit with. A
// package without it gets the same, a moment later.
func Main(m *testing.M) int {
	defer pristine.remove()
	defer shared.remove()
	return m.Run()
}

// URL returns the connection URL of the shared server's database.
func URL(t testing.TB) string {
	t.Helper()
	if url := os.Getenv(databaseURL); url != "" {
		return url
	}
	s, err := shared.get(start)
	check(t, err)
	return s.URL()
}

// Pool returns a pool of connections to the shared server, closed when the test ends. Each
// change may edit its configuration.
func Pool(t testing.TB, changes ...func(*pgxpool.Config)) *pgxpool.Pool {
	t.Helper()
	return newPool(t, URL(t), changes)
}

func newPool(t testing.TB, url string, changes []func(*pgxpool.Config)) *pgxpool.Pool {
	t.Helper()
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	for _, change := range changes {
		change(config)
	}
	pool, err := pgxpool.NewWithConfig(context.Background(), config)
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// Schema returns a name that no schema of the shared server has. The schema is not
// created; if the test does, it is dropped when the test ends.
func Schema(t testing.TB) string {
	t.Helper()
	url := URL(t)
	name := "test_" + strings.ToLower(rand.Text())
	t.Cleanup(func() {
		ctx := context.Background()
		conn, err := pgx.Connect(ctx, url)
		if err != nil {
			t.Errorf("pgtest: drop schema: %v", err)
			return
		}
		defer conn.Close(ctx)
		for {
			_, err = conn.Exec(ctx, "DROP SCHEMA IF EXISTS "+pgx.Identifier{name}.Sanitize()+" CASCADE")
			// The server may still run a statement that the test has given up, and hold its locks.
			if deadlock := (*pgconn.PgError)(nil); !errors.As(err, &deadlock) || deadlock.Code != "40P01" {
				break
			}
		}
		if err != nil {
			t.Errorf("pgtest: drop schema: %v", err)
		}
	})
	return name
}

// check ends the test if a program is missing: at home it is skipped, because no one
// must install a database to work on the rest; in CI that would hide what was not tested.
func check(t testing.TB, err error) {
	t.Helper()
	if err == nil {
		return
	}
	if (errors.Is(err, errNoServer) || errors.Is(err, errNoPgBouncer)) && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	t.Fatal(err)
}
