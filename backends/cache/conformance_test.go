package cache_test

import (
	"context"
	"os"
	"sync"
	"testing"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/backendtest"
	"github.com/inga-auth/inga/backends/cache"
	"github.com/inga-auth/inga/backends/memory"
	"github.com/inga-auth/inga/backends/postgres"
	"github.com/inga-auth/inga/internal/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// A full store has everything that a backend may have.
type full struct {
	*cache.Store
	backends.Users
}

func newCache(t testing.TB, b cache.Backend, edit ...func(*cache.Config)) *cache.Store {
	t.Helper()
	c := cache.Config{Store: b}
	for _, e := range edit {
		e(&c)
	}
	s, err := cache.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// follow has the store follow the feed until the test ends.
func follow(t testing.TB, s *cache.Store) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() { _ = s.Follow(ctx, nil) })
	t.Cleanup(func() {
		cancel()
		done.Wait()
	})
}

func TestTheCacheKeepsThePromisesOfItsBackend(t *testing.T) {
	pool := pgtest.Pool(t)
	for name, backend := range map[string]func(*testing.T) (cache.Backend, backends.Users){
		"memory": func(*testing.T) (cache.Backend, backends.Users) {
			m := memory.New()
			return m, m
		},
		"postgres": func(t *testing.T) (cache.Backend, backends.Users) {
			s, err := postgres.New(postgres.Config{Pool: pool, Schema: pgtest.Schema(t)})
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			users, err := s.Users()
			if err != nil {
				t.Fatal(err)
			}
			return s, users
		},
	} {
		for mode, use := range map[string]func(testing.TB, *cache.Store){
			"followed":   follow,
			"unfollowed": func(testing.TB, *cache.Store) {},
		} {
			t.Run(name+" "+mode, func(t *testing.T) {
				backendtest.Run(t, func(t *testing.T) backendtest.Harness {
					b, users := backend(t)
					s := newCache(t, b)
					use(t, s)
					return backendtest.Harness{Store: full{s, s.Users(users)}}
				})
			})
		}
	}
}

// The smallest cache there can be forgets nearly everything, and is right all the same.
func TestACacheThatHasNoRoomKeepsThePromises(t *testing.T) {
	backendtest.Run(t, func(t *testing.T) backendtest.Harness {
		m := memory.New()
		s := newCache(t, m, func(c *cache.Config) { c.MaxEntries, c.MaxBytes = 16, 16000 })
		return backendtest.Harness{Store: full{s, s.Users(m)}}
	})
}
