package proof_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"
)

// AZ-5: a dead database is not a wrong password. No one is logged out by an
// outage, and no one is let in by one.
func TestOutage(t *testing.T) {
	t.Parallel()
	f := startFleet(t, settings{MaxLag: outageLag, Timeout: outageTimeout, AccessTTL: time.Hour, Overlap: 10 * time.Second})
	for i, o := range outages {
		t.Run(o.name, func(t *testing.T) { o.run(t, f, i) })
	}
}

const (
	outageLag     = time.Second
	outageTimeout = 2 * time.Second // of each call of the store
)

// An outage is a way for the database to fail, and what undoes it.
type outage struct {
	name  string
	where func(*process) bool
	begin func(t *testing.T, f *fleet) (end func())
}

var outages = []outage{
	{"the server is killed and started again", everybody, func(t *testing.T, f *fleet) func() {
		f.database.Kill()
		return func() { f.database.Restart(t) }
	}},
	{"all connections of a pool are in use", isFirst, func(t *testing.T, f *fleet) func() {
		p := f.processes[0]
		if a := p.send("POST", "/debug/hold", nil, nil); a.status != 200 {
			t.Fatal(a)
		}
		return func() {
			if a := p.send("DELETE", "/debug/hold", nil, nil); a.status != 200 {
				t.Fatal(a)
			}
		}
	}},
	{"the database is slow", everybody, func(_ *testing.T, f *fleet) func() {
		for _, p := range f.processes {
			p.pool.Delay(outageTimeout, outageTimeout/2)
		}
		return func() {
			for _, p := range f.processes {
				p.pool.Delay(0, 0)
			}
		}
	}},
	{"the network swallows everything", everybody, func(_ *testing.T, f *fleet) func() {
		for _, p := range f.processes {
			p.pool.Blackhole()
			p.swallowFeed()
		}
		return func() {
			for _, p := range f.processes {
				p.pool.Pass()
				p.passFeed()
			}
		}
	}},
	{"all of the server is paused", everybody, func(t *testing.T, f *fleet) func() { return f.database.PauseAll(t) }},
}

func isFirst(p *process) bool { return p.name == "p0" }

func (o outage) run(t *testing.T, f *fleet, number int) {
	before := f.rest(t)
	l := startLoad(t, f, number)
	defer l.halt(t)
	l.await(t, 200, everybody)

	l.mayBreak(o.where)
	end := sync.OnceFunc(o.begin(t, f))
	defer end()
	began := time.Now()
	l.await(t, 503, o.where)
	l.revokeSome(o.where)
	// By then no process believes any more what it knew before, unless the feed is alive.
	<-time.After(time.Until(began.Add(outageLag + outageTimeout)))
	l.await(t, 503, o.where)
	l.awaitAll(t)
	end()

	ended := time.Now()
	l.recover(t)
	l.mayBreak(nobody)
	l.await(t, 200, everybody)
	t.Logf("without a failure from %s after the end", ms(l.failed().Sub(ended)))
	l.halt(t)
	f.wantAsBefore(t, before)
}

// recover returns when all live sessions are let pass again, and those that were to be revoked
// are, and nothing has failed for a while.
func (l *load) recover(t *testing.T) {
	t.Helper()
	for _, s := range l.live {
		if !l.is(s, 200) {
			t.Errorf("%s, by %s, is not let pass any more", s.name, s.way)
		}
	}
	for i, s := range l.doomed {
		p := l.f.processes[i%len(l.f.processes)]
		if !eventually(func() bool { return p.send("POST", "/logout/"+s.way, s.jar.copy(), nil).status == 200 }) {
			t.Errorf("%s cannot log out at %s", s.name, p.name)
		}
	}
	for _, s := range slices.Concat(l.doomed, l.revoked) {
		if !l.is(s, 401) {
			t.Errorf("%s, by %s, was revoked and is let pass", s.name, s.way)
		}
	}
	// A pool looks at a connection that was idle for a second before it gives it away.
	// Those that were used before that, and are broken, are found by a failure each.
	if !eventually(func() bool { return time.Since(l.failed()) > 3*time.Second/2 }) {
		t.Error("it goes on failing")
	}
}

// A rest is what a fleet has when it is idle.
type rest struct {
	states   []state
	backends int // processes of the database that serve the fleet
}

// rest returns what there is when the fleet is idle.
func (f *fleet) rest(t *testing.T) rest {
	t.Helper()
	f.awaitHealth(t)
	var now rest
	same := 0
	if !eventually(func() bool {
		was := now
		now = f.atRest(t)
		same++
		if was.states == nil || now.excess(was) != nil || was.excess(now) != nil {
			same = 0
		}
		return same == 10
	}) {
		t.Fatal("the fleet does not come to rest")
	}
	return now
}

func (f *fleet) atRest(t *testing.T) (r rest) {
	t.Helper()
	for _, p := range f.processes {
		p.client.CloseIdleConnections()
	}
	r.states = f.states(t)
	const sql = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND application_name <> 'proof'"
	if err := f.db.QueryRow(t.Context(), sql).Scan(&r.backends); err != nil {
		r.backends = -1 // the pool of the test finds that its connections are broken, too
	}
	return r
}

// wantAsBefore fails the test unless nothing is left of a load and an outage, in the end.
func (f *fleet) wantAsBefore(t *testing.T, before rest) {
	t.Helper()
	var excess []string
	if !eventually(func() bool {
		excess = f.atRest(t).excess(before)
		return len(excess) == 0
	}) {
		t.Errorf("something is left: %q", excess)
		for _, p := range f.processes {
			t.Logf("the goroutines of %s:\n%s", p.name, p.send("GET", "/debug/goroutines", nil, nil).body)
		}
	}
}

// excess says where there is more than before, or not what there was.
func (r rest) excess(before rest) (list []string) {
	for i, s := range r.states {
		was := before.states[i]
		if s.Goroutines > was.Goroutines || s.Conns != was.Conns || s.Acquired != 0 {
			list = append(list, fmt.Sprintf("p%d: %+v, before %+v", i, s, was))
		}
	}
	if r.backends != before.backends {
		list = append(list, fmt.Sprintf("%d processes of the database, before %d", r.backends, before.backends))
	}
	return list
}
