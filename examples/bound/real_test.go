package bound_test

import (
	"flag"
	"fmt"
	"testing"
	"time"

	"github.com/inga-auth/inga/examples/internal/chromium"
)

var realLives = flag.Bool("real", false, "run the test with real lives, which takes 20 minutes")

// With the shortest life that New allows, and the quota that browsers have:
//
//	go test ./examples/bound -run RealLives -real -v -timeout 30m
func TestWithRealLives(t *testing.T) {
	// DB-1, DB-7
	if !*realLives {
		t.Skip("takes 20 minutes: run with -real")
	}
	s := newSite(t, sessionCookie, 5*time.Minute)
	b := s.start(t, chromium.Profile(t), true)
	b.login("1")
	began := time.Now()
	c := s.thief(t, b.jar())
	other := b.another()
	failed := make(chan string, 2)
	for i, tab := range []*tab{b.tab, other} {
		// One tab asks all the time. The other one sleeps for longer than the bound cookie lives.
		rounds, gap := 32, 30_000
		if i == 1 {
			rounds, gap = 3, 330_000
		}
		go func() {
			answer := "an error of the tab"
			defer func() { failed <- answer }()
			answer = tab.runFor(30*time.Minute, fmt.Sprintf(polls, rounds, gap))
		}()
	}
	for c.try("GET", "/me") == 200 {
		time.Sleep(time.Second)
	}
	over := time.Since(began)
	t.Logf("the copied cookies were good for %v", over.Round(time.Second))
	if over < 5*time.Minute || over > 5*time.Minute+20*time.Second {
		t.Errorf("the copied cookies were good for %v, want 5 minutes and 15 seconds at most", over)
	}
	for range 2 {
		if got := <-failed; got != "" {
			t.Errorf("requests failed with %s, want none", got)
		}
	}
	if status := c.try("GET", "/me"); status != 401 {
		t.Errorf("the copied cookies: %d, want 401", status)
	}
	proofs := s.count(func(r request) bool { return refreshed(r) || r.path == "/dbsc/register" })
	t.Logf("%d requests, %d proofs in %v", s.count(func(r request) bool { return r.path == "/me" }), proofs, time.Since(began).Round(time.Second))
	if n := s.count(func(r request) bool { return r.skipped != "" }); n != 0 {
		t.Errorf("%d requests came without a bound cookie, want none", n)
	}
}
