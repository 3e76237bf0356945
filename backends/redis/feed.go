package redis

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/redis/rueidis"

	"github.com/inga-auth/inga/backends"
)

var _ backends.Feed = (*Store)(nil)

// Watch implements [backends.Feed]. It has a connection to each master on which Redis announces
// changes (CLIENT TRACKING), and asks on each of them, every interval, whether that is still so and
// who the masters are. When all have answered and agree, the listener is up to date as of the
// moment of asking.
//
// The client must speak RESP3, which it does unless told otherwise. Watch ends when a connection is
// lost, a master does not answer within Config.Timeout, slots are being moved, or the masters are
// others than before: what was announced meanwhile is lost.
func (s *Store) Watch(ctx context.Context, every time.Duration, l backends.Listener) error {
	if every <= 0 {
		return fmt.Errorf("%w: Watch every %v, want more than 0", backends.ErrInvalidArgument, every)
	}
	w := &watch{store: s, listener: l, lost: make(chan error, 1)}
	defer w.close()
	err := w.run(ctx, every)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("redis: feed: %w", err)
}

// A watch listens to all masters.
type watch struct {
	store   *Store
	view    string // what all masters must say
	masters []*announcer
	lost    chan error // has an element when a connection is lost

	mu       sync.Mutex
	listener backends.Listener // nil when the watch has ended
}

func (w *watch) run(ctx context.Context, every time.Duration) error {
	if err := w.connect(ctx); err != nil {
		return err
	}
	// The masters are asked after all of them announce changes: none has come in between.
	if err := w.confirm(ctx, backends.Listener.Listening); err != nil {
		return err
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-w.lost:
			return err
		case <-tick.C:
			if err := w.confirm(ctx, nil); err != nil {
				return err
			}
		}
	}
}

// connect has all masters announce changes.
func (w *watch) connect(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, w.store.timeout)
	defer cancel()
	view, masters, err := w.store.masters(ctx)
	if err != nil {
		return err
	}
	w.view, w.masters = view, make([]*announcer, len(masters))
	return together(len(masters), func(i int) (err error) {
		w.masters[i], err = w.announce(ctx, masters[i])
		return err
	})
}

// confirm asks all masters whether they are what they were, and tells the listener. Redis sends
// the announcement of a change before the answer to a question that came after the change. So
// what was announced before the listener is told is all that had changed when they were asked.
func (w *watch) confirm(ctx context.Context, first func(backends.Listener)) error {
	ctx, cancel := context.WithTimeout(ctx, w.store.timeout)
	defer cancel()
	asked := time.Now()
	err := together(len(w.masters), func(i int) error {
		view, err := w.masters[i].view(ctx)
		if err == nil && view != w.view {
			err = errTopology
		}
		return err
	})
	if err != nil {
		return err
	}
	w.report(func(l backends.Listener) {
		if first != nil {
			first(l)
		}
		l.UpToDate(asked)
	})
	return nil
}

var errTopology = errors.New("the masters are others than before, or do not agree who has which slots")

// changed reports the changes that a master announces with the names of keys, or that anything
// may have changed, if it gives none: all keys were removed, or the connection is lost.
func (w *watch) changed(names []rueidis.RedisMessage) {
	users := w.store.keys.usersOf(names)
	w.report(func(l backends.Listener) {
		for _, id := range users {
			l.Changed(backends.Change{UserID: id})
			w.store.subscribers.Call(id)
		}
	})
}

// report calls the listener, unless the watch has ended.
func (w *watch) report(f func(backends.Listener)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.listener != nil {
		f(w.listener)
	}
}

func (w *watch) close() {
	w.mu.Lock()
	w.listener = nil
	w.mu.Unlock()
	_ = together(len(w.masters), func(i int) error {
		if m := w.masters[i]; m != nil {
			m.close()
		}
		return nil
	})
}

// together calls f for each number below n, at the same time, and joins the errors.
func together(n int, f func(int) error) error {
	errs := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { errs[i] = f(i) })
	}
	all.Wait()
	return errors.Join(errs...)
}
