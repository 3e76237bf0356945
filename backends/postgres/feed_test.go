package postgres_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/postgres"
	"github.com/inga-auth/inga/internal/pgtest"
)

// An ear is a listener that passes on what it hears.
type ear struct {
	heard chan string
	beats chan time.Time
}

func newEar() *ear {
	return &ear{heard: make(chan string, 1000), beats: make(chan time.Time, 1000)}
}

func (*ear) Listening()                  {}
func (e *ear) Changed(c backends.Change) { e.heard <- c.UserID }
func (e *ear) UpToDate(at time.Time)     { e.beats <- at }
func (*ear) Interrupted(error)           {}

// listen watches the store until the test ends, and returns when it is up to date.
func (e *ear) listen(t *testing.T, store *postgres.Store) (ended chan error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended = make(chan error, 1)
	var done sync.WaitGroup
	done.Go(func() { ended <- store.Watch(ctx, 20*time.Millisecond, e) })
	t.Cleanup(func() {
		cancel()
		done.Wait()
	})
	e.caughtUp(t)
	return ended
}

// caughtUp returns what was heard until the listener has heard of all there was.
func (e *ear) caughtUp(t *testing.T) (heard []string) {
	t.Helper()
	begin, late := time.Now(), time.After(30*time.Second)
	for {
		select {
		case who := <-e.heard:
			heard = append(heard, who)
		case at := <-e.beats:
			if at.After(begin) {
				for len(e.heard) > 0 {
					heard = append(heard, <-e.heard)
				}
				return heard
			}
		case <-late:
			t.Fatal("the feed is not up to date")
		}
	}
}

func (e *ear) want(t *testing.T, what string, want ...string) {
	t.Helper()
	if got := e.caughtUp(t); strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("%s: heard of %q, want %q", what, got, want)
	}
}

// An operator who ends a session in an incident has only psql at hand.
func TestChangesThatAreMadeByHandAreHeard(t *testing.T) {
	f, e := open(t), newEar()
	check(t, f.users.CreateUser(t.Context(), backends.User{ID: "bob", Name: "Bob"}, ""))
	for range 3 {
		login(t, f, "ann")
	}
	e.listen(t, f.Store)
	for _, row := range []struct {
		sql  string
		want []string
	}{
		{"UPDATE {schema}.sessions SET last_seen_at = now()", nil},
		{"UPDATE {schema}.sessions SET ended_at = now(), ended_reason = 'incident'", []string{"ann"}},
		{"UPDATE {schema}.users SET disabled = true WHERE id = 'bob'", []string{"bob"}},
		{"UPDATE {schema}.users SET password_hash = 'x'", nil},
		{"DELETE FROM {schema}.sessions", nil}, // they had ended before
		{"DELETE FROM {schema}.users WHERE id = 'bob'", []string{"bob"}},
		{"TRUNCATE {schema}.sessions", []string{""}},
		{"TRUNCATE {schema}.users", []string{""}},
	} {
		exec(t, f.pool, in(f.schema, row.sql))
		e.want(t, row.sql, row.want...)
	}
}

func TestManySessionsOfAUserThatEndAtOnceAreOneNotification(t *testing.T) {
	f, e := open(t), newEar()
	for range 100 {
		login(t, f, "ann")
	}
	e.listen(t, f.Store)
	if n, err := f.RevokeUser(t.Context(), t0, "ann", "", "x"); err != nil || n != 100 {
		t.Fatalf("RevokeUser: %d, %v", n, err)
	}
	e.want(t, "RevokeUser", "ann")
}

func TestSchemasDoNotHearOfEachOther(t *testing.T) {
	f, other, e := open(t), open(t), newEar()
	e.listen(t, f.Store)
	check(t, other.users.SetRoles(t.Context(), "ann", nil))
	e.want(t, "a change in another schema")
	check(t, f.users.SetRoles(t.Context(), "ann", nil))
	e.want(t, "a change", "ann")
}

func TestWatchEndsWhenItsConnectionDoes(t *testing.T) {
	f, e := open(t), newEar()
	ended := e.listen(t, f.Store)
	for {
		// Other tests' listeners are other sessions of the same server.
		exec(t, f.pool, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'inga feed'`)
		select {
		case err := <-ended:
			if err == nil || verdict(err) || !strings.Contains(err.Error(), "postgres: feed: ") {
				t.Errorf("error %v, want one about the feed", err)
			}
			return
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// With a single client the notifications to itself would come back, while all others are lost.
func TestWatchRefusesAPooler(t *testing.T) {
	t.Parallel()
	url := pgtest.Start(t).PgBouncer(t)
	pool := must(pgxpool.New(t.Context(), url+"&default_query_exec_mode=exec"))(t)
	t.Cleanup(pool.Close)
	store := must(postgres.New(postgres.Config{Pool: pool}))(t)
	check(t, store.Migrate(t.Context()))
	err := store.Watch(soon(t), 50*time.Millisecond, newEar())
	if err == nil || !strings.Contains(err.Error(), "Config.Listen") {
		t.Errorf("error %v, want one that names the way out", err)
	}
}

func TestWatchConnectsAsListenSays(t *testing.T) {
	f := open(t)
	config := must(pgx.ParseConfig("postgres://nobody@127.0.0.1:1/none?connect_timeout=5"))(t)
	store := must(postgres.New(postgres.Config{Pool: f.pool, Schema: f.schema, Listen: config}))(t)
	if err := store.Watch(soon(t), time.Second, newEar()); err == nil || !strings.Contains(err.Error(), "127.0.0.1") {
		t.Errorf("error %v, want one about the other address", err)
	}
}

// An application that listens itself sets a function on the connections of its pool.
func TestWatchHearsWhereThePoolHasAFunctionForNotifications(t *testing.T) {
	f := open(t, func(c *pgxpool.Config) {
		c.ConnConfig.OnNotification = func(*pgconn.PgConn, *pgconn.Notification) {}
	})
	e := newEar()
	e.listen(t, f.Store)
	check(t, f.users.SetRoles(t.Context(), "ann", nil))
	e.want(t, "a change", "ann")
}
