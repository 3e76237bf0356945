package postgres_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/bench"
)

// BenchmarkRefresh has 64 clients, or one, refresh sessions that are due, without HTTP. Plain
// sends one UPDATE … RETURNING over the same pool, by hand, which knows of no replay, no theft and
// no end of all sessions.
func BenchmarkRefresh(b *testing.B) {
	f := open(b)
	sizes := bench.Sizes()
	sessions := min(max(sizes[len(sizes)-1], 10_000), 100_000) // more than one turn can reach
	fill(b, f, sessions)
	exec(b, f.pool, in(f.schema, "UPDATE {schema}.sessions SET refresh_generation = 1, refresh_rotated_at = $1"), t0.Add(-time.Hour))
	exec(b, f.pool, in(f.schema, "VACUUM FULL ANALYZE {schema}.sessions"))
	grace := backends.Grace{Overlap: 10 * time.Second}
	generations := make([]atomic.Int64, sessions+1)
	ours := func(ctx context.Context, n int, now time.Time) error {
		id, h := filled(n)
		_, _, r, err := f.Rotate(ctx, now, id, h, generations[n].Add(1), grace)
		if err == nil && r != backends.Rotated {
			return fmt.Errorf("%v, want Rotated", r)
		}
		return err
	}
	sql := in(f.schema, `
		UPDATE {schema}.sessions s SET last_seen_at = $4, idle_deadline = LEAST(absolute_deadline, $4 + idle_timeout * interval '1 microsecond'),
			refresh_generation = refresh_generation + 1, refresh_rotated_at = $4, refresh_seen_at = NULL
		FROM {schema}.users u
		WHERE s.id = $1 AND secret_hash = $2 AND refresh_generation = $3 AND ended_at IS NULL AND idle_deadline > $4 AND absolute_deadline > $4
			AND refresh_rotated_at + $5 * interval '1 microsecond' <= $4 AND u.id = s.user_id AND NOT u.disabled
		RETURNING s.id, s.user_id, kind, ip, user_agent, label, amr, created_at, authenticated_at, last_seen_at, idle_timeout, renewal_interval,
			idle_deadline, absolute_deadline, refresh_generation, refresh_rotated_at, refresh_seen_at,
			COALESCE(actor_id, ''), COALESCE(actor_session, ''), COALESCE(actor_version, 0),
			COALESCE(key_algorithm, ''), COALESCE(key_thumbprint, ''), COALESCE(key_jwk, ''), bound_at, proved_at, ended_at, ended_reason,
			true, name, roles, disabled, version`)
	plain := func(ctx context.Context, n int, now time.Time) error {
		id, h := filled(n)
		return scanByHand(f.pool.QueryRow(ctx, sql, id, h[:], generations[n].Add(1), now, grace.Overlap.Microseconds()))
	}
	var next atomic.Int64
	for _, clients := range []int{1, 64} {
		b.Run(fmt.Sprintf("clients=%d", clients), func(b *testing.B) {
			turn := func(refresh func(context.Context, int, time.Time) error) float64 {
				var all sync.WaitGroup
				begin := time.Now()
				for range clients {
					all.Go(func() {
						for range 1024 / clients {
							k := int(next.Add(1))
							n := k % sessions
							if err := refresh(b.Context(), n+1, t0.Add(time.Duration(k/sessions)*time.Minute)); err != nil {
								b.Error(err)
								return
							}
						}
					})
				}
				all.Wait()
				return float64(time.Since(begin).Microseconds()) / 1024
			}
			var costs, plains, ratios []float64
			for b.Loop() {
				our, their := turn(ours), turn(plain)
				costs, plains, ratios = append(costs, our), append(plains, their), append(ratios, our/their)
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(median(costs), "µs/refresh")
			b.ReportMetric(median(plains), "plain-µs/refresh")
			b.ReportMetric(median(ratios), "times-plain")
		})
	}
}
