package memory

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/subscribers"
)

// A feed reports changes to its listeners and subscribers. A method that changes something
// reports it with the account still locked, before any other method can see it: a listener
// that is up to date at some instant has then heard of everything that was visible before.
// The locks are leaves.
type feed struct {
	mu          sync.Mutex
	listeners   map[*backends.Listener]struct{} // by address: a Listener need not be comparable
	subscribers subscribers.Table
}

// Watch implements [backends.Feed]. It ends with ctx only.
func (m *Store) Watch(ctx context.Context, every time.Duration, l backends.Listener) error {
	if every <= 0 {
		return fmt.Errorf("%w: Watch every %v, want more than 0", backends.ErrInvalidArgument, every)
	}
	m.feed.do(func() {
		m.feed.listeners[&l] = struct{}{}
		l.Listening()
		l.UpToDate(time.Now())
	})
	defer m.feed.do(func() { delete(m.feed.listeners, &l) })
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
			m.feed.do(func() { l.UpToDate(time.Now()) })
		}
	}
}

// Subscribe implements [backends.Subscriber]. f is called while the user is locked: it must
// call neither the store nor stop.
func (m *Store) Subscribe(userID string, f func()) (stop func()) {
	return m.feed.subscribers.Subscribe(userID, f)
}

func (f *feed) do(locked func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	locked()
}

func (f *feed) changed(userID string) {
	f.subscribers.Call(userID)
	f.do(func() {
		for l := range f.listeners {
			(*l).Changed(backends.Change{UserID: userID})
		}
	})
}
