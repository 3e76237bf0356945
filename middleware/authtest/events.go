package authtest

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/inga-auth/inga/middleware"
)

// patience is how long [Events.Wait] waits.
const patience = 10 * time.Second

// Events records events: use its Hook in every Config that has a field for one. The zero value is
// ready to use. It is safe for concurrent use.
type Events struct {
	mu   sync.Mutex
	all  []middleware.Event
	next map[middleware.EventType]int // where Wait continues in all
	wake []chan struct{}              // closed by the next event
}

// Hook is a [middleware.EventHook].
func (e *Events) Hook(_ context.Context, event middleware.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = append(e.all, event)
	for _, wake := range e.wake {
		close(wake)
	}
	e.wake = nil
}

// All returns the events of the given types so far, or of all types if none is given, in the order
// of their arrival.
func (e *Events) All(types ...middleware.EventType) []middleware.Event {
	e.mu.Lock()
	defer e.mu.Unlock()
	var found []middleware.Event
	for _, event := range e.all {
		if len(types) == 0 || slices.Contains(types, event.Type) {
			found = append(found, event)
		}
	}
	return found
}

// Wait returns the first event of the type, and waits for it if necessary. The next call returns
// the second one, and so on. It fails the test after ten seconds.
func (e *Events) Wait(t testing.TB, typ middleware.EventType) middleware.Event {
	t.Helper()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for {
		event, wake := e.find(typ)
		if wake == nil {
			return event
		}
		select {
		case <-wake:
		case <-limit.C:
			t.Fatalf("authtest: no event %q in %v, only %v", typ, patience, e.types())
		}
	}
}

// find returns the next event of the type, or a channel that the next event of any type closes.
func (e *Events) find(typ middleware.EventType) (middleware.Event, <-chan struct{}) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.next == nil {
		e.next = make(map[middleware.EventType]int)
	}
	for e.next[typ] < len(e.all) {
		event := e.all[e.next[typ]]
		e.next[typ]++
		if event.Type == typ {
			return event, nil
		}
	}
	wake := make(chan struct{})
	e.wake = append(e.wake, wake)
	return middleware.Event{}, wake
}

func (e *Events) types() (types []middleware.EventType) {
	for _, event := range e.All() {
		types = append(types, event.Type)
	}
	return types
}
