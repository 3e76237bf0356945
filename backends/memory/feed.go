package memory

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/inga-auth/inga/backends"
)

var _ backends.Feed = (*Store)(nil)

// A feed tells its listeners of changes. A change is told by who makes it, while the account
// is locked: before anybody else sees it. The lock of a feed is a leaf.
type feed struct {
	mu        sync.Mutex
	listeners []backends.Listener
	any       atomic.Bool
}

// Watch implements [backends.Feed]. It ends with ctx only.
func (m *Store) Watch(ctx context.Context, every time.Duration, l backends.Listener) error {
	m.feed.join(l)
	defer m.feed.leave(l)
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
			m.feed.upToDate(l)
		}
	}
}

func (f *feed) join(l backends.Listener) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.listeners = append(f.listeners, l)
	f.any.Store(true)
	l.Listening()
	l.UpToDate(time.Now())
}

func (f *feed) leave(l backends.Listener) {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := slices.Index(f.listeners, l)
	f.listeners = slices.Delete(f.listeners, i, i+1)
	f.any.Store(len(f.listeners) > 0)
}

func (f *feed) upToDate(l backends.Listener) {
	f.mu.Lock()
	defer f.mu.Unlock()
	l.UpToDate(time.Now())
}

func (f *feed) changed(userID string) {
	if !f.any.Load() {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, l := range f.listeners {
		l.Changed(backends.Change{UserID: userID})
	}
}
