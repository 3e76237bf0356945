package postgres_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/postgres"
	"github.com/inga-auth/inga/internal/pgtest"
)

// shared is in the statement that look-ups share, and in no other.
const shared = "WITH ORDINALITY"

// A case of a look-up is what it asks and what must come.
type lookup struct {
	id   string
	hash backends.SecretHash
	user string
	want error
}

func (l lookup) check(t *testing.T, ctx context.Context, store backends.Store) {
	t.Helper()
	s, u, err := store.Find(ctx, t0, l.id, l.hash)
	if !errors.Is(err, l.want) || err == nil && (s.ID != l.id || u.ID != l.user) {
		t.Errorf("session %q of %q, error %v; want %q of %q, %v", s.ID, u.ID, err, l.id, l.user, l.want)
	}
}

// storm calls find 64 times at once, over and over: often enough that statements are shared.
func storm(find func(n int)) {
	var all sync.WaitGroup
	for client := range 64 {
		all.Go(func() {
			for n := range 20 {
				find(20*client + n)
			}
		})
	}
	all.Wait()
}

func TestLookUpsThatShareAStatementGetEachItsOwnAnswer(t *testing.T) {
	for _, m := range []pgx.QueryExecMode{
		pgx.QueryExecModeCacheStatement, pgx.QueryExecModeCacheDescribe, pgx.QueryExecModeExec, pgx.QueryExecModeSimpleProtocol,
	} {
		for name, config := range map[string]func(pool *pgxpool.Pool, schema string) postgres.Config{
			"own table": func(*pgxpool.Pool, string) postgres.Config { return postgres.Config{} },
			"a view": func(pool *pgxpool.Pool, schema string) postgres.Config {
				exec(t, pool, in(schema, `CREATE VIEW {schema}.auth AS SELECT id, array_agg(role) AS roles, bool_or(disabled) AS disabled, max(version) AS version
					FROM {schema}.users CROSS JOIN unnest(roles) role GROUP BY id`))
				return postgres.Config{Users: schema + ".auth"}
			},
		} {
			t.Run(m.String()+", "+name, func(t *testing.T) {
				t.Parallel()
				var sent recorder
				f := open(t, sent.use, mode(m))
				check(t, f.users.CreateUser(t.Context(), backends.User{ID: "bob", Roles: []string{"admin"}}, ""))
				c := config(f.pool, f.schema)
				c.Pool, c.Schema, c.Timeout = f.pool, f.schema, time.Minute
				f.Store = must(postgres.New(c))(t)
				eachGetsItsOwnAnswer(t, f)
				statements, batches := 0, 0
				for _, q := range sent.take() {
					if strings.Contains(q.sql, "secret_hash =") {
						statements++
					}
					if strings.Contains(q.sql, shared) {
						batches++
					}
				}
				if batches == 0 || statements > 64*20/2 {
					t.Errorf("%d statements for %d look-ups, %d of them shared; want at most half", statements, 64*20, batches)
				}
			})
		}
	}
}

func eachGetsItsOwnAnswer(t *testing.T, f fixture) {
	s, secret := login(t, f, "ann")
	other, otherSecret := login(t, f, "bob")
	ended, endedSecret := login(t, f, "ann")
	must(f.Revoke(t.Context(), t0, ended.ID, "x"))(t)
	cases := []lookup{
		{s.ID, secret.Hash(), "ann", nil},
		{s.ID, otherSecret.Hash(), "", backends.ErrNotFound},
		{s.ID, backends.SecretHash{}, "ann", nil},
		{other.ID, otherSecret.Hash(), "bob", nil},
		{other.ID, secret.Hash(), "", backends.ErrNotFound},
		{backends.NewID("ann"), secret.Hash(), "", backends.ErrNotFound},
		{ended.ID, endedSecret.Hash(), "", backends.ErrRevoked},
	}
	storm(func(n int) { cases[n%len(cases)].check(t, t.Context(), f.Store) })
}

// The users are a view that fails for one of them.
func TestALookUpThatFailsDisturbsNoOther(t *testing.T) {
	t.Parallel()
	var sent recorder
	f := open(t, sent.use)
	check(t, f.users.CreateUser(t.Context(), backends.User{ID: "bad"}, ""))
	good, secret := login(t, f, "ann")
	bad, badSecret := login(t, f, "bad")
	exec(t, f.pool, in(f.schema, `CREATE VIEW {schema}.auth AS SELECT id, roles, disabled, version / CASE WHEN id = 'bad' THEN 0 ELSE 1 END AS version FROM {schema}.users`))
	f.Store = must(postgres.New(postgres.Config{Pool: f.pool, Schema: f.schema, Users: f.schema + ".auth", Timeout: time.Minute}))(t)
	storm(func(n int) {
		if n%10 > 0 {
			lookup{good.ID, secret.Hash(), "ann", nil}.check(t, t.Context(), f.Store)
		} else if _, _, err := f.Find(t.Context(), t0, bad.ID, badSecret.Hash()); err == nil || verdict(err) {
			t.Errorf("error %v, want one that is no verdict", err)
		}
	})
}

// once returns what a recorder calls before a statement: f before the first that is shared.
func once(f func(context.Context)) func(context.Context, string) {
	var seen atomic.Bool
	return func(ctx context.Context, sql string) {
		if strings.Contains(sql, shared) && seen.CompareAndSwap(false, true) {
			f(ctx)
		}
	}
}

func TestAStatementThatHangsFailsNoneOfThoseThatShareIt(t *testing.T) {
	t.Parallel()
	var sent recorder
	f := open(t, sent.use)
	s, secret := login(t, f, "ann")
	hung := false
	sent.before = once(func(ctx context.Context) { hung = true; <-ctx.Done() })
	f.Store = must(postgres.New(postgres.Config{Pool: f.pool, Schema: f.schema, Timeout: 20 * time.Second}))(t)
	storm(func(int) { lookup{s.ID, secret.Hash(), "ann", nil}.check(t, t.Context(), f.Store) })
	if !hung {
		t.Error("no statement was shared")
	}
}

// As net/http expects: there it ends one request, and in a goroutine of ours it would end the
// process.
func TestAPanicInASharedStatementIsNoneOfOurGoroutines(t *testing.T) {
	var sent recorder
	f := open(t)
	config := f.pool.Config()
	sent.use(config)
	pool := must(pgxpool.NewWithConfig(t.Context(), config))(t) // cannot be closed: it waits for the connection
	f.Store = must(postgres.New(postgres.Config{Pool: pool, Schema: f.schema, Timeout: time.Minute}))(t)
	s, secret := login(t, f, "ann")
	panicked := false
	sent.before = once(func(context.Context) { panicked = true; panic("a tracer") })
	storm(func(int) { lookup{s.ID, secret.Hash(), "ann", nil}.check(t, t.Context(), f.Store) })
	if !panicked {
		t.Error("no statement was shared")
	}
}

func TestASharedStatementIsCancelledWhenNoneWaitsForIt(t *testing.T) {
	var sent recorder
	f := open(t, sent.use)
	s, secret := login(t, f, "ann")
	ctx, cancel := context.WithCancel(t.Context())
	cancelled := make(chan error, 1)
	sent.before = once(func(batch context.Context) {
		cancel()
		<-batch.Done()
		cancelled <- batch.Err()
	})
	storm(func(int) {
		if _, _, err := f.Find(ctx, t0, s.ID, secret.Hash()); err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want context.Canceled", err)
		}
	})
	if err := <-cancelled; err != context.Canceled {
		t.Errorf("the statement ended with %v, want context.Canceled", err)
	}
}

func TestALookUpThatIsCancelledDisturbsNoOther(t *testing.T) {
	f := open(t)
	s, secret := login(t, f, "ann")
	storm(func(n int) {
		want := lookup{s.ID, secret.Hash(), "ann", nil}
		if n%2 == 0 {
			want.check(t, t.Context(), f.Store)
			return
		}
		ctx, cancel := context.WithCancel(t.Context())
		go cancel()
		if _, _, err := f.Find(ctx, t0, s.ID, secret.Hash()); err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want none or context.Canceled", err)
		}
	})
}

func TestConnectionsThatHangDoNotStopOtherLookUps(t *testing.T) {
	server := pgtest.Start(t)
	proxy := server.Proxy(t)
	through := must(pgx.ParseConfig(proxy.URL()))(t)
	var dialled atomic.Int64
	f := openOn(t, server.Pool(t, func(c *pgxpool.Config) {
		c.MaxConns = 8
		c.BeforeConnect = func(_ context.Context, c *pgx.ConnConfig) error {
			if dialled.Add(1) <= 2 {
				c.Host = through.Host
			}
			return nil
		}
	}), "inga")
	s, secret := login(t, f, "ann")
	a, b := must(f.pool.Acquire(t.Context()))(t), must(f.pool.Acquire(t.Context()))(t)
	a.Release()
	b.Release()
	proxy.Blackhole()
	ctx, cancel := context.WithCancel(t.Context())
	hanging := make(chan error, 2)
	for range 2 {
		go func() { _, _, err := f.Find(ctx, t0, s.ID, secret.Hash()); hanging <- err }()
	}
	for f.pool.Stat().AcquiredConns() < 2 {
		<-time.After(time.Millisecond)
	}
	storm(func(int) { lookup{s.ID, secret.Hash(), "ann", nil}.check(t, soon(t), f.Store) })
	cancel()
	for range 2 {
		if err := <-hanging; !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want context.Canceled", err)
		}
	}
	proxy.Pass()
}

func TestAStatementThatIsSharedReadsNoTableAsAWhole(t *testing.T) {
	var sent recorder
	f := open(t, sent.use)
	fill(t, f, 100_000)
	sent.take()
	storm(func(n int) {
		id, h := filled(n + 1)
		if _, _, err := f.Find(t.Context(), t0, id, h); err != nil {
			t.Error(err)
		}
	})
	plans := 0
	for _, q := range sent.take() {
		if !strings.Contains(q.sql, shared) {
			continue
		}
		plans++
		if plan := explain(t, f.pool, q); strings.Contains(plan, "Seq Scan on sessions") || strings.Contains(plan, "Seq Scan on users") {
			t.Fatalf("plan:\n%s", plan)
		}
	}
	if plans == 0 {
		t.Error("no statement was shared")
	}
}
