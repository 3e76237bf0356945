package cache

import (
	"context"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/inga-auth/inga/backends"
)

// A hearing is one connection of the feed, or none.
type hearing struct {
	connection uint64       // from 1; 0 if nobody listens
	upToDate   atomic.Int64 // until when all changes have been told, as the store counts
}

// beats is how many times in MaxLag the feed says that it is up to date: two in a row may
// come late before anything has to be read again.
const beats = 4

// How long Follow waits before it connects again: longer each time, and not all processes at
// the same moment.
const (
	firstWait = 50 * time.Millisecond
	lastWait  = 2 * time.Second
)

// Follow has the store hear of changes, from the feed of its backend, until ctx ends; it
// returns ctx's error. It connects again whenever the connection is lost, and hands the
// reason to report (which may be nil) once for each try. The caller runs it, in a goroutine
// beside the server, once.
//
// While the feed is silent, what was remembered for longer than MaxLag is read again. So the
// bound holds without Follow too, at the price of a round trip for each session in MaxLag.
func (s *Store) Follow(ctx context.Context, report func(error)) error {
	for wait := firstWait; ; wait = min(2*wait, lastWait) {
		l := &listener{store: s}
		err := s.backend.Watch(ctx, s.maxLag/beats, l)
		s.feed.Store(&hearing{})
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if report != nil {
			report(err)
		}
		if l.hearing != nil {
			wait = firstWait
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait/2 + rand.N(wait)):
		}
	}
}

// Following reports whether the feed has told of all changes until at most MaxLag ago. A
// monitor may want to know.
func (s *Store) Following() bool {
	h := s.feed.Load()
	return h.connection != 0 && s.since(time.Now())-h.upToDate.Load() <= int64(s.maxLag)
}

// A listener is the store as it hears of changes over one connection.
type listener struct {
	store   *Store
	hearing *hearing // nil until it is listening
}

// Listening implements [backends.Listener]. What is read from now on belongs to this
// connection; of what was read before, a change may have been missed.
func (l *listener) Listening() {
	l.hearing = &hearing{connection: l.store.connections.Add(1)}
	l.store.feed.Store(l.hearing)
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
func (l *listener) UpToDate(at time.Time) { forward(&l.hearing.upToDate, l.store.since(at)) }

// forward moves at to a later time.
func forward(at *atomic.Int64, to int64) {
	for {
		was := at.Load()
		if was >= to || at.CompareAndSwap(was, to) {
			return
		}
	}
}
