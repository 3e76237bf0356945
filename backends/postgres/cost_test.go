package postgres_test

import (
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
		"Create", "FindUser", "SetValue", "Value", "TakeValue", "FindBySecret", "FindByID", "Extend", "MarkSeen", "Rotate", "List", "Reauthenticate", "Revoke",
		"RevokeUser", "RevokeAll", "UserByName", "ListUsers", "CreateUser", "Rehash", "SetRoles",
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
		a := backends.Admission{Limit: backends.Limit{Total: 1}.ForAll}
		must(f.Create(t.Context(), t0, session("ann"), backends.NewSecret().Hash(), a))(t)
		if q := sent.take(); len(q) != want {
			t.Errorf("%d statements, want %d: %v", len(q), want, q)
		}
	}
}

// SID-10
func TestWhatCannotBeAnIDOrASecretIsNotAskedAbout(t *testing.T) {
	var sent recorder
	f := open(t, sent.use)
	sent.take()
	ctx := t.Context()
	for _, id := range []string{"", "\x00", "\xff", strings.Repeat("A", 25) + "1", strings.Repeat("A", 64<<10), "' OR 1=1 --"} {
		if _, _, err := f.FindByID(ctx, t0, id); err != backends.ErrNotFound {
			t.Errorf("FindByID(%.30q): error %v, want ErrNotFound", id, err)
		}
		if ok, err := f.Extend(ctx, t0, id, t0); ok || err != nil {
			t.Errorf("Extend(%.30q): %v, %v", id, ok, err)
		}
		if ok, err := f.Revoke(ctx, t0, id, "x"); ok || err != nil {
			t.Errorf("Revoke(%.30q): %v, %v", id, ok, err)
		}
	}
	if _, _, err := f.FindBySecret(ctx, t0, backends.SecretHash{}); err != backends.ErrNotFound {
		t.Errorf("FindBySecret(zero): error %v, want ErrNotFound", err)
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
		if list, err := f.List(ctx, t0, name); len(list) != 0 || err != nil {
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

// Design promise 20: every touch stays a HOT update.
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
			if ok, err := f.Extend(t.Context(), now, id, now.Add(30*time.Minute)); err != nil || !ok {
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

// TL-6, design promise 5.
func TestAThousandRequestsInOneIntervalAreOneWrite(t *testing.T) {
	f := open(t, func(c *pgxpool.Config) { c.MaxConns = 10 })
	s, _ := login(t, f, "ann")
	for i, now := range []time.Time{t0.Add(time.Minute), t0.Add(2 * time.Minute)} {
		var extended atomic.Int64
		var all sync.WaitGroup
		for n := range 1000 {
			all.Go(func() {
				at := now.Add(time.Duration(n) * time.Millisecond)
				ok, err := f.Extend(t.Context(), at, s.ID, at.Add(30*time.Minute))
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
	if ok, err := f.Extend(soon(t), t0.Add(time.Minute), s.ID, t0.Add(time.Hour)); ok || err != nil {
		t.Errorf("while another holds the row: %v, %v; want false at once", ok, err)
	}
}

// Design promise 19.
func TestStatementsOfARequestUseIndexesAtAHundredThousandSessions(t *testing.T) {
	var sent recorder
	f := open(t, sent.use)
	fill(t, f, 100_000)
	s, secret := login(t, f, "ann")
	do := operations(f, s, secret.Hash())
	for _, name := range []string{"FindBySecret", "FindByID", "Extend", "MarkSeen", "Rotate", "Create", "Create with a limit", "SetValue", "Value", "TakeValue", "List", "Reauthenticate", "Revoke", "RevokeUser", "SetPassword"} {
		sent.take()
		check(t, do[name](t.Context()))
		for _, q := range sent.take() {
			if !strings.Contains(q.sql, "sessions") {
				continue
			}
			plan := explain(t, f.pool, q)
			if strings.Contains(plan, "Seq Scan on sessions") || !strings.Contains(plan, "sessions") {
				t.Errorf("%s: no index:\n%s", name, plan)
			}
		}
	}
}

// fill adds sessions of a thousand users, and lets PostgreSQL count them. The users' IDs
// begin with "user", the hash of the secret is SHA-256 of the session's number.
func fill(t testing.TB, f fixture, sessions int) {
	t.Helper()
	exec(t, f.pool, in(f.schema, `INSERT INTO {schema}.users (id, name, password_hash, roles, disabled)
		SELECT 'user' || n, 'user' || n, '', '{user}', false FROM generate_series(1, 1000) n`))
	exec(t, f.pool, in(f.schema, `
		INSERT INTO {schema}.sessions (id, secret_hash, user_id, kind, ip, user_agent, label, amr,
			created_at, authenticated_at, last_seen_at, idle_timeout, renewal_interval, idle_deadline, absolute_deadline,
			refresh_generation)
		SELECT translate(upper(left(md5(n::text), 26)), '0189', 'GHIJ'), sha256(n::text::bytea), 'user' || n % 1000 + 1,
			'cookie', '192.0.2.7', 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', '', '{pwd}',
			$2::timestamptz, $2::timestamptz, $2::timestamptz, 1800000000, 60000000, $3::timestamptz, $4::timestamptz,
			0
		FROM generate_series(1, $1::int) n`), sessions, t0, t0.Add(30*time.Minute), t0.Add(12*time.Hour))
	exec(t, f.pool, in(f.schema, "VACUUM ANALYZE {schema}.sessions, {schema}.users"))
}
