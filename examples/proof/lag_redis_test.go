package proof_test

import (
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/inga-auth/inga/internal/redistest"
)

// LO-10: TestLagOnACluster is [TestLag] on a Redis Cluster. A replica confirms each revocation, and a
// request that is answered with 503 is sent again: the lag is that until the refusal.
func TestLagOnACluster(t *testing.T) {
	s := lagSettings()
	s.MaxAge = time.Hour // so that the feed alone can keep the bound
	f, cluster := startRedisFleet(t, s, func(int, *settings) {})
	c := f.startControls(t)
	measureAll(t, f, c, clusterScenarios(cluster), s.MaxAge)
}

func clusterScenarios(c *redistest.Cluster) []scenario {
	lag := *maxLag
	often := scenario{count: *samples, batch: 1, begin: asItIs, bound: lag}
	seldom := scenario{count: max(*samples/3, 1), batch: 16, pause: lag / 200, busy: lag, begin: asItIs, bound: lag}
	during := func(name string, act func(t *testing.T, m *redistest.Server)) scenario {
		return seldom.with(name, func(s *scenario) {
			s.begin = func(t *testing.T, f *fleet) func() {
				f.awaitHealth(t)
				return overAndOver(t, c, act)
			}
		})
	}
	return []scenario{
		often.with("feed alive", func(*scenario) {}),
		during("all connections killed", func(t *testing.T, m *redistest.Server) {
			for _, other := range c.Masters(t) {
				other.Do(t, "CLIENT", "KILL", "TYPE", "normal")
			}
		}),
		during("master suspended for a moment", func(t *testing.T, m *redistest.Server) {
			resume := m.Pause(t)
			<-time.After(redistest.NodeTimeout / 2)
			resume()
		}),
		during("replica takes over", func(t *testing.T, m *redistest.Server) { c.Failover(t, c.Replicas(t, m)[0]) }),
		during("master killed", func(t *testing.T, m *redistest.Server) {
			m.Kill()
			c.AwaitFailover(t, m)
			m.Restart(t)
		}),
		during("slots moved", func(t *testing.T, m *redistest.Server) {
			for _, other := range c.Masters(t) {
				if other != m {
					c.Reshard(t, m, other, 20)
					return
				}
			}
		}),
		seldom.with("processes stopped", func(s *scenario) {
			s.batch, s.first, s.suddenly = s.count, true, stopped
			s.crowd, s.apart = 5, *stopFor/4
		}),
		often.with("restored", func(*scenario) {}),
	}
}

// overAndOver has something happen to one master after the other, until the end.
func overAndOver(t *testing.T, c *redistest.Cluster, act func(t *testing.T, m *redistest.Server)) (end func()) {
	stop := make(chan struct{})
	var done sync.WaitGroup
	r := rand.New(rand.NewPCG(*seed, 99))
	done.Go(func() {
		for {
			act(t, pick(r, c.Masters(t)))
			c.AwaitSettled(t)
			select {
			case <-stop:
				return
			case <-time.After(between(r, 0, *maxLag/4)):
			}
		}
	})
	return func() {
		close(stop)
		done.Wait()
	}
}
