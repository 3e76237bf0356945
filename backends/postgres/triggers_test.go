package postgres_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/postgres"
	"github.com/inga-auth/inga/internal/pgtest"
)

// people is a users table of an application, with the triggers of the package doc.
func people(t *testing.T, changes ...func(*pgxpool.Config)) fixture {
	t.Helper()
	pool, app, schema := pgtest.Pool(t, changes...), pgtest.Schema(t), pgtest.Schema(t)
	exec(t, pool, in(app, `CREATE SCHEMA {schema}`))
	exec(t, pool, in(app, `CREATE TABLE {schema}.people (id bigint PRIMARY KEY, banned boolean NOT NULL DEFAULT false,
		password text, version bigint NOT NULL DEFAULT 1)`))
	exec(t, pool, in(app, `CREATE TABLE {schema}.people_roles (person_id bigint, role text, PRIMARY KEY (person_id, role))`))
	exec(t, pool, in(app, `CREATE INDEX ON {schema}.people ((id::text))`))
	exec(t, pool, in(app, `CREATE VIEW {schema}.auth_users AS
		SELECT p.id::text AS id, p.banned AS disabled, p.version,
			ARRAY(SELECT r.role FROM {schema}.people_roles r WHERE r.person_id = p.id) AS roles
		FROM {schema}.people p`))
	store := must(postgres.New(postgres.Config{Pool: pool, Schema: schema, Users: app + ".auth_users", UsersAnnounced: true}))(t)
	check(t, store.Migrate(t.Context()))
	exec(t, pool, in(app, `CREATE TRIGGER inga_changed AFTER INSERT OR UPDATE OR DELETE ON {schema}.people
		FOR EACH ROW EXECUTE FUNCTION `+schema+`.changed('id', 'banned', 'version')`))
	exec(t, pool, in(app, `CREATE TRIGGER inga_changed AFTER INSERT OR UPDATE OR DELETE ON {schema}.people_roles
		FOR EACH ROW EXECUTE FUNCTION `+schema+`.changed('person_id')`))
	for _, table := range []string{"people", "people_roles"} {
		exec(t, pool, in(app, "CREATE TRIGGER inga_truncated AFTER TRUNCATE ON {schema}."+table+
			" FOR EACH STATEMENT EXECUTE FUNCTION "+schema+".changed('')"))
	}
	exec(t, pool, in(app, `CREATE TRIGGER inga_end_sessions AFTER UPDATE ON {schema}.people
		FOR EACH ROW EXECUTE FUNCTION `+schema+`.end_sessions('id', 'credentials', 'version', 'banned')`))
	exec(t, pool, in(app, `INSERT INTO {schema}.people (id, password) VALUES (1, 'old'), (2, 'old')`))
	return fixture{Store: store, pool: pool, schema: app}
}

func TestTriggersOfTheApplicationEndSessionsWhereTheyShould(t *testing.T) {
	// LO-2, LO-3, AZ-2
	f, e := people(t), newEar()
	current, currentSecret := login(t, f, "1")
	other, otherSecret := login(t, f, "1")
	bobs, bobsSecret := login(t, f, "2")
	e.listen(t, f.Store)

	exec(t, f.pool, in(f.schema, "INSERT INTO {schema}.people_roles VALUES (1, 'admin')"))
	e.want(t, "a new role", "1")
	_, u, err := f.Find(t.Context(), t0, other.ID, otherSecret.Hash())
	if err != nil || u.Roles[0] != "admin" {
		t.Errorf("roles %q, error %v; want admin, and no session ended", u.Roles, err)
	}

	exec(t, f.pool, in(f.schema, "UPDATE {schema}.people SET password = 'a stronger hash' WHERE id = 1"))
	if _, _, err := f.Find(t.Context(), t0, other.ID, otherSecret.Hash()); err != nil {
		t.Errorf("after a hash of the same password was replaced: %v, want a live session", err)
	}

	tx := begin(t, f)
	must(tx.Exec(t.Context(), "SELECT set_config('inga.session', $1, true)", current.ID))(t)
	must(tx.Exec(t.Context(), in(f.schema, "UPDATE {schema}.people SET password = 'new', version = version + 1 WHERE id = 1")))(t)
	check(t, tx.Commit(t.Context()))
	e.want(t, "a new password", "1")
	s, _, err := f.Find(t.Context(), t0, other.ID, otherSecret.Hash())
	if !errors.Is(err, backends.ErrRevoked) || s.Ended.Reason != backends.ReasonCredentials {
		t.Errorf("another session: %v, reason %q; want credentials", err, s.Ended.Reason)
	}
	if _, _, err := f.Find(t.Context(), t0, current.ID, currentSecret.Hash()); err != nil {
		t.Errorf("the session that changed the password: %v, want it live", err)
	}

	exec(t, f.pool, in(f.schema, "UPDATE {schema}.people SET banned = true WHERE id = 1"))
	exec(t, f.pool, in(f.schema, "UPDATE {schema}.people SET banned = false WHERE id = 1"))
	if _, _, err := f.Find(t.Context(), t0, current.ID, currentSecret.Hash()); !errors.Is(err, backends.ErrRevoked) {
		t.Errorf("after a ban that was lifted: %v, want ErrRevoked", err)
	}
	if _, _, err := f.Find(t.Context(), t0, bobs.ID, bobsSecret.Hash()); err != nil {
		t.Errorf("another user: %v, want a live session", err)
	}
}

func TestARowThatMovesToAnotherUserIsAnnouncedForBoth(t *testing.T) {
	f, e := people(t), newEar()
	e.listen(t, f.Store)
	for _, row := range []struct {
		statement string
		want      []string
	}{
		{"INSERT INTO {schema}.people_roles VALUES (1, 'admin')", []string{"1"}},
		{"UPDATE {schema}.people_roles SET role = 'root'", []string{"1"}},
		{"UPDATE {schema}.people_roles SET person_id = 2", []string{"1", "2"}},
		{"DELETE FROM {schema}.people_roles", []string{"2"}},
	} {
		exec(t, f.pool, in(f.schema, row.statement))
		e.want(t, row.statement, row.want...)
	}
}

func TestNoLoginOfTheApplicationsUsersSurvivesATrigger(t *testing.T) {
	// LO-12: in a transaction of the application, with logins before, during and after it.
	f := people(t, func(c *pgxpool.Config) { c.MaxConns = 20 })
	for range 20 {
		version := scan[int64](t, f.pool, in(f.schema, "SELECT version FROM {schema}.people WHERE id = 1"))
		logins := make([]backends.Session, 10)
		var all sync.WaitGroup
		for i := range logins {
			logins[i] = session("1")
			all.Go(func() {
				_, err := f.Create(t.Context(), t0, logins[i], backends.NewSecret().Hash(), backends.CreateOptions{UserVersion: version})
				if err != nil && !errors.Is(err, backends.ErrConflict) {
					t.Error(err)
				}
			})
		}
		all.Go(func() {
			err := pgx.BeginFunc(t.Context(), f.pool, func(tx pgx.Tx) error {
				_, err := tx.Exec(t.Context(), in(f.schema, "UPDATE {schema}.people SET password = 'new', version = version + 1 WHERE id = 1"))
				if err == nil {
					_, err = tx.Exec(t.Context(), "SELECT pg_sleep(0.002)")
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
		all.Wait()
		for _, s := range logins {
			if _, _, err := f.Find(t.Context(), t0, s.ID, backends.SecretHash{}); err == nil {
				t.Fatal("a login with the old password has a live session")
			}
		}
	}
}

func TestLimitedLoginsAndRevocationsDoNotDeadlock(t *testing.T) {
	f := open(t, func(c *pgxpool.Config) { c.MaxConns = 20 })
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			former := ""
			for range 30 {
				s := session("ann")
				o := backends.CreateOptions{Replaces: former, Limit: backends.Limit{Total: 4}.ForAll}
				if _, err := f.Create(t.Context(), t0, s, backends.NewSecret().Hash(), o); err != nil {
					t.Errorf("Create: %v", err)
				}
				former = s.ID
			}
		})
	}
	for range 2 {
		all.Go(func() {
			for range 50 {
				if _, err := f.RevokeUser(t.Context(), t0, "ann", "", "x"); err != nil {
					t.Errorf("RevokeUser: %v", err)
				}
				if _, err := f.users.SetPassword(t.Context(), t0, "ann", 0, "$x", ""); err != nil {
					t.Errorf("SetPassword: %v", err)
				}
			}
		})
	}
	all.Wait()
}

// A temporary table comes before all schemas of a search path.
func TestATemporaryTableKeepsNoTriggerFromEndingSessions(t *testing.T) {
	f := people(t)
	s, secret := login(t, f, "1")
	tx := begin(t, f)
	must(tx.Exec(t.Context(), "CREATE TEMPORARY TABLE sessions (id text, user_id text, ended_at timestamptz, ended_reason text) ON COMMIT DROP"))(t)
	must(tx.Exec(t.Context(), in(f.schema, "UPDATE {schema}.people SET password = 'new', version = version + 1 WHERE id = 1")))(t)
	check(t, tx.Commit(t.Context()))
	if _, _, err := f.Find(t.Context(), t0, s.ID, secret.Hash()); !errors.Is(err, backends.ErrRevoked) {
		t.Errorf("error %v, want ErrRevoked", err)
	}
}

func TestTriggersKnowAUserByAnIDThatTheTablePads(t *testing.T) {
	app := pgtest.Schema(t)
	exec(t, pgtest.Pool(t), in(app, "CREATE SCHEMA {schema}; CREATE TABLE {schema}.people (id character(8) PRIMARY KEY, roles text[], disabled boolean, version bigint)"))
	f, schema := announced(t, app, "people")
	for _, sql := range []string{
		"INSERT INTO {app}.people VALUES ('ann', '{}', false, 1)",
		"CREATE TRIGGER c AFTER INSERT OR UPDATE OR DELETE ON {app}.people FOR EACH ROW EXECUTE FUNCTION {schema}.changed('id')",
		"CREATE TRIGGER t AFTER TRUNCATE ON {app}.people FOR EACH STATEMENT EXECUTE FUNCTION {schema}.changed('')",
		"CREATE TRIGGER e AFTER UPDATE ON {app}.people FOR EACH ROW EXECUTE FUNCTION {schema}.end_sessions('id', 'credentials')",
	} {
		exec(t, f.pool, in(schema, strings.ReplaceAll(sql, "{app}", app)))
	}
	s, secret := login(t, f, "ann")
	e := newEar()
	e.listen(t, f.Store)
	exec(t, f.pool, in(app, "UPDATE {schema}.people SET version = 2"))
	e.want(t, "a change", "ann")
	if _, _, err := f.Find(t.Context(), t0, s.ID, secret.Hash()); !errors.Is(err, backends.ErrRevoked) {
		t.Errorf("error %v, want ErrRevoked", err)
	}
}
