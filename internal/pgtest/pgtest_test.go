package pgtest_test

import (
	"bufio"
	"context"
	"errors"
	"io/fs"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/inga-auth/inga/internal/pgtest"
)

// orphan makes this test binary start a server, print its directory and wait to be killed.
const orphan = "PGTEST_ORPHAN"

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

func TestSharedServerAnswersAndSchemasAreFresh(t *testing.T) {
	pool := pgtest.Pool(t)
	ctx := context.Background()
	var one int
	if err := pool.QueryRow(ctx, "SELECT 1").Scan(&one); err != nil || one != 1 {
		t.Fatalf("SELECT 1: got %d, %v", one, err)
	}
	var schema string
	t.Run("created", func(t *testing.T) {
		schema = pgtest.Schema(t)
		if other := pgtest.Schema(t); other == schema {
			t.Errorf("two schemas are named %s", schema)
		}
		if _, err := pool.Exec(ctx, "CREATE SCHEMA "+schema+" CREATE TABLE t (n int)"); err != nil {
			t.Fatal(err)
		}
	})
	var n int
	if err := pool.QueryRow(ctx, "SELECT count(*) FROM pg_namespace WHERE nspname = $1", schema).Scan(&n); err != nil || n != 0 {
		t.Errorf("after the test its schema is still there: %d, %v", n, err)
	}
}

func TestKilledServerKeepsWhatWasCommittedAndItsURL(t *testing.T) {
	s := pgtest.Start(t)
	before := s.URL()
	pool := s.Pool(t)
	ctx := context.Background()
	if _, err := pool.Exec(ctx, "CREATE TABLE t AS SELECT 42 AS n"); err != nil {
		t.Fatal(err)
	}
	for name, end := range map[string]func(){"Kill": s.Kill, "Stop": s.Stop} {
		end()
		if err := pool.Ping(ctx); err == nil {
			t.Fatalf("after %s the server still answers", name)
		}
		s.Restart(t)
		var n int
		if err := pool.QueryRow(ctx, "SELECT n FROM t").Scan(&n); err != nil || n != 42 {
			t.Errorf("after %s and Restart: got %d, %v, want 42", name, n, err)
		}
	}
	if after := s.URL(); after != before {
		t.Errorf("URL %q, want %q as before", after, before)
	}
}

func TestServerDiesWithAKilledTestProcess(t *testing.T) {
	if os.Getenv(orphan) != "" {
		dir, err := url.Parse(pgtest.Start(t).URL())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = os.Stderr.WriteString(dir.Query().Get("host") + "\n")
		select {}
	}
	pgtest.Start(t) // skips where there is no server
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.timeout=1m")
	cmd.Env = append(os.Environ(), orphan+"=1")
	errOut, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	dir, err := bufio.NewReader(errOut).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	dir = dir[:len(dir)-1]
	if _, err := os.Stat(dir); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	awaitGone(t, dir) // the watcher removes it last
}

func TestPgBouncerPassesQueriesOnAndEndsWithItsTest(t *testing.T) {
	var open net.Conn
	t.Run("running", func(t *testing.T) {
		config, err := pgx.ParseConfig(pgtest.Start(t).PgBouncer(t))
		if err != nil {
			t.Fatal(err)
		}
		config.DefaultQueryExecMode = pgx.QueryExecModeExec
		conn, err := pgx.ConnectConfig(t.Context(), config)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(t.Context())
		var n int
		if err := conn.QueryRow(t.Context(), "SELECT $1::int", 42).Scan(&n); err != nil || n != 42 {
			t.Errorf("got %d, %v, want 42", n, err)
		}
		open, err = net.Dial("unix", filepath.Join(config.Host, ".s.PGSQL.6432"))
		if err != nil {
			t.Fatal(err)
		}
	})
	if open == nil {
		t.Skip("no PgBouncer was started")
	}
	defer open.Close()
	// Only the end of the process closes a connection on which nothing was said yet.
	if err := open.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := open.Read(make([]byte, 1)); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("PgBouncer is still there")
	}
}

func awaitGone(t *testing.T, dir string) {
	t.Helper()
	gone := time.After(30 * time.Second)
	for {
		if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
			return
		}
		select {
		case <-gone:
			t.Fatalf("%s is still there", dir)
		case <-time.After(10 * time.Millisecond):
		}
	}
}
