package redistest

import (
	"crypto/rand"
	"strings"
	"sync"
	"testing"
)

var (
	sharedServer  = sync.OnceValues(func() (*Server, error) { return start(nil) })
	sharedCluster = sync.OnceValues(func() (*Cluster, error) { return startCluster(nil) })
)

// Shared returns the server of the test process. A test must neither stop nor reconfigure it, nor
// touch keys of others.
func Shared(t testing.TB) *Server {
	t.Helper()
	s, err := sharedServer()
	check(t, err)
	return s
}

// SharedCluster returns the cluster of the test process, for which the same holds.
func SharedCluster(t testing.TB) *Cluster {
	t.Helper()
	c, err := sharedCluster()
	check(t, err)
	return c
}

// Prefix returns a prefix of keys that no other test has.
func Prefix(t testing.TB) string {
	t.Helper()
	return strings.ToLower(rand.Text()[:10])
}
