package postgres_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/inga-auth/inga/backends/postgres"
	"github.com/inga-auth/inga/internal/pgtest"
)

// in puts the schema into the statement.
func in(schema, sql string) string {
	return strings.ReplaceAll(sql, "{schema}", pgx.Identifier{schema}.Sanitize())
}

func TestMigrateByTenAtOnceAppliesEachVersionOnce(t *testing.T) {
	schema := pgtest.Schema(t)
	pool := pgtest.Pool(t, func(c *pgxpool.Config) { c.MaxConns = 10 })
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			store, err := postgres.New(postgres.Config{Pool: pool, Schema: schema})
			if err == nil {
				err = store.Migrate(t.Context())
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got := scan[string](t, pool, in(schema, "SELECT string_agg(version::text, ' ' ORDER BY version) FROM {schema}.migrations")); got != "1 2 3 4 5 6 7 8 9 10 11" {
		t.Errorf("versions %q, want %q", got, "1 2 3 4 5 6 7 8 9 10 11")
	}
}

func TestMigrateAgainKeepsTheRowsAndNeedsNoRightToCreate(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	f := openOn(t, server.Pool(t), "inga")
	s, secret := login(t, f, "ann")
	exec(t, f.pool, `CREATE ROLE weak; GRANT USAGE ON SCHEMA inga TO weak; GRANT SELECT ON ALL TABLES IN SCHEMA inga TO weak`)
	weak := server.Pool(t, func(c *pgxpool.Config) { c.ConnConfig.RuntimeParams["role"] = "weak" })
	store := must(postgres.New(postgres.Config{Pool: weak}))(t)
	check(t, store.Migrate(t.Context()))
	if _, _, err := store.Find(t.Context(), t0, s.ID, secret.Hash()); err != nil {
		t.Errorf("after a second Migrate: %v", err)
	}
	if _, err := weak.Exec(t.Context(), "CREATE TABLE inga.t ()"); err == nil {
		t.Error("the role may create a table: this tests nothing")
	}
}

// Whatever applies a change: a subscription, or a session_replication_role that fires no others.
func TestTheTriggersOfTheFeedAlwaysFire(t *testing.T) {
	f := open(t)
	for _, table := range []string{"sessions", "users", "epochs"} {
		got := scan[string](t, f.pool, in(f.schema, `SELECT string_agg(DISTINCT tgenabled::text, ' ') FROM pg_trigger
			WHERE tgrelid = '{schema}.`+table+`'::regclass AND NOT tgisinternal`))
		if got != "A" {
			t.Errorf("%s: triggers that are enabled as %q, want A, for always", table, got)
		}
	}
}

func TestMigrateRefusesADatabaseThatIsNewerThanTheProgram(t *testing.T) {
	f := open(t)
	exec(t, f.pool, in(f.schema, "INSERT INTO {schema}.migrations (version) VALUES (99)"))
	err := f.Migrate(t.Context())
	if err == nil || !strings.Contains(err.Error(), "is of version 99, and this program knows only versions up to 11") {
		t.Errorf("error %v, want one that says which is newer", err)
	}
}

func TestMigrateFailsWhereTheUsersLackAColumn(t *testing.T) {
	pool, app := pgtest.Pool(t), pgtest.Schema(t)
	exec(t, pool, in(app, "CREATE SCHEMA {schema}"))
	for name, columns := range map[string]string{
		"no_version": "'ann'::text AS id, '{}'::text[] AS roles, false AS disabled",
		"number_id":  "1 AS id, '{}'::text[] AS roles, false AS disabled, 1 AS version",
		"int_roles":  "'ann'::text AS id, 7 AS roles, false AS disabled, 1 AS version",
		"text_roles": "'ann'::text AS id, 'admin'::text AS roles, false AS disabled, 1 AS version",
	} {
		exec(t, pool, in(app, "CREATE VIEW {schema}."+name+" AS SELECT "+columns))
		store := must(postgres.New(postgres.Config{Pool: pool, Schema: pgtest.Schema(t), Users: app + "." + name}))(t)
		if err := store.Migrate(t.Context()); err == nil || !strings.Contains(err.Error(), "the users table or view") {
			t.Errorf("%s: error %v, want one about the view", name, err)
		}
	}
}

// The name is quoted wherever it stands.
func TestSchemaNameMayBeStrange(t *testing.T) {
	pool := pgtest.Pool(t)
	for _, m := range []pgx.QueryExecMode{pgx.QueryExecModeCacheStatement, pgx.QueryExecModeSimpleProtocol} {
		schema := `Strange "name' $1 {users} ;-- ` + m.String()[:4]
		later(t, pool, in(schema, "DROP SCHEMA {schema} CASCADE"))
		f := openOn(t, pgtest.Pool(t, mode(m)), schema)
		s, secret := login(t, f, "ann")
		for name, do := range operations(f, s, secret.Hash()) {
			if name == "DeleteUser" {
				continue
			}
			if err := do(t.Context()); err != nil && !verdict(err) {
				t.Errorf("%v: %s: %v", m, name, err)
			}
		}
	}
}

// A dump reads for hours. A statement that waits for it holds up all that come later.
func TestMigrateGivesWayWhileItWaitsForATransaction(t *testing.T) {
	t.Parallel()
	for _, version := range released {
		f := openReleased(t, version)
		dump := begin(t, f)
		must(dump.Exec(t.Context(), in(f.schema, "LOCK TABLE {schema}.users, {schema}.sessions IN ACCESS SHARE MODE")))(t)
		migrated := make(chan error, 1)
		go func() { migrated <- f.Migrate(t.Context()) }()
		for range 2 { // that it waits once more says that it has given way
			waitForBlocked(t, f, 1)
			must(f.pool.Exec(soon(t), in(f.schema, "UPDATE {schema}.sessions SET kind = kind")))(t)
		}
		check(t, dump.Commit(t.Context()))
		check(t, <-migrated)
		check(t, f.Check(t.Context()))
	}
}
