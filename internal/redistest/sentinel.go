package redistest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// MasterSet is what the sentinel of [StartSentinel] calls the master and its replica.
const MasterSet = "main"

// A Sentinel watches a master and has its replica take over when it does not answer.
type Sentinel struct {
	*Server
	// Nodes are the master and its replica, in the order in which they began.
	Nodes []*Server
}

// StartSentinel returns a master with a replica, and a sentinel that watches them, all of the test's
// own. config is that of both nodes; see [Start].
func StartSentinel(t testing.TB, config ...string) *Sentinel {
	t.Helper()
	master := Start(t, config...)
	replica := Start(t, append(config, "--replicaof", master.host+" "+fmt.Sprint(master.port))...)
	at, err := home()
	check(t, err)
	s, err := at.newServer(nil)
	check(t, err)
	t.Cleanup(s.remove)
	s.file = filepath.Join(s.dir, "sentinel.conf")
	text := fmt.Sprintf("sentinel monitor %s %s %d 1\nsentinel down-after-milliseconds %[1]s 2000\nsentinel failover-timeout %[1]s 10000\n",
		MasterSet, master.host, master.port)
	check(t, os.WriteFile(s.file, []byte(text), 0o600))
	check(t, s.start())
	found := &Sentinel{s, []*Server{master, replica}}
	found.await(t, "the replica is found", func() bool {
		return strings.Contains(s.Do(t, "SENTINEL", "REPLICAS", MasterSet), replica.Addr()) &&
			strings.Contains(master.Do(t, "INFO", "replication"), "state=online")
	})
	return found
}

// AwaitFailover returns when the replica has taken over.
func (s *Sentinel) AwaitFailover(t testing.TB, to *Server) {
	t.Helper()
	s.await(t, "the replica takes over", func() bool {
		return strings.HasPrefix(to.Do(t, "ROLE"), "master") &&
			strings.Contains(s.Do(t, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", MasterSet), fmt.Sprint(to.port))
	})
}

func (s *Sentinel) await(t testing.TB, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(settled); !is(); <-time.After(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("redistest: waiting until %s\n%s", what, s.logTail())
		}
	}
}
