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
	// lookEvery is how often the session of a request that goes on for long is looked at, even
	// if the store says when to look: it may have missed something.
	lookEvery = 5 * time.Second

	// patience is for how long a store may fail to answer until the request ends: somebody
	// may have ended the session, and nobody here would know.
	patience = 5 * time.Second
)

// Attend calls end when the session with the ID, of the user, has ended; see
// [middleware.Attendant].
func Attend(store backends.Store, id, userID string, end func(cause error)) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	a := &attendance{store: store, id: id, look: make(chan struct{}, 1)}
	unsubscribe := func() {}
	if n, ok := store.(backends.Notifier); ok {
		unsubscribe = n.Notify(userID, a.soon)
	}
	var done sync.WaitGroup
	done.Go(func() {
		if cause := a.wait(ctx); cause != nil && ctx.Err() == nil {
			end(cause)
		}
	})
	return func() {
		cancel()
		unsubscribe()
		done.Wait()
	}
}

type attendance struct {
	store backends.Store
	id    string
	look  chan struct{} // now
}

// soon has the session looked at, once however often it is called until then.
func (a *attendance) soon() {
	select {
	case a.look <- struct{}{}:
	default:
	}
}

// wait returns why the session has ended, or nil when ctx has.
func (a *attendance) wait(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	var failing time.Time // since when
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-a.look:
		case <-timer.C:
		}
		row, err := a.find(ctx)
		switch {
		case err == nil:
			failing = time.Time{}
			// Sooner if the session expires before, unless it is extended.
			timer.Reset(max(min(time.Until(row.IdleDeadline), lookEvery), time.Millisecond))
			continue
		case !errors.Is(err, middleware.ErrUnavailable):
			return err
		case failing.IsZero():
			failing = time.Now()
		case time.Since(failing) >= patience:
			return err
		}
		timer.Reset(patience / 10)
	}
}

func (a *attendance) find(ctx context.Context) (backends.Session, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	row, _, err := a.store.FindByID(ctx, Now(), a.id)
	return row, Refusal(&row, err)
}
