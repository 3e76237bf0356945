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
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/inga-auth/inga/backends/password"
	"github.com/inga-auth/inga/internal/pgtest"
	"github.com/inga-auth/inga/internal/redistest"
)

var screenshots = flag.String("screenshots", "", "write pictures of the main pages into this `directory`")

func TestMain(m *testing.M) {
	flag.Parse()
	// These tests wait for a browser more than they work.
	if p := flag.Lookup("test.parallel"); p.Value.String() == p.DefValue {
		_ = p.Value.Set("4")
	}
	slog.SetDefault(slog.New(slog.NewJSONHandler(logs, &slog.HandlerOptions{Level: slog.LevelDebug})))
	os.Exit(pgtest.Main(m))
}

// places are what the program can be started on, each with the flags for a new one.
var places = map[string]func(*testing.T) []string{
	"memory":   func(*testing.T) []string { return nil },
	"postgres": func(t *testing.T) []string { return []string{"-database-url", newDatabase(t)} },
	"redis":    func(t *testing.T) []string { return []string{"-redis", redistest.Start(t).URL()} },
}

// onEachBackend runs the test on each of them. The flags that it is given start the program on a new one.
func onEachBackend(t *testing.T, test func(t *testing.T, flags func(*testing.T) []string)) {
	t.Helper()
	t.Parallel()
	for name, flags := range places {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, flags)
		})
	}
}

// newDatabase returns the URL of an empty database. The program keeps its tables in one
// schema, always the same, so a schema for each test would not do.
func newDatabase(t *testing.T) string {
	t.Helper()
	server := pgtest.URL(t)
	name := "webapp_" + strings.ToLower(rand.Text())
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

// runFlags runs the program with the flags, and without what depends on how fast the machine is: a
// server with a timeout drops a login that has to wait, and the race detector takes a multiple of
// the memory of a hash.
func runFlags(ctx context.Context, flags []string, out io.Writer) error {
	o, err := parse(append([]string{"-addr", "127.0.0.1:0"}, flags...))
	if err != nil {
		return err
	}
	o.server, o.passwords = &http.Server{}, password.Config{Memory: 7168, Time: 5}
	o.postgres.Timeout, o.redis.Timeout = patience, patience
	return run(ctx, o, out)
}

// A program is a webapp that runs.
type program struct {
	url      string
	password string // of the administrator; "" if it was not told
	guest    string // of the guest
	stop     func() // it returns when the program has
	output   *output
}

var welcomed = regexp.MustCompile(`open at (http://127\.0\.0\.1:[1-9]\d*)\n\n  Sign up there, or log in as:\n` +
	`    admin with the password (?:([a-z2-7]{26}) \(shown only this once\)|that was shown at the first start)\n` +
	`    guest with the password (?:([a-z2-7]{26}) \(shown only this once\)|that was shown at the first start)\n`)

// start starts the program on a free port, and stops it when the test ends.
func start(t *testing.T, flags ...string) *program {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	p := &program{output: &output{}}
	ended := make(chan error, 1)
	go func() { ended <- runFlags(ctx, flags, p.output) }()
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
		if m := welcomed.FindStringSubmatch(p.output.String()); m != nil {
			p.url, p.password, p.guest = m[1], m[2], m[3]
		}
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

// logs are what all programs log.
var logs = &output{}

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
