package postgres_test

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/backendtest"
	"github.com/inga-auth/inga/backends/postgres"
	"github.com/inga-auth/inga/internal/pgtest"
)

// A full store has everything that a backend may have.
type full struct {
	*postgres.Store
	*postgres.Users
}

// opener returns what opens an empty store for the suite. The pool is shared: connecting
// would take most of the time.
func opener(pool *pgxpool.Pool) func(*testing.T) backendtest.Harness {
	return func(t *testing.T) backendtest.Harness {
		store := must(postgres.New(postgres.Config{Pool: pool, Schema: pgtest.Schema(t)}))(t)
		check(t, store.Migrate(t.Context()))
		return backendtest.Harness{Store: full{store, must(store.Users())(t)}}
	}
}

func mode(m pgx.QueryExecMode) func(*pgxpool.Config) {
	return func(c *pgxpool.Config) { c.ConnConfig.DefaultQueryExecMode = m }
}

// AZ-5
func TestStoreKeepsItsPromisesWithItsOwnUsers(t *testing.T) {
	backendtest.Run(t, opener(pgtest.Pool(t)))
}

func TestStoreKeepsItsPromisesInEveryQueryExecMode(t *testing.T) {
	for _, m := range []pgx.QueryExecMode{
		pgx.QueryExecModeCacheDescribe,
		pgx.QueryExecModeDescribeExec,
		pgx.QueryExecModeExec,
		pgx.QueryExecModeSimpleProtocol,
	} {
		t.Run(m.String(), func(t *testing.T) { backendtest.Run(t, opener(pgtest.Pool(t, mode(m)))) })
	}
}

func TestStoreKeepsItsPromisesBehindPgBouncer(t *testing.T) {
	server := pgtest.Start(t)
	url := server.PgBouncer(t)
	for _, m := range []pgx.QueryExecMode{pgx.QueryExecModeExec, pgx.QueryExecModeSimpleProtocol} {
		t.Run(m.String(), func(t *testing.T) {
			config := must(pgxpool.ParseConfig(url))(t)
			config.ConnConfig.DefaultQueryExecMode = m
			pool := must(pgxpool.NewWithConfig(t.Context(), config))(t)
			t.Cleanup(pool.Close)
			n := 0
			backendtest.Run(t, func(t *testing.T) backendtest.Harness {
				n++
				schema := m.String() + " " + string(rune('A'+n/26)) + string(rune('A'+n%26))
				store := must(postgres.New(postgres.Config{Pool: pool, Schema: schema, Listen: must(pgx.ParseConfig(server.URL()))(t)}))(t)
				check(t, store.Migrate(t.Context()))
				return backendtest.Harness{Store: full{store, must(store.Users())(t)}}
			})
		})
	}
}

func TestStoreKeepsItsPromisesWithTheRightsThatTheDocsGrantIt(t *testing.T) {
	server := pgtest.Start(t)
	owner := server.Pool(t)
	exec(t, owner, "CREATE ROLE web")
	web := server.Pool(t, func(c *pgxpool.Config) { c.ConnConfig.RuntimeParams["role"] = "web" })
	n := 0
	backendtest.Run(t, func(t *testing.T) backendtest.Harness {
		n++
		schema := fmt.Sprintf("web %d", n)
		check(t, must(postgres.New(postgres.Config{Pool: owner, Schema: schema}))(t).Migrate(t.Context()))
		exec(t, owner, in(schema, `
			GRANT USAGE ON SCHEMA {schema} TO web;
			GRANT SELECT, INSERT, UPDATE, DELETE ON {schema}.users, {schema}.sessions, {schema}.session_values TO web;
			GRANT SELECT ON {schema}.migrations TO web`))
		store := must(postgres.New(postgres.Config{Pool: web, Schema: schema}))(t)
		check(t, store.Migrate(t.Context()))
		return backendtest.Harness{Store: full{store, must(store.Users())(t)}}
	})
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
	pool := pgtest.Pool(t)
	backendtest.Run(t, func(t *testing.T) backendtest.Harness {
		app := pgtest.Schema(t)
		exec(t, pool, "CREATE SCHEMA "+app)
		exec(t, pool, in(app, accountsSQL))
		schema := pgtest.Schema(t)
		store := must(postgres.New(postgres.Config{Pool: pool, Schema: schema, Users: app + ".auth_users", UsersAnnounced: true}))(t)
		check(t, store.Migrate(t.Context()))
		// As the package doc says.
		for _, table := range []string{"accounts", "account_roles"} {
			exec(t, pool, in(app, "CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE ON {schema}."+table+
				" FOR EACH ROW EXECUTE FUNCTION "+schema+".changed('login')"))
		}
		return backendtest.Harness{
			Store: store,
			PutUser: func(t testing.TB, u backends.User) {
				exec(t, pool, in(app, `INSERT INTO {schema}.accounts VALUES ($1, $2, $3)
					ON CONFLICT (login) DO UPDATE SET active = $2, changes = $3`), u.ID, !u.Disabled, u.Version)
				exec(t, pool, in(app, `DELETE FROM {schema}.account_roles WHERE login = $1`), u.ID)
				exec(t, pool, in(app, `INSERT INTO {schema}.account_roles SELECT $1, n, role FROM unnest($2::text[]) WITH ORDINALITY u (role, n)`), u.ID, u.Roles)
			},
			DropUser: func(t testing.TB, id string) {
				exec(t, pool, in(app, `DELETE FROM {schema}.accounts WHERE login = $1`), id)
			},
		}
	})
}
