// Package storetest gives tests of what stands on a backend their stores: memory and a real
// Postgres, with two users in them, and one that fails on command.
package storetest

import (
	"context"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/cache"
	"github.com/inga-auth/inga/backends/memory"
	"github.com/inga-auth/inga/backends/postgres"
	"github.com/inga-auth/inga/internal/pgtest"
)

// A Store is what both backends have.
type Store interface {
	cache.Backend
	backends.Users
}

// Each runs the test on memory and on a real Postgres, and on either through a cache, with
// the users of [AddUsers].
func Each(t *testing.T, test func(t *testing.T, s Store)) {
	t.Run("memory", func(t *testing.T) { test(t, Memory(t)) })
	t.Run("memory, cached", func(t *testing.T) { test(t, Cached(t, Memory(t))) })
	postgres := func(t *testing.T) Store {
		s := Postgres(t, pgtest.Pool(t), pgtest.Schema(t))
		AddUsers(t, s)
		return s
	}
	t.Run("postgres", func(t *testing.T) { test(t, postgres(t)) })
	t.Run("postgres, cached", func(t *testing.T) { test(t, Cached(t, postgres(t))) })
}

// Cached returns the store through a [Cache], with its users.
func Cached(t testing.TB, s Store) Store {
	t.Helper()
	c := Cache(t, s)
	return struct {
		*cache.Store
		backends.Users
	}{c, c.Users(s)}
}

// Memory returns a store in memory with the users of [AddUsers].
func Memory(t testing.TB) *memory.Store {
	t.Helper()
	s := memory.New()
	AddUsers(t, s)
	return s
}

// Postgres returns a store over the pool, whose schema is migrated. It adds no users: several
// stores may be over one schema.
func Postgres(t testing.TB, pool *pgxpool.Pool, schema string) Store {
	t.Helper()
	s, err := postgres.New(postgres.Config{Pool: pool, Schema: schema})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Migrate(context.Background()); err != nil {
		t.Fatal(err)
	}
	users, err := s.Users()
	if err != nil {
		t.Fatal(err)
	}
	return struct {
		*postgres.Store
		*postgres.Users
	}{s, users}
}

// AddUsers adds ann, whose ID is 1 and who has the role user, and root, whose ID is 2 and who
// has the roles user and admin.
func AddUsers(t testing.TB, users backends.Users) {
	t.Helper()
	for _, u := range []backends.User{
		{ID: "1", Name: "ann", Roles: []string{"user"}},
		{ID: "2", Name: "root", Roles: []string{"user", "admin"}},
	} {
		if err := users.CreateUser(context.Background(), u, ""); err != nil {
			t.Fatal(err)
		}
	}
}

// Cache returns a cache around the backend, which follows its feed until the test ends.
func Cache(t testing.TB, b cache.Backend, edit ...func(*cache.Config)) *cache.Store {
	t.Helper()
	c := cache.Config{Store: b}
	for _, e := range edit {
		e(&c)
	}
	s, err := cache.New(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() { _ = s.Follow(ctx, nil) })
	t.Cleanup(func() {
		cancel()
		done.Wait()
	})
	return s
}
