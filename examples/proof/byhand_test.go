package proof_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// exec runs SQL past the processes.
func (f *fleet) exec(t *testing.T, sql string) {
	t.Helper()
	if _, err := f.db.Exec(context.Background(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// byHand is what an operator does with psql, where ordinary triggers do not fire: so do the
// changes arrive that another server has made.
var byHand = []revocation{
	{"end the session", "/page", 401, asReplica("UPDATE inga.sessions SET ended_at = now(), ended_reason = 'incident' WHERE user_id = $1")},
	{"disable the user", "/page", 401, asReplica("UPDATE inga.users SET disabled = true WHERE id = $1")},
	{"take the role", "/admin", 403, asReplica("UPDATE inga.users SET roles = '{user}' WHERE id = $1")},
	{"remove the session", "/page", 401, asReplica("DELETE FROM inga.sessions WHERE user_id = $1")},
}

func asReplica(sql string) func(*process, *sample) *answer {
	return func(_ *process, s *sample) *answer {
		return s.byHand(func(ctx context.Context, tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, "SET LOCAL session_replication_role = replica"); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, sql, s.user)
			return err
		})
	}
}

// byHand does something in a transaction, of which no process knows.
func (s *sample) byHand(do func(context.Context, pgx.Tx) error) *answer {
	a := &answer{what: s.how.name, by: s.by}
	a.asked.begin = time.Now()
	a.err = pgx.BeginFunc(context.Background(), s.f.db, func(tx pgx.Tx) error { return do(context.Background(), tx) })
	a.asked.end = time.Now()
	s.by = nil
	if a.err == nil {
		a.status = 200
	}
	return a
}

// ownUsersSQL has an application's own users, who may log in until a time. That they do not any
// more is no change of a table.
const ownUsersSQL = `
CREATE SCHEMA app;
CREATE TABLE app.people (id text PRIMARY KEY, until timestamptz NOT NULL DEFAULT 'infinity', version bigint NOT NULL DEFAULT 1);
CREATE VIEW app.auth_users AS
	SELECT id, '{user,admin}'::text[] AS roles, until < now() AS disabled, version FROM app.people`

// announcedSQL is what postgres.Config.UsersAnnounced asks for.
const announcedSQL = `
CREATE TRIGGER inga_changed AFTER INSERT OR UPDATE OR DELETE ON app.people FOR EACH ROW EXECUTE FUNCTION inga.changed('id');
CREATE TRIGGER inga_truncated AFTER TRUNCATE ON app.people FOR EACH STATEMENT EXECUTE FUNCTION inga.changed('')`

// ownUsers is a fleet of an application that has its own users.
func ownUsers(t *testing.T) *fleet {
	s := lagSettings()
	s.Users = "app.auth_users"
	return startFleet(t, s)
}

// overTime has the user's time be over: a moment after that was written, and announced, and
// after all processes have read the user again.
var overTime = []revocation{{"let the user's time be over", "/page", 401, func(_ *process, s *sample) *answer {
	over := time.Now().Add(time.Second)
	a := s.byHand(func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "UPDATE app.people SET until = $2 WHERE id = $1", s.user, over)
		return err
	})
	for time.Now().Before(over) {
		for _, p := range s.f.processes {
			p.send("GET", "/page", s.jar.copy(), nil)
		}
		<-time.After(50 * time.Millisecond)
	}
	a.asked = span{over, time.Now()}
	return a
}}}
