package memory_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/memory"
	"github.com/inga-auth/inga/internal/bench"
)

// A crowd is a store with ten sessions for each of its users, and how to find them.
type crowd struct {
	*memory.Store
	ids     []string
	secrets []backends.SecretHash
}

func noon() time.Time { return time.Date(2031, time.May, 6, 12, 0, 0, 0, time.UTC) }

// findAny looks a random session up by its ID and its secret.
func (c *crowd) findAny(ctx context.Context, now time.Time) (backends.Session, backends.User, error) {
	i := rand.IntN(len(c.ids))
	return c.Find(ctx, now, c.ids[i], c.secrets[i])
}

func userID(i int) string { return "user-" + strconv.Itoa(i) }

func session(userID string, now time.Time) backends.Session {
	return backends.Session{
		ID:               backends.NewID(userID),
		UserID:           userID,
		Kind:             backends.KindCookie,
		Client:           backends.NewClient("192.0.2.7:443", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", ""),
		AMR:              []string{"pwd"},
		CreatedAt:        now,
		AuthenticatedAt:  now,
		LastSeenAt:       now,
		IdleTimeout:      30 * time.Minute,
		RenewalInterval:  time.Microsecond,
		IdleDeadline:     now.Add(30 * time.Minute),
		AbsoluteDeadline: now.Add(1000 * time.Hour),
	}
}

func newCrowd(tb testing.TB, n int) *crowd {
	tb.Helper()
	ctx := context.Background()
	c := &crowd{Store: memory.New(), ids: make([]string, n), secrets: make([]backends.SecretHash, n)}
	for i := range n {
		user := userID(i / 10)
		if i%10 == 0 {
			if err := c.Users().CreateUser(ctx, backends.User{ID: user, Name: user, Roles: []string{"user", "admin"}}, ""); err != nil {
				tb.Fatal(err)
			}
		}
		s := session(user, noon())
		c.ids[i], c.secrets[i] = s.ID, backends.NewSecret().Hash()
		if _, err := c.Create(ctx, noon(), s, c.secrets[i], backends.CreateOptions{}); err != nil {
			tb.Fatal(err)
		}
	}
	return c
}

// measure runs f, which is given a random session of the crowd and the number of the call,
// with each size of crowd.
func measure(b *testing.B, f func(c *crowd, session, call int) error) {
	for _, n := range bench.Sizes() {
		c := newCrowd(b, n)
		b.Run(fmt.Sprintf("sessions=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			call := 0
			for b.Loop() {
				call++
				if err := f(c, rand.IntN(n), call); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkFind(b *testing.B) {
	ctx, now := context.Background(), noon()
	measure(b, func(c *crowd, i, _ int) error {
		_, _, err := c.Find(ctx, now, c.ids[i], c.secrets[i])
		return err
	})
}

func BenchmarkFindByID(b *testing.B) {
	ctx, now := context.Background(), noon()
	measure(b, func(c *crowd, i, _ int) error {
		_, _, err := c.Find(ctx, now, c.ids[i], backends.SecretHash{})
		return err
	})
}

// BenchmarkFloor is what Find cannot be cheaper than: one look into a map of that
// size and one into what it points to.
func BenchmarkFloor(b *testing.B) {
	for _, n := range bench.Sizes() {
		b.Run(fmt.Sprintf("sessions=%d", n), func(b *testing.B) {
			m, keys := make(map[backends.SecretHash]*backends.Session, n), make([]backends.SecretHash, n)
			for i := range keys {
				keys[i] = backends.NewSecret().Hash()
				m[keys[i]] = &backends.Session{ID: "x"}
			}
			b.ReportAllocs()
			for b.Loop() {
				if m[keys[rand.IntN(n)]].ID != "x" {
					b.Fatal("not found")
				}
			}
		})
	}
}

// BenchmarkExtend writes each time: every call is a microsecond later than the one before,
// and that is the interval of these sessions.
func BenchmarkExtend(b *testing.B) {
	ctx := context.Background()
	measure(b, func(c *crowd, i, call int) error {
		now := noon().Add(time.Duration(call) * time.Microsecond)
		if _, ok, err := c.Extend(ctx, now, c.ids[i]); !ok || err != nil {
			return fmt.Errorf("Extend: %v, %w", ok, err)
		}
		return nil
	})
}

func BenchmarkCreate(b *testing.B) {
	ctx := context.Background()
	measure(b, func(c *crowd, i, _ int) error {
		_, err := c.Create(ctx, noon(), session(userID(i/10), noon()), backends.NewSecret().Hash(), backends.CreateOptions{})
		return err
	})
}

// BenchmarkParallel is Find from all processors at once.
func BenchmarkParallel(b *testing.B) {
	ctx, now := context.Background(), noon()
	for _, n := range bench.Sizes() {
		c := newCrowd(b, n)
		b.Run(fmt.Sprintf("sessions=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, _, err := c.findAny(ctx, now); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}

// BenchmarkSweep sweeps sessions, a million at most, of which half are dead, while sessions are
// looked up all the time. It reports how long look-ups take, beside as much time without a
// sweep: the longest one, and the one that one in a thousand exceeds.
func BenchmarkSweep(b *testing.B) {
	n := slices.Max(bench.Sizes())
	for b.Loop() {
		b.StopTimer()
		c := newCrowd(b, n)
		for i := 0; i < n; i += 2 {
			if _, err := c.Revoke(context.Background(), noon(), c.ids[i], backends.ReasonLogout); err != nil {
				b.Fatal(err)
			}
		}
		now := noon().Add(backends.Retention)
		runtime.GC()
		b.StartTimer()
		begin := time.Now()
		sweeping := c.waits(b, now, func() {
			if removed, err := c.Sweep(context.Background(), now); removed != n/2 || err != nil {
				b.Fatalf("%d removed, error %v", removed, err)
			}
		})
		b.StopTimer()
		took := time.Since(begin)
		quiet := c.waits(b, noon(), func() { time.Sleep(took) })
		b.ReportMetric(float64(took.Milliseconds()), "ms/sweep")
		b.ReportMetric(micros(sweeping[len(sweeping)-1]), "longest-µs")
		b.ReportMetric(micros(quiet[len(quiet)-1]), "longest-without-µs")
		b.ReportMetric(micros(sweeping[len(sweeping)*999/1000]), "p99.9-µs")
		b.ReportMetric(micros(quiet[len(quiet)*999/1000]), "p99.9-without-µs")
		b.StartTimer()
	}
}

func micros(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }

// waits returns how long look-ups take while do runs, the shortest first.
func (c *crowd) waits(b *testing.B, now time.Time, do func()) []time.Duration {
	var done atomic.Bool
	all := make([]time.Duration, 0, 10_000_000) // before it begins, so that nothing is copied
	var looking sync.WaitGroup
	looking.Go(func() {
		for { // at least once
			begin := time.Now()
			_, _, _ = c.findAny(context.Background(), now)
			if all = append(all, time.Since(begin)); done.Load() || len(all) == cap(all) {
				return
			}
		}
	})
	do()
	done.Store(true)
	looking.Wait()
	slices.Sort(all)
	return all
}

// BenchmarkMemory reports what a stored session takes: with ten sessions for each user, and
// with one for each of as many users, who have no name.
func BenchmarkMemory(b *testing.B) {
	for _, n := range bench.Sizes() {
		b.Run(fmt.Sprintf("sessions=%d/each=10", n), func(b *testing.B) {
			bench.Weigh(b, n, func() any { return filled(b, n, 10, func(user string) string { return user }) })
		})
		b.Run(fmt.Sprintf("sessions=%d/each=1", n), func(b *testing.B) {
			bench.Weigh(b, n, func() any { return filled(b, n, 1, func(string) string { return "" }) })
		})
	}
}

// filled returns a store with n sessions, so many for each user.
func filled(tb testing.TB, n, each int, name func(user string) string) *memory.Store {
	tb.Helper()
	m := memory.New()
	for i := range n {
		user := userID(i / each)
		if i%each == 0 {
			if err := m.Users().CreateUser(tb.Context(), backends.User{ID: user, Name: name(user), Roles: []string{"user"}}, ""); err != nil {
				tb.Fatal(err)
			}
		}
		if _, err := m.Create(tb.Context(), noon(), session(user, noon()), backends.NewSecret().Hash(), backends.CreateOptions{}); err != nil {
			tb.Fatal(err)
		}
	}
	return m
}
