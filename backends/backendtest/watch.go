package backendtest

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/inga-auth/inga/backends"
)

// patience is how long the suite waits for a report before it gives up: half a minute, or half
// of the time that is left until the test binary times out.
func (t *tester) patience() time.Duration {
	if deadline, ok := t.Deadline(); ok {
		return min(30*time.Second, time.Until(deadline)/2)
	}
	return 30 * time.Second
}

// A listener writes down what it hears.
type listener struct {
	news chan struct{} // has one element after each report

	mu        sync.Mutex
	listening bool
	changed   []string // the users
	upToDate  time.Time
	beats     int
}

func (l *listener) Listening() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.listening = true
}

func (l *listener) Changed(c backends.Change) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.changed = append(l.changed, c.UserID)
}

func (l *listener) UpToDate(at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.listening {
		panic("backendtest: up to date before it is listening")
	}
	l.upToDate, l.beats = at, l.beats+1
	select {
	case l.news <- struct{}{}:
	default:
	}
}

func (*listener) Interrupted(error) {}

// since returns what was heard since the last call, if the listener is up to date after begin.
func (l *listener) since(begin time.Time) (changed []string, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.upToDate.After(begin) {
		return nil, false
	}
	changed, l.changed = l.changed, nil
	return changed, true
}

// A value is a listener that cannot be compared: a feed need not be able to.
type value struct {
	*listener
	_ []struct{}
}

// A watch is a listener of a feed.
type watch struct {
	*listener
	cancel context.CancelFunc
	ended  chan struct{} // closed when Watch has returned
	err    error         // what it returned
}

func (w *watch) stop() error {
	w.cancel()
	<-w.ended
	return w.err
}

// listen watches the store until the watch is stopped, or the test ends.
func (t *tester) listen() *watch {
	t.Helper()
	ctx, cancel := context.WithCancel(t.ctx)
	w := &watch{listener: &listener{news: make(chan struct{}, 1)}, cancel: cancel, ended: make(chan struct{})}
	go func() {
		defer close(w.ended)
		w.err = t.Store.(backends.Feed).Watch(ctx, 10*time.Millisecond, value{listener: w.listener})
	}()
	t.Cleanup(func() { _ = w.stop() })
	t.caughtUp(w)
	return w
}

// caughtUp waits until the listener has heard of everything so far, and returns the users
// since the last call.
func (t *tester) caughtUp(w *watch) []string {
	t.Helper()
	begin, late := time.Now(), time.After(t.patience())
	for {
		if changed, ok := w.since(begin); ok {
			return changed
		}
		select {
		case <-w.news:
		case <-w.ended:
			t.Fatalf("the watch has ended: %v", w.err)
		case <-late:
			t.Fatal("the listener does not come up to date")
		}
	}
}

// reported fails the test unless the change is reported, of its user or of everything.
func (t *tester) reported(w *watch, c change) {
	t.Helper()
	t.ok(c.what, c.call())
	if heard := t.caughtUp(w); !slices.Contains(heard, c.userID) && !slices.Contains(heard, "") {
		t.Errorf("%s: heard of %q, want %q", c.what, heard, c.userID)
	}
}
