package postgres_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/postgres"
	"github.com/inga-auth/inga/internal/pgtest"
)

func TestViewThatCastsItsKeyIsLookedUpThroughTheExpressionIndex(t *testing.T) {
	for _, row := range []struct{ key, value, id string }{
		{"uuid", "md5(n::text)::uuid", "a87ff679-a2f3-e71d-9181-a67b7542122c"}, // md5 of "4"
		{"bigint", "n", "4"},
	} {
		t.Run(row.key, func(t *testing.T) {
			var sent recorder
			pool, app := pgtest.Pool(t, sent.use), pgtest.Schema(t)
			exec(t, pool, in(app, "CREATE SCHEMA {schema}"))
			exec(t, pool, in(app, `CREATE TABLE {schema}.people (key `+row.key+` PRIMARY KEY, banned_at timestamptz)`))
			exec(t, pool, in(app, `CREATE INDEX ON {schema}.people ((key::text))`))
			exec(t, pool, in(app, `INSERT INTO {schema}.people SELECT `+row.value+` FROM generate_series(1, 20000) n`))
			exec(t, pool, in(app, `CREATE VIEW {schema}.auth_users AS SELECT key::text AS id, ARRAY['member'] AS roles,
				banned_at IS NOT NULL AS disabled, 1::bigint AS version FROM {schema}.people`))
			exec(t, pool, in(app, `ANALYZE {schema}.people`))
			store := must(postgres.New(postgres.Config{Pool: pool, Schema: pgtest.Schema(t), Users: app + ".auth_users"}))(t)
			check(t, store.Migrate(t.Context()))
			s, secret := login(t, store, row.id)

			sent.take()
			_, u, err := store.Find(t.Context(), t0, s.ID, secret.Hash())
			check(t, err)
			if u.ID != row.id || !slices.Equal(u.Roles, []string{"member"}) || u.Disabled || u.Version != 1 {
				t.Errorf("user %+v", u)
			}
			if _, ok, err := store.Extend(t.Context(), t0.Add(time.Minute), s.ID); err != nil || !ok {
				t.Errorf("Extend: %v, %v", ok, err)
			}
			for _, q := range sent.take() {
				if plan := explain(t, pool, q); strings.Contains(plan, "Seq Scan on people") {
					t.Errorf("%s\nreads all users:\n%s", q.sql, plan)
				}
			}

			// LO-2
			second, secondSecret := login(t, store, row.id)
			exec(t, pool, in(app, `UPDATE {schema}.people SET banned_at = now() WHERE key::text = $1`), row.id)
			if _, _, err := store.Find(t.Context(), t0, s.ID, secret.Hash()); !errors.Is(err, backends.ErrUserDisabled) {
				t.Errorf("banned user: error %v, want ErrUserDisabled", err)
			}
			exec(t, pool, in(app, `DELETE FROM {schema}.people WHERE key::text = $1`), row.id)
			if _, _, err := store.Find(t.Context(), t0, second.ID, secondSecret.Hash()); !errors.Is(err, backends.ErrUserGone) {
				t.Errorf("deleted user: error %v, want ErrUserGone", err)
			}
			exec(t, pool, in(app, `INSERT INTO {schema}.people SELECT `+row.value+` FROM (VALUES (4)) v (n)`))
			for _, id := range []string{s.ID, second.ID} {
				if _, _, err := store.Find(t.Context(), t0, id, backends.SecretHash{}); !errors.Is(err, backends.ErrRevoked) {
					t.Errorf("restored user: error %v, want ErrRevoked: what was refused stays ended", err)
				}
			}
		})
	}
}

func TestUnknownColumnsOfAViewCountAsTheSafeValue(t *testing.T) {
	pool, app := pgtest.Pool(t), pgtest.Schema(t)
	exec(t, pool, in(app, "CREATE SCHEMA {schema}"))
	exec(t, pool, in(app, "CREATE TABLE {schema}.u (id text COLLATE \"POSIX\", roles text[], disabled boolean, version bigint)"))
	exec(t, pool, in(app, "INSERT INTO {schema}.u VALUES ('ann', NULL, false, NULL)"))
	store := must(postgres.New(postgres.Config{Pool: pool, Schema: pgtest.Schema(t), Users: app + ".u"}))(t)
	check(t, store.Migrate(t.Context()))
	s, secret := login(t, store, "ann")
	if _, u, err := store.Find(t.Context(), t0, s.ID, secret.Hash()); err != nil || len(u.Roles) != 0 {
		t.Errorf("roles NULL: %v, error %v; want none", u.Roles, err)
	}
	exec(t, pool, in(app, "UPDATE {schema}.u SET disabled = NULL"))
	if _, _, err := store.Find(t.Context(), t0, s.ID, secret.Hash()); !errors.Is(err, backends.ErrUserDisabled) {
		t.Errorf("disabled NULL: error %v, want ErrUserDisabled", err)
	}
	if err := createAt(t.Context(), store, "ann", 0); !errors.Is(err, backends.ErrUserDisabled) {
		t.Errorf("disabled NULL: Create: error %v, want ErrUserDisabled", err)
	}
}

// LO-2: a user who is disabled during the login is not logged in, whichever comes first.
func TestLoginThatWaitsForAChangeOfItsUserSeesTheChange(t *testing.T) {
	for _, row := range []struct {
		change string
		want   error
	}{
		{"UPDATE {schema}.users SET disabled = true, version = DEFAULT", backends.ErrUserDisabled},
		{"UPDATE {schema}.users SET password_hash = 'new', version = DEFAULT", backends.ErrConflict},
		{"DELETE FROM {schema}.users", backends.ErrNotFound},
	} {
		f := open(t)
		tx := begin(t, f)
		must(tx.Exec(t.Context(), in(f.schema, row.change)))(t)
		result := make(chan error, 1)
		go func() { result <- createAt(t.Context(), f, "ann", 1) }()
		waitForBlocked(t, f, 1)
		check(t, tx.Commit(t.Context()))
		if err := <-result; !errors.Is(err, row.want) {
			t.Errorf("%s: error %v, want %v", row.change, err, row.want)
		}
		if n := scan[int](t, f.pool, in(f.schema, "SELECT count(*) FROM {schema}.sessions")); n != 0 {
			t.Errorf("%s: %d sessions, want none", row.change, n)
		}
	}
}

// The old password of a change that is under way gives no new start either.
func TestReauthenticationThatWaitsForAChangeOfItsUserSeesTheChange(t *testing.T) {
	for _, row := range []struct {
		change string
		want   error
	}{
		{"UPDATE {schema}.users SET disabled = true, version = DEFAULT", backends.ErrNotFound},
		{"UPDATE {schema}.users SET password_hash = 'new', version = DEFAULT", backends.ErrConflict},
		{"DELETE FROM {schema}.users", backends.ErrNotFound},
	} {
		f := open(t)
		s, secret := login(t, f, "ann")
		again, next := s, backends.NewSecret()
		again.Begin(t0.Add(time.Minute), time.Hour)
		tx := begin(t, f)
		must(tx.Exec(t.Context(), in(f.schema, row.change)))(t)
		result := make(chan error, 1)
		go func() {
			o := backends.ReauthenticateOptions{Former: t0, UserVersion: 1}
			result <- f.Reauthenticate(t.Context(), t0.Add(time.Minute), again, next.Hash(), o)
		}()
		waitForBlocked(t, f, 1)
		check(t, tx.Commit(t.Context()))
		if err := <-result; !errors.Is(err, row.want) {
			t.Errorf("%s: error %v, want %v", row.change, err, row.want)
		}
		if stored, _, err := f.Find(t.Context(), t0, s.ID, secret.Hash()); stored.AuthenticatedAt != t0 {
			t.Errorf("%s: authenticated at %v, error %v; want the session as it was", row.change, stored.AuthenticatedAt, err)
		}
	}
}

func TestReauthenticationWithAnOldPasswordLosesToItsChange(t *testing.T) {
	f := open(t, func(c *pgxpool.Config) { c.MaxConns = 20 })
	for i := range 20 {
		u, _, err := f.users.UserByName(t.Context(), "Ann")
		check(t, err)
		current, _ := login(t, f, "ann")
		others := make([]backends.Session, 8)
		for i := range others {
			others[i], _ = login(t, f, "ann")
		}
		var all sync.WaitGroup
		for _, s := range append(others, current) {
			all.Go(func() {
				s.Begin(t0.Add(time.Minute), time.Hour)
				o := backends.ReauthenticateOptions{Former: t0, UserVersion: u.Version}
				err := f.Reauthenticate(t.Context(), t0, s, backends.NewSecret().Hash(), o)
				if err != nil && !errors.Is(err, backends.ErrConflict) && !errors.Is(err, backends.ErrNotFound) {
					t.Error(err)
				}
			})
		}
		all.Go(func() {
			if _, err := f.users.SetPassword(t.Context(), t0, "ann", 0, "$new", current.ID); err != nil {
				t.Error(err)
			}
		})
		all.Wait()
		if left, _, err := f.List(t.Context(), t0, "ann", backends.Page{}); err != nil || len(left) != 1 || left[0].ID != current.ID {
			t.Fatalf("round %d: %d sessions live on, want the one that changed the password", i, len(left))
		}
		must(f.Revoke(t.Context(), t0, current.ID, "x"))(t)
	}
}

// LO-3: a snapshot taken before the lock was granted would miss the session.
func TestChangeOfAPasswordThatWaitsForALoginEndsThatSessionToo(t *testing.T) {
	f := open(t)
	// A login that has inserted its row and not committed yet.
	tx := begin(t, f)
	must(tx.Exec(t.Context(), in(f.schema, "SELECT FROM {schema}.users WHERE id = 'ann' FOR SHARE")))(t)
	s, secret := session("ann"), backends.NewSecret()
	h := secret.Hash()
	must(tx.Exec(t.Context(), in(f.schema, `INSERT INTO {schema}.sessions
		VALUES ($1, $2, 'ann', 'cookie', '', '', '', '{}', $3, $3, $3, 60000000, 1000000, $4, $4, 0)`),
		s.ID, h[:], t0, t0.Add(time.Hour)))(t)
	type result struct {
		n   int
		err error
	}
	done := make(chan result, 1)
	go func() {
		n, err := f.users.SetPassword(t.Context(), t0, "ann", 0, "$new", "")
		done <- result{n, err}
	}()
	waitForBlocked(t, f, 1)
	check(t, tx.Commit(t.Context()))
	if r := <-done; r.err != nil || r.n != 1 {
		t.Errorf("SetPassword ended %d sessions, error %v; want 1", r.n, r.err)
	}
	if _, _, err := f.Find(t.Context(), t0, s.ID, h); !errors.Is(err, backends.ErrRevoked) {
		t.Errorf("the session of the old password: error %v, want ErrRevoked", err)
	}
}

// waitForBlocked returns when so many statements on the store's tables wait for a lock.
func waitForBlocked(t *testing.T, f fixture, statements int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for {
		var n int
		err := f.pool.QueryRow(ctx, `SELECT count(*) FROM pg_stat_activity
			WHERE wait_event_type = 'Lock' AND query LIKE '%' || $1 || '%'`, f.schema).Scan(&n)
		check(t, err)
		if n >= statements {
			return
		}
	}
}

func TestNoLoginWithAnOldPasswordSurvivesItsChange(t *testing.T) {
	f := open(t, func(c *pgxpool.Config) { c.MaxConns = 20 })
	for range 20 {
		u, _, err := f.users.UserByName(t.Context(), "Ann")
		check(t, err)
		var logins sync.WaitGroup
		for range 10 {
			logins.Go(func() {
				err := createAt(t.Context(), f, "ann", u.Version)
				if err != nil && !errors.Is(err, backends.ErrConflict) {
					t.Error(err)
				}
			})
		}
		logins.Go(func() {
			if _, err := f.users.SetPassword(t.Context(), t0, "ann", 0, "$new", ""); err != nil {
				t.Error(err)
			}
		})
		logins.Wait()
		if left, _, err := f.List(t.Context(), t0, "ann", backends.Page{}); err != nil || len(left) != 0 {
			t.Fatalf("%d sessions of the old password are live", len(left))
		}
	}
}

// The application's users cannot be locked, so the login looks twice.
func TestLoginDuringAChangeInTheApplicationsTableIsTakenBack(t *testing.T) {
	var sent recorder
	pool, other, app, schema := pgtest.Pool(t, sent.use), pgtest.Pool(t), pgtest.Schema(t), pgtest.Schema(t)
	exec(t, pool, in(app, "CREATE SCHEMA {schema}"))
	exec(t, pool, in(app, "CREATE TABLE {schema}.u (id text PRIMARY KEY, roles text[], disabled boolean, version bigint)"))
	exec(t, pool, in(app, "INSERT INTO {schema}.u VALUES ('ann', '{}', false, 1)"))
	store := must(postgres.New(postgres.Config{Pool: pool, Schema: schema, Users: app + ".u"}))(t)
	check(t, store.Migrate(t.Context()))
	ctx := t.Context()
	for _, row := range []struct {
		change string
		want   error
	}{
		{"UPDATE {schema}.u SET version = 2", backends.ErrConflict},
		{"UPDATE {schema}.u SET disabled = true", backends.ErrUserDisabled},
		{"DELETE FROM {schema}.u", backends.ErrNotFound},
	} {
		exec(t, other, in(app, "UPDATE {schema}.u SET version = 1, disabled = false"))
		former, _ := login(t, store, "ann")
		sent.after = func(sql string) {
			if strings.Contains(sql, "INSERT INTO") {
				if _, err := other.Exec(ctx, in(app, row.change)); err != nil {
					t.Error(err)
				}
			}
		}
		for name, o := range map[string]backends.CreateOptions{
			"replaced":   {UserVersion: 1, Replaces: former.ID},
			"superseded": {UserVersion: 1, Limit: backends.Limit{Total: 1}.ForAll},
		} {
			exec(t, other, in(app, "INSERT INTO {schema}.u VALUES ('ann', '{}', false, 1) ON CONFLICT (id) DO UPDATE SET version = 1, disabled = false"))
			if ended, err := store.Create(ctx, t0, session("ann"), backends.NewSecret().Hash(), o); !errors.Is(err, row.want) || ended != nil {
				t.Errorf("%s: ended %v, error %v, want %v", row.change, ended, err, row.want)
			}
			if left := scan[string](t, pool, in(schema, "SELECT string_agg(id, ' ') FROM {schema}.sessions WHERE ended_at IS NULL")); left != former.ID {
				t.Errorf("%s: sessions %q, want the one that was to be %s, %q", row.change, left, name, former.ID)
			}
		}
		sent.after = nil
		must(store.Revoke(ctx, t0, former.ID, "x"))(t)
		if row.want == backends.ErrConflict {
			check(t, createAt(ctx, store, "ann", 2))
			must(store.RevokeUser(ctx, t0, "ann", "", "x"))(t)
		}
	}
}

// An index finds the three rows as first, middle, last; a scan of the table finds them the
// other way round, because two of them have moved within their page. Each statement that
// locked them as it finds them would have one end when the middle is set free, and want
// the other.
func TestSessionsOfAUserCanBeEndedInSeveralWaysAtOnceWithoutADeadlock(t *testing.T) {
	f := open(t, func(c *pgxpool.Config) {
		c.MaxConns = 10
		c.ConnConfig.RuntimeParams["enable_seqscan"] = "off"
	})
	first, _ := login(t, f, "ann")
	middle, _ := login(t, f, "ann")
	login(t, f, "ann")
	for _, id := range []string{middle.ID, first.ID} {
		exec(t, f.pool, in(f.schema, "UPDATE {schema}.sessions SET last_seen_at = $2 WHERE id = $1"), id, t0)
	}
	tx := begin(t, f)
	must(tx.Exec(t.Context(), in(f.schema, "SELECT FROM {schema}.sessions WHERE id = $1 FOR UPDATE"), middle.ID))(t)
	o := backends.CreateOptions{Limit: backends.Limit{Total: 1}.ForAll}
	ways := []func() error{
		func() error { _, err := f.RevokeUser(t.Context(), t0, "ann", "", "x"); return err },
		func() error { _, err := f.RevokeUser(t.Context(), t0, "ann", first.ID, "x"); return err },
		func() error { _, err := f.users.SetPassword(t.Context(), t0, "ann", 0, "$2", ""); return err },
		func() error {
			_, err := f.Create(t.Context(), t0, session("ann"), backends.NewSecret().Hash(), o)
			return err
		},
		func() error {
			_, err := f.Create(t.Context(), t0, session("ann"), backends.NewSecret().Hash(), o)
			return err
		},
	}
	results := make(chan error, len(ways))
	for i, end := range ways {
		go func() { results <- end() }()
		waitForBlocked(t, f, i+1)
	}
	check(t, tx.Commit(t.Context()))
	for range ways {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
}

func TestUsersAreListedInTheOrderOfTheirBytesWhateverTheDatabasesLocale(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	pool := server.Pool(t)
	if _, err := pool.Exec(t.Context(), "CREATE DATABASE swedish LOCALE_PROVIDER icu ICU_LOCALE 'sv' TEMPLATE template0"); err != nil {
		t.Skipf("this PostgreSQL has no ICU: %v", err)
	}
	f := openOn(t, server.Pool(t, func(c *pgxpool.Config) { c.ConnConfig.Database = "swedish" }), "inga")
	for _, id := range []string{"Zoe", "bob", "ähm", "Bob"} {
		check(t, f.users.CreateUser(t.Context(), backends.User{ID: id, Name: id}, ""))
	}
	var ids []string
	for _, u := range must(f.users.ListUsers(t.Context(), "", 10))(t) {
		ids = append(ids, u.ID)
	}
	if want := []string{"Bob", "Zoe", "ann", "bob", "ähm"}; !slices.Equal(ids, want) {
		t.Errorf("order %q, want %q", ids, want)
	}
	s, secret := login(t, f, "ähm")
	if _, u, err := f.Find(t.Context(), t0, s.ID, secret.Hash()); err != nil || u.Name != "ähm" {
		t.Errorf("user %q, error %v", u.Name, err)
	}
}

func explain(t *testing.T, pool *pgxpool.Pool, q query) string {
	t.Helper()
	rows, err := pool.Query(t.Context(), "EXPLAIN "+q.sql, q.args...)
	check(t, err)
	return strings.Join(must(pgx.CollectRows(rows, pgx.RowTo[string]))(t), "\n")
}
