package redis_test

import (
	"context"
	"sync"
	"testing"

	"github.com/redis/rueidis"

	"github.com/inga-auth/inga/backends/backendtest"
	"github.com/inga-auth/inga/backends/cache"
	"github.com/inga-auth/inga/backends/redis"
)

func TestACacheKeepsAllPromises(t *testing.T) {
	onBoth(t, func(t *testing.T, client rueidis.Client) {
		for mode, use := range map[string]func(testing.TB, *cache.Store){
			"followed":   follow,
			"unfollowed": func(testing.TB, *cache.Store) {},
		} {
			t.Run(mode, func(t *testing.T) {
				backendtest.Run(t, func(t *testing.T) backendtest.Harness {
					s := cached(t, cache.Config{Store: open(t, redis.Config{Client: client})})
					use(t, s)
					return backendtest.Harness{Store: s}
				})
			})
		}
	})
}

func cached(t testing.TB, c cache.Config) *cache.Store {
	t.Helper()
	s, err := cache.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// follow has the cache follow the feed until the test ends.
func follow(t testing.TB, s *cache.Store) {
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() { _ = s.Follow(ctx, nil) })
	t.Cleanup(func() {
		cancel()
		done.Wait()
	})
}
