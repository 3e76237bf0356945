package jwtauth_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/postgres"
	"github.com/inga-auth/inga/internal/pgtest"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/internal/tokentest"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/middleware"
)

// These make this test binary a server for tokens: it prints its address and serves until
// its standard input is closed. In the test's environment they are not set.
const (
	serverURL    = "JWTAUTH_TEST_SERVER" // of the database
	serverSchema = "JWTAUTH_TEST_SCHEMA"
	serverCrash  = "JWTAUTH_TEST_CRASH" // "1": die right after the first commit of a rotation
)

func TestServerProcess(t *testing.T) {
	if os.Getenv(serverURL) == "" {
		t.Skip("a part of other tests")
	}
	pool, err := pgxpool.New(context.Background(), os.Getenv(serverURL))
	if err != nil {
		t.Fatal(err)
	}
	ps, err := postgres.New(postgres.Config{Pool: pool, Schema: os.Getenv(serverSchema)})
	if err != nil {
		t.Fatal(err)
	}
	var s storetest.Store = ps
	if os.Getenv(serverCrash) != "" {
		s = crashing{s}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	fmt.Fprintf(os.Stderr, "http://%s\n", listener.Addr())
	t.Fatal(http.Serve(listener, tokentest.App(t, tokentest.New(t, s, tokentest.Eager))))
}

// crashing is a store whose process is killed between the commit of a rotation and the
// answer to the client.
type crashing struct{ storetest.Store }

func (c crashing) Rotate(ctx context.Context, now time.Time, id string, h backends.SecretHash, n int64, g backends.Grace) (backends.Session, backends.User, backends.Rotation, error) {
	s, u, rotation, err := c.Store.Rotate(ctx, now, id, h, n, g)
	if err != nil {
		return s, u, rotation, err
	}
	if self, err := os.FindProcess(os.Getpid()); err == nil {
		_ = self.Kill()
	}
	select {} // until the signal arrives
}

// startProcess starts a server over the schema and returns its address, and what waits for
// its end.
func startProcess(t *testing.T, schema string, env ...string) (at string, wait func() error) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestServerProcess$", "-test.timeout=2m")
	cmd.Env = append(os.Environ(), append(env, serverURL+"="+pgtest.URL(t), serverSchema+"="+schema)...)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	at, err = bufio.NewReader(out).ReadString('\n')
	if err != nil || !strings.HasPrefix(at, "http://") {
		t.Fatalf("server says %q (%v)", at, err)
	}
	return strings.TrimSpace(at), cmd.Wait
}

// refreshAt asks the server at an address for the successor of a token.
func refreshAt(at, token string) (jwtauth.Response, error) {
	w, err := http.PostForm(at+"/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}})
	if err != nil {
		return jwtauth.Response{}, err
	}
	defer w.Body.Close()
	var resp jwtauth.Response
	if err := json.NewDecoder(w.Body).Decode(&resp); err != nil || w.StatusCode != 200 {
		return jwtauth.Response{}, fmt.Errorf("status %d (%w)", w.StatusCode, err)
	}
	return resp, nil
}

func TestAServerThatIsKilledBetweenCommitAndAnswerLogsNobodyOut(t *testing.T) {
	// RT-16: kill -9, and the retry at another process.
	schema := pgtest.Schema(t)
	s := storetest.Postgres(t, pgtest.Pool(t), schema)
	storetest.AddUsers(t, s)
	var j tokentest.Journal
	tokens := tokentest.New(t, s, tokentest.Eager, j.Use)
	d := tokentest.NewDevice(t, tokentest.App(t, tokens), "1")
	at, wait := startProcess(t, schema, serverCrash+"=1")
	if _, err := refreshAt(at, d.Refresh); err == nil {
		t.Fatal("the server that was to die has answered")
	}
	if err := wait(); err == nil || !strings.Contains(err.Error(), "signal: killed") {
		t.Fatalf("the server ended with %v, want by SIGKILL", err)
	}
	if row := tokentest.SessionOf(t, s, d.Token); row.Refresh.Generation != 2 {
		t.Fatalf("generation %d, want 2: the rotation was committed", row.Refresh.Generation)
	}
	another, _ := startProcess(t, schema)
	resp, err := refreshAt(another, d.Refresh)
	if err != nil {
		t.Fatal(err)
	}
	d.WantGranted(d.Refresh, resp.RefreshToken) // and here too, once more
	d.WantAccess(resp.AccessToken, 200)
	d.Refresh = resp.RefreshToken
	d.Rotate()
	j.Want(t, 1, 1, 0)
}

func TestTwoProcessesOnOneDatabaseGiveOneSuccessor(t *testing.T) {
	// RT-3: a hundred refreshes with one token, half of them at each process.
	schema := pgtest.Schema(t)
	s := storetest.Postgres(t, pgtest.Pool(t), schema)
	storetest.AddUsers(t, s)
	d := tokentest.NewDevice(t, tokentest.App(t, tokentest.New(t, s, tokentest.Eager)), "1")
	var servers [2]string
	for i := range servers {
		servers[i], _ = startProcess(t, schema)
	}
	for round := range int64(3) {
		answers := make([]jwtauth.Response, 100)
		tokentest.AtOnce(len(answers), func(i int) {
			resp, err := refreshAt(servers[i%2], d.Refresh)
			if err != nil {
				t.Error(err)
			}
			answers[i] = resp
		})
		live := map[string]bool{}
		for _, resp := range answers {
			live[resp.RefreshToken] = true
		}
		row := tokentest.SessionOf(t, s, d.Token)
		if len(live) != 1 || row.Refresh.Generation != round+2 || !row.Ended.At.IsZero() {
			t.Fatalf("%d live tokens, generation %d, ended %+v; want 1, %d, and a live session", len(live), row.Refresh.Generation, row.Ended, round+2)
		}
		d.WantAccess(answers[0].AccessToken, 200)
		d.Token, d.Refresh = answers[99].AccessToken, answers[99].RefreshToken
	}
	all, _, err := s.List(t.Context(), time.Now(), "1", backends.Page{})
	if err != nil || len(all) != 1 {
		t.Errorf("%d sessions (%v), want 1", len(all), err)
	}
}

func TestTenThousandRotationsLeaveOneRow(t *testing.T) {
	// RT-19.
	rotations := 10_000
	rotate := func(t *testing.T, s backends.Store) {
		tokens := tokentest.New(t, s, tokentest.Eager)
		r := httptest.NewRequest("POST", "/", nil)
		resp, err := tokens.Login(r, middleware.Login{Subject: "1"})
		for range rotations {
			if err != nil {
				t.Fatal(err)
			}
			resp, err = tokens.Refresh(r, resp.RefreshToken)
		}
		if err != nil || resp.Session.Refresh.Generation != int64(rotations)+1 {
			t.Fatalf("generation %d, error %v", resp.Session.Refresh.Generation, err)
		}
	}
	t.Run("memory", func(t *testing.T) {
		m := storetest.Memory(t)
		rotate(t, m)
		if all, _, err := m.List(t.Context(), time.Now(), "1", backends.Page{}); err != nil || len(all) != 1 {
			t.Errorf("%d sessions (%v), want 1", len(all), err)
		}
	})
	t.Run("postgres", func(t *testing.T) {
		schema := pgtest.Schema(t)
		s := storetest.Postgres(t, pgtest.Pool(t), schema)
		storetest.AddUsers(t, s)
		rotate(t, s)
		var sessions, bytes int
		err := pgtest.Pool(t).QueryRow(t.Context(), `SELECT count(*), pg_total_relation_size('`+schema+`.sessions') FROM `+schema+`.sessions`).Scan(&sessions, &bytes)
		if err != nil || sessions != 1 {
			t.Errorf("%d rows (%v), want 1", sessions, err)
		}
		t.Logf("%d KiB with the indexes", bytes>>10)
	})
}
