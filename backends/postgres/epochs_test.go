package postgres_test

import (
	"errors"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/postgres"
)

func TestTheEndOfAllSessionsWritesOneRow(t *testing.T) {
	var m meter
	f := open(t, m.use, m.sent.use)
	fill(t, f, 10_000)
	m.sent.take()
	m.cost = cost{}
	check(t, f.RevokeAll(t.Context(), t0, "incident"))
	if n := len(m.sent.take()); n != 1 || m.wal > 2000 {
		t.Errorf("%d statements, %d bytes of WAL; want 1, at most 2000", n, m.wal)
	}
	if updated, _ := written(t, f); updated != 0 {
		t.Errorf("%d sessions updated, want none", updated)
	}
	id, h := filled(4711)
	if s, _, err := f.Find(t.Context(), t0, id, h); !errors.Is(err, backends.ErrRevoked) || s.Ended != (backends.Ended{At: t0, Reason: "incident"}) {
		t.Errorf("Find: ended %+v, error %v; want ErrRevoked with time and reason", s.Ended, err)
	}
}

// An operator with psql may end one session, or all.
func TestSessionsAndEpochsCanBeEndedByHand(t *testing.T) {
	f := open(t)
	check(t, f.RevokeAll(t.Context(), t0, "x"))
	one, oneSecret := login(t, f, "ann")
	rest, restSecret := login(t, f, "ann")
	exec(t, f.pool, in(f.schema, "UPDATE {schema}.sessions SET ended_at = $1, ended_reason = 'by hand' WHERE id = $2"), t0, one.ID)
	for _, want := range []struct {
		id     string
		h      backends.SecretHash
		reason backends.Reason
	}{{one.ID, oneSecret.Hash(), "by hand"}, {rest.ID, restSecret.Hash(), ""}} {
		if s, _, _ := f.Find(t.Context(), t0, want.id, want.h); s.Ended.Reason != want.reason {
			t.Errorf("one by hand: reason %q, want %q", s.Ended.Reason, want.reason)
		}
	}
	exec(t, f.pool, in(f.schema, "INSERT INTO {schema}.epochs SELECT max(epoch) + 1, $1, 'all by hand' FROM {schema}.epochs"), t0.Add(time.Second))
	for _, want := range []struct {
		id     string
		reason backends.Reason
	}{{one.ID, "by hand"}, {rest.ID, "all by hand"}} {
		if s, _, err := f.Find(t.Context(), t0, want.id, backends.SecretHash{}); !errors.Is(err, backends.ErrRevoked) || s.Ended.Reason != want.reason {
			t.Errorf("all by hand: reason %q, error %v; want %q, ErrRevoked", s.Ended.Reason, err, want.reason)
		}
	}
}

func TestALoginReportsNoSessionThatEndedWithAllOthers(t *testing.T) {
	f := open(t)
	exec(t, f.pool, in(f.schema, "CREATE VIEW {schema}.auth AS SELECT id, roles, disabled, version FROM {schema}.users"))
	view := must(postgres.New(postgres.Config{Pool: f.pool, Schema: f.schema, Users: f.schema + ".auth", Timeout: time.Minute}))(t)
	for name, store := range map[string]*postgres.Store{"own table": f.Store, "a view": view} {
		former, _ := login(t, store, "ann")
		check(t, store.RevokeAll(t.Context(), t0, "x"))
		o := backends.CreateOptions{Replaces: former.ID}
		if ended, err := store.Create(t.Context(), t0, session("ann"), backends.NewSecret().Hash(), o); err != nil || len(ended) > 0 {
			t.Errorf("%s: ended %q, error %v; want none", name, ended, err)
		}
	}
}
