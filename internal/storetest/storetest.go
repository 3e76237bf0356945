// Package storetest opens stores for the tests of packages that use one: memory and a real
// Postgres, each also through a cache, with two users in them, and one that fails on command.
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

// A Store has all contracts of package backends.
type Store interface {
	backends.Store
	backends.Rotator
	backends.SessionLister
	backends.Sweeper
	backends.Values
	backends.Binder
	backends.Feed
	backends.Subscriber
	backends.UserFinder
	backends.UserStore
}

var (
	_ Store = (*memory.Store)(nil)
	_ Store = (*postgres.Store)(nil)
	_ Store = (*cache.Store)(nil)
)

// Memory returns a store in memory with the users of [AddUsers].
func Memory(t testing.TB) *memory.Store {
	t.Helper()
	s := memory.New()
	AddUsers(t, s)
	return s
}

// Postgres returns a store over the pool, whose schema is migrated. It adds no users: several
// stores may be over one schema.
func Postgres(t testing.TB, pool *pgxpool.Pool, schema string) *postgres.Store {
	t.Helper()
	s, err := postgres.New(postgres.Config{Pool: pool, Schema: schema})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Migrate(context.Background()); err != nil {
		t.Fatal(err)
	}
	return s
}

func postgresWithUsers(t testing.TB) *postgres.Store {
	t.Helper()
	s := Postgres(t, pgtest.Pool(t), pgtest.Schema(t))
	AddUsers(t, s)
	return s
}

// Cached returns a cache of the store, which follows its feed until the test ends.
func Cached(t testing.TB, s backends.Store, edit ...func(*cache.Config)) *cache.Store {
	t.Helper()
	config := cache.Config{Store: s}
	for _, e := range edit {
		e(&config)
	}
	c, err := cache.New(config)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() { _ = c.Follow(ctx, nil) })
	t.Cleanup(func() {
		cancel()
		done.Wait()
	})
	return c
}

// AddUsers adds ann, whose ID is 1 and who has the role user, and root, whose ID is 2 and who
// has the roles user and admin.
func AddUsers(t testing.TB, s backends.UserStore) {
	t.Helper()
	for _, u := range []backends.User{
		{ID: "1", Name: "ann", Roles: []string{"user"}},
		{ID: "2", Name: "root", Roles: []string{"user", "admin"}},
	} {
		if err := s.Users().CreateUser(context.Background(), u, ""); err != nil {
			t.Fatal(err)
		}
	}
}
