package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"flag"
	"log/slog"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/pgtest"
)

func TestMain(m *testing.M) {
	flag.Parse()
	// These tests wait, for time to pass and for a browser, more than they work.
	if p := flag.Lookup("test.parallel"); p.Value.String() == p.DefValue {
		_ = p.Value.Set("8")
	}
	if err := makePasswordsCheap(); err != nil {
		panic(err)
	}
	slog.SetDefault(slog.New(slog.NewJSONHandler(logs, &slog.HandlerOptions{Level: slog.LevelDebug})))
	os.Exit(pgtest.Main(m))
}

// makePasswordsCheap takes the least memory that OWASP recommends: the race detector takes a
// multiple of it.
func makePasswordsCheap() error {
	passwordCost = backends.PasswordConfig{Memory: 7168, Time: 5}
	passwords, err := backends.NewPasswords(passwordCost)
	for i := range demoUsers {
		if err == nil {
			demoUsers[i].hash, err = passwords.Hash(context.Background(), demoUsers[i].Password)
		}
	}
	return err
}

// onEachBackend runs the test on memory and on a database of its own. The flags that it is
// given start the program on either.
func onEachBackend(t *testing.T, test func(t *testing.T, flags ...string)) {
	t.Helper()
	t.Parallel()
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		test(t)
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, "-database-url", newDatabase(t))
	})
}

// onEachStore is onEachBackend, and both with a cache before them too.
func onEachStore(t *testing.T, test func(t *testing.T, flags ...string)) {
	t.Helper()
	onEachBackend(t, func(t *testing.T, flags ...string) {
		t.Run("as it is", func(t *testing.T) {
			t.Parallel()
			test(t, flags...)
		})
		t.Run("with a cache", func(t *testing.T) {
			t.Parallel()
			cached := []string{"-cache"}
			if len(flags) > 0 {
				cached = append(cached, "-database-url", newDatabase(t)) // of its own
			}
			test(t, cached...)
		})
	})
}

// newDatabase returns the URL of an empty database. The program keeps its tables in one
// schema, always the same, so a schema for each test would not do.
func newDatabase(t *testing.T) string {
	t.Helper()
	server := pgtest.URL(t)
	name := "quickstart_" + strings.ToLower(rand.Text())
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

// A program is a quickstart that runs.
type program struct {
	url    string
	stop   func() // it returns when the program has
	output *output
}

// start starts the program on a free port, and stops it when the test ends.
func start(t *testing.T, flags ...string) *program {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	p := &program{output: &output{}}
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, append([]string{"-addr", "127.0.0.1:0"}, flags...), p.output) }()
	p.stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("the program ended with: %v", err)
			}
		case <-time.After(time.Minute):
			t.Error("the program does not end")
		}
	})
	t.Cleanup(p.stop)
	for deadline := time.Now().Add(time.Minute); p.url == ""; time.Sleep(5 * time.Millisecond) {
		select {
		case err := <-ended:
			ended <- err
			t.Fatal("the program did not start")
		default:
		}
		if time.Now().After(deadline) {
			t.Fatal("the program says no address")
		}
		p.url = regexp.MustCompile(`http://127\.0\.0\.1:[1-9]\d*`).FindString(p.output.String())
	}
	return p
}

// output is what the program prints.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}
