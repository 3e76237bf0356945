package postgres_test

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/inga-auth/inga/backends"
)

func TestEveryOperationOfARequestIsOneStatement(t *testing.T) {
	var sent recorder
	f := open(t, sent.use)
	s, secret := login(t, f, "ann")
	do := operations(f, s, secret.Hash())
	for _, name := range []string{
		"Create", "FindUser", "SetValue", "Value", "TakeValue", "Find", "Find without it", "Extend", "MarkSeen", "Rotate", "List", "Reauthenticate", "Revoke",
		"RevokeUser", "RevokeAll", "Bind", "Proved", "Claim", "UserByName", "ListUsers", "CreateUser", "Rehash", "SetRoles",
	} {
		sent.take()
		check(t, do[name](t.Context()))
		if q := sent.take(); len(q) != 1 {
			t.Errorf("%s: %d statements, want 1: %v", name, len(q), q)
		}
	}
}

// With begin and commit: the lock, the user, their sessions, the new one; and who makes room.
func TestALoginWithALimitIsATransactionOfSixStatementsOrSeven(t *testing.T) {
	var sent recorder
	f := open(t, sent.use)
	for _, want := range []int{6, 7} {
		sent.take()
		o := backends.CreateOptions{Limit: backends.Limit{Total: 1}.ForAll}
		must(f.Create(t.Context(), t0, session("ann"), backends.NewSecret().Hash(), o))(t)
		if q := sent.take(); len(q) != want {
			t.Errorf("%d statements, want %d: %v", len(q), want, q)
		}
	}
}

// SID-10
func TestWhatCannotBeAnIDIsNotLookedUp(t *testing.T) {
	var sent recorder
	f := open(t, sent.use)
	sent.take()
	ctx := t.Context()
	for _, id := range []string{"", "\x00", "\xff", strings.Repeat("A", 25) + "1", strings.Repeat("A", 64<<10), "' OR 1=1 --"} {
		if _, _, err := f.Find(ctx, t0, id, backends.SecretHash{}); err != backends.ErrNotFound {
			t.Errorf("Find(%.30q): error %v, want ErrNotFound", id, err)
		}
		if _, ok, err := f.Extend(ctx, t0, id); ok || err != nil {
			t.Errorf("Extend(%.30q): %v, %v", id, ok, err)
		}
		if ok, err := f.Revoke(ctx, t0, id, "x"); ok || err != nil {
			t.Errorf("Revoke(%.30q): %v, %v", id, ok, err)
		}
	}
	for _, name := range []string{"", "a\x00b", "\xff", strings.Repeat("x", 256)} {
		if _, _, err := f.users.UserByName(ctx, name); err != backends.ErrNotFound {
			t.Errorf("UserByName(%.30q): error %v, want ErrNotFound", name, err)
		}
		if err := f.users.SetRoles(ctx, name, nil); err != backends.ErrNotFound {
			t.Errorf("SetRoles(%.30q): error %v, want ErrNotFound", name, err)
		}
		if err := f.users.DeleteUser(ctx, t0, name); err != backends.ErrNotFound {
			t.Errorf("DeleteUser(%.30q): error %v, want ErrNotFound", name, err)
		}
		if list, _, err := f.List(ctx, t0, name, backends.Page{}); len(list) != 0 || err != nil {
			t.Errorf("List(%.30q): %v, %v", name, list, err)
		}
	}
	if q := sent.take(); len(q) != 0 {
		t.Errorf("%d statements, want none: %v", len(q), q)
	}
}

// written returns how many rows of sessions were updated, and how many of them heap-only.
// Every connection's counts are flushed first.
func written(t *testing.T, f fixture) (updated, hot int) {
	t.Helper()
	for _, c := range f.pool.AcquireAllIdle(t.Context()) {
		must(c.Exec(t.Context(), "SELECT pg_stat_force_next_flush()"))(t)
		c.Release()
	}
	check(t, f.pool.QueryRow(t.Context(), `SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables
		WHERE schemaname = $1 AND relname = 'sessions'`, f.schema).Scan(&updated, &hot))
	return updated, hot
}

// IN-5: every touch stays a HOT update.
func TestEveryTouchIsAHeapOnlyUpdate(t *testing.T) {
	f := open(t)
	ids := make([]string, 100)
	for i := range ids {
		s, _ := login(t, f, "ann")
		ids[i] = s.ID
	}
	now := t0
	for range 10 {
		now = now.Add(time.Minute)
		for _, id := range ids {
			if _, ok, err := f.Extend(t.Context(), now, id); err != nil || !ok {
				t.Fatalf("Extend: %v, %v", ok, err)
			}
		}
	}
	// What does not fit into its page any more moves to another, once in a while.
	updated, hot := written(t, f)
	t.Logf("%d updates, %d HOT", updated, hot)
	if updated != 1000 || hot < 950 {
		t.Errorf("%d updates, %d of them HOT; want 1000, at least 950", updated, hot)
	}
}

func TestRecordingAProofIsAHeapOnlyUpdate(t *testing.T) {
	f := open(t)
	ids := make([]string, 100)
	for i := range ids {
		s, _ := login(t, f, "ann")
		if ok, err := f.Bind(t.Context(), t0, s.ID, key(t0)); err != nil || !ok {
			t.Fatalf("Bind: %v, %v", ok, err)
		}
		ids[i] = s.ID
	}
	before, hotBefore := written(t, f)
	for n := range 10 {
		for _, id := range ids {
			check(t, f.Proved(t.Context(), t0.Add(time.Duration(n+1)*time.Minute), id, key(t0).Thumbprint))
		}
	}
	updated, hot := written(t, f)
	t.Logf("%d updates, %d HOT", updated-before, hot-hotBefore)
	if updated-before != 1000 || hot-hotBefore < 950 {
		t.Errorf("%d updates, %d of them HOT; want 1000, at least 950", updated-before, hot-hotBefore)
	}
}

// TL-6.
func TestAThousandRequestsInOneIntervalAreOneWrite(t *testing.T) {
	f := open(t, func(c *pgxpool.Config) { c.MaxConns = 10 })
	s, _ := login(t, f, "ann")
	for i, now := range []time.Time{t0.Add(time.Minute), t0.Add(2 * time.Minute)} {
		var extended atomic.Int64
		var all sync.WaitGroup
		for n := range 1000 {
			all.Go(func() {
				at := now.Add(time.Duration(n) * time.Millisecond)
				_, ok, err := f.Extend(t.Context(), at, s.ID)
				if err != nil {
					t.Error(err)
				}
				if ok {
					extended.Add(1)
				}
			})
		}
		all.Wait()
		if n := extended.Load(); n != 1 {
			t.Errorf("interval %d: %d calls extended, want 1", i+1, n)
		}
		if updated, _ := written(t, f); updated != i+1 {
			t.Errorf("interval %d: %d rows updated so far, want %d", i+1, updated, i+1)
		}
	}
}

func TestExtendDoesNotWaitForAnotherOne(t *testing.T) {
	f := open(t)
	s, _ := login(t, f, "ann")
	tx := begin(t, f)
	must(tx.Exec(t.Context(), in(f.schema, "UPDATE {schema}.sessions SET last_seen_at = $1"), t0.Add(time.Minute)))(t)
	if _, ok, err := f.Extend(soon(t), t0.Add(time.Minute), s.ID); ok || err != nil {
		t.Errorf("while another holds the row: %v, %v; want false at once", ok, err)
	}
}

func TestALoginWritesTwoIndexes(t *testing.T) {
	f := open(t)
	columns := scan[[]string](t, f.pool, `SELECT array_agg(a.attname::text ORDER BY a.attname) FROM pg_index i
		JOIN pg_attribute a ON a.attrelid = i.indexrelid WHERE i.indrelid = $1::text::regclass`, `"`+f.schema+`".sessions`)
	if !slices.Equal(columns, []string{"id", "user_id"}) {
		t.Errorf("indexes of sessions on %q, want one on id and one on user_id", columns)
	}
}

// Hashing all users to look one up would be cheap enough for the planner where the user has
// many sessions.
func TestListLooksUpOneUserHoweverManyThereAre(t *testing.T) {
	var sent recorder
	f := open(t, sent.use)
	fill(t, f, 10_000)
	exec(t, f.pool, in(f.schema, "UPDATE {schema}.sessions SET user_id = 'ann'"))
	exec(t, f.pool, in(f.schema, "ANALYZE {schema}.sessions"))
	sent.take()
	if list, _, err := f.List(t.Context(), t0, "ann", backends.Page{Limit: 1000}); err != nil || len(list) != 1000 {
		t.Fatalf("%d sessions (%v), want 1000", len(list), err)
	}
	for _, q := range sent.take() {
		if plan := explain(t, f.pool, q); strings.Contains(plan, "Seq Scan on users") || !strings.Contains(plan, "users_pkey") {
			t.Errorf("it reads all users:\n%s", plan)
		}
	}
}

// IN-3.
func TestStatementsOfARequestUseIndexesAtAHundredThousandSessions(t *testing.T) {
	var sent recorder
	f := open(t, sent.use)
	fill(t, f, 100_000)
	s, secret := login(t, f, "ann")
	do := operations(f, s, secret.Hash())
	for _, name := range []string{"Find", "Find without it", "Extend", "MarkSeen", "Rotate", "Create", "Create with a limit", "SetValue", "Value", "TakeValue", "List", "Reauthenticate", "Revoke", "RevokeUser", "SetPassword"} {
		sent.take()
		check(t, do[name](t.Context()))
		for _, q := range sent.take() {
			if !strings.Contains(q.sql, "sessions") {
				continue
			}
			plan := explain(t, f.pool, q)
			if strings.Contains(plan, "Seq Scan on sessions") || strings.Contains(plan, "Seq Scan on users") || !strings.Contains(plan, "sessions") {
				t.Errorf("%s: no index:\n%s", name, plan)
			}
		}
	}
}
