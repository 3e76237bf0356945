package redis_test

import (
	"testing"

	"github.com/redis/rueidis"

	"github.com/inga-auth/inga/backends/backendtest"
	"github.com/inga-auth/inga/backends/redis"
	"github.com/inga-auth/inga/internal/redistest"
)

func TestOneServerKeepsAllPromises(t *testing.T) {
	client := dial(t, redistest.Shared(t).Addr())
	backendtest.Run(t, func(t *testing.T) backendtest.Harness {
		return backendtest.Harness{Store: open(t, redis.Config{Client: client})}
	})
}

func TestAClusterKeepsAllPromises(t *testing.T) {
	client := dial(t, redistest.SharedCluster(t).Addrs()...)
	backendtest.Run(t, func(t *testing.T) backendtest.Harness {
		return backendtest.Harness{Store: open(t, redis.Config{Client: client})}
	})
}

func TestAClusterThatConfirmsKeepsAllPromises(t *testing.T) {
	client := dial(t, redistest.SharedCluster(t).Addrs()...)
	backendtest.Run(t, func(t *testing.T) backendtest.Harness {
		return backendtest.Harness{Store: open(t, redis.Config{Client: client, Confirm: 1})}
	})
}

// dial returns a client of the server or cluster.
func dial(t testing.TB, addrs ...string) rueidis.Client {
	t.Helper()
	client, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: addrs, DisableCache: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

// open returns an empty store.
func open(t testing.TB, c redis.Config) *redis.Store {
	t.Helper()
	if c.Prefix == "" {
		c.Prefix = redistest.Prefix(t) + ":"
	}
	s, err := redis.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
