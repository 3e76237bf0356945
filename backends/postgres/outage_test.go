package postgres_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/postgres"
	"github.com/inga-auth/inga/internal/pgtest"
)

// RT-15, AZ-5: an outage says nothing about a session or a user.
func TestKilledServerIsNoVerdictAndServiceResumesByItself(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	f := openOn(t, server.Pool(t), "inga")
	s, secret := login(t, f, "ann")
	find := func() error {
		_, _, err := f.Find(t.Context(), t0, s.ID, secret.Hash())
		return err
	}
	check(t, find())

	server.Kill()
	for name, do := range operations(f, s, secret.Hash()) {
		began := time.Now()
		if err := do(t.Context()); err == nil || verdict(err) {
			t.Errorf("%s without a server: error %v, want one that is no verdict", name, err)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%s without a server took %v", name, took)
		}
	}

	server.Restart(t)
	// A connection from before may be found broken only by using it.
	for range f.pool.Config().MaxConns {
		if find() == nil {
			break
		}
	}
	if err := find(); err != nil {
		t.Errorf("after the restart: %v", err)
	}
}

// Connections that were in the pool when the server went down and came back.
func TestRestartedServerCostsALookUpNoError(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	f := openOn(t, server.Pool(t, func(c *pgxpool.Config) { c.MaxConns = 4 }), "inga")
	s, secret := login(t, f, "ann")
	var held []*pgxpool.Conn
	for range 4 {
		held = append(held, must(f.pool.Acquire(t.Context()))(t))
	}
	for _, c := range held {
		c.Release()
	}
	server.Kill()
	server.Restart(t)
	for range 20 {
		if _, _, err := f.Find(t.Context(), t0, s.ID, secret.Hash()); err != nil {
			t.Errorf("after a restart: %v", err)
		}
	}
}

func TestContextThatHasEndedIsNoVerdict(t *testing.T) {
	f := open(t)
	s, secret := login(t, f, "ann")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, do := range operations(f, s, secret.Hash()) {
		if err := do(ctx); !errors.Is(err, context.Canceled) || verdict(err) {
			t.Errorf("%s: error %v, want context.Canceled and no verdict", name, err)
		}
	}
}

// A request without a deadline of its own is answered all the same.
func TestExhaustedPoolIsAnErrorWithinTheTimeout(t *testing.T) {
	f := open(t, func(c *pgxpool.Config) { c.MaxConns = 1 })
	s, secret := login(t, f, "ann")
	f.Store = must(postgres.New(postgres.Config{Pool: f.pool, Schema: f.schema, Timeout: 10 * time.Millisecond}))(t)
	f.users = f.Store.Users()
	defer must(f.pool.Acquire(t.Context()))(t).Release()
	for name, do := range operations(f, s, secret.Hash()) {
		if name == "Migrate" || name == "Sweep" {
			continue // may take as long as they take
		}
		began := time.Now()
		if err := do(t.Context()); !errors.Is(err, context.DeadlineExceeded) || verdict(err) {
			t.Errorf("%s: error %v, want context.DeadlineExceeded and no verdict", name, err)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%s took %v", name, took)
		}
	}
}

func TestExhaustedPoolIsAnErrorWithinTheContextsDeadline(t *testing.T) {
	f := open(t, func(c *pgxpool.Config) { c.MaxConns = 1 })
	s, secret := login(t, f, "ann")
	defer must(f.pool.Acquire(t.Context()))(t).Release()
	for name, do := range operations(f, s, secret.Hash()) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		if err := do(ctx); !errors.Is(err, context.DeadlineExceeded) || verdict(err) {
			t.Errorf("%s: error %v, want context.DeadlineExceeded and no verdict", name, err)
		}
		cancel()
	}
}

func TestCheckAndWatchFailWithinTheTimeout(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	exec(t, server.Pool(t), "CREATE TABLE people (id text PRIMARY KEY, roles text[], disabled boolean, version bigint)")
	proxy := server.Proxy(t)
	pool := must(pgxpool.New(t.Context(), proxy.URL()))(t)
	t.Cleanup(pool.Close)
	t.Cleanup(proxy.Pass)
	c := postgres.Config{Pool: pool, Users: "public.people", UsersAnnounced: true, Timeout: 100 * time.Millisecond}
	store := must(postgres.New(c))(t)
	check(t, store.Migrate(t.Context()))
	for name, do := range map[string]func(context.Context) error{
		"Check": store.Check,
		"Watch": func(ctx context.Context) error { return store.Watch(ctx, time.Second, newEar()) },
	} {
		check(t, pool.Ping(t.Context()))
		proxy.Blackhole()
		ctx := soon(t)
		if err := do(ctx); !errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil {
			t.Errorf("%s: error %v, want that its own time is over", name, err)
		}
		proxy.Pass()
	}
}

func TestAfterAKilledServerStartsAgainEndsRotationsAndClaimsHold(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	f := openOn(t, server.Pool(t), "inga")
	over, _ := login(t, f, "ann")
	lives, secret := login(t, f, "ann")
	later, link := t0.Add(time.Minute), backends.HashName("link", "a")
	rotate := func() int64 {
		row, _, _, err := f.Rotate(t.Context(), later, lives.ID, secret.Hash(), 1, backends.Grace{Overlap: 30 * time.Second})
		check(t, err)
		return row.Refresh.Generation
	}
	must(f.Revoke(t.Context(), t0, over.ID, backends.ReasonLogout))(t)
	if n, free := rotate(), must(f.Claim(t.Context(), t0, link, t0.Add(time.Hour)))(t); n != 2 || !free {
		t.Fatalf("generation %d, the name is free: %v; want 2, true", n, free)
	}
	server.Kill()
	server.Restart(t)
	if _, _, err := f.Find(t.Context(), t0, over.ID, backends.SecretHash{}); !errors.Is(err, backends.ErrRevoked) {
		t.Errorf("Find: %v, want ErrRevoked", err)
	}
	if _, _, err := f.Find(t.Context(), t0, lives.ID, secret.Hash()); err != nil {
		t.Errorf("Find: %v, want it live", err)
	}
	for range f.pool.Config().MaxConns { // those that are not sent again find their connections broken
		if f.pool.Ping(t.Context()) == nil {
			break
		}
	}
	if n, free := rotate(), must(f.Claim(t.Context(), t0, link, t0.Add(time.Hour)))(t); n != 2 || free {
		t.Errorf("generation %d, the name is free: %v; want 2, false", n, free)
	}
}
