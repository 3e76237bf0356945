package session

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/middleware"
)

const (
	// lookEvery is how often the session of a long request is looked up, even if the store reports
	// changes: one may have been missed.
	lookEvery = 5 * time.Second

	// patience is how long a store may fail to answer until the request ends: the session may
	// have been ended, and nothing here would notice.
	patience = 5 * time.Second
)

// watch calls end when the session behind id has ended; see [middleware.SessionWatcher].
func (g *Registry) watch(id middleware.Identity, end func(cause error)) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	w := &watcher{store: g.store, id: id.SessionID, look: make(chan struct{}, 1)}
	unsubscribe := func() {}
	if s, ok := g.store.(backends.Subscriber); ok {
		unsubscribe = s.Subscribe(id.Subject, w.lookSoon)
	}
	var done sync.WaitGroup
	done.Go(func() {
		if cause := w.wait(ctx); cause != nil && ctx.Err() == nil {
			end(cause)
		}
	})
	return func() {
		cancel()
		unsubscribe()
		done.Wait()
	}
}

// A watcher waits for the end of one session.
type watcher struct {
	store backends.Store
	id    string
	look  chan struct{} // requests a look-up now
}

// lookSoon requests a look-up. Requests that are not served yet are one.
func (w *watcher) lookSoon() {
	select {
	case w.look <- struct{}{}:
	default:
	}
}

// wait returns why the session has ended, or nil when ctx has.
func (w *watcher) wait(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	var failing time.Time // since when
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-w.look:
		case <-timer.C:
		}
		if failing.IsZero() {
			failing = time.Now() // until the store has answered
		}
		s, err := w.find(ctx, failing.Add(patience))
		switch {
		case err == nil:
			failing = time.Time{}
			// Sooner if the session expires before, unless it is extended.
			timer.Reset(max(min(time.Until(s.IdleDeadline), lookEvery), time.Millisecond))
		case !errors.Is(err, middleware.ErrUnavailable) || time.Since(failing) >= patience:
			return err
		default:
			timer.Reset(patience / 10)
		}
	}
}

func (w *watcher) find(ctx context.Context, deadline time.Time) (backends.Session, error) {
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	s, _, err := w.store.Find(ctx, now(), w.id, backends.SecretHash{})
	return s, ended(&s, err)
}
