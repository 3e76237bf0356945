package storetest

import (
	"testing"

	"github.com/redis/rueidis"

	"github.com/inga-auth/inga/backends/redis"
	"github.com/inga-auth/inga/internal/redistest"
)

// Each runs the test on one Redis and on a cluster, and on either through a cache, with the users
// of [AddUsers].
func Each(t *testing.T, test func(t *testing.T, s Store)) {
	t.Run("redis", func(t *testing.T) { test(t, server(t)) })
	t.Run("cluster", func(t *testing.T) { test(t, cluster(t)) })
	EachCached(t, test)
}

// EachCached is [Each] through a cache only.
func EachCached(t *testing.T, test func(t *testing.T, s Store)) {
	t.Run("redis, cached", func(t *testing.T) { test(t, Cached(t, server(t))) })
	t.Run("cluster, cached", func(t *testing.T) { test(t, Cached(t, cluster(t))) })
}

func server(t testing.TB) *redis.Store { return opened(t, redistest.Shared(t).Addr()) }

func cluster(t testing.TB) *redis.Store { return opened(t, redistest.SharedCluster(t).Addrs()...) }

func opened(t testing.TB, addrs ...string) *redis.Store {
	t.Helper()
	client, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: addrs, DisableCache: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	s, err := redis.New(redis.Config{Client: client, Prefix: redistest.Prefix(t) + ":"})
	if err != nil {
		t.Fatal(err)
	}
	AddUsers(t, s)
	return s
}
