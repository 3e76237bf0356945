package proof_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"
)

// A scenario is a state of the network and of the database, in which revocations are measured.
type scenario struct {
	name  string
	count int // samples
	batch int // of them at the same time

	pause time.Duration // between two polls
	busy  time.Duration // up to so long are sessions used before

	// begin brings the state about, and returns what ends it.
	begin func(t *testing.T, f *fleet) (end func())
	// suddenly, if not nil, is done when all of a batch have been used for so long, the moment
	// before they are revoked; it returns what undoes it.
	suddenly func(t *testing.T, f *fleet) (undo func())
}

func scenarios() []scenario {
	pause := *maxLag / 200
	seldom := max(*samples/3, 1)
	return []scenario{
		{name: "feed alive", count: *samples, batch: 1, begin: asItIs},
		{name: "feed swallowed the moment before", count: seldom, batch: 16, pause: pause, busy: *maxLag * 5 / 4, begin: asItIs, suddenly: swallowed},
		{name: "feed swallowed", count: seldom, batch: 16, pause: pause, busy: *maxLag, begin: swallowed},
		{name: "feed killed over and over", count: seldom, batch: 16, pause: pause, busy: *maxLag, begin: killedOverAndOver},
		{name: "feed killed, postmaster paused", count: seldom, batch: 16, pause: pause, busy: *maxLag, begin: paused},
		{name: "restored", count: *samples, batch: 1, begin: asItIs},
	}
}

func asItIs(t *testing.T, f *fleet) func() {
	f.awaitHealth(t)
	return func() {}
}

// swallowed is a network that swallows what comes over the feed. The pools are not affected.
func swallowed(t *testing.T, f *fleet) func() {
	for _, p := range f.processes {
		p.feed.Blackhole()
	}
	return func() {
		for _, p := range f.processes {
			p.feed.Pass()
		}
		f.awaitHealth(t)
	}
}

// killedOverAndOver is a server that ends the connections of the feed, again and again.
func killedOverAndOver(t *testing.T, f *fleet) func() {
	r := dice(t, 1)
	stop := make(chan struct{})
	var done sync.WaitGroup
	done.Go(func() {
		for {
			f.killFeeds(t)
			select {
			case <-stop:
				return
			case <-time.After(between(r, *maxLag/40, *maxLag/4)):
			}
		}
	})
	return func() {
		close(stop)
		done.Wait()
		f.awaitHealth(t)
	}
}

// paused is a server that lets nobody in: the feed is gone and cannot come back.
func paused(t *testing.T, f *fleet) func() {
	resume := f.database.Pause(t)
	f.killFeeds(t)
	return func() {
		resume()
		f.awaitHealth(t)
	}
}

// measure revokes sessions in the scenario and returns how long that took to hold.
func (c scenario) measure(t *testing.T, f *fleet, number uint64) (lags []lag) {
	r := dice(t, number)
	end := c.begin(t, f)
	defer end()
	var all []*sample
	for len(all) < c.count {
		var batch []*sample
		for range min(c.batch, c.count-len(all)) {
			batch = append(batch, c.sample(f, r, number, len(all)+len(batch)))
		}
		lags = append(lags, c.revoke(t, f, batch)...)
		all = append(all, batch...)
	}
	each(all, func(s *sample) {
		if s.revoked.end.IsZero() {
			return // it failed before that
		}
		if err := s.stays(); err != nil {
			t.Errorf("%v: %v", s, err)
		}
	})
	return lags
}

// sample returns the i-th of the scenario: all ways of proving, all revocations and all
// processes in turn.
func (c scenario) sample(f *fleet, r *rand.Rand, number uint64, i int) *sample {
	s := &sample{
		f:     f,
		way:   []string{byCookie, byToken}[i%2],
		how:   revocations[i/2%len(revocations)],
		by:    f.processes[r.IntN(len(f.processes))],
		user:  fmt.Sprintf("s%d-%d", number, i),
		pause: c.pause,
		busy:  c.busy,
	}
	// The worst is a session that was read the moment before; others are in the middle of the
	// time for which they are believed.
	if c.suddenly == nil && c.busy > 0 {
		s.busy = between(r, 0, c.busy) * time.Duration(r.IntN(2))
	}
	return s
}

// revoke revokes a batch of samples.
func (c scenario) revoke(t *testing.T, f *fleet, batch []*sample) (lags []lag) {
	var mu sync.Mutex
	var ready, done sync.WaitGroup
	ready.Add(len(batch))
	begin := make(chan struct{})
	for _, s := range batch {
		done.Go(func() {
			err := s.prepare()
			ready.Done()
			if c.suddenly != nil {
				<-begin
			}
			var its []lag
			if err == nil {
				its, err = s.revoke()
			}
			mu.Lock()
			defer mu.Unlock()
			lags = append(lags, its...)
			if err != nil {
				t.Errorf("%v: %v", s, err)
			}
		})
	}
	if c.suddenly != nil {
		ready.Wait()
		defer c.suddenly(t, f)()
		close(begin)
	}
	done.Wait()
	return lags
}
