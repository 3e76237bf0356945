package postgres

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/inga-auth/inga/backends"
)

var _ backends.Feed = (*Store)(nil)

const (
	// pollInterval is how long a change goes unread at most, where no notification comes.
	pollInterval = 250 * time.Millisecond

	// A reading waits after one that found something, a millisecond for each change within these
	// bounds: in a storm many are read at once. It comes after the 20 milliseconds in which no
	// second notification is sent, for what was committed in them.
	leastPause, mostPause = 30 * time.Millisecond, 100 * time.Millisecond

	// lastWait is how long a reading waits at most after one that failed.
	lastWait = 2 * time.Second
)

// Watch implements [backends.Feed]. It reads over the pool what was committed since it last read:
// at least four times a second, and at once when a notification says that there is something.
//
// If the database cannot be asked, Watch goes on from where it was when it can be again. If
// changes may be lost by then, because the last reading was more than five minutes ago, or the
// server was restarted or is another one, it reports that anything may have changed.
//
// It fails at once where Config.UsersAnnounced is set and [Store.Check] would find that a trigger
// is missing.
func (s *Store) Watch(ctx context.Context, every time.Duration, l backends.Listener) error {
	if every <= 0 {
		return fmt.Errorf("%w: Watch every %v, want more than 0", backends.ErrInvalidArgument, every)
	}
	w := &watch{store: s, poll: min(every, pollInterval), listener: l, poked: make(chan struct{}, 1)}
	if err := w.begin(ctx); err != nil {
		return ended(ctx, err)
	}
	ctx, cancel := context.WithCancel(ctx)
	var listening sync.WaitGroup
	listening.Go(func() { w.listen(ctx) })
	defer listening.Wait()
	defer cancel()
	return w.run(ctx)
}

// A watch is a reader of the changes.
type watch struct {
	store    *Store
	poll     time.Duration
	listener backends.Listener
	poked    chan struct{} // has an element if there may be something to read
	read     position
}

func (w *watch) begin(ctx context.Context) error {
	if err := w.check(ctx); err != nil {
		return err
	}
	sent := time.Now()
	_, next, err := w.store.changesSince(ctx, position{})
	if err != nil {
		return err
	}
	w.read = next
	w.listener.Listening()
	w.upToDate(sent)
	return nil
}

func (w *watch) check(ctx context.Context) error {
	ctx, cancel := w.store.bound(ctx)
	defer cancel()
	return w.store.checkTriggers(ctx)
}

func (w *watch) run(ctx context.Context) error {
	var failures time.Duration
	for found := 0; ; {
		switch {
		case failures > 0:
			sleep(ctx, failures/2+rand.N(failures), nil)
		case found > 0:
			pause := min(max(time.Duration(found)*time.Millisecond, leastPause), mostPause)
			sleep(ctx, min(pause, w.poll), nil)
		default:
			sleep(ctx, w.poll, w.poked)
		}
		var err error
		found, err = w.catchUp(ctx)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			failures = min(max(2*failures, leastPause), lastWait)
			w.listener.Interrupted(ended(ctx, err))
		default:
			failures = 0
		}
	}
}

// catchUp reports what has changed since it last did.
func (w *watch) catchUp(ctx context.Context) (found int, err error) {
	sent := time.Now()
	users, next, err := w.store.changesSince(ctx, w.read)
	if err != nil {
		return 0, err
	}
	for _, id := range users {
		w.listener.Changed(backends.Change{UserID: id})
		w.store.subscribers.Call(id)
	}
	w.read = next
	w.upToDate(sent)
	return len(users), nil
}

func (w *watch) upToDate(at time.Time) {
	if w.store.vouches {
		w.listener.UpToDate(at)
	}
}

// sleep returns after d, or when there is something to receive, or ctx ends.
func sleep(ctx context.Context, d time.Duration, until <-chan struct{}) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-until:
	case <-timer.C:
	}
}

// ended returns why a watch is over: ctx's error if ctx has ended.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("postgres: feed: %w", err)
}
