package proof_test

import (
	"sync"
	"testing"
	"time"
)

// What is broken in a scenario, and what undoes it.

func asItIs(t *testing.T, f *fleet) func() {
	f.awaitHealth(t)
	return func() {}
}

// broken breaks something at each process, and undoes it for all of them.
func (f *fleet) broken(t *testing.T, brk, undo func(*process)) func() {
	for _, p := range f.processes {
		brk(p)
	}
	return func() {
		for _, p := range f.processes {
			undo(p)
		}
		f.awaitHealth(t)
	}
}

// swallowed is a network that swallows what comes over the feed: changes that are polled, and
// notifications. Requests are not affected.
func swallowed(t *testing.T, f *fleet) func() {
	return f.broken(t, (*process).swallowFeed, (*process).passFeed)
}

// unpoked is a network that swallows notifications alone.
func unpoked(t *testing.T, f *fleet) func() {
	return f.broken(t, func(p *process) { p.poke.Blackhole() }, func(p *process) { p.poke.Pass() })
}

// over does something again and again, until end is called.
func over(t *testing.T, f *fleet, low, high time.Duration, do func(), undo func(*process)) (end func()) {
	r := dice(t, 1)
	stop := make(chan struct{})
	var done sync.WaitGroup
	done.Go(func() {
		for {
			do()
			select {
			case <-stop:
				return
			case <-time.After(between(r, low, high)):
			}
		}
	})
	return func() {
		close(stop)
		done.Wait()
		for _, p := range f.processes {
			undo(p)
		}
		f.awaitHealth(t)
	}
}

// killedOverAndOver is a server that ends the connections of the feed.
func killedOverAndOver(t *testing.T, f *fleet) func() {
	return over(t, f, *maxLag/40, *maxLag/4, func() { f.killFeeds(t) }, func(*process) {})
}

// stalling is a network in which the feed stops for up to twice as long as it may be silent, and
// then delivers all there is.
func stalling(t *testing.T, f *fleet) func() {
	stalled := false
	return over(t, f, *maxLag/4, 2**maxLag, func() {
		for _, p := range f.processes {
			if stalled {
				p.passFeed()
			} else {
				p.swallowFeed()
			}
		}
		stalled = !stalled
	}, (*process).passFeed)
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

// unannounced is a schema that lacks the triggers which announce changes.
func unannounced(t *testing.T, f *fleet) func() {
	alter := func(how string) {
		for _, table := range []string{"inga.sessions", "inga.users"} {
			f.exec(t, "ALTER TABLE "+table+" "+how+" TRIGGER changed, "+how+" TRIGGER deleted")
		}
	}
	alter("DISABLE")
	return func() { alter("ENABLE ALWAYS") }
}

// stopped has all processes but the first stop (SIGSTOP), and go on after a while.
func stopped(t *testing.T, f *fleet) func() {
	var done sync.WaitGroup
	for _, p := range f.processes[1:] {
		goOn := p.stop(t)
		done.Go(func() {
			<-time.After(*stopFor)
			goOn()
		})
	}
	return done.Wait
}

// slept has the wall clock of all processes jump by two hours, and their monotonic clocks go on,
// as on a machine that was suspended.
func slept(t *testing.T, f *fleet) func() {
	move := func(d time.Duration) {
		for _, p := range f.processes {
			if a := p.send("POST", "/debug/clock", nil, form("ahead", d.String())); a.status != 200 {
				t.Error(a)
			}
		}
	}
	move(2 * time.Hour)
	return func() { move(0) }
}
