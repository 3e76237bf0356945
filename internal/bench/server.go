package bench

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
)

// ServerTime reports what each operation costs the server of a store, while 64 clients wait for
// one each: used returns the processor time that the server has taken so far. The clients' own
// time and other load on the machine do not count.
func ServerTime(b *testing.B, s backends.Store, used func() time.Duration) {
	for _, op := range []struct {
		name string
		do   func(ctx context.Context, s backends.Store, n backends.Session) error
	}{
		{"look-up", func(ctx context.Context, s backends.Store, n backends.Session) error {
			_, _, err := s.Find(ctx, begun, n.ID, secret)
			return err
		}},
		{"activity", func(ctx context.Context, s backends.Store, n backends.Session) error {
			_, _, err := s.Extend(ctx, begun.Add(5*time.Minute), n.ID)
			return err
		}},
		{"refresh", func(ctx context.Context, s backends.Store, n backends.Session) error {
			_, _, _, err := s.(backends.Rotator).Rotate(ctx, begun.Add(5*time.Minute), n.ID, secret, 1, backends.Grace{Overlap: time.Minute})
			return err
		}},
		{"login", func(ctx context.Context, s backends.Store, n backends.Session) error {
			_, err := s.Create(ctx, begun, sessionOf(n.UserID), secret, backends.CreateOptions{})
			return err
		}},
		{"login, limited", func(ctx context.Context, s backends.Store, n backends.Session) error {
			_, err := s.Create(ctx, begun, sessionOf(n.UserID), secret, backends.CreateOptions{Limit: backends.Limit{Total: 10}.ForAll})
			return err
		}},
		{"logout", func(ctx context.Context, s backends.Store, n backends.Session) error {
			_, err := s.Revoke(ctx, begun, n.ID, backends.ReasonLogout)
			return err
		}},
	} {
		b.Run(op.name, func(b *testing.B) {
			all := opened(b, s, b.N)
			before := used()
			b.ResetTimer()
			crowd(b, b.N, func(i int) error { return op.do(b.Context(), s, all[i]) })
			b.StopTimer()
			b.ReportMetric(float64((used()-before).Nanoseconds())/1e3/float64(b.N), "server-µs/op")
		})
	}
}

var (
	begun  = time.Date(2031, time.May, 6, 12, 0, 0, 0, time.UTC)
	secret = backends.SecretHash{1}
)

func sessionOf(userID string) backends.Session {
	n := backends.Session{
		ID: backends.NewID(userID), UserID: userID, Kind: backends.KindCookie, AMR: []string{"pwd"},
		Client:    backends.Client{IP: netip.MustParseAddr("192.0.2.7"), UserAgent: "Mozilla/5.0 " + strings.Repeat("x", 88)},
		CreatedAt: begun, IdleTimeout: 30 * time.Minute, RenewalInterval: time.Minute,
		Refresh: backends.Refresh{Generation: 1, RotatedAt: begun},
	}
	n.Begin(begun, 12*time.Hour)
	return n
}

// opened returns n new sessions, ten for each of new users.
func opened(b *testing.B, s backends.Store, n int) []backends.Session {
	b.Helper()
	const each = 10
	all := make([]backends.Session, n)
	crowd(b, (n+each-1)/each, func(u int) error {
		user := backends.NewID("")
		if err := s.(backends.UserStore).Users().CreateUser(b.Context(), backends.User{ID: user, Name: user, Roles: []string{"user"}}, ""); err != nil {
			return err
		}
		for i := u * each; i < min(n, (u+1)*each); i++ {
			all[i] = sessionOf(user)
			if _, err := s.Create(b.Context(), begun, all[i], secret, backends.CreateOptions{}); err != nil {
				return err
			}
		}
		return nil
	})
	return all
}

// crowd has 64 clients do n things, which have the numbers from 0.
func crowd(b *testing.B, n int, do func(i int) error) {
	b.Helper()
	var next atomic.Int64
	var all sync.WaitGroup
	errs := make(chan error, 64)
	for range cap(errs) {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				if err := do(i); err != nil {
					errs <- fmt.Errorf("%d: %w", i, err)
					return
				}
			}
		})
	}
	all.Wait()
	close(errs)
	for err := range errs {
		b.Fatal(err)
	}
}
