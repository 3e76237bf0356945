package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"flag"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/inga-auth/inga/backends/password"
	"github.com/inga-auth/inga/internal/pgtest"
	"github.com/inga-auth/inga/internal/redistest"
)

func TestMain(m *testing.M) {
	flag.Parse()
	// These tests wait, for time to pass and for a browser, more than they work.
	if p := flag.Lookup("test.parallel"); p.Value.String() == p.DefValue {
		_ = p.Value.Set("8")
	}
	if err := hashDemoPasswords(); err != nil {
		panic(err)
	}
	slog.SetDefault(slog.New(slog.NewJSONHandler(logs, &slog.HandlerOptions{Level: slog.LevelDebug})))
	os.Exit(pgtest.Main(m))
}

// passwordCost is the least that is allowed: the race detector takes a multiple of it.
var passwordCost = password.Config{Memory: 7168, Time: 5}

// users are demoUsers with the hashes of their passwords, for a hundred programs.
var users = slices.Clone(demoUsers)

func hashDemoPasswords() error {
	passwords, err := password.New(passwordCost)
	for i := range users {
		if err == nil {
			users[i].hash, err = passwords.Hash(context.Background(), users[i].Password)
		}
	}
	return err
}

// runFlags runs the program with the flags, and without what depends on how fast the machine is:
// a server with a timeout drops a login that has to wait.
func runFlags(ctx context.Context, flags []string, out io.Writer) error {
	o, err := parse(flags)
	if err != nil {
		return err
	}
	o.server, o.users, o.passwords = &http.Server{}, users, passwordCost
	o.postgres.Timeout, o.redis.Timeout = patience, patience
	return run(ctx, o, out)
}

// places are what the program can be started on, each with the flags for a new one.
var places = map[string]func(*testing.T) []string{
	"memory":   func(*testing.T) []string { return nil },
	"postgres": func(t *testing.T) []string { return []string{"-database-url", newDatabase(t)} },
	"redis":    func(t *testing.T) []string { return []string{"-redis", redistest.Start(t).URL()} },
}

// onEachBackend runs the test on memory, and on a database and a Redis of its own. The flags that
// it is given start the program on one of them.
func onEachBackend(t *testing.T, test func(t *testing.T, flags ...string)) {
	t.Helper()
	t.Parallel()
	for name, flags := range places {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, flags(t)...)
		})
	}
}

// onEachStore is onEachBackend, and all of them with a cache before them too.
func onEachStore(t *testing.T, test func(t *testing.T, flags ...string)) {
	t.Helper()
	t.Parallel()
	for name, flags := range places {
		t.Run(name+" as it is", func(t *testing.T) {
			t.Parallel()
			test(t, flags(t)...)
		})
		t.Run(name+" with a cache", func(t *testing.T) {
			t.Parallel()
			test(t, append(flags(t), "-cache")...)
		})
	}
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
	go func() {
		ended <- runFlags(ctx, append([]string{"-addr", "127.0.0.1:0", "-leeway", "1ns"}, flags...), p.output)
	}()
	p.stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("the program ended with: %v", err)
			}
		case <-time.After(patience):
			t.Error("the program does not end")
		}
	})
	t.Cleanup(p.stop)
	eventually(t, "the program says its address", func() bool {
		if len(ended) > 0 {
			t.Fatal("the program did not start") // stop says why
		}
		p.url = regexp.MustCompile(`http://127\.0\.0\.1:[1-9]\d*`).FindString(p.output.String())
		return p.url != ""
	})
	return p
}

// patience is how long tests wait for what must happen: far longer than a busy machine takes.
const patience = 3 * time.Minute

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it does not happen that %s", what)
		}
	}
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
