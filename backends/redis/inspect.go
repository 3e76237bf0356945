package redis

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/redis/rueidis"
)

// leastMajor is the least version: earlier ones have no flags of scripts.
const leastMajor = 7

// facts are what a node says of itself.
type facts struct {
	info      map[string]string // INFO and CLUSTER INFO
	config    map[string]string // CONFIG GET
	replicas  int               // that have all data
	err       error             // why the node has not said anything
	configErr error             // why it does not say how it is configured
}

// inspect asks a node.
func inspect(ctx context.Context, c rueidis.Client) *facts {
	answers := c.DoMulti(ctx,
		c.B().Info().Section("server", "replication").Build(),
		c.B().ClusterInfo().Build(),
		c.B().ConfigGet().Parameter("maxmemory-policy", "appendonly", "appendfsync", "min-replicas-to-write").Build())
	n := &facts{info: map[string]string{}}
	info, err := verbatim(answers[0])
	if err != nil {
		n.err = err
		return n
	}
	cluster, err := verbatim(answers[1]) // an error of a server that is in no cluster
	if _, refused := rueidis.IsRedisErr(err); err != nil && !refused {
		n.err = err
		return n
	}
	for line := range strings.Lines(info + "\n" + cluster) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		n.info[name] = value
		// slave0:ip=…,port=…,state=online,…
		if strings.HasPrefix(name, "slave") && strings.Contains(value, "state=online") {
			n.replicas++
		}
	}
	n.config, n.configErr = answers[2].AsStrMap()
	if n.configErr == nil && len(n.config) == 0 {
		n.configErr = errors.New("it says nothing")
	}
	return n
}

func (n *facts) master() bool { return n.info["role"] == "master" }

func (n *facts) major() int {
	first, _, _ := strings.Cut(n.info["redis_version"], ".")
	major, _ := strconv.Atoi(first)
	return major
}
