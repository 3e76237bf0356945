package proof_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"
)

// A scenario is a state of the network, of the database and of the processes, in which
// revocations are measured.
type scenario struct {
	name  string
	count int           // samples
	batch int           // of them at the same time
	bound time.Duration // after which nothing is let pass

	pause time.Duration // between two polls
	busy  time.Duration // up to so long are sessions used before
	crowd int           // how many poll each session at each process,
	apart time.Duration // beginning so long after one another
	first bool          // only the first process revokes
	hows  []revocation  // nil: all that a process can do

	fleet func(*testing.T) *fleet // nil: the one that most scenarios share
	// begin brings the state about, and returns what ends it.
	begin func(t *testing.T, f *fleet) (end func())
	// suddenly, if not nil, is done when all of a batch have been used, the moment before they are
	// revoked; it returns what undoes it. Then is done when all have been, and the bound counts
	// from its end.
	suddenly, then func(t *testing.T, f *fleet) (undo func())
}

func scenarios() []scenario {
	lag, age := *maxLag, *maxAge
	often := scenario{count: *samples, batch: 1, begin: asItIs, bound: lag}
	seldom := scenario{count: max(*samples/3, 1), batch: 16, pause: lag / 200, busy: lag, begin: asItIs, bound: lag}
	aged := scenario{count: seldom.count, batch: seldom.count, pause: age / 200, busy: lag / 2, begin: asItIs, bound: age}
	return []scenario{
		often.with("feed alive", func(*scenario) {}),
		seldom.with("notifications swallowed", func(c *scenario) { c.begin = unpoked }),
		seldom.with("feed swallowed the moment before", func(c *scenario) { c.busy, c.suddenly = lag*5/4, swallowed }),
		seldom.with("feed swallowed", func(c *scenario) { c.begin = swallowed }),
		seldom.with("feed stalls and catches up", func(c *scenario) { c.begin, c.crowd = stalling, 4 }),
		seldom.with("feed killed over and over", func(c *scenario) { c.begin = killedOverAndOver }),
		seldom.with("feed killed, postmaster paused", func(c *scenario) { c.begin = paused }),
		seldom.with("processes stopped", func(c *scenario) {
			c.batch, c.first, c.suddenly = c.count, true, stopped
			c.crowd, c.apart = 5, *stopFor/4 // the last when they go on
		}),
		seldom.with("machine slept", func(c *scenario) { c.bound, c.suddenly, c.then = 0, swallowed, slept }),
		seldom.with("by hand, as a replica", func(c *scenario) { c.hows = byHand }),
		aged.with("triggers missing", func(c *scenario) { c.begin = unannounced }),
		aged.with("users that end by the time", func(c *scenario) { c.fleet, c.hows = ownUsers, overTime }),
		often.with("restored", func(*scenario) {}),
	}
}

// with returns the scenario with a name, edited.
func (c scenario) with(name string, edit func(*scenario)) scenario {
	c.name = name
	edit(&c)
	return c
}

// measure revokes sessions in the scenario and returns how long that took to hold.
func (c scenario) measure(t *testing.T, f *fleet, number uint64) (lags []lag) {
	if c.fleet != nil {
		f = c.fleet(t)
	}
	r := dice(t, number)
	end := c.begin(t, f)
	defer end()
	var all []*sample
	for len(all) < c.count {
		var batch []*sample
		for range min(c.batch, c.count-len(all)) {
			batch = append(batch, c.sample(f, r, number, len(all)+len(batch)))
		}
		c.revoke(t, f, batch)
		all = append(all, batch...)
	}
	steps(t, all, (*sample).stays)
	for _, s := range all {
		lags = append(lags, s.lags...)
	}
	return lags
}

// sample returns the i-th of the scenario: all ways of proving, all revocations and all
// processes in turn.
func (c scenario) sample(f *fleet, r *rand.Rand, number uint64, i int) *sample {
	hows := c.hows
	if hows == nil {
		hows = revocations
	}
	s := &sample{
		f:     f,
		way:   []string{byCookie, byToken}[i%2],
		how:   hows[i/2%len(hows)],
		by:    f.processes[r.IntN(len(f.processes))],
		user:  fmt.Sprintf("s%d-%d", number, i),
		pause: c.pause,
		busy:  c.busy,
		bound: c.bound,
		crowd: cmp.Or(c.crowd, 1),
		apart: c.apart,
	}
	if c.first {
		s.by = f.processes[0]
	}
	// The worst is a session that was read the moment before; others are in the middle of the
	// time for which they are believed.
	if c.suddenly == nil && c.busy > 0 {
		s.busy = between(r, 0, c.busy) * time.Duration(r.IntN(2))
	}
	return s
}

// revoke revokes a batch of samples.
func (c scenario) revoke(t *testing.T, f *fleet, batch []*sample) {
	if c.suddenly == nil {
		steps(t, batch, (*sample).prepare, (*sample).revoke, (*sample).look)
		return
	}
	steps(t, batch, (*sample).prepare)
	defer c.suddenly(t, f)()
	if c.then == nil {
		steps(t, batch, (*sample).revoke, (*sample).look)
		return
	}
	steps(t, batch, (*sample).revoke)
	defer c.then(t, f)()
	for _, s := range batch {
		s.since = time.Now()
	}
	steps(t, batch, (*sample).look)
}

// steps takes the steps with each of the samples, until one fails.
func steps(t *testing.T, samples []*sample, all ...func(*sample) error) {
	var mu sync.Mutex
	each(samples, func(s *sample) {
		for _, step := range all {
			if s.failed {
				return
			}
			if err := step(s); err != nil {
				mu.Lock()
				t.Errorf("%v: %v", s, err)
				mu.Unlock()
				s.failed = true
			}
		}
	})
}
