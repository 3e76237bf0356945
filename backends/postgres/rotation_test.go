package postgres_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
)

// The statement decides by itself, and must decide as backends.Session.Rotation does.
func TestRotateDecidesAsTheRuleOfPackageBackends(t *testing.T) {
	f := open(t)
	s, secret := login(t, f, "ann")
	r := rand.New(rand.NewPCG(1, 2))
	pick := func(of ...time.Duration) time.Duration { return of[r.IntN(len(of))] }
	verdicts := map[backends.Rotation]int{}
	for range 3000 {
		g := backends.Grace{
			Overlap: pick(-time.Microsecond, 0, 1, 10*time.Second, 10*time.Second+999, time.Hour),
			Skew:    pick(-time.Second, 0, 1, 30*time.Second, 30*time.Second+1),
		}
		age := pick(0, g.Overlap, g.Overlap+g.Skew, time.Minute, 20*time.Minute) + pick(-time.Second, -time.Microsecond, 0, time.Microsecond, time.Second)
		s.Refresh = backends.Refresh{Generation: r.Int64N(4), RotatedAt: t0.Add(-age).Truncate(time.Microsecond)}
		if r.IntN(2) == 0 {
			s.Refresh.SeenAt = t0
		}
		if r.IntN(20) == 0 {
			s.Refresh.RotatedAt = time.Time{}
		}
		n := r.Int64N(6) - 1
		if r.IntN(20) == 0 {
			n = [2]int64{math.MinInt64, math.MaxInt64}[r.IntN(2)]
		}
		what := fmt.Sprintf("generation %d of %+v with %+v", n, s.Refresh, g)
		putRefresh(t, f, s)
		want := s.Rotation(t0, n, g)
		verdicts[want]++
		got, _, rotation, err := f.Rotate(t.Context(), t0, s.ID, secret.Hash(), n, g)
		if rotation != want || errors.Is(err, backends.ErrNotFound) != (want == backends.Refused) {
			t.Fatalf("%s: verdict %d, error %v; want verdict %d", what, rotation, err, want)
		}
		after := s
		switch want {
		case backends.Rotated:
			after.Rotate(t0)
		case backends.Recovered:
			after.Recover(t0)
		case backends.Stolen:
			after.Ended = backends.Ended{At: t0, Reason: backends.ReasonTheft}
		}
		if want != backends.Refused && !reflect.DeepEqual(got, after) {
			t.Fatalf("%s: returned %+v, want %+v", what, got, after)
		}
		if stored, _, _ := f.Find(t.Context(), t0, s.ID, secret.Hash()); !reflect.DeepEqual(stored, after) {
			t.Fatalf("%s: stored %+v, want %+v", what, stored, after)
		}
	}
	for _, v := range []backends.Rotation{backends.Refused, backends.Rotated, backends.Replayed, backends.Recovered, backends.Stolen} {
		if verdicts[v] < 50 {
			t.Errorf("%d cases of verdict %d, want at least 50: this tests too little", verdicts[v], v)
		}
	}
}

// putRefresh makes the row of s as s is, and live.
func putRefresh(t *testing.T, f fixture, s backends.Session) {
	t.Helper()
	orNull := func(at time.Time) *time.Time {
		if at.IsZero() {
			return nil
		}
		return &at
	}
	exec(t, f.pool, in(f.schema, `UPDATE {schema}.sessions SET ended_at = NULL, ended_reason = '',
		last_seen_at = $2, idle_deadline = $3, refresh_generation = $4, refresh_rotated_at = $5, refresh_seen_at = $6 WHERE id = $1`),
		s.ID, s.LastSeenAt, s.IdleDeadline, s.Refresh.Generation, orNull(s.Refresh.RotatedAt), orNull(s.Refresh.SeenAt))
}

// The same for Touch, which Extend and Rotate share.
func TestExtendMovesTheDeadlinesAsTheRuleOfPackageBackends(t *testing.T) {
	f := open(t)
	for _, row := range []struct {
		name          string
		idle, to, now time.Duration // idle deadline, absolute deadline, now: after t0
		want          time.Duration
	}{
		{"by the idle timeout", 30 * time.Minute, 12 * time.Hour, 10 * time.Minute, 40 * time.Minute},
		{"up to the absolute deadline", 30 * time.Minute, 35 * time.Minute, 10 * time.Minute, 35 * time.Minute},
		{"not back, where it was later", 2 * time.Hour, 12 * time.Hour, 10 * time.Minute, 2 * time.Hour},
		{"to the microsecond", 30 * time.Minute, 12 * time.Hour, time.Minute + 1500*time.Nanosecond, 31*time.Minute + time.Microsecond},
	} {
		s := session("ann")
		s.IdleDeadline, s.AbsoluteDeadline = t0.Add(row.idle), t0.Add(row.to)
		must(f.Create(t.Context(), t0, s, backends.SecretHash{}, backends.CreateOptions{}))(t)
		now := t0.Add(row.now)
		got, ok, err := f.Extend(t.Context(), now, s.ID)
		if err != nil || !ok || !got.Equal(t0.Add(row.want)) || got.Location() != time.UTC {
			t.Errorf("%s: idle deadline %v, %v, error %v; want %v", row.name, got, ok, err, t0.Add(row.want))
		}
		s.Touch(now.Truncate(time.Microsecond))
		if stored, _, err := f.Find(t.Context(), now, s.ID, backends.SecretHash{}); err != nil || !reflect.DeepEqual(stored, s) {
			t.Errorf("%s: stored %+v, error %v; want %+v", row.name, stored, err, s)
		}
	}
}
