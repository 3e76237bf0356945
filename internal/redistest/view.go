package redistest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// slots is how many there are in a cluster.
const slots = 16384

// A View is what a node says of its cluster.
type View struct {
	nodes []node
	epoch string // of the last election or move of a slot
}

type node struct {
	id, addr, master string // master is "-" for a master
	flags            []string
	slots            [][2]int
}

// parseView reads the answer to CLUSTER NODES.
func parseView(text string) (v View, err error) {
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) < 8 {
			return View{}, fmt.Errorf("redistest: CLUSTER NODES: %q", line)
		}
		addr, _, _ := strings.Cut(f[1], "@")
		n := node{id: f[0], addr: addr, flags: strings.Split(f[2], ","), master: f[3]}
		for _, s := range f[8:] {
			if strings.HasPrefix(s, "[") { // it is being moved
				continue
			}
			from, to, found := strings.Cut(s, "-")
			if !found {
				to = from
			}
			a, _ := strconv.Atoi(from)
			b, _ := strconv.Atoi(to)
			n.slots = append(n.slots, [2]int{a, b})
		}
		v.nodes = append(v.nodes, n)
	}
	return v, nil
}

func (v View) of(s *Server) (n node) {
	if i := slices.IndexFunc(v.nodes, func(n node) bool { return n.addr == s.Addr() }); i >= 0 {
		n = v.nodes[i]
	}
	return n
}

// ID returns the ID of the node, "" if it is not known.
func (v View) ID(s *Server) string { return v.of(s).id }

// IsMaster reports whether the node is a master, and not found to have failed.
func (v View) IsMaster(s *Server) bool {
	f := v.of(s).flags
	return slices.Contains(f, "master") && !slices.Contains(f, "fail")
}

// has reports whether the node has the slot.
func (v View) has(s *Server, slot int) bool {
	return slices.ContainsFunc(v.of(s).slots, func(r [2]int) bool { return r[0] <= slot && slot <= r[1] })
}

// Slots returns how many slots the masters have that have not failed.
func (v View) Slots() (n int) {
	for _, node := range v.nodes {
		if slices.Contains(node.flags, "master") && !slices.Contains(node.flags, "fail") {
			n += node.count()
		}
	}
	return n
}

func (n node) count() (sum int) {
	for _, r := range n.slots {
		sum += r[1] - r[0] + 1
	}
	return sum
}

// ownership is what all nodes must agree on.
func (v View) ownership() string {
	all := []string{v.epoch}
	for _, n := range v.nodes {
		all = append(all, fmt.Sprint(n.id, n.master, n.slots))
	}
	slices.Sort(all)
	return strings.Join(all, "\n")
}

// View returns what the first node says that runs.
func (c *Cluster) View(t testing.TB) View {
	t.Helper()
	v, err := c.running()[0].view()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func (s *Server) view() (View, error) {
	text, err := s.ask("CLUSTER", "NODES")
	if err != nil {
		return View{}, err
	}
	return parseView(text)
}

func (c *Cluster) running() (all []*Server) {
	for _, s := range c.Nodes {
		if s.Running() && !s.paused {
			all = append(all, s)
		}
	}
	return all
}

// Masters returns the masters that have slots.
func (c *Cluster) Masters(t testing.TB) (all []*Server) {
	t.Helper()
	v := c.View(t)
	for _, s := range c.Nodes {
		if v.IsMaster(s) && v.of(s).count() > 0 {
			all = append(all, s)
		}
	}
	return all
}

// Master returns the master that has the key.
func (c *Cluster) Master(t testing.TB, key string) *Server {
	t.Helper()
	slot := c.slot(t, key)
	v := c.View(t)
	for _, s := range c.Nodes {
		if v.IsMaster(s) && v.has(s, slot) {
			return s
		}
	}
	t.Fatalf("redistest: no master has slot %d", slot)
	return nil
}

func (c *Cluster) slot(t testing.TB, key string) int {
	t.Helper()
	slot, err := strconv.Atoi(c.running()[0].Do(t, "CLUSTER", "KEYSLOT", key))
	if err != nil {
		t.Fatal(err)
	}
	return slot
}

// Replicas returns the replicas of a master.
func (c *Cluster) Replicas(t testing.TB, master *Server) (all []*Server) {
	t.Helper()
	v := c.View(t)
	for _, s := range c.Nodes {
		if v.of(s).master == v.ID(master) {
			all = append(all, s)
		}
	}
	return all
}

// AwaitSettled returns when all running nodes serve and agree who has which slots, and each
// running replica follows its master.
func (c *Cluster) AwaitSettled(t testing.TB) {
	t.Helper()
	if err := c.settle(); err != nil {
		t.Fatal(err)
	}
}

// Await returns when that holds and so does a condition, in the view of all.
func (c *Cluster) Await(t testing.TB, what string, condition func(View) bool) {
	t.Helper()
	for deadline := time.Now().Add(settled); ; <-time.After(50 * time.Millisecond) {
		v, err := c.agreed()
		if err == nil && condition(v) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("redistest: waiting until %s: %v\n%s", what, err, v.ownership())
		}
	}
}

func (c *Cluster) settle() error {
	for deadline := time.Now().Add(settled); ; <-time.After(50 * time.Millisecond) {
		_, err := c.agreed()
		if err == nil || time.Now().After(deadline) {
			return err
		}
	}
}

// agreed returns the view of all running nodes, or why there is none.
func (c *Cluster) agreed() (first View, err error) {
	for i, s := range c.running() {
		v, err := s.serving()
		if err != nil {
			return first, err
		}
		if i == 0 {
			first = v
		}
		if v.ownership() != first.ownership() {
			return first, fmt.Errorf("redistest: the nodes do not agree:\n%s\n\n%s", first.ownership(), v.ownership())
		}
	}
	return first, nil
}

// serving returns the view of a node that serves, follows its master if it is a replica, and is
// followed by replicas that have its data if it is a master.
func (s *Server) serving() (View, error) {
	info, err := s.ask("CLUSTER", "INFO")
	if err != nil {
		return View{}, err
	}
	replication, err := s.ask("INFO", "replication")
	if err != nil {
		return View{}, err
	}
	behind := strings.Count(replication, "state=") != strings.Count(replication, "state=online")
	if !strings.Contains(info, "cluster_state:ok") || strings.Contains(replication, "master_link_status:down") || behind {
		return View{}, fmt.Errorf("redistest: %s does not serve:\n%s\n%s", s.Addr(), info, replication)
	}
	v, err := s.view()
	_, v.epoch, _ = strings.Cut(info, "cluster_current_epoch:")
	v.epoch, _, _ = strings.Cut(v.epoch, "\n")
	return v, err
}
