package cache_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/cache"
	"github.com/inga-auth/inga/internal/floor"
)

// A crowd is a backend with any number of sessions, which takes no memory: the first bytes of
// a hash are the number of its session. What it returns has strings of its own, as what is
// read from a connection has.
type crowd struct {
	cache.Backend
	reads atomic.Int64
}

func hashOf(i int) (h backends.SecretHash) {
	binary.LittleEndian.PutUint64(h[:], uint64(i)+1)
	return h
}

func (c *crowd) FindBySecret(_ context.Context, now time.Time, h backends.SecretHash) (backends.Session, backends.User, error) {
	c.reads.Add(1)
	i := binary.LittleEndian.Uint64(h[:])
	user := fmt.Sprintf("user-%09d", i/3)
	s := backends.Session{
		ID: fmt.Sprintf("%026d", i), UserID: user, Kind: backends.KindCookie, AMR: []string{strings.Clone("pwd")},
		Client: backends.Client{
			IP:        fmt.Sprintf("192.0.2.%d", i%256),
			UserAgent: fmt.Sprintf("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/%d Safari/605.1.15", i%32),
		},
		CreatedAt: now, AuthenticatedAt: now, LastSeenAt: now,
		IdleTimeout: time.Hour, RenewalInterval: time.Minute, IdleDeadline: now.Add(time.Hour), AbsoluteDeadline: now.Add(time.Hour),
	}
	return s, backends.User{ID: user, Roles: []string{strings.Clone("user")}, Version: 1}, nil
}

// Watch implements [backends.Feed]: nothing ever changes.
func (*crowd) Watch(ctx context.Context, every time.Duration, l backends.Listener) error {
	l.Listening()
	for {
		l.UpToDate(time.Now())
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(every / 2):
		}
	}
}

// crowded returns a cache that hears of changes, in which n sessions are remembered, and what
// they were read from.
func crowded(b *testing.B, n int) (*cache.Store, *crowd) {
	b.Helper()
	c := &crowd{}
	s := newCache(b, c, func(c *cache.Config) { c.MaxEntries, c.MaxBytes = 100*n, 10_000*n })
	follow(b, s)
	for !s.Following() {
		time.Sleep(time.Millisecond)
	}
	fill(b, s, n)
	return s, c
}

// note stands for what package jwtauth remembers of a token.
type note struct{ claims [300]byte }

// fill has the cache read n sessions and remember a cookie of each, and a token of every
// other one.
func fill(b testing.TB, s *cache.Store, n int) {
	for i := range n {
		row, _, err := s.FindBySecret(context.Background(), time.Now(), hashOf(i))
		if err != nil {
			b.Fatal(err)
		}
		h := hashOf(i)
		h[31] = 'c'
		s.Remember(backends.CredentialHash(h), row, nil, 0)
		if i%2 == 0 {
			h[31] = 't'
			s.Remember(backends.CredentialHash(h), row, &note{}, len(note{}.claims))
		}
	}
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkMemory reports what a session takes in the cache, with the credentials that are
// remembered of it, beside what the cache counts it as.
func BenchmarkMemory(b *testing.B) {
	for _, n := range floor.Sizes() {
		b.Run(fmt.Sprintf("sessions=%d", n), func(b *testing.B) {
			for b.Loop() {
				before := heap()
				s := newCache(b, &crowd{}, func(c *cache.Config) { c.MaxEntries, c.MaxBytes = 100*n, 10_000*n })
				fill(b, s, n)
				b.ReportMetric(float64(heap()-before)/float64(n), "B/session")
				b.ReportMetric(float64(s.Weight())/float64(n), "counted-B/session")
				runtime.KeepAlive(s)
			}
		})
	}
}

func BenchmarkFindBySecret(b *testing.B) {
	for _, n := range floor.Sizes() {
		s, c := crowded(b, n)
		b.Run(fmt.Sprintf("sessions=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			before := c.reads.Load()
			for i := 0; b.Loop(); i++ {
				if _, _, err := s.FindBySecret(context.Background(), time.Now(), hashOf(i*7919%n)); err != nil {
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
	for _, n := range floor.Sizes() {
		s, _ := crowded(b, n)
		b.Run(fmt.Sprintf("sessions=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				h := hashOf(i * 7919 % n)
				h[31] = 'c'
				if _, _, _, ok := s.Recall(time.Now(), backends.CredentialHash(h)); !ok {
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
		if _, _, err := s.FindBySecret(context.Background(), time.Now(), hashOf(i)); err != nil {
			b.Fatal(err)
		}
	}
}
