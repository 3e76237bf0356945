package redis_test

import (
	"testing"
	"time"

	"github.com/inga-auth/inga/backends/redis"
	cost "github.com/inga-auth/inga/internal/bench"
	"github.com/inga-auth/inga/internal/redistest"
)

// BenchmarkServerTime reports what an operation costs the server: where it keeps everything in
// memory, where it appends it to a file, and where a replica confirms it.
func BenchmarkServerTime(b *testing.B) {
	for _, c := range []struct {
		name   string
		config []string
	}{{"appendonly no", nil}, {"appendfsync everysec", second}, {"appendfsync always", aof}} {
		b.Run(c.name, func(b *testing.B) {
			server := redistest.Start(b, c.config...)
			s := open(b, redis.Config{Client: dial(b, server.Addr()), Timeout: time.Minute})
			cost.ServerTime(b, s, func() time.Duration { return cpu(b, server) })
		})
	}
	b.Run("cluster, confirmed", func(b *testing.B) {
		cluster := redistest.StartCluster(b, second...)
		s := open(b, redis.Config{Client: dial(b, cluster.Addrs()...), Confirm: 1, Timeout: time.Minute})
		masters := cluster.Masters(b)
		cost.ServerTime(b, s, func() (sum time.Duration) {
			for _, m := range masters {
				sum += cpu(b, m)
			}
			return sum
		})
	})
}
