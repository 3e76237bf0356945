package redis

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/rueidis"
)

func (s *Store) inCluster() bool { return s.client.Mode() == rueidis.ClientModeCluster }

// A master is a node that is written to.
type master struct {
	addr   string
	client rueidis.Client
}

// masters returns the masters that have slots, and the view that each of them must have.
func (s *Store) masters(ctx context.Context) (view string, masters []master, err error) {
	known := s.client.Nodes()
	if !s.inCluster() {
		for addr, c := range known {
			masters = append(masters, master{addr, c})
		}
		return "master", masters, nil
	}
	view, nodes, err := clusterView(ctx, s.client)
	if err != nil {
		return "", nil, err
	}
	for _, n := range nodes {
		i := slices.IndexFunc(n.addrs, func(addr string) bool { return known[addr] != nil })
		if i < 0 {
			s.meet(ctx, n)
			return "", nil, fmt.Errorf("the client does not know the master %v yet", n.addrs)
		}
		masters = append(masters, master{n.addrs[i], known[n.addrs[i]]})
	}
	return view, masters, nil
}

// meet asks for a key that the node has. A client learns of a new master when the former one sends
// it there.
func (s *Store) meet(ctx context.Context, n clusterNode) {
	for _, tag := range tags() {
		get := s.client.B().Get().Key(s.keys.epoch(tag)).Build()
		if n.has(int(get.Slot())) {
			_ = s.client.Do(ctx, get).Error()
			return
		}
	}
}

// A clusterNode is a master that has slots.
type clusterNode struct {
	id    string
	addrs []string // the names that a client may know it by
	slots string
}

// has reports whether the node has a slot.
func (n clusterNode) has(slot int) bool {
	for part := range strings.FieldsSeq(n.slots) {
		first, last, found := strings.Cut(part, "-")
		if !found {
			last = first
		}
		from, _ := strconv.Atoi(first)
		to, _ := strconv.Atoi(last)
		if from <= slot && slot <= to {
			return true
		}
	}
	return false
}

// clusterView returns what a node of a cluster says: as a text that is the same for all nodes
// while the masters stay the same, and the masters. It fails while the node does not serve, or
// slots are being moved from it or to it.
//
// The text has the epoch of the last election, which most masters know before it is decided: two
// texts that are the same, of all masters, show that no replica has taken over in between, also
// where they have not heard of it yet. A slot that is moved to a node without slots is marked at its
// former master until that has heard who has it now.
func clusterView(ctx context.Context, c rueidis.CoreClient) (text string, masters []clusterNode, err error) {
	answers := c.DoMulti(ctx, c.B().ClusterInfo().Build(), c.B().ClusterNodes().Build())
	info, err1 := verbatim(answers[0])
	nodes, err2 := verbatim(answers[1])
	if err := errors.Join(err1, err2); err != nil {
		return "", nil, err
	}
	if !strings.Contains(info, "cluster_state:ok") {
		return "", nil, errors.New("cluster_state is not ok")
	}
	if masters, err = parseMasters(nodes); err != nil {
		return "", nil, err
	}
	lines := make([]string, 0, len(masters)+1)
	for _, m := range masters {
		lines = append(lines, m.id+" "+m.slots)
	}
	slices.Sort(lines)
	return strings.Join(append(lines, infoLine(info, "cluster_current_epoch")), "\n"), masters, nil
}

// verbatim returns an answer that may be a verbatim string of RESP3, which says what it is first.
func verbatim(r rueidis.RedisResult) (string, error) {
	text, err := r.ToString()
	return strings.TrimPrefix(text, "txt:"), err
}

// infoLine returns the line of an answer to INFO that has the name.
func infoLine(info, name string) string {
	for line := range strings.Lines(info) {
		if strings.HasPrefix(line, name+":") {
			return strings.TrimSpace(line)
		}
	}
	return ""
}

var errMoving = errors.New("slots are being moved")

// parseMasters reads the masters that have slots from an answer to CLUSTER NODES. A line of it:
//
//	id ip:port@busport,hostname flags master ping pong epoch link slot slot-slot [slot->-id] …
func parseMasters(answer string) (masters []clusterNode, err error) {
	for line := range strings.Lines(answer) {
		f := strings.Fields(line)
		if len(f) < 8 {
			return nil, fmt.Errorf("CLUSTER NODES: %.100q", line)
		}
		if len(f) == 8 || !slices.Contains(strings.Split(f[2], ","), "master") {
			continue
		}
		slots := strings.Join(f[8:], " ")
		if strings.Contains(slots, "[") {
			return nil, errMoving
		}
		masters = append(masters, clusterNode{f[0], names(f[1]), slots})
	}
	return masters, nil
}

// names returns the addresses of a node, with its IP and with its host name.
func names(field string) []string {
	addr, rest, _ := strings.Cut(field, "@")
	all := []string{addr}
	if _, host, found := strings.Cut(rest, ","); found && host != "" {
		host, _, _ = strings.Cut(host, ",")
		all = append(all, host+addr[strings.LastIndexByte(addr, ':'):])
	}
	return all
}
