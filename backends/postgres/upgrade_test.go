package postgres_test

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"reflect"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/postgres"
	"github.com/inga-auth/inga/internal/pgtest"
)

// released are the versions that populated databases may have, and their migrations.
var (
	released = []int{2, 6, 10}
	files    = []string{"0001_users_sessions.sql", "0002_values_feed.sql", "0003_one_key.sql", "0004_no_name.sql", "0005_end_sessions.sql", "0006_changed_new.sql",
		"0007_changes.sql", "0008_epochs.sql", "0009_changes_of_users.sql", "0010_claims_attempts.sql"}
)

// openReleased returns a database as the version left it, with sessions and users in it. The
// values are those that it wrote, in the order of its columns.
func openReleased(t *testing.T, version int) fixture {
	t.Helper()
	pool, schema := pgtest.Pool(t), pgtest.Schema(t)
	exec(t, pool, in(schema, "CREATE SCHEMA {schema}"))
	exec(t, pool, in(schema, `CREATE TABLE {schema}.migrations (
		version    integer PRIMARY KEY,
		applied_at timestamptz NOT NULL DEFAULT now()
	)`))
	for i, file := range files[:version] {
		exec(t, pool, in(schema, string(must(os.ReadFile("migrations/"+file))(t))))
		exec(t, pool, in(schema, "INSERT INTO {schema}.migrations (version) VALUES ($1)"), i+1)
	}
	exec(t, pool, in(schema, `INSERT INTO {schema}.users (id, name, password_hash, roles, disabled)
		VALUES ('ann', 'Ann', '$hash', '{user,admin}', false), ('bob', 'Bob', '', '{}', false)`))
	exec(t, pool, in(schema, `INSERT INTO {schema}.sessions (id, secret_hash, user_id, kind, ip, user_agent, label, amr,
			created_at, authenticated_at, last_seen_at, idle_timeout, renewal_interval, idle_deadline, absolute_deadline,
			refresh_generation, refresh_rotated_at, refresh_seen_at, ended_at, ended_reason)
		SELECT id, sha256(secret), 'ann', kind, '192.0.2.7', 'Firefox', 'desk', '{pwd}',
			$1::timestamptz, $1::timestamptz, $1::timestamptz, 1800000000, 60000000, $1::timestamptz + interval '30 min', $1::timestamptz + interval '12 h',
			generation, rotated, seen, ended, reason
		FROM (VALUES
			('AAAAAAAAAAAAAAAAAAAAAAAAAA', decode(repeat('01', 32), 'hex'), 'cookie', 0, NULL::timestamptz, NULL::timestamptz, NULL::timestamptz, ''),
			('BBBBBBBBBBBBBBBBBBBBBBBBBB', decode(repeat('02', 32), 'hex'), 'token', 7, $1, NULL, NULL, ''),
			('CCCCCCCCCCCCCCCCCCCCCCCCCC', decode(repeat('03', 32), 'hex'), 'token', 7, $1, $1, NULL, ''),
			('DDDDDDDDDDDDDDDDDDDDDDDDDD', NULL, 'token', 0, NULL, NULL, NULL, ''),
			('EEEEEEEEEEEEEEEEEEEEEEEEEE', decode(repeat('05', 32), 'hex'), 'cookie', 0, NULL, NULL, $1, 'user_changed')
		) v (id, secret, kind, generation, rotated, seen, ended, reason)`), t0)
	exec(t, pool, in(schema, "INSERT INTO {schema}.session_values VALUES ('AAAAAAAAAAAAAAAAAAAAAAAAAA', 'notice', '\"Saved.\"')"))
	store := must(postgres.New(postgres.Config{Pool: pool, Schema: schema}))(t)
	return fixture{store, store.Users(), pool, schema}
}

// secretOf returns the secret of a row of [openReleased]: the byte, repeated.
func secretOf(b byte) (s backends.Secret) {
	for i := range s {
		s[i] = b
	}
	return s
}

func TestMigrateLogsNobodyOut(t *testing.T) {
	for _, version := range released {
		t.Run(fmt.Sprint(version), func(t *testing.T) { logsNobodyOut(t, openReleased(t, version)) })
	}
}

func logsNobodyOut(t *testing.T, f fixture) {
	check(t, f.Migrate(t.Context()))
	for _, row := range []struct {
		id      string
		secret  byte
		kind    backends.Kind
		refresh backends.Refresh
	}{
		{"AAAAAAAAAAAAAAAAAAAAAAAAAA", 1, "cookie", backends.Refresh{}},
		{"BBBBBBBBBBBBBBBBBBBBBBBBBB", 2, "token", backends.Refresh{Generation: 7, RotatedAt: t0}},
		{"CCCCCCCCCCCCCCCCCCCCCCCCCC", 3, "token", backends.Refresh{Generation: 7, RotatedAt: t0, SeenAt: t0}},
		{"DDDDDDDDDDDDDDDDDDDDDDDDDD", 0, "token", backends.Refresh{}},
	} {
		want := backends.Session{
			ID: row.id, UserID: "ann", Kind: row.kind, AMR: []string{"pwd"},
			Client:    backends.Client{IP: netip.MustParseAddr("192.0.2.7"), UserAgent: "Firefox", Label: "desk"},
			CreatedAt: t0, AuthenticatedAt: t0, LastSeenAt: t0,
			IdleTimeout: 30 * time.Minute, RenewalInterval: time.Minute,
			IdleDeadline: t0.Add(30 * time.Minute), AbsoluteDeadline: t0.Add(12 * time.Hour),
			Refresh: row.refresh,
		}
		var h backends.SecretHash
		if row.secret != 0 {
			h = secretOf(row.secret).Hash()
		}
		s, u, err := f.Find(t.Context(), t0, row.id, h)
		if err != nil || !reflect.DeepEqual(s, want) || u.Name != "Ann" {
			t.Errorf("%s: %+v of %+v, error %v; want %+v", row.id, s, u, err, want)
		}
		deadline, ok, err := f.Extend(t.Context(), t0.Add(10*time.Minute), row.id)
		if err != nil || !ok || !deadline.Equal(t0.Add(40*time.Minute)) {
			t.Errorf("%s: extended to %v, %v, error %v; want %v", row.id, deadline, ok, err, t0.Add(40*time.Minute))
		}
		if row.refresh.Generation == 0 {
			continue
		}
		s, _, rotation, err := f.Rotate(t.Context(), t0.Add(20*time.Minute), row.id, h, 7, backends.Grace{Overlap: 10 * time.Second})
		if err != nil || rotation != backends.Rotated || s.Refresh.Generation != 8 {
			t.Errorf("%s: verdict %d, generation %d, error %v; want that it rotates to 8", row.id, rotation, s.Refresh.Generation, err)
		}
	}
	ended, _, err := f.Find(t.Context(), t0, "EEEEEEEEEEEEEEEEEEEEEEEEEE", secretOf(5).Hash())
	if !errors.Is(err, backends.ErrRevoked) || ended.Ended.Reason != "user_changed" {
		t.Errorf("a session that had ended: %+v, error %v; want it as it was", ended.Ended, err)
	}
	if v, err := f.Value(t.Context(), t0, "AAAAAAAAAAAAAAAAAAAAAAAAAA", "notice"); string(v) != `"Saved."` {
		t.Errorf("value %q, error %v", v, err)
	}
}

func TestMigrateKeepsTheUsers(t *testing.T) {
	f := openReleased(t, 2)
	check(t, f.Migrate(t.Context()))
	u, hash, err := f.users.UserByName(t.Context(), "Ann")
	want := backends.User{ID: "ann", Name: "Ann", Roles: []string{"user", "admin"}, Version: 1}
	if err != nil || !reflect.DeepEqual(u, want) || hash != "$hash" {
		t.Errorf("user %+v, hash %q, error %v; want %+v", u, hash, err, want)
	}
	// Names are unique as before, and now there may be none.
	if err := f.users.CreateUser(t.Context(), backends.User{ID: "eve", Name: "Ann"}, ""); !errors.Is(err, backends.ErrConflict) {
		t.Errorf("a name that is taken: error %v, want ErrConflict", err)
	}
	for _, id := range []string{"carl", "dora"} {
		check(t, f.users.CreateUser(t.Context(), backends.User{ID: id}, ""))
	}
}

// Statements and transactions that are served meanwhile lock both tables, in either order. A
// migration that held one of them while it waits for the other would deadlock with them.
func TestMigrateAndATransactionThatIsServedDoNotDeadlock(t *testing.T) {
	users, sessions := "UPDATE {schema}.users SET disabled = disabled", "UPDATE {schema}.sessions SET kind = kind"
	for _, row := range []struct {
		version       int
		first, second string
	}{
		{2, users, sessions}, {2, sessions, users}, {6, users, sessions}, {6, sessions, users},
		{10, sessions, users}, // the steps after it lock no users
	} {
		f := openReleased(t, row.version)
		tx := begin(t, f)
		must(tx.Exec(t.Context(), in(f.schema, row.first)))(t)
		migrated := make(chan error, 1)
		go func() { migrated <- f.Migrate(t.Context()) }()
		waitForBlocked(t, f, 1)
		must(tx.Exec(t.Context(), in(f.schema, row.second)))(t)
		check(t, tx.Commit(t.Context()))
		check(t, <-migrated)
	}
}

// A process that still runs beside the one that has migrated inserts its own columns alone.
func TestALoginOfAProcessOfAnEarlierVersionIsLive(t *testing.T) {
	f := openReleased(t, 6)
	check(t, f.Migrate(t.Context()))
	check(t, f.RevokeAll(t.Context(), t0, "x"))
	exec(t, f.pool, in(f.schema, `INSERT INTO {schema}.sessions (id, user_id, kind, ip, user_agent, label, amr,
			created_at, authenticated_at, last_seen_at, idle_timeout, renewal_interval, idle_deadline, absolute_deadline, refresh_generation)
		SELECT 'FFFFFFFFFFFFFFFFFFFFFFFFFF', user_id, kind, ip, user_agent, label, amr,
			created_at, authenticated_at, last_seen_at, idle_timeout, renewal_interval, idle_deadline, absolute_deadline, refresh_generation
		FROM {schema}.sessions WHERE id = 'AAAAAAAAAAAAAAAAAAAAAAAAAA'`))
	if _, _, err := f.Find(t.Context(), t0, "FFFFFFFFFFFFFFFFFFFFFFFFFF", backends.SecretHash{}); err != nil {
		t.Errorf("a login after the end of all sessions: %v", err)
	}
	check(t, f.RevokeAll(t.Context(), t0, "x"))
	if _, _, err := f.Find(t.Context(), t0, "FFFFFFFFFFFFFFFFFFFFFFFFFF", backends.SecretHash{}); !errors.Is(err, backends.ErrRevoked) {
		t.Errorf("after another end of all sessions: %v, want ErrRevoked", err)
	}
}
