package peers_test

import (
	"context"
	"crypto/rand"
	"strconv"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/alexedwards/scs/v2/memstore"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/memory"
	"github.com/inga-auth/inga/internal/bench"
)

// BenchmarkMemory reports what a million sessions take, ten for each user.
func BenchmarkMemory(b *testing.B) {
	n := 1_000_000
	if testing.Short() {
		n = 1_000
	}
	for _, p := range []struct {
		name string
		fill func(b *testing.B, n int) any
	}{
		{"by hand", mapByHand},
		{"inga", storeOfInga},
		{"scs", storeOfScs},
	} {
		b.Run(p.name, func(b *testing.B) {
			bench.Weigh(b, n, func() any { return p.fill(b, n) })
		})
	}
}

func userOf(session int) string { return "user-" + strconv.Itoa(session/10) }

// mapByHand keeps what a guarded request cannot do without: who, and until when.
func mapByHand(_ *testing.B, n int) any {
	type session struct {
		user                string
		seen, idle, expires int64
	}
	sessions := make(map[[32]byte]session)
	now := time.Now()
	for i := range n {
		var hash [32]byte
		_, _ = rand.Read(hash[:])
		sessions[hash] = session{userOf(i), now.UnixMicro(), now.Add(idle).UnixMicro(), now.Add(absolute).UnixMicro()}
	}
	return sessions
}

func storeOfInga(b *testing.B, n int) any {
	b.Helper()
	store, now := memory.New(), time.Now()
	client := backends.NewClient("192.0.2.7:443", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "")
	for i := range n {
		id := userOf(i)
		if i%10 == 0 {
			if err := store.Users().CreateUser(b.Context(), backends.User{ID: id, Name: id, Roles: []string{"user"}}, ""); err != nil {
				b.Fatal(err)
			}
		}
		s := backends.Session{
			ID: backends.NewID(id), UserID: id, Kind: backends.KindCookie, Client: client, AMR: []string{"pwd"},
			CreatedAt: now, IdleTimeout: idle, RenewalInterval: idle / 10,
		}
		s.Begin(now, absolute)
		if _, err := store.Create(b.Context(), now, s, backends.NewSecret().Hash(), backends.CreateOptions{}); err != nil {
			b.Fatal(err)
		}
	}
	return store
}

func storeOfScs(b *testing.B, n int) any {
	b.Helper()
	manager := scs.New()
	manager.Store = memstore.NewWithCleanupInterval(0)
	manager.Lifetime, manager.IdleTimeout = absolute, idle
	for i := range n {
		ctx, err := manager.Load(context.Background(), "")
		if err != nil {
			b.Fatal(err)
		}
		manager.Put(ctx, "user", userOf(i))
		if _, _, err := manager.Commit(ctx); err != nil {
			b.Fatal(err)
		}
	}
	return manager
}
