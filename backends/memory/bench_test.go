package memory_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/memory"
)

// sizes are the numbers of stored sessions between which no cost may grow, beyond what the
// processor's caches do not hold.
func sizes() []int { return []int{1_000, 1_000_000} }

// A crowd is a store with ten sessions for each of its users, and how to find them.
type crowd struct {
	*memory.Store
	ids     []string
	secrets []backends.SecretHash
}

func noon() time.Time { return time.Date(2031, time.May, 6, 12, 0, 0, 0, time.UTC) }

func userID(i int) string { return "user-" + strconv.Itoa(i) }

func session(userID string, now time.Time) backends.Session {
	return backends.Session{
		ID:               backends.NewID(),
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
			if err := c.CreateUser(ctx, backends.User{ID: user, Name: user, Roles: []string{"user", "admin"}}, ""); err != nil {
				tb.Fatal(err)
			}
		}
		s := session(user, noon())
		c.ids[i], c.secrets[i] = s.ID, backends.NewSecret().Hash()
		if _, err := c.Create(ctx, noon(), s, c.secrets[i], backends.Admission{}); err != nil {
			tb.Fatal(err)
		}
	}
	return c
}

// bench runs f, which is given a random session of the crowd and the number of the call,
// with each size of crowd.
func bench(b *testing.B, f func(c *crowd, session, call int) error) {
	for _, n := range sizes() {
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

func BenchmarkFindBySecret(b *testing.B) {
	ctx, now := context.Background(), noon()
	bench(b, func(c *crowd, i, _ int) error {
		_, _, err := c.FindBySecret(ctx, now, c.secrets[i])
		return err
	})
}

func BenchmarkFindByID(b *testing.B) {
	ctx, now := context.Background(), noon()
	bench(b, func(c *crowd, i, _ int) error {
		_, _, err := c.FindByID(ctx, now, c.ids[i])
		return err
	})
}

// BenchmarkFloor is what FindBySecret cannot be cheaper than: one look into a map of that
// size and one into what it points to.
func BenchmarkFloor(b *testing.B) {
	for _, n := range sizes() {
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
	bench(b, func(c *crowd, i, call int) error {
		now := noon().Add(time.Duration(call) * time.Microsecond)
		if ok, err := c.Extend(ctx, now, c.ids[i], now.Add(30*time.Minute)); !ok || err != nil {
			return fmt.Errorf("Extend: %v, %w", ok, err)
		}
		return nil
	})
}

func BenchmarkCreate(b *testing.B) {
	ctx := context.Background()
	bench(b, func(c *crowd, i, _ int) error {
		_, err := c.Create(ctx, noon(), session(userID(i/10), noon()), backends.NewSecret().Hash(), backends.Admission{})
		return err
	})
}

// BenchmarkParallel is FindBySecret from all processors at once.
func BenchmarkParallel(b *testing.B) {
	ctx, now := context.Background(), noon()
	for _, n := range sizes() {
		c := newCrowd(b, n)
		b.Run(fmt.Sprintf("sessions=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, _, err := c.FindBySecret(ctx, now, c.secrets[rand.IntN(n)]); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}

func BenchmarkSweep(b *testing.B) {
	c := newCrowd(b, 100_000)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Sweep(context.Background(), noon()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkMemory reports what a stored session takes.
func BenchmarkMemory(b *testing.B) {
	const n = 100_000
	ctx := context.Background()
	for b.Loop() {
		before := heap()
		m := memory.New()
		for i := range n {
			user := userID(i / 10)
			if i%10 == 0 {
				_ = m.CreateUser(ctx, backends.User{ID: user, Name: user, Roles: []string{"user"}}, "")
			}
			_, _ = m.Create(ctx, noon(), session(user, noon()), backends.NewSecret().Hash(), backends.Admission{})
		}
		b.ReportMetric(float64(heap()-before)/n, "B/session")
		if _, err := m.Sweep(ctx, noon()); err != nil { // keeps m alive until here
			b.Fatal(err)
		}
	}
}
