package redistest_test

import (
	"strings"
	"testing"

	"github.com/inga-auth/inga/internal/redistest"
)

func TestAServerThatIsKilledForgetsWhatIsNotPersisted(t *testing.T) {
	for _, c := range []struct {
		config []string
		want   string
	}{
		{nil, ""},
		{[]string{"--appendonly", "yes", "--appendfsync", "always"}, "1"},
	} {
		s := redistest.Start(t, c.config...)
		s.Do(t, "SET", "a", "1")
		s.Kill()
		s.Restart(t)
		if got := s.Do(t, "GET", "a"); got != c.want {
			t.Errorf("config %q: got %q, want %q", c.config, got, c.want)
		}
	}
}

func TestAPausedServerAnswersWhenItIsResumed(t *testing.T) {
	s := redistest.Start(t)
	resume := s.Pause(t)
	answered := make(chan string, 1)
	go func() { answered <- s.Do(t, "PING") }()
	select {
	case got := <-answered:
		t.Errorf("got %q while it is paused", got)
	default:
	}
	resume()
	if got := <-answered; got != "PONG" {
		t.Errorf("got %q, want PONG", got)
	}
}

func TestAClusterFailsOverGrowsAndMovesSlots(t *testing.T) {
	c := redistest.StartCluster(t)
	master := c.Master(t, "a")
	replica := c.Replicas(t, master)[0]
	master.Do(t, "SET", "a", "1")

	c.Failover(t, replica)
	if got := c.Master(t, "a"); got != replica {
		t.Errorf("the master is %s, want %s", got.Addr(), replica.Addr())
	}
	replica.Kill()
	c.AwaitFailover(t, replica)
	if got := master.Do(t, "GET", "a"); got != "1" || c.Master(t, "a") != master {
		t.Errorf("got %q from the former master, want 1", got)
	}
	replica.Restart(t)
	c.AwaitSettled(t)

	added := c.Add(t)
	for _, from := range c.Masters(t) {
		c.Reshard(t, from, added, 5400)
	}
	if n := len(c.Masters(t)); n != 4 || c.Master(t, "a") != added {
		t.Errorf("%d masters, and %s has the key; want 4, %s", n, c.Master(t, "a").Addr(), added.Addr())
	}
	if got := added.Do(t, "GET", "a"); got != "1" {
		t.Errorf("got %q, want 1", got)
	}
}

func TestPrefixesDiffer(t *testing.T) {
	if a, b := redistest.Prefix(t), redistest.Prefix(t); a == b || strings.ContainsAny(a, "{}") {
		t.Errorf("got %q and %q", a, b)
	}
}
