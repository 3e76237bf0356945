package redis_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/redis"
	"github.com/inga-auth/inga/internal/redistest"
)

// A chronicle has all changes that were made, and what listeners heard of them.
type chronicle struct {
	mu      sync.Mutex
	changes []deed
	errors  []string
	why     []error // why each watch has ended

	// Of the watch that runs:
	listening time.Time
	heard     map[string]bool
	checked   int // how many changes it has vouched for

	watches, beats, vouched int
}

// A deed is a change, which was acknowledged.
type deed struct {
	userID       string
	begun, acked time.Time
}

func (c *chronicle) Listening() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.listening, c.heard, c.checked = time.Now(), map[string]bool{}, len(c.changes)
	c.watches++
}

func (c *chronicle) Changed(change backends.Change) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.heard != nil {
		c.heard[change.UserID] = true
	}
}

// UpToDate: all changes since it is listening that were acknowledged before must have been heard.
func (c *chronicle) UpToDate(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.beats++
	for ; c.checked < len(c.changes) && c.changes[c.checked].acked.Before(at); c.checked++ {
		d := c.changes[c.checked]
		if d.begun.Before(c.listening) {
			continue
		}
		c.vouched++
		if !c.heard[d.userID] && !c.heard[""] {
			c.errors = append(c.errors, fmt.Sprintf("up to date as of %v after %s was acknowledged, and it was not heard", at.Sub(d.acked), d.userID))
		}
	}
}

func (c *chronicle) Interrupted(error) {}

// follow watches the store again and again, as a cache does.
func (c *chronicle) follow(ctx context.Context, s *redis.Store) {
	for ctx.Err() == nil {
		err := s.Watch(ctx, 20*time.Millisecond, c)
		c.mu.Lock()
		c.why = append(c.why, err)
		c.mu.Unlock()
		select {
		case <-ctx.Done():
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (c *chronicle) write(ctx context.Context, name string, change func(userID string) error) {
	for i := 0; ctx.Err() == nil; i++ {
		d := deed{userID: fmt.Sprint(name, i), begun: time.Now()}
		if change(d.userID) != nil {
			continue
		}
		d.acked = time.Now()
		c.mu.Lock()
		c.changes = append(c.changes, d)
		c.mu.Unlock()
	}
}

// state returns how many beats there were, and how many changes.
func (c *chronicle) state() (watches, beats, vouched int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.watches, c.beats, c.vouched
}

// Whatever happens to the cluster, a listener that is up to date as of a time has heard of each
// change that was acknowledged before.
func TestNoChangeIsMissedWhateverHappensToTheCluster(t *testing.T) {
	c := redistest.StartCluster(t)
	client := dial(t, c.Addrs()...)
	s := open(t, redis.Config{Client: client, Prefix: "inga:"})
	chronicle := &chronicle{}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { chronicle.follow(ctx, s) })
	for _, name := range []string{"ann", "bob"} { // over clients of their own, as other processes have
		other := dial(t, c.Addrs()...)
		running.Go(func() {
			chronicle.write(ctx, name, func(userID string) error {
				ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
				defer cancel()
				return announce(ctx, other, "inga:", userID)
			})
		})
	}
	defer running.Wait()
	defer cancel()
	for _, trouble := range troubles() {
		_, _, before := chronicle.state()
		chronicle.awaitMore(t, before+100)
		trouble.make(t, c)
		c.AwaitSettled(t)
		watches, beats, vouched := chronicle.state()
		chronicle.awaitMore(t, vouched+100)
		t.Logf("%s: %d watches, %d beats, %d changes vouched for", trouble.name, watches, beats, vouched)
	}
	cancel()
	running.Wait()
	for _, e := range chronicle.errors {
		t.Error(e)
	}
	if watches, _, _ := chronicle.state(); watches < len(troubles()) {
		t.Errorf("%d watches: the troubles went unnoticed", watches)
	}
}

// awaitMore returns when so many changes were vouched for.
func (c *chronicle) awaitMore(t *testing.T, n int) {
	t.Helper()
	for late := time.Now().Add(time.Minute); ; <-time.After(10 * time.Millisecond) {
		_, _, vouched := c.state()
		if vouched >= n {
			return
		}
		if time.Now().After(late) {
			t.Fatalf("%d changes were vouched for, want %d: the last watches ended with %v", vouched, n, c.why[max(0, len(c.why)-5):])
		}
	}
}

type trouble struct {
	name string
	make func(*testing.T, *redistest.Cluster)
}

// troubles are what happens to a cluster, in this order.
func troubles() []trouble {
	all := []trouble{
		{"a replica takes over", func(t *testing.T, c *redistest.Cluster) {
			c.Failover(t, c.Replicas(t, c.Masters(t)[0])[0])
		}},
		{"slots are moved", func(t *testing.T, c *redistest.Cluster) {
			m := c.Masters(t)
			c.Reshard(t, m[0], m[1], 50)
		}},
		{"a new node gets slots", func(t *testing.T, c *redistest.Cluster) {
			from, added := c.Masters(t)[2], c.Add(t)
			c.Reshard(t, from, added, 50)
		}},
		{"a master is killed", func(t *testing.T, c *redistest.Cluster) {
			m := mastersWithReplicas(t, c)[1]
			m.Kill()
			c.AwaitFailover(t, m)
			m.Restart(t)
		}},
	}
	if testing.Short() {
		return all[1:3]
	}
	return append(all, trouble{"a master is paused and replaced", func(t *testing.T, c *redistest.Cluster) {
		m := mastersWithReplicas(t, c)[0]
		resume := m.Pause(t)
		c.AwaitFailover(t, m)
		resume()
	}})
}

func mastersWithReplicas(t *testing.T, c *redistest.Cluster) []*redistest.Server {
	t.Helper()
	return slices.DeleteFunc(c.Masters(t), func(m *redistest.Server) bool { return len(c.Replicas(t, m)) == 0 })
}

// A node that gets its first slots is not heard before it has them.
func TestWhileASlotIsMovedNoListenerIsUpToDate(t *testing.T) {
	c := redistest.StartCluster(t)
	s := open(t, redis.Config{Client: dial(t, c.Addrs()...), Prefix: "inga:"})
	w := watch(t, s)
	m := newMove(t, c, "{AA}")
	m.begin(t)
	w.over(t)
	again := startWatch(t, s)
	again.over(t)
	if _, at := again.read(); !at.IsZero() {
		t.Error("up to date while a slot is moved")
	}
	m.end(t)
	watch(t, s)
}
