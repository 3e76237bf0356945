package cache_test

import (
	"os"
	"testing"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/backendtest"
	"github.com/inga-auth/inga/backends/cache"
	"github.com/inga-auth/inga/backends/memory"
	"github.com/inga-auth/inga/backends/postgres"
	"github.com/inga-auth/inga/internal/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

func TestTheCacheKeepsThePromisesOfItsBackend(t *testing.T) {
	pool := pgtest.Pool(t)
	for name, backend := range map[string]func(*testing.T) backends.Store{
		"memory": func(*testing.T) backends.Store { return memory.New() },
		"postgres": func(t *testing.T) backends.Store {
			s, err := postgres.New(postgres.Config{Pool: pool, Schema: pgtest.Schema(t)})
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			return s
		},
	} {
		for mode, use := range map[string]func(testing.TB, *cache.Store){
			"followed":   follow,
			"unfollowed": func(testing.TB, *cache.Store) {},
		} {
			t.Run(name+" "+mode, func(t *testing.T) {
				backendtest.Run(t, func(t *testing.T) backendtest.Harness {
					s := newCache(t, backend(t))
					use(t, s)
					return backendtest.Harness{Store: s}
				})
			})
		}
	}
}

// The smallest cache evicts nearly everything.
func TestACacheWithoutRoomKeepsThePromises(t *testing.T) {
	backendtest.Run(t, func(t *testing.T) backendtest.Harness {
		return backendtest.Harness{Store: newCache(t, memory.New(), func(c *cache.Config) { c.MaxEntries, c.MaxBytes = 16, 16000 })}
	})
}

func TestACacheOfAMinimalStoreKeepsThePromises(t *testing.T) {
	backendtest.Run(t, func(t *testing.T) backendtest.Harness {
		m := memory.New()
		minimal := struct {
			backends.Store
			backends.UserStore
		}{m, m}
		return backendtest.Harness{Store: newCache(t, minimal)}
	})
}
