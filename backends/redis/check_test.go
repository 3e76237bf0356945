package redis_test

import (
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/inga-auth/inga/backends/redis"
	"github.com/inga-auth/inga/internal/redistest"
)

// found fails the test unless Check finds exactly what is wanted, each text by how it begins after
// the nodes.
func found(t *testing.T, s *redis.Store, mistakes, warnings []string) {
	t.Helper()
	got, err := s.Check(t.Context())
	var errs []string
	if err != nil {
		errs = strings.Split(err.Error(), "\n")
	}
	begins := func(text, want string) bool { return strings.Contains(text, ": "+want) }
	if !slices.EqualFunc(errs, mistakes, begins) {
		t.Errorf("errors %q, want %q", errs, mistakes)
	}
	if !slices.EqualFunc(got, warnings, begins) {
		t.Errorf("warnings %q, want %q", got, warnings)
	}
}

func TestCheckNamesTheSettingsOfAServer(t *testing.T) {
	for _, c := range []struct {
		config             []string
		mistakes, warnings []string
	}{
		{nil, nil, []string{"appendonly is no"}},
		{[]string{"--appendonly", "yes"}, nil, []string{"appendfsync is everysec"}},
		{[]string{"--appendonly", "yes", "--appendfsync", "always"}, nil, nil},
		{
			[]string{"--appendonly", "yes", "--appendfsync", "always", "--maxmemory", "100mb", "--maxmemory-policy", "volatile-ttl"},
			[]string{"maxmemory-policy is volatile-ttl, want noeviction"}, nil,
		},
	} {
		s := redistest.Start(t, c.config...)
		found(t, open(t, redis.Config{Client: dial(t, s.Addr()), Prefix: "inga:"}), c.mistakes, c.warnings)
	}
}

func TestCheckSaysWhatItMayNotLookAt(t *testing.T) {
	s := redistest.Start(t)
	s.Do(t, "ACL", "SETUSER", "web", "on", "nopass", "~inga:*", "+@all", "-config")
	c, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{s.Addr()}, Username: "web", Password: "x", DisableCache: true})
	check(t, err)
	t.Cleanup(c.Close)
	found(t, open(t, redis.Config{Client: c, Prefix: "inga:"}), nil, []string{"CONFIG GET fails (NOPERM"})
}

func TestCheckReportsAServerThatDoesNotAnswer(t *testing.T) {
	s := redistest.Start(t)
	store := open(t, redis.Config{Client: dial(t, s.Addr()), Prefix: "inga:"})
	s.Kill()
	found(t, store, []string{"no answer: "}, nil)
}

func TestCheckReportsAClientThatCannotWrite(t *testing.T) {
	master, replica := redistest.Start(t), redistest.Start(t, "--appendonly", "yes", "--appendfsync", "always")
	host, port, err := net.SplitHostPort(master.Addr())
	check(t, err)
	replica.Do(t, "REPLICAOF", host, port)
	found(t, open(t, redis.Config{Client: dial(t, replica.Addr()), Prefix: "inga:"}), []string{"role is slave"}, nil)
}

func TestCheckReportsReplicasThatCannotConfirm(t *testing.T) {
	c := redistest.StartCluster(t, "--appendonly", "yes", "--appendfsync", "always")
	client := dial(t, c.Addrs()...)
	careless := "Config.Confirm is 0"
	unguarded := "min-replicas-to-write is 0"
	confirming, err := redis.New(redis.Config{Client: client, Confirm: 1})
	check(t, err)
	found(t, open(t, redis.Config{Client: client, Prefix: "inga:"}), nil, []string{careless, unguarded})
	found(t, confirming, nil, []string{unguarded})

	for _, n := range c.Nodes {
		n.Do(t, "CONFIG", "SET", "min-replicas-to-write", "1")
	}
	found(t, confirming, nil, nil)

	replica := c.Replicas(t, c.Masters(t)[0])[0]
	replica.Kill()
	_, err = confirming.Check(t.Context()) // it may know the replica still, which does not answer
	if err == nil || !strings.Contains(err.Error(), "connected_slaves is 0, and Config.Confirm is 1") {
		t.Errorf("error %v, want that no end is confirmed", err)
	}
}

func TestCheckReportsAClusterThatDoesNotServe(t *testing.T) {
	c := redistest.StartCluster(t, "--appendonly", "yes", "--appendfsync", "always")
	s := open(t, redis.Config{Client: dial(t, c.Addrs()...), Prefix: "inga:"})
	m := c.Masters(t)
	for _, n := range append(c.Replicas(t, m[0]), m[0]) {
		n.Kill()
	}
	for late := time.Now().Add(time.Minute); !strings.Contains(m[1].Do(t, "CLUSTER", "INFO"), "cluster_state:fail"); {
		if time.Now().After(late) {
			t.Fatal("the cluster does not notice")
		}
	}
	_, err := s.Check(t.Context())
	if err == nil || !strings.Contains(err.Error(), m[1].Addr()) || !strings.Contains(err.Error(), "cluster_state is fail, want ok") {
		t.Errorf("error %v, want that the cluster's state is fail", err)
	}
}
