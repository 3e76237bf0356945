package proof_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/inga-auth/inga/backends/redis"
	"github.com/inga-auth/inga/internal/redistest"
)

// redisTimeout bounds each call of the store: some fail while a node is down.
const redisTimeout = 2 * time.Second

// connectRedis opens the store on a cluster. A replica confirms each end.
func (a *app) connectRedis(ctx context.Context) error {
	client, err := rueidis.NewClient(rueidis.ClientOption{
		InitAddress: a.settings.Redis, DisableCache: true,
		// A node that does not answer is given up, and the client learns who has its slots.
		ConnWriteTimeout: redisTimeout,
	})
	if err != nil {
		return err
	}
	store, err := redis.New(redis.Config{Client: client, Confirm: 1, Timeout: a.settings.Timeout})
	if err != nil {
		return err
	}
	return a.cache(ctx, store)
}

// startRedisFleet starts three processes on a cluster of three masters and three replicas.
func startRedisFleet(t *testing.T, s settings, edit func(i int, s *settings)) (*fleet, *redistest.Cluster) {
	t.Helper()
	cluster := redistest.StartCluster(t, "--appendonly", "yes")
	s.Redis, s.Keys, s.Timeout = cluster.Addrs(), newKeys(), redisTimeout
	f := &fleet{}
	for i := range 3 {
		its := s
		edit(i, &its)
		p := newProcess(fmt.Sprint("p", i))
		p.persistent = true
		p.start(t, its)
		f.processes = append(f.processes, p)
	}
	f.awaitHealth(t)
	return f, cluster
}

// TestModelOnACluster is [TestModel] on a Redis Cluster whose nodes are killed, paused and replaced
// meanwhile. Clients ask again when the answer is 503.
func TestModelOnACluster(t *testing.T) {
	f, cluster := startRedisFleet(t, settings{MaxLag: modelLag(), AccessTTL: accessTTL(), Overlap: overlap, Leeway: leeway},
		func(i int, s *settings) {
			if i == 2 {
				s.MaxEntries = 16 // forgets nearly all, all the time
			}
		})
	m := newModel(t, f)
	m.nature = func(stop chan struct{}) { storm(t, cluster, dice(t, 3), stop) }
	m.play(t)
	m.last()
	m.judgeThefts(t)
	m.report(t)
	for _, p := range f.processes {
		t.Logf("%s was asked again %d times", p.name, p.again.Load())
	}
}

// storm has something happen to the cluster again and again, until stop.
func storm(t *testing.T, c *redistest.Cluster, r *rand.Rand, stop chan struct{}) {
	for {
		masters := c.Masters(t)
		m := pick(r, masters)
		switch r.IntN(5) {
		case 0: // a master dies
			m.Kill()
			c.AwaitFailover(t, m)
			m.Restart(t)
		case 1: // a master is suspended for as long as it takes to replace it
			resume := m.Pause(t)
			c.AwaitFailover(t, m)
			resume()
		case 2: // a master is suspended for a moment
			resume := m.Pause(t)
			<-time.After(between(r, 0, redistest.NodeTimeout/2))
			resume()
		case 3: // an operator exchanges master and replica
			c.Failover(t, c.Replicas(t, m)[0])
		case 4: // all connections break, those of the feeds too
			m.Do(t, "CLIENT", "KILL", "TYPE", "normal")
		}
		c.AwaitSettled(t)
		select {
		case <-stop:
			return
		case <-time.After(between(r, 0, 2*time.Second)):
		}
	}
}
