package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/inga-auth/inga/backends"
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

// A sequential scan of a large table has buffers of its own, and drives nothing out of memory.
func TestSweepReadsTheTableByASequentialScanAndThenOnlyThePagesOfDeadRows(t *testing.T) {
	var sent recorder
	f := open(t, sent.use)
	fill(t, f, 10_000)
	const place = `(ctid::text::point)[0]::int`
	exec(t, f.pool, in(f.schema, "UPDATE {schema}.sessions SET ended_at = $1 WHERE "+place+" IN (3, 5, 200, 201, 202)"), t0.Add(-time.Hour))
	dead := scan[[]int64](t, f.pool, in(f.schema, "SELECT array_agg(DISTINCT "+place+" ORDER BY "+place+") FROM {schema}.sessions WHERE ended_at IS NOT NULL"))
	exec(t, f.pool, in(f.schema, "ANALYZE {schema}.sessions"))
	sent.take()
	must(f.Sweep(t.Context(), t0))(t)
	var from, to int64
	for i, q := range sent.take() {
		plan := explain(t, f.pool, q)
		switch {
		case i == 0:
			if !strings.Contains(plan, "Seq Scan on sessions") || strings.Contains(plan, "Index") && strings.Contains(plan, "sessions_") {
				t.Errorf("plan of the scan:\n%s", plan)
			}
		case strings.Contains(q.sql, "DELETE") && strings.Contains(q.sql, "sessions"):
			if !strings.Contains(plan, "Tid Range Scan") || strings.Contains(plan, "Seq Scan on sessions") {
				t.Errorf("plan of the removal:\n%s", plan)
			}
			if _, err := fmt.Sscanf(fmt.Sprint(q.args[1:]), "[(%d,0) (%d,0)]", &from, &to); err != nil || to-from > 128 {
				t.Errorf("arguments %v, %v", q.args, err)
			}
			for len(dead) > 0 && from <= dead[0] && dead[0] < to {
				dead = dead[1:]
			}
		}
	}
	if len(dead) > 0 {
		t.Errorf("the pages %v were not read", dead)
	}
}

func TestOneProcessSweepsAtATime(t *testing.T) {
	var sent recorder
	f := open(t, sent.use)
	login(t, f, "ann")
	now := t0.Add(24 * time.Hour)
	tx := begin(t, f)
	must(tx.Exec(t.Context(), "SELECT pg_advisory_xact_lock(hashtextextended('inga sweep ' || $1::text, 0))", f.schema))(t)
	sent.take()
	if n, err := f.Sweep(soon(t), now); n != 0 || err != nil || len(sent.take()) != 1 {
		t.Errorf("while another one sweeps: removed %d, error %v; want 0 after one statement", n, err)
	}
	check(t, tx.Rollback(t.Context()))
	if n, err := f.Sweep(soon(t), now); n != 1 || err != nil {
		t.Errorf("afterwards: removed %d, error %v; want 1", n, err)
	}
}

func TestSessionsOfAnEpochThatEndedAreSweptAfterTheRetention(t *testing.T) {
	f := open(t)
	s := session("ann")
	s.IdleTimeout, s.IdleDeadline = 12*time.Hour, s.AbsoluteDeadline
	must(f.Create(t.Context(), t0, s, backends.NewSecret().Hash(), backends.CreateOptions{}))(t)
	check(t, f.RevokeAll(t.Context(), t0, "x"))
	must(f.Create(t.Context(), t0, func() backends.Session { s.ID = backends.NewID("ann"); return s }(), backends.NewSecret().Hash(), backends.CreateOptions{}))(t)
	for _, step := range []struct {
		after time.Duration
		want  int
	}{{backends.Retention - time.Microsecond, 0}, {backends.Retention, 1}, {backends.Retention, 0}} {
		if n, err := f.Sweep(t.Context(), t0.Add(step.after)); n != step.want || err != nil {
			t.Errorf("after %v: removed %d, error %v; want %d", step.after, n, err, step.want)
		}
	}
}
