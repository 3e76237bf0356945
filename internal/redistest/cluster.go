package redistest

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"
)

// NodeTimeout is how long the nodes of a cluster wait for one that does not answer. A replica
// takes its place one to two seconds later.
const NodeTimeout = 3 * time.Second

// A Cluster is a Redis Cluster. Its methods are not safe for concurrent use.
type Cluster struct {
	// Nodes are all servers, masters and replicas, running or not.
	Nodes []*Server

	config []string
}

// StartCluster returns a running cluster of the test's own, three masters with a replica each,
// which is removed when the test ends. config is that of each node; see [Start].
func StartCluster(t testing.TB, config ...string) *Cluster {
	t.Helper()
	c, err := startCluster(config)
	check(t, err)
	t.Cleanup(c.remove)
	return c
}

func startCluster(config []string) (*Cluster, error) {
	c := &Cluster{config: append([]string{
		"--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf",
		"--cluster-node-timeout", strconv.FormatInt(NodeTimeout.Milliseconds(), 10),
		"--cluster-replica-validity-factor", "0",
		"--cluster-announce-ip", address(),
	}, config...)}
	err := c.startNodes(6)
	if err == nil {
		err = c.manage(slices.Concat([]string{"create"}, c.Addrs(), []string{"--cluster-replicas", "1"})...)
	}
	if err == nil {
		err = c.settle()
	}
	if err != nil {
		c.remove()
		return nil, err
	}
	return c, nil
}

func (c *Cluster) startNodes(n int) error {
	first := len(c.Nodes)
	at, err := home()
	for i := 0; i < n && err == nil; i++ {
		var s *Server
		if s, err = at.newServer(c.config); err == nil {
			c.Nodes = append(c.Nodes, s)
		}
	}
	if err != nil {
		return err
	}
	started := make([]error, n)
	var all sync.WaitGroup
	for i, s := range c.Nodes[first:] {
		all.Go(func() { started[i] = s.start() })
	}
	all.Wait()
	return errors.Join(started...)
}

func (c *Cluster) remove() {
	for _, s := range c.Nodes {
		s.remove()
	}
}

// Addrs returns the addresses of all nodes.
func (c *Cluster) Addrs() (all []string) {
	for _, s := range c.Nodes {
		all = append(all, s.Addr())
	}
	return all
}

// manage runs redis-cli --cluster.
func (c *Cluster) manage(args ...string) error {
	args = append(append([]string{"--cluster"}, args...), "--cluster-yes")
	out, err := c.Nodes[0].cli(5*settled, args...)
	if err != nil {
		return fmt.Errorf("redistest: %v: %w\n%s", args, err, out)
	}
	return nil
}

// Failover makes a replica the master of its shard in an orderly way (CLUSTER FAILOVER): no
// acknowledged write is lost. It returns when all nodes agree.
func (c *Cluster) Failover(t testing.TB, replica *Server) {
	t.Helper()
	var asked time.Time
	c.Await(t, "the replica is a master", func(v View) bool {
		if v.IsMaster(replica) {
			return true
		}
		// Redis gives up after five seconds, on a busy machine.
		if time.Since(asked) > 10*time.Second {
			asked = time.Now()
			replica.Do(t, "CLUSTER", "FAILOVER")
		}
		return false
	})
}

// AwaitFailover returns when another node has taken the place of the master, which was killed or
// paused, and all running nodes agree.
func (c *Cluster) AwaitFailover(t testing.TB, master *Server) {
	t.Helper()
	c.Await(t, "a replica has taken over", func(v View) bool { return !v.IsMaster(master) && v.Slots() == slots })
}

// Reshard moves a number of slots, with their keys, from one master to another.
func (c *Cluster) Reshard(t testing.TB, from, to *Server, number int) {
	t.Helper()
	v := c.View(t)
	err := c.manage("reshard", from.Addr(), "--cluster-from", v.ID(from), "--cluster-to", v.ID(to),
		"--cluster-slots", strconv.Itoa(number))
	if err != nil {
		t.Fatal(err)
	}
	c.AwaitSettled(t)
}

// Add adds a master without slots or replicas.
func (c *Cluster) Add(t testing.TB) *Server {
	t.Helper()
	known := c.Nodes[0].Addr()
	err := c.startNodes(1)
	added := c.Nodes[len(c.Nodes)-1]
	if err == nil {
		err = c.manage("add-node", added.Addr(), known)
	}
	if err != nil {
		t.Fatal(err)
	}
	c.Await(t, "the new node is known", func(v View) bool { return v.ID(added) != "" })
	return added
}
