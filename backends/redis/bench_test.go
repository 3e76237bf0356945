package redis_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/redis"
	"github.com/inga-auth/inga/internal/redistest"
)

const benchSessions = 10_000

// BenchmarkFind compares a look-up with two reads by hand over the same client, which is the least
// that can return a session with its user: with 1 and with 64 clients, and the time that the server's
// process takes for each.
func BenchmarkFind(b *testing.B) {
	server := redistest.Start(b)
	client := dial(b, server.Addr())
	s := open(b, redis.Config{Client: client, Prefix: "inga:"})
	ids := fill(b, s, benchSessions/10, 10)
	find := func(ctx context.Context, n int) error {
		_, _, err := s.Find(ctx, t0, ids[n%len(ids)], backends.SecretHash{})
		return err
	}
	hand := func(ctx context.Context, n int) error {
		id := ids[n%len(ids)]
		results := client.DoMulti(ctx,
			client.B().Get().Key("inga:s:{"+id[:2]+"}"+id[2:]).Build(),
			client.B().Hgetall().Key("inga:u:{"+id[:2]+"}"+id[2:4]).Build())
		return errors.Join(results[0].Error(), results[1].Error())
	}
	for _, clients := range []int{1, 64} {
		b.Run(fmt.Sprintf("clients=%d/store", clients), func(b *testing.B) { bench(b, client, clients, find) })
		b.Run(fmt.Sprintf("clients=%d/hand", clients), func(b *testing.B) { bench(b, client, clients, hand) })
	}
}

// bench runs do with so many clients at once, and reports the time of the server for each.
func bench(b *testing.B, client rueidis.Client, clients int, do func(ctx context.Context, n int) error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	before := serverTime(b, client)
	var next atomic.Int64
	done := make(chan error, clients)
	b.ReportAllocs()
	b.ResetTimer()
	for range clients {
		go func() {
			for n := int(next.Add(1)); n <= b.N; n = int(next.Add(1)) {
				if err := do(ctx, n); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range clients {
		check(b, <-done)
	}
	b.StopTimer()
	b.ReportMetric(float64((serverTime(b, client)-before).Nanoseconds())/float64(b.N), "server-ns/op")
}

// serverTime returns how much processor time the server has taken.
func serverTime(b testing.TB, client rueidis.Client) time.Duration {
	b.Helper()
	var sum time.Duration
	for _, field := range []string{"used_cpu_user", "used_cpu_sys"} {
		sum += must(time.ParseDuration(infoText(b, client, "cpu", field) + "s"))(b)
	}
	return sum
}
