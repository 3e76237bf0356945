package postgres_test

import (
	"sync"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends/cache"
	"github.com/inga-auth/inga/backends/postgres"
	"github.com/inga-auth/inga/internal/pgtest"
)

// What no trigger sees is bounded all the same: nothing is believed for longer than MaxAge.
func TestWhatTheFeedCannotKnowPassesForMaxAgeAtMost(t *testing.T) {
	const maxAge = 300 * time.Millisecond
	pool, app := pgtest.Pool(t), pgtest.Schema(t)
	exec(t, pool, in(app, `CREATE SCHEMA {schema}; CREATE TABLE {schema}.u (id text PRIMARY KEY, until timestamptz);
		CREATE VIEW {schema}.auth_users AS SELECT id, '{}'::text[] AS roles, until < clock_timestamp() AS disabled, 1::bigint AS version FROM {schema}.u`))
	own := open(t)
	f, schema := announced(t, app, "auth_users")
	exec(t, pool, in(app, `CREATE TRIGGER a AFTER INSERT OR UPDATE OR DELETE ON {schema}.u FOR EACH ROW EXECUTE FUNCTION `+schema+`.changed('id');
		CREATE TRIGGER b AFTER TRUNCATE ON {schema}.u FOR EACH STATEMENT EXECUTE FUNCTION `+schema+`.changed('');
		INSERT INTO {schema}.u VALUES ('ann', 'infinity')`))
	for _, row := range []struct {
		what  string
		store *postgres.Store
		sql   string
	}{
		{"a trigger that was dropped", own.Store, in(own.schema, "ALTER TABLE {schema}.sessions DISABLE TRIGGER changed; UPDATE {schema}.sessions SET ended_at = now()")},
		{"a deadline that is moved by hand", own.Store, in(own.schema, "UPDATE {schema}.sessions SET idle_deadline = '-infinity'")},
		{"a view that depends on the time", f.Store, in(app, "UPDATE {schema}.u SET until = clock_timestamp() + interval '50 ms'")},
		{"a session that no trigger fires in", f.Store, in(app, "BEGIN; SET LOCAL session_replication_role = replica; UPDATE {schema}.u SET until = '-infinity'; COMMIT")},
	} {
		if row.store == f.Store {
			exec(t, pool, in(app, "UPDATE {schema}.u SET until = 'infinity'"))
		}
		c := must(cache.New(cache.Config{Store: row.store, MaxLag: 100 * time.Millisecond, MaxAge: maxAge}))(t)
		var following sync.WaitGroup
		following.Go(func() { _ = c.Follow(t.Context(), nil) })
		t.Cleanup(following.Wait)
		s, secret := login(t, c, "ann")
		_, _, err := c.Find(t.Context(), t0, s.ID, secret.Hash())
		check(t, err)
		exec(t, pool, row.sql)
		holds := time.Now().Add(50*time.Millisecond + maxAge)
		for {
			began := time.Now()
			if _, _, err := c.Find(t.Context(), t0, s.ID, secret.Hash()); err != nil {
				break
			}
			if began.After(holds) {
				t.Errorf("%s: a request passed %v after MaxAge", row.what, began.Sub(holds))
				break
			}
		}
	}
}

// The triggers of this package's own tables fire in every session.
func TestChangesOfASessionThatFiresNoTriggersAreHeardOfOurTables(t *testing.T) {
	f, e := open(t), newEar()
	s, _ := login(t, f, "ann")
	e.listen(t, f.Store)
	for _, sql := range []string{
		"UPDATE {schema}.users SET disabled = true",
		"UPDATE {schema}.sessions SET ended_at = now() WHERE id = '" + s.ID + "'",
	} {
		exec(t, f.pool, in(f.schema, "BEGIN; SET LOCAL session_replication_role = replica; "+sql+"; COMMIT"))
		e.want(t, sql, "ann")
	}
}
