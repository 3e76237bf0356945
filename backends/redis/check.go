package redis

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Check asks all nodes that the client knows, masters and replicas, for what keeps the store from
// serving or from keeping its promises, and for settings under which a promise holds only in part.
// The error joins the former, and the warnings are the latter. Each names the setting, and the
// nodes that have it.
//
// A user that may not read the configuration (CONFIG GET) gets a warning with what to look at.
func (s *Store) Check(ctx context.Context) (warnings []string, err error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	clients := s.client.Nodes()
	addrs := slices.Sorted(maps.Keys(clients))
	nodes := make([]*facts, len(addrs))
	_ = together(len(addrs), func(i int) error {
		nodes[i] = inspect(ctx, clients[addrs[i]])
		return nil
	})
	master := slices.ContainsFunc(nodes, (*facts).master)
	var wrong, doubtful findings
	for i, n := range nodes {
		wrong.add(addrs[i], s.mistakes(n))
		if n.err == nil && !master {
			wrong.add(addrs[i], []string{"role is slave, and the client knows no master: it cannot write"})
		}
		doubtful.add(addrs[i], s.doubts(n))
	}
	var errs []error
	for _, text := range wrong.texts() {
		errs = append(errs, fmt.Errorf("redis: check: %s", text))
	}
	return doubtful.texts(), errors.Join(errs...)
}

// mistakes are what keeps the node from serving, or breaks a promise.
func (s *Store) mistakes(n *facts) (all []string) {
	say := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	if n.err != nil {
		say("no answer: %v", n.err)
		return all
	}
	if v := n.info["redis_version"]; n.major() < leastMajor {
		say("redis_version is %s, want %d or newer", v, leastMajor)
	}
	if mode := n.info["redis_mode"]; (mode == "cluster") != s.inCluster() {
		say("redis_mode is %s, and Config.Client is not a client of that", mode)
	}
	if state := n.info["cluster_state"]; s.inCluster() && state != "ok" {
		say("cluster_state is %s, want ok", state)
	}
	if policy := n.config["maxmemory-policy"]; policy != "" && policy != "noeviction" {
		say("maxmemory-policy is %s, want noeviction: when memory is full, Redis would remove sessions that live", policy)
	}
	if n.master() && n.replicas < s.confirm {
		say("connected_slaves is %d, and Config.Confirm is %d: no end is confirmed", n.replicas, s.confirm)
	}
	return all
}

// doubts are settings under which a promise holds only in part.
func (s *Store) doubts(n *facts) (all []string) {
	say := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	switch {
	case n.err != nil:
		return nil
	case n.configErr != nil:
		say("CONFIG GET fails (%v): see that maxmemory-policy is noeviction, and what the package doc says of appendonly, appendfsync and min-replicas-to-write", n.configErr)
	case n.config["appendonly"] != "yes":
		say("appendonly is %s: a restart brings back sessions that ended after the last snapshot, or logs everyone out if there is none", n.config["appendonly"])
	case n.config["appendfsync"] != "always":
		say("appendfsync is %s: a machine that crashes forgets the ends of the last second or more", n.config["appendfsync"])
	}
	if !n.master() || n.replicas == 0 {
		return all
	}
	if s.confirm == 0 {
		say("Config.Confirm is 0: a failover brings back sessions whose end the replica did not have yet")
	}
	if n.config["min-replicas-to-write"] == "0" {
		say("min-replicas-to-write is 0: a master that is cut off from its replicas takes logins that a failover loses")
	}
	return all
}

// findings are texts, each with the nodes that it is true of.
type findings map[string][]string

func (f *findings) add(node string, texts []string) {
	if *f == nil {
		*f = findings{}
	}
	for _, text := range texts {
		(*f)[text] = append((*f)[text], node)
	}
}

func (f findings) texts() (all []string) {
	for _, text := range slices.Sorted(maps.Keys(f)) {
		all = append(all, strings.Join(f[text], ", ")+": "+text)
	}
	return all
}
