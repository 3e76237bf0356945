package redis_test

import (
	"slices"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/redis"
	"github.com/inga-auth/inga/internal/redistest"
)

func TestBehindSentinelAnEndHoldsAndIsHeardAfterAFailover(t *testing.T) {
	sentinel := redistest.StartSentinel(t, aof...)
	client, err := rueidis.NewClient(rueidis.ClientOption{
		InitAddress: []string{sentinel.Addr()}, DisableCache: true, Sentinel: rueidis.SentinelOption{MasterSet: redistest.MasterSet},
	})
	check(t, err)
	t.Cleanup(client.Close)
	s := open(t, redis.Config{Client: client, Confirm: 1})
	join(t, s, "ann")
	lives, _ := login(t, s, "ann")
	over, _ := login(t, s, "ann")
	w := watch(t, s)
	revoke(t, s, over.ID)
	if heard := w.await(t, time.Now()); !slices.Contains(heard, "ann") {
		t.Errorf("heard %q, want ann", heard)
	}
	master, replica := sentinel.Nodes[0], sentinel.Nodes[1]
	master.Kill()
	w.over(t)
	sentinel.AwaitFailover(t, replica)
	awaitServing(t, s, over.ID)
	finds(t, s, over.ID, backends.ErrRevoked)
	finds(t, s, lives.ID, nil)

	alone := open(t, redis.Config{Client: client}) // no replica is left to confirm
	join(t, alone, "bob")
	n, _ := login(t, alone, "bob")
	again := watch(t, alone)
	revoke(t, alone, n.ID)
	if heard := again.await(t, time.Now()); !slices.Contains(heard, "bob") {
		t.Errorf("heard %q, want bob", heard)
	}
}
