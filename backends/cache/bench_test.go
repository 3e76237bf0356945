package cache_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends/cache"
	"github.com/inga-auth/inga/internal/bench"
)

// roomFor lets a cache hold n sessions, and more.
func roomFor(n int) func(*cache.Config) {
	return func(c *cache.Config) { c.MaxEntries, c.MaxBytes, c.MaxAge = 100*n, 10_000*n, time.Hour }
}

// crowded returns a cache that follows a feed and holds n sessions, and its backend.
func crowded(b *testing.B, n int) (*cache.Store, *crowd) {
	b.Helper()
	c := &crowd{}
	s := newCache(b, c, roomFor(n))
	follow(b, s)
	awaitFollowing(s)
	fill(b, s, n, true)
	return s, c
}

// BenchmarkMemory reports what a session takes in the cache, with the credentials that are
// remembered for it, beside its weight.
func BenchmarkMemory(b *testing.B) {
	for _, n := range bench.Sizes() {
		for name, tokens := range map[string]bool{"cookies": false, "cookies and tokens": true} {
			b.Run(fmt.Sprintf("sessions=%d/%s", n, name), func(b *testing.B) {
				var weight uint64
				bench.Weigh(b, n, func() any {
					s := newCache(b, &crowd{}, roomFor(n))
					fill(b, s, n, tokens)
					weight = s.Weight()
					return s
				})
				b.ReportMetric(float64(weight)/float64(n), "weight/session")
			})
		}
	}
}

// One of the allocations is the ID, which a request has in its credential.
func BenchmarkFind(b *testing.B) {
	for _, n := range bench.Sizes() {
		s, c := crowded(b, n)
		b.Run(fmt.Sprintf("sessions=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			before := c.reads.Load()
			for i := 0; b.Loop(); i++ {
				i := i * 7919 % n
				if _, _, err := s.Find(context.Background(), time.Now(), stringOf(i), hashOf(i)); err != nil {
					b.Fatal(err)
				}
			}
			if reads := c.reads.Load() - before; reads != 0 {
				b.Errorf("%d look-ups asked the backend: these are no hits", reads)
			}
		})
	}
}

func BenchmarkRecall(b *testing.B) {
	for _, n := range bench.Sizes() {
		s, _ := crowded(b, n)
		b.Run(fmt.Sprintf("sessions=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				i := i * 7919 % n
				if _, _, ok := s.Recall(time.Now(), idOf(i), digestOf(i, 'c')); !ok {
					b.Fatal("not recalled")
				}
			}
		})
	}
}

func BenchmarkMiss(b *testing.B) {
	s := newCache(b, &crowd{})
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, _, err := s.Find(context.Background(), time.Now(), stringOf(i), hashOf(i)); err != nil {
			b.Fatal(err)
		}
	}
}
