package postgres_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	osexec "os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/postgres"
	"github.com/inga-auth/inga/internal/pgtest"
)

// With begin and commit: a look, the lock, the rows, the count. A refusal is the look alone.
func TestATurnIsATransactionOfFiveStatementsAndALook(t *testing.T) {
	var sent recorder
	f := open(t, sent.use)
	account, address := backends.PerAccount("password", "ann"), backends.Budget{
		Name: backends.HashName("address", "192.0.2.7"), Free: 1, Wait: time.Second, MaxWait: time.Second, Forget: time.Minute,
	}
	sent.take()
	check(t, f.Attempt(t.Context(), t0, account, address))
	if q := sent.take(); len(q) != 6 {
		t.Errorf("a turn: %d statements, want 6: %v", len(q), q)
	}
	if err := f.Attempt(t.Context(), t0, account, address); !errors.Is(err, backends.ErrTooManyAttempts) {
		t.Errorf("error %v, want ErrTooManyAttempts", err)
	}
	if q := sent.take(); len(q) != 1 {
		t.Errorf("a refusal: %d statements, want 1: %v", len(q), q)
	}
}

func TestARefusedTryWaitsForNoOther(t *testing.T) {
	f := open(t)
	account := backends.PerAccount("password", "ann")
	for range 5 {
		check(t, f.Attempt(t.Context(), t0, account))
	}
	tx := begin(t, f)
	must(tx.Exec(t.Context(), in(f.schema, "SELECT FROM {schema}.attempts FOR UPDATE")))(t)
	if err := f.Attempt(soon(t), t0, account); !errors.Is(err, backends.ErrTooManyAttempts) {
		t.Errorf("while the row is held: error %v, want ErrTooManyAttempts", err)
	}
}

func TestNamesThatAreMadeUpAreSwept(t *testing.T) {
	f := open(t)
	exec(t, f.pool, in(f.schema, `INSERT INTO {schema}.attempts SELECT sha256(n::text::bytea), 1, $1, $1 FROM generate_series(1, 50000) n`), t0)
	exec(t, f.pool, in(f.schema, `INSERT INTO {schema}.claims SELECT sha256(n::text::bytea), $1 FROM generate_series(1, 50000) n`), t0)
	account := backends.PerAccount("password", "ann")
	check(t, f.Attempt(t.Context(), t0, account))
	must(f.Sweep(t.Context(), t0.Add(backends.Retention)))(t)
	if n := scan[int](t, f.pool, in(f.schema, "SELECT count(*) FROM {schema}.attempts")); n != 1 {
		t.Errorf("%d rows of attempts are left, want the one that counts", n)
	}
	if n := scan[int](t, f.pool, in(f.schema, "SELECT count(*) FROM {schema}.claims")); n != 0 {
		t.Errorf("%d claims are left, want none", n)
	}
}

func TestNamesAreStoredAsTheirHashOnly(t *testing.T) {
	f := open(t)
	check(t, f.Attempt(t.Context(), t0, backends.PerAccount("password", "ann@example.com")))
	must(f.Claim(t.Context(), t0, backends.HashName("mail", "ann@example.com"), t0.Add(time.Hour)))(t)
	values, hash := dump(t, f), backends.HashName("mail", "ann@example.com")
	var found bool
	for _, v := range values {
		found = found || string(v) == string(hash[:])
		if strings.Contains(string(v), "example.com") {
			t.Errorf("the dump holds %q", v)
		}
	}
	if !found {
		t.Error("the dump does not hold the hash: it is no dump")
	}
}

// What TestGuessingProcess does, and where. In the test's environment they are not set.
const guessURL, guessSchema = "POSTGRES_TEST_GUESS", "POSTGRES_TEST_GUESS_SCHEMA"

func TestGuessingProcess(t *testing.T) {
	if os.Getenv(guessURL) == "" {
		t.Skip("is the process that the tests of several processes start")
	}
	ctx := context.Background()
	pool := must(pgxpool.New(ctx, os.Getenv(guessURL)))(t)
	store := must(postgres.New(postgres.Config{Pool: pool, Schema: os.Getenv(guessSchema), Timeout: time.Minute}))(t)
	check(t, pool.Ping(ctx))
	fmt.Println("ready")
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
	var tries, claims atomic.Int32
	var all sync.WaitGroup
	for range 25 {
		all.Go(func() {
			switch err := store.Attempt(ctx, t0, guesses()...); {
			case err == nil:
				tries.Add(1)
			case !errors.Is(err, backends.ErrTooManyAttempts):
				t.Error(err)
			}
			if must(store.Claim(ctx, t0, backends.HashName("jti", "1"), t0.Add(time.Minute)))(t) {
				claims.Add(1)
			}
		})
	}
	all.Wait()
	fmt.Println("got", tries.Load(), claims.Load())
}

func guesses() []backends.Budget {
	wide := backends.PerAccount("password", "ann", "elsewhere")
	wide.Free = 20
	return []backends.Budget{wide, backends.PerAccount("password", "ann")}
}

func TestTwoProcessesShareABudgetAndClaims(t *testing.T) {
	// GS-2, GS-6.
	t.Parallel()
	server := pgtest.Start(t)
	f := openOn(t, server.Pool(t), "inga")
	var start []func()
	var results []*bufio.Scanner
	for range 2 {
		cmd := osexec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestGuessingProcess$")
		cmd.Env = append(os.Environ(), guessURL+"="+server.URL(), guessSchema+"="+f.schema)
		cmd.Stderr = os.Stderr
		in, out := must(cmd.StdinPipe())(t), must(cmd.StdoutPipe())(t)
		check(t, cmd.Start())
		t.Cleanup(func() { _ = cmd.Wait() })
		lines := bufio.NewScanner(out)
		for lines.Scan() && lines.Text() != "ready" {
		}
		results = append(results, lines)
		start = append(start, func() { _, _ = in.Write([]byte("\n")) })
	}
	for _, begin := range start {
		begin()
	}
	tries, claims := 0, 0
	for _, lines := range results {
		var n, m int
		for lines.Scan() {
			if _, err := fmt.Sscanf(lines.Text(), "got %d %d", &n, &m); err == nil {
				break
			}
		}
		tries, claims = tries+n, claims+m
	}
	if tries != 5 || claims != 1 {
		t.Errorf("%d tries got a turn and %d claims the name, want 5 and 1", tries, claims)
	}
	wide := guesses()[0]
	var left int
	for ; f.Attempt(t.Context(), t0, wide) == nil; left++ {
	}
	if left != 15 {
		t.Errorf("%d turns are left of the wider budget, want 15", left)
	}
}
