package postgres_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/postgres"
	"github.com/inga-auth/inga/internal/bench"
	"github.com/inga-auth/inga/internal/pgtest"
)

// BenchmarkFind looks sessions up, in no order, among so many. Floor sends the same statement
// over the same pool and scans the same columns, by hand.
func BenchmarkFind(b *testing.B) {
	for _, sessions := range bench.Sizes() {
		b.Run(fmt.Sprintf("sessions=%d", sessions), func(b *testing.B) {
			f := open(b)
			fill(b, f, sessions)
			pick := func(i int) (string, backends.SecretHash) { return filled(i*7919%sessions + 1) }
			sql := findStatement(b, f)
			b.Run("Store", func(b *testing.B) {
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					id, h := pick(i)
					if _, _, err := f.Find(b.Context(), t0, id, h); err != nil {
						b.Fatal(err)
					}
				}
			})
			b.Run("Floor", func(b *testing.B) {
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					id, h := pick(i)
					if err := byHand(b.Context(), f, sql, id, h); err != nil {
						b.Fatal(err)
					}
				}
			})
			b.Run("Ratio", func(b *testing.B) {
				i := 0
				next := func() (string, backends.SecretHash) { i++; return pick(i) }
				bench.Ratio(b, 20, func() {
					id, h := next()
					_, _, err := f.Find(b.Context(), t0, id, h)
					check(b, err)
				}, func() {
					id, h := next()
					check(b, byHand(b.Context(), f, sql, id, h))
				})
			})
		})
	}
}

// findStatement returns what Find sends, seen on another pool: a tracer costs.
func findStatement(b *testing.B, f fixture) string {
	var sent recorder
	store := must(postgres.New(postgres.Config{Pool: pgtest.Pool(b, sent.use), Schema: f.schema}))(b)
	id, h := filled(1)
	_, _, err := store.Find(b.Context(), t0, id, h)
	check(b, err)
	return sent.take()[0].sql
}

func byHand(ctx context.Context, f fixture, sql, sessionID string, h backends.SecretHash) error {
	return scanByHand(f.pool.QueryRow(ctx, sql, sessionID, h[:]))
}

func scanByHand(r pgx.Row) error {
	var (
		id, user, kind, ip, agent, label, reason, name string
		actor, actorSession, algorithm, thumb, key     string
		amr, roles                                     []string
		created, authenticated, seen, idle, absolute   time.Time
		idleTimeout, interval, generation              int64
		version, actorVersion                          int64
		rotatedAt, seenAt, endedAt, boundAt, provedAt  pgtype.Timestamptz
		has, disabled                                  bool
	)
	return r.Scan(&id, &user, &kind, &ip, &agent, &label, &amr,
		&created, &authenticated, &seen, &idleTimeout, &interval, &idle, &absolute, &generation,
		&rotatedAt, &seenAt, &actor, &actorSession, &actorVersion, &algorithm, &thumb, &key, &boundAt, &provedAt,
		&endedAt, &reason, &has, &name, &roles, &disabled, &version)
}

// BenchmarkExtend counts activity of one session after another, each time as if an
// interval had passed. Floor is the barest update of a row by its key.
func BenchmarkExtend(b *testing.B) {
	for _, sessions := range bench.Sizes() {
		b.Run(fmt.Sprintf("sessions=%d", sessions), func(b *testing.B) {
			f := open(b)
			fill(b, f, sessions)
			ids := scan[[]string](b, f.pool, in(f.schema, "SELECT array_agg(id) FROM (SELECT id FROM {schema}.sessions LIMIT 1000) s"))
			now := t0
			b.Run("Store", func(b *testing.B) {
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					if i%len(ids) == 0 {
						now = now.Add(time.Minute)
					}
					// The absolute deadline is twelve hours away; past it there is nothing to extend.
					if now.After(t0.Add(11 * time.Hour)) {
						b.StopTimer()
						exec(b, f.pool, in(f.schema, "UPDATE {schema}.sessions SET last_seen_at = $1, idle_deadline = $2"), t0, t0.Add(30*time.Minute))
						now = t0.Add(time.Minute)
						b.StartTimer()
					}
					if _, ok, err := f.Extend(b.Context(), now, ids[i%len(ids)]); err != nil || !ok {
						b.Fatalf("Extend: %v, %v", ok, err)
					}
				}
			})
			b.Run("Floor", func(b *testing.B) {
				b.ReportAllocs()
				sql := in(f.schema, "UPDATE {schema}.sessions SET last_seen_at = $2, idle_deadline = $3 WHERE id = $1")
				for i := 0; b.Loop(); i++ {
					exec(b, f.pool, sql, ids[i%len(ids)], now, now)
				}
			})
		})
	}
}

// BenchmarkSweep walks a table in which nothing is dead.
func BenchmarkSweep(b *testing.B) {
	for _, sessions := range bench.Sizes() {
		b.Run(fmt.Sprintf("sessions=%d", sessions), func(b *testing.B) {
			f := open(b)
			fill(b, f, sessions)
			for b.Loop() {
				if n, err := f.Sweep(b.Context(), t0); err != nil || n != 0 {
					b.Fatalf("removed %d, error %v", n, err)
				}
			}
		})
	}
}
