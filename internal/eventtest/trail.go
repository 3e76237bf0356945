// Package eventtest records events for tests, and has the worst logger that they may be written
// with.
package eventtest

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/inga-auth/inga/middleware"
)

// A Trail records the events that its hook receives, in their order. It is safe for concurrent
// use.
type Trail struct {
	mu     sync.Mutex
	events []middleware.Event
}

// Hook is a [middleware.EventHook].
func (tr *Trail) Hook(_ context.Context, e middleware.Event) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.events = append(tr.events, e)
}

// Events returns the events so far.
func (tr *Trail) Events() []middleware.Event {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return slices.Clone(tr.events)
}

// Count returns how many of the type there are so far.
func (tr *Trail) Count(of middleware.EventType) int {
	n := 0
	for _, e := range tr.Events() {
		if e.Type == of {
			n++
		}
	}
	return n
}

// Take returns the events so far, and forgets them.
func (tr *Trail) Take() []middleware.Event {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	events := tr.events
	tr.events = nil
	return events
}

// WantEvents takes the events, and fails the test unless they are these. It checks that their
// times are of just now and in UTC, and does not compare them.
func (tr *Trail) WantEvents(t testing.TB, want ...middleware.Event) {
	t.Helper()
	got := tr.Take()
	for i := range got {
		if age := time.Since(got[i].Time); age < 0 || age > time.Minute || got[i].Time.Location() != time.UTC {
			t.Errorf("%s at %v, %v ago; want a time of just now, in UTC", got[i].Type, got[i].Time, age)
		}
		got[i].Time = time.Time{}
	}
	if !slices.Equal(got, want) {
		t.Errorf("events\n%+v\nwant\n%+v", got, want)
	}
}
