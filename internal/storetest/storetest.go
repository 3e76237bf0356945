// Package storetest gives tests of what stands on a backend their stores: memory and a real
// Postgres, with two users in them, and one that fails on command.
package storetest

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/memory"
	"github.com/inga-auth/inga/backends/postgres"
	"github.com/inga-auth/inga/internal/pgtest"
)

// A Store is what both backends have.
type Store interface {
	backends.Store
	backends.Rotator
	backends.Directory
	backends.Users
}

// Each runs the test on memory and on a real Postgres, with the users of [AddUsers].
func Each(t *testing.T, test func(t *testing.T, s Store)) {
	t.Run("memory", func(t *testing.T) { test(t, Memory(t)) })
	t.Run("postgres", func(t *testing.T) {
		s := Postgres(t, pgtest.Pool(t), pgtest.Schema(t))
		AddUsers(t, s)
		test(t, s)
	})
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
