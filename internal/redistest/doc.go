// Package redistest gives tests a real Redis: one server, or a cluster of three masters and
// three replicas.
//
//	server := redistest.Shared(t)         // one for the test process
//	cluster := redistest.SharedCluster(t) // likewise
//	prefix := redistest.Prefix(t)         // of keys that no other test has
//
// A test that stops, fills or reshards something has servers of its own: [Start] and
// [StartCluster]. They are gone when the test ends, and the shared ones when the process is,
// however that ends.
//
// The programs redis-server (7.0 or newer) and redis-cli are looked for in PATH. Without them the
// test is skipped, or fails if CI=true. Each process has a loopback address of its own
// (127.0.0.0/8, which Linux has without configuration), so that ports never clash, also while a
// server that was killed is down.
//
// Nothing here is durable or safe for data that anyone needs.
package redistest
