package postgres_test

import (
	"context"
	"fmt"
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
	heard       chan string
	beats       chan time.Time
	interrupted chan error
}

func newEar() *ear {
	return &ear{heard: make(chan string, 1000), beats: make(chan time.Time, 1000), interrupted: make(chan error, 1000)}
}

func (*ear) Listening()                  {}
func (e *ear) Changed(c backends.Change) { e.heard <- c.UserID }

func (e *ear) UpToDate(at time.Time) {
	select {
	case e.beats <- at:
	default: // nobody waits for it
	}
}

func (e *ear) Interrupted(err error) {
	select {
	case e.interrupted <- err:
	default:
	}
}

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
	for len(e.beats) > 0 {
		<-e.beats
	}
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

// Nothing of other users is reported, so nothing of theirs is read again.
func TestAWatchThatWasCutOffReportsWhatItMissed(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	f, proxy, e := openOn(t, server.Pool(t), "inga"), server.Proxy(t), newEar()
	s, _ := login(t, f, "ann")
	pool := must(pgxpool.New(t.Context(), proxy.URL()))(t)
	t.Cleanup(pool.Close)
	e.listen(t, must(postgres.New(postgres.Config{Pool: pool}))(t))
	for _, cut := range []struct {
		name string
		do   func()
	}{
		{"closed", proxy.Cut},
		{"terminated", func() {
			proxy.Cut()
			exec(t, f.pool, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND application_name <> ''")
		}},
	} {
		cut.do()
		select {
		case err := <-e.interrupted:
			if verdict(err) || !strings.Contains(err.Error(), "postgres: feed: ") {
				t.Errorf("%s: error %v, want one about the feed", cut.name, err)
			}
		case <-soon(t).Done():
			t.Fatalf("%s: no interruption was reported", cut.name)
		}
		exec(t, f.pool, "UPDATE inga.sessions SET ended_at = clock_timestamp(), ended_reason = 'x' WHERE id = $1", s.ID)
		proxy.Pass()
		e.want(t, cut.name, "ann")
	}
}

func TestAfterARestartOfTheServerAnythingMayHaveChanged(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	f, e := openOn(t, server.Pool(t), "inga"), newEar()
	e.listen(t, f.Store)
	server.Kill() // a crash empties the tables, which are unlogged
	server.Restart(t)
	e.want(t, "a crash", "")
	check(t, f.users.SetRoles(t.Context(), "ann", nil))
	e.want(t, "a change", "ann")
}

func TestNoOpenTransactionDelaysOrHidesAChange(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	f, e := openOn(t, server.Pool(t), "inga"), newEar()
	exec(t, f.pool, "CREATE DATABASE other")
	other := server.Pool(t, func(c *pgxpool.Config) { c.ConnConfig.Database = "other" })
	elsewhere := must(other.Begin(t.Context()))(t)
	defer func() { _ = elsewhere.Rollback(context.Background()) }()
	must(elsewhere.Exec(t.Context(), "SELECT pg_current_xact_id()"))(t)
	for _, id := range []string{"bob", "eve"} {
		check(t, f.users.CreateUser(t.Context(), backends.User{ID: id}, ""))
	}
	before := begin(t, f) // it began before the watch, and is the first to change something
	must(before.Exec(t.Context(), "UPDATE inga.users SET roles = '{x}' WHERE id = 'bob'"))(t)
	e.listen(t, f.Store)
	long := begin(t, f)
	must(long.Exec(t.Context(), "UPDATE inga.users SET roles = '{x}' WHERE id = 'eve'"))(t)
	for i := range 5 {
		check(t, f.users.SetRoles(t.Context(), "ann", nil))
		e.want(t, "while others are open", "ann")
		check(t, postgres.SweepChanges(f.Store, t.Context(), t0.Add(time.Duration(i)*time.Hour)))
	}
	check(t, before.Commit(t.Context()))
	e.want(t, "one that began before the watch", "bob")
	check(t, long.Commit(t.Context()))
	e.want(t, "one that stayed open over sweeps", "eve")
	if n := scan[int](t, f.pool, "SELECT count(*) FROM inga.changes WHERE user_id = 'ann'"); n == 5 {
		t.Error("nothing was swept: this tests nothing")
	}
}

func TestAReaderThatComesAfterASweepForgetsEverything(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	f, proxy, e := openOn(t, server.Pool(t), "inga"), server.Proxy(t), newEar()
	pool := must(pgxpool.New(t.Context(), proxy.URL()))(t)
	t.Cleanup(pool.Close)
	e.listen(t, must(postgres.New(postgres.Config{Pool: pool}))(t))
	at := time.Now()
	for _, row := range []struct {
		sweeps int // each so late that all of before may go
		want   string
	}{{0, "ann"}, {1, "ann"}, {2, ""}} {
		check(t, postgres.SweepChanges(f.Store, t.Context(), at)) // a mark
		e.want(t, "a sweep")
		proxy.Cut()
		check(t, f.users.SetRoles(t.Context(), "ann", nil))
		for range row.sweeps {
			at = at.Add(5 * time.Minute)
			check(t, postgres.SweepChanges(f.Store, t.Context(), at))
		}
		proxy.Pass()
		e.want(t, fmt.Sprint(row.sweeps, " sweeps"), row.want)
		at = at.Add(5 * time.Minute)
	}
}

func TestWatchPollsBehindAPooler(t *testing.T) {
	t.Parallel()
	url := pgtest.Start(t).PgBouncer(t)
	pool := must(pgxpool.New(t.Context(), url+"&default_query_exec_mode=exec"))(t)
	t.Cleanup(pool.Close)
	f, e := openOn(t, pool, "inga"), newEar()
	e.listen(t, f.Store)
	for range 3 {
		check(t, f.users.SetRoles(t.Context(), "ann", nil))
		e.want(t, "a change", "ann")
	}
}

// Another database has no such notifications, and no server none at all.
func TestListenThatHearsNothingLosesNoChange(t *testing.T) {
	for name, address := range map[string]string{
		"nowhere":          "postgres://nobody@127.0.0.1:1/none?connect_timeout=5",
		"another database": strings.Replace(pgtest.URL(t), "/postgres?", "/template1?", 1),
	} {
		f, e := open(t), newEar()
		store := must(postgres.New(postgres.Config{Pool: f.pool, Schema: f.schema, Listen: must(pgx.ParseConfig(address))(t)}))(t)
		e.listen(t, store)
		check(t, f.users.SetRoles(t.Context(), "ann", nil))
		e.want(t, name, "ann")
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
