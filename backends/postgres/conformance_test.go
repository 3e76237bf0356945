package postgres_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/backendtest"
	"github.com/inga-auth/inga/backends/postgres"
	"github.com/inga-auth/inga/internal/pgtest"
)

// opener returns what opens an empty store for the suite: always the same one, emptied. To
// migrate and drop a schema for each promise would take most of the time.
func opener(t *testing.T, pool *pgxpool.Pool, schema string, c postgres.Config) func(*testing.T) backendtest.Harness {
	t.Helper()
	c.Pool, c.Schema, c.Timeout = pool, schema, time.Minute // a busy machine is no outage
	store := must(postgres.New(c))(t)
	check(t, store.Migrate(t.Context()))
	return func(t *testing.T) backendtest.Harness {
		exec(t, pool, in(schema, "DELETE FROM {schema}.session_values"))
		exec(t, pool, in(schema, "DELETE FROM {schema}.sessions"))
		exec(t, pool, in(schema, "DELETE FROM {schema}.users"))
		return backendtest.Harness{Store: store}
	}
}

// AZ-5
func TestStoreKeepsItsPromisesWithItsOwnUsers(t *testing.T) {
	t.Parallel()
	backendtest.Run(t, opener(t, pgtest.Pool(t), pgtest.Schema(t), postgres.Config{}))
}

func TestStoreKeepsItsPromisesInEveryQueryExecMode(t *testing.T) {
	for _, m := range []pgx.QueryExecMode{
		pgx.QueryExecModeCacheDescribe,
		pgx.QueryExecModeDescribeExec,
		pgx.QueryExecModeExec,
		pgx.QueryExecModeSimpleProtocol,
	} {
		t.Run(m.String(), func(t *testing.T) {
			t.Parallel()
			backendtest.Run(t, opener(t, pgtest.Pool(t, mode(m)), pgtest.Schema(t), postgres.Config{}))
		})
	}
}

func TestStoreKeepsItsPromisesBehindPgBouncer(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	url := server.PgBouncer(t)
	listen := must(pgx.ParseConfig(server.URL()))(t)
	for _, m := range []pgx.QueryExecMode{pgx.QueryExecModeExec, pgx.QueryExecModeSimpleProtocol} {
		t.Run(m.String(), func(t *testing.T) {
			config := must(pgxpool.ParseConfig(url))(t)
			config.ConnConfig.DefaultQueryExecMode = m
			pool := must(pgxpool.NewWithConfig(t.Context(), config))(t)
			t.Cleanup(pool.Close)
			backendtest.Run(t, opener(t, pool, m.String(), postgres.Config{Listen: listen}))
		})
	}
}

func TestStoreKeepsItsPromisesWithTheRightsThatTheDocsGrantIt(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	owner := server.Pool(t)
	check(t, must(postgres.New(postgres.Config{Pool: owner}))(t).Migrate(t.Context()))
	exec(t, owner, `
		CREATE ROLE web;
		GRANT USAGE ON SCHEMA inga TO web;
		GRANT SELECT, INSERT, UPDATE, DELETE ON inga.users, inga.sessions, inga.session_values TO web;
		GRANT SELECT ON inga.migrations TO web`)
	web := server.Pool(t, func(c *pgxpool.Config) { c.ConnConfig.RuntimeParams["role"] = "web" })
	backendtest.Run(t, opener(t, web, "inga", postgres.Config{}))
}

// The view groups, so that its rows cannot be locked, and a user without roles has {NULL}.
const accountsSQL = `
CREATE TABLE {schema}.accounts (login varchar(255) PRIMARY KEY, active boolean, changes integer);
CREATE TABLE {schema}.account_roles (login varchar(255) REFERENCES {schema}.accounts ON DELETE CASCADE, n integer, role varchar(255));
CREATE VIEW {schema}.auth_users AS
	SELECT a.login AS id, array_agg(r.role ORDER BY r.n) AS roles, NOT a.active AS disabled, a.changes AS version
	FROM {schema}.accounts a LEFT JOIN {schema}.account_roles r USING (login)
	GROUP BY a.login`

func TestStoreKeepsItsPromisesWithTheApplicationsUsers(t *testing.T) {
	t.Parallel()
	pool, app, schema := pgtest.Pool(t), pgtest.Schema(t), pgtest.Schema(t)
	exec(t, pool, "CREATE SCHEMA "+app)
	exec(t, pool, in(app, accountsSQL))
	open := opener(t, pool, schema, postgres.Config{Users: app + ".auth_users", UsersAnnounced: true})
	store := open(t).Store.(*postgres.Store)
	// As the package doc says.
	for _, table := range []string{"accounts", "account_roles"} {
		exec(t, pool, in(app, "CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE ON {schema}."+table+
			" FOR EACH ROW EXECUTE FUNCTION "+schema+".changed('login')"))
	}
	watch(t, store)
	backendtest.Run(t, func(t *testing.T) backendtest.Harness {
		exec(t, pool, in(app, "DELETE FROM {schema}.accounts"))
		h := open(t)
		h.PutUser = func(t testing.TB, u backends.User) {
			exec(t, pool, in(app, `INSERT INTO {schema}.accounts VALUES ($1, $2, $3)
				ON CONFLICT (login) DO UPDATE SET active = $2, changes = $3`), u.ID, !u.Disabled, u.Version)
			exec(t, pool, in(app, `DELETE FROM {schema}.account_roles WHERE login = $1`), u.ID)
			exec(t, pool, in(app, `INSERT INTO {schema}.account_roles SELECT $1, n, role FROM unnest($2::text[]) WITH ORDINALITY u (role, n)`), u.ID, u.Roles)
		}
		h.DropUser = func(t testing.TB, id string) {
			exec(t, pool, in(app, `DELETE FROM {schema}.accounts WHERE login = $1`), id)
		}
		return h
	})
}

// watch watches the store until the test ends, so that subscribers hear of the changes that the
// application makes.
func watch(t *testing.T, store *postgres.Store) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	l := listening(make(chan struct{}))
	var done sync.WaitGroup
	done.Go(func() { _ = store.Watch(ctx, time.Minute, l) })
	t.Cleanup(func() {
		cancel()
		done.Wait()
	})
	select {
	case <-l:
	case <-soon(t).Done():
		t.Fatal("the feed does not listen")
	}
}

// listening is closed when it listens. It ignores the changes.
type listening chan struct{}

func (l listening) Listening()            { close(l) }
func (listening) Changed(backends.Change) {}
func (listening) UpToDate(time.Time)      {}
func (listening) Interrupted(error)       {}
