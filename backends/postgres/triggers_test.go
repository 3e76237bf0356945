package postgres_test

import (
	"errors"
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
	exec(t, pool, in(app, `CREATE TABLE {schema}.people (id bigint PRIMARY KEY, role text, banned boolean NOT NULL DEFAULT false,
		password text, version bigint NOT NULL DEFAULT 1)`))
	exec(t, pool, in(app, `CREATE INDEX ON {schema}.people ((id::text))`))
	exec(t, pool, in(app, `CREATE VIEW {schema}.auth_users AS
		SELECT id::text AS id, ARRAY[role] AS roles, banned AS disabled, version FROM {schema}.people`))
	store := must(postgres.New(postgres.Config{Pool: pool, Schema: schema, Users: app + ".auth_users", UsersAnnounced: true}))(t)
	check(t, store.Migrate(t.Context()))
	exec(t, pool, in(app, `CREATE TRIGGER inga_changed AFTER UPDATE OR DELETE ON {schema}.people
		FOR EACH ROW EXECUTE FUNCTION `+schema+`.changed('id')`))
	exec(t, pool, in(app, `CREATE TRIGGER inga_end_sessions AFTER UPDATE OF password, banned ON {schema}.people
		FOR EACH ROW EXECUTE FUNCTION `+schema+`.end_sessions('id', 'credentials')`))
	exec(t, pool, in(app, `INSERT INTO {schema}.people (id, role, password) VALUES (1, 'user', 'old'), (2, 'user', 'old')`))
	return fixture{Store: store, pool: pool, schema: app}
}

func TestTriggersOfTheApplicationEndSessionsWhereTheyShould(t *testing.T) {
	// LO-2, LO-3, AZ-2
	f, e := people(t), newEar()
	current, currentSecret := login(t, f, "1")
	_, otherSecret := login(t, f, "1")
	_, bobs := login(t, f, "2")
	e.listen(t, f.Store)

	exec(t, f.pool, in(f.schema, "UPDATE {schema}.people SET role = 'admin' WHERE id = 1"))
	e.want(t, "a new role", "1")
	_, u, err := f.FindBySecret(t.Context(), t0, otherSecret.Hash())
	if err != nil || u.Roles[0] != "admin" {
		t.Errorf("roles %q, error %v; want admin, and no session ended", u.Roles, err)
	}

	tx := begin(t, f)
	must(tx.Exec(t.Context(), "SELECT set_config('inga.session', $1, true)", current.ID))(t)
	must(tx.Exec(t.Context(), in(f.schema, "UPDATE {schema}.people SET password = 'new', version = version + 1 WHERE id = 1")))(t)
	check(t, tx.Commit(t.Context()))
	e.want(t, "a new password", "1")
	s, _, err := f.FindBySecret(t.Context(), t0, otherSecret.Hash())
	if !errors.Is(err, backends.ErrRevoked) || s.Ended.Reason != backends.ReasonCredentials {
		t.Errorf("another session: %v, reason %q; want credentials", err, s.Ended.Reason)
	}
	if _, _, err := f.FindBySecret(t.Context(), t0, currentSecret.Hash()); err != nil {
		t.Errorf("the session that changed the password: %v, want it live", err)
	}

	exec(t, f.pool, in(f.schema, "UPDATE {schema}.people SET banned = true WHERE id = 1"))
	exec(t, f.pool, in(f.schema, "UPDATE {schema}.people SET banned = false WHERE id = 1"))
	if _, _, err := f.FindBySecret(t.Context(), t0, currentSecret.Hash()); !errors.Is(err, backends.ErrRevoked) {
		t.Errorf("after a ban that was lifted: %v, want ErrRevoked", err)
	}
	if _, _, err := f.FindBySecret(t.Context(), t0, bobs.Hash()); err != nil {
		t.Errorf("another user: %v, want a live session", err)
	}
}

func TestNoLoginOfTheApplicationsUsersSurvivesATrigger(t *testing.T) {
	// Promise 8: in a transaction of the application, with logins before, during and after it.
	f := people(t, func(c *pgxpool.Config) { c.MaxConns = 20 })
	for range 20 {
		version := scan[int64](t, f.pool, in(f.schema, "SELECT version FROM {schema}.people WHERE id = 1"))
		secrets := make([]backends.Secret, 10)
		var all sync.WaitGroup
		for i := range secrets {
			secrets[i] = backends.NewSecret()
			all.Go(func() {
				_, err := f.Create(t.Context(), t0, session("1"), secrets[i].Hash(), backends.Admission{UserVersion: version})
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
		for _, secret := range secrets {
			if _, _, err := f.FindBySecret(t.Context(), t0, secret.Hash()); err == nil {
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
				a := backends.Admission{Replaces: former, Limit: backends.Limit{Total: 4}.ForAll}
				if _, err := f.Create(t.Context(), t0, s, backends.NewSecret().Hash(), a); err != nil {
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
