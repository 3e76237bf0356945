package proof_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// controls are sessions that are never revoked, in use at all processes all the time: whatever is
// measured with the others, these are let pass.
type controls struct {
	answers atomic.Int64
	stop    func() // which it does once
}

// controlPause is how long is waited between two requests of one session at one process.
const controlPause = 50 * time.Millisecond

// startControls has each process serve one session of each way.
func (f *fleet) startControls(t *testing.T) *controls {
	t.Helper()
	f.addUser(t, "control")
	c := &controls{}
	stop := make(chan struct{})
	var done sync.WaitGroup
	c.stop = sync.OnceFunc(func() {
		close(stop)
		done.Wait()
	})
	t.Cleanup(c.stop)
	for i, way := range []string{byCookie, byToken, byBrowser} {
		j, _ := f.mustLogin(t, f.processes[i], way, "control")
		for _, p := range f.processes {
			done.Go(func() { c.use(t, p, j, stop) })
		}
	}
	return c
}

func (c *controls) use(t *testing.T, p *process, j *jar, stop chan struct{}) {
	failures := 0
	for path := "/page"; ; {
		if a := p.send("GET", path, j, nil); a.status != 200 {
			t.Errorf("a session that nobody revoked: %v", a)
			if failures++; failures == 3 {
				return
			}
		}
		c.answers.Add(1)
		path = map[string]string{"/page": "/admin", "/admin": "/page"}[path]
		select {
		case <-stop:
			return
		case <-time.After(controlPause):
		}
	}
}

// wantNoQueries fails the test if a process asks the database for a session more than once in
// MaxAge, while all its sessions are in use for several MaxLags and the feed is alive.
func (c *controls) wantNoQueries(t *testing.T, f *fleet) {
	t.Helper()
	const lags, sessions = 3, 3
	most := int64(sessions * (1 + lags**maxLag / *maxAge))
	f.awaitHealth(t)
	for { // until the feed has been alive all the time
		before, began := f.states(t), c.answers.Load()
		<-time.After(lags * *maxLag)
		after := f.states(t)
		quiet := true
		for i, p := range f.processes {
			switch sent := after[i].Queries - before[i].Queries; {
			case after[i].Reconnects != before[i].Reconnects:
				t.Logf("%s lost the feed by itself: %s", p.name, after[i].LastReason)
				quiet = false
			case sent > most:
				t.Errorf("%s sent %d queries for sessions in use, in %d times MaxLag, with the feed alive: want %d", p.name, sent, lags, most)
			}
		}
		if quiet {
			t.Logf("%d requests in %v: %d queries at most at each process", c.answers.Load()-began, lags**maxLag, most)
			return
		}
		f.awaitHealth(t)
	}
}

func (f *fleet) states(t *testing.T) (all []state) {
	t.Helper()
	for _, p := range f.processes {
		all = append(all, p.state(t))
	}
	return all
}
