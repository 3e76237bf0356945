package redis_test

import (
	"context"
	"log"

	"github.com/redis/rueidis"

	"github.com/inga-auth/inga/backends/cache"
	"github.com/inga-auth/inga/backends/redis"
)

// A cluster of which each end is confirmed by a replica, with a cache before it.
func Example() {
	ctx := context.Background()
	client, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{"redis-1:6379", "redis-2:6379"}, DisableCache: true})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	store, err := redis.New(redis.Config{Client: client, Confirm: 1})
	if err != nil {
		log.Fatal(err)
	}
	warnings, err := store.Check(ctx)
	if err != nil {
		log.Fatal(err)
	}
	for _, w := range warnings {
		log.Print(w)
	}
	cached, err := cache.New(cache.Config{Store: store})
	if err != nil {
		log.Fatal(err)
	}
	go func() { _ = cached.Follow(ctx, nil) }()
	// cached is the Store of session.Config.
}
