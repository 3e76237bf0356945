package cache

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/inga-auth/inga/backends"
)

// A feedConn is the state of a connection of the feed. It is replaced, not changed. The zero
// value stands for no connection.
type feedConn struct {
	since    uint64 // the stamp of its beginning
	upToDate moment // all changes until then have been reported
}

// covers reports whether e was read while the connection was listening. Of a session that was
// read before, it may have missed a change.
func (f *feedConn) covers(e *entry) bool { return f.since != 0 && f.since < e.stamp }

// beats is how many times in MaxLag the feed says that it is up to date: two in a row may be
// late before anything has to be read again.
const beats = 4

// How long Follow waits before it connects again: longer each time, and at random, so that not
// all processes connect at once.
const (
	firstWait = 50 * time.Millisecond
	lastWait  = 2 * time.Second
)

// Follow receives changes from the feed of the backend until ctx ends, and returns ctx's error.
// Whenever the feed is interrupted it reports why (report may be nil) and goes on when it can. It
// is to run once, usually in a goroutine beside the server.
//
// It returns at once, with an error that wraps [errors.ErrUnsupported], if the backend has no
// [backends.Feed]. Sessions are then read again after MaxLag.
func (s *Store) Follow(ctx context.Context, report func(error)) error {
	feed, err := contract[backends.Feed](s)
	if err != nil {
		return err
	}
	if report == nil {
		report = func(error) {}
	}
	for wait := firstWait; ; wait = min(2*wait, lastWait) {
		l := &listener{store: s, report: report}
		err := feed.Watch(ctx, time.Duration(s.maxLag/beats), l)
		s.feed.Store(&feedConn{})
		if ctx.Err() != nil {
			return ctx.Err()
		}
		report(err)
		if l.since != 0 {
			wait = firstWait
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait/2 + rand.N(wait)):
		}
	}
}

// Following reports whether the feed has reported all changes until at most MaxLag ago. It is
// meant for monitoring.
func (s *Store) Following() bool {
	feed := s.feed.Load()
	return feed.since != 0 && s.moment(time.Now()).since(feed.upToDate) <= s.maxLag
}

// A listener receives the changes of one connection.
type listener struct {
	store  *Store
	report func(error)
	since  uint64 // 0 until it listens
}

// Listening implements [backends.Listener].
func (l *listener) Listening() {
	l.since = l.store.stamps.next()
	l.store.feed.Store(&feedConn{since: l.since})
}

// Changed implements [backends.Listener].
func (l *listener) Changed(c backends.Change) {
	if c.UserID == "" {
		l.store.changedAll()
		return
	}
	l.store.changedUser(c.UserID)
}

// UpToDate implements [backends.Listener].
func (l *listener) UpToDate(at time.Time) {
	l.store.feed.Store(&feedConn{since: l.since, upToDate: l.store.moment(at)})
}

// Interrupted implements [backends.Listener]. The connection goes on, and believes nothing until it
// is up to date again.
func (l *listener) Interrupted(err error) { l.report(err) }
