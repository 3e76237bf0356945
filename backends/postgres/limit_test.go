package postgres_test

import (
	"errors"
	"testing"

	"github.com/inga-auth/inga/backends"
)

// Otherwise two calls would both report the end of one session.
func TestALimitedLoginReportsOnlyWhatItEnded(t *testing.T) {
	f := open(t)
	former, _ := login(t, f, "ann")
	o := backends.CreateOptions{Limit: func(backends.User) backends.Limit {
		// Here the live sessions have been counted, and none has ended yet.
		if ok, err := f.Revoke(t.Context(), t0, former.ID, "x"); !ok || err != nil {
			t.Errorf("Revoke: %v, %v", ok, err)
		}
		return backends.Limit{Total: 1}
	}}
	ended, err := f.Create(t.Context(), t0, session("ann"), backends.NewSecret().Hash(), o)
	if err != nil || len(ended) != 0 {
		t.Errorf("ended %q, error %v; want none", ended, err)
	}
}

// Buffers that the server reads or writes, its triggers included.
func TestTheEndOfManySessionsOfAUserCostsFewBuffersForEach(t *testing.T) {
	const many, most = 2000, 8
	for name, end := range map[string]func(f fixture) error{
		"a limit that was lowered": func(f fixture) error {
			_, err := f.Create(t.Context(), t0, session("ann"), backends.NewSecret().Hash(), backends.CreateOptions{Limit: backends.Limit{Total: 5}.ForAll})
			return err
		},
		"RevokeUser": func(f fixture) error { _, err := f.RevokeUser(t.Context(), t0, "ann", "", "x"); return err },
	} {
		t.Run(name, func(t *testing.T) {
			var m meter
			f := open(t, m.use)
			fill(t, f, 50*many)
			// Scattered over the table, as logins are.
			exec(t, f.pool, in(f.schema, "UPDATE {schema}.sessions SET user_id = 'ann' WHERE ('x' || md5(id))::bit(16)::int % 50 = 0"))
			exec(t, f.pool, in(f.schema, "VACUUM FULL ANALYZE {schema}.sessions"))
			n := scan[int](t, f.pool, in(f.schema, "SELECT count(*) FROM {schema}.sessions WHERE user_id = 'ann'"))
			m.cost = cost{}
			check(t, end(f))
			if got := float64(m.buffers) / float64(n); n < many/2 || got > most {
				t.Errorf("%.1f buffers for each of %d sessions, want at most %d", got, n, most)
			} else {
				t.Logf("%.1f buffers for each of %d sessions", got, n)
			}
			if left := scan[int](t, f.pool, in(f.schema, "SELECT count(*) FROM {schema}.sessions WHERE user_id = 'ann' AND ended_at IS NULL")); left > 5 {
				t.Errorf("%d are left", left)
			}
		})
	}
}

func TestALoginThatIsRefusedReadsNoMoreSessionsThanTheLimit(t *testing.T) {
	var m meter
	f := open(t, m.use)
	fill(t, f, 20_000)
	exec(t, f.pool, in(f.schema, "UPDATE {schema}.sessions SET user_id = 'ann' WHERE ('x' || md5(id))::bit(16)::int % 10 = 0"))
	exec(t, f.pool, in(f.schema, "VACUUM FULL ANALYZE {schema}.sessions"))
	for _, l := range []backends.Limit{{Total: 5, Refuse: true}, {PerKind: 5, Refuse: true}} {
		m.cost = cost{}
		_, err := f.Create(t.Context(), t0, session("ann"), backends.NewSecret().Hash(), backends.CreateOptions{Limit: l.ForAll})
		if !errors.Is(err, backends.ErrLimit) {
			t.Errorf("%+v: error %v, want ErrLimit", l, err)
		}
		if m.buffers > 40 {
			t.Errorf("%+v: %d buffers, want at most 40", l, m.buffers)
		}
	}
}
