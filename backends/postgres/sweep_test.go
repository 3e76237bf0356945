package postgres_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

func TestSweepersAtTheSameTimeRemoveEachDeadRowOnceAndNoLiveOne(t *testing.T) {
	// IN-4.
	f := open(t, func(c *pgxpool.Config) { c.MaxConns = 8 })
	fill(t, f, 10_000)
	exec(t, f.pool, in(f.schema, "UPDATE {schema}.sessions SET idle_deadline = $1 WHERE user_id < 'user5'"), t0.Add(-time.Hour))
	dead := scan[int](t, f.pool, in(f.schema, "SELECT count(*) FROM {schema}.sessions WHERE user_id < 'user5'"))
	var removed atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			n, err := f.Sweep(t.Context(), t0)
			if err != nil {
				t.Error(err)
			}
			removed.Add(int64(n))
		})
	}
	all.Wait()
	if got := int(removed.Load()); got != dead || dead < 4000 {
		t.Errorf("removed %d, want %d", got, dead)
	}
	if got := scan[int](t, f.pool, in(f.schema, "SELECT count(*) FROM {schema}.sessions")); got != 10_000-dead {
		t.Errorf("%d sessions left, want %d", got, 10_000-dead)
	}
}

func TestSweepSkipsARowThatARequestHolds(t *testing.T) {
	// IN-4.
	f := open(t)
	held, _ := login(t, f, "ann")
	login(t, f, "ann")
	tx := begin(t, f)
	must(tx.Exec(t.Context(), in(f.schema, "SELECT FROM {schema}.sessions WHERE id = $1 FOR UPDATE"), held.ID))(t)
	now := t0.Add(24 * time.Hour)
	if n, err := f.Sweep(soon(t), now); n != 1 || err != nil {
		t.Errorf("while one row is held: removed %d, error %v; want 1", n, err)
	}
	check(t, tx.Rollback(t.Context()))
	if n, err := f.Sweep(soon(t), now); n != 1 || err != nil {
		t.Errorf("afterwards: removed %d, error %v; want 1", n, err)
	}
}

func TestSweepStopsBetweenTwoBatchesWhenItsContextEnds(t *testing.T) {
	var sent recorder
	f := open(t, sent.use)
	fill(t, f, 10_000)
	ctx, cancel := context.WithCancel(t.Context())
	var batches atomic.Int64
	sent.after = func(sql string) {
		if strings.Contains(sql, "DELETE") && batches.Add(1) == 2 {
			cancel()
		}
	}
	n, err := f.Sweep(ctx, t0.Add(24*time.Hour))
	if !errors.Is(err, context.Canceled) || n == 0 || n == 10_000 || batches.Load() != 2 {
		t.Errorf("removed %d in %d batches, error %v; want some in 2, context.Canceled", n, batches.Load(), err)
	}
	left := scan[int](t, f.pool, in(f.schema, "SELECT count(*) FROM {schema}.sessions"))
	if left != 10_000-n {
		t.Errorf("%d sessions left after %d were removed", left, n)
	}
}

// Each batch reads its own pages and no others, however large the table is.
func TestSweepReadsEachPageOnce(t *testing.T) {
	var sent recorder
	f := open(t, sent.use)
	fill(t, f, 10_000)
	sent.take()
	must(f.Sweep(t.Context(), t0))(t)
	batches := 0
	for _, q := range sent.take() {
		if !strings.Contains(q.sql, "DELETE") {
			continue
		}
		batches++
		if plan := explain(t, f.pool, q); !strings.Contains(plan, "Tid Range Scan") || strings.Contains(plan, "Seq Scan") {
			t.Errorf("plan:\n%s", plan)
		}
	}
	pages := scan[int](t, f.pool, "SELECT pg_relation_size($1::text::regclass) / 8192", `"`+f.schema+`".sessions`)
	if want := (pages + 127) / 128; batches != want || want < 2 {
		t.Errorf("%d batches for %d pages, want %d", batches, pages, want)
	}
}
