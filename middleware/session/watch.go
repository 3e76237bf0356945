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

// WatchSession implements [middleware.SessionWatcher] for authenticators.
func (m *Method) WatchSession(id middleware.Identity, end func(cause error)) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	look := make(chan struct{}, 1)
	unsubscribe := m.subscribe(id, func() {
		select {
		case look <- struct{}{}:
		default: // there is a request already
		}
	})
	var done sync.WaitGroup
	done.Go(func() {
		if cause := m.wait(ctx, id.SessionID, look); cause != nil && ctx.Err() == nil {
			end(cause)
		}
	})
	return func() {
		cancel()
		unsubscribe()
		done.Wait()
	}
}

// subscribe arranges for f to be called when the user of id changes, or the actor, if there is one.
func (m *Method) subscribe(id middleware.Identity, f func()) (stop func()) {
	s, ok := m.sessions.store.(backends.Subscriber)
	if !ok {
		return func() {}
	}
	user := s.Subscribe(id.Subject, f)
	if id.Actor == "" {
		return user
	}
	actor := s.Subscribe(id.Actor, f)
	return func() {
		user()
		actor()
	}
}

// wait returns why the session has ended, or nil when ctx has. It looks the session up now and
// then, and when look says so.
func (m *Method) wait(ctx context.Context, id string, look <-chan struct{}) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	var failing time.Time // since when
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-look:
		case <-timer.C:
		}
		if failing.IsZero() {
			failing = time.Now() // until the store has answered
		}
		s, err := m.findBefore(ctx, failing.Add(patience), id)
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

func (m *Method) findBefore(ctx context.Context, deadline time.Time, id string) (backends.Session, error) {
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	s, _, err := m.look(ctx, now(), id, backends.SecretHash{})
	return s, ended(&s, err)
}
