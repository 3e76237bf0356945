package backends

import (
	"context"
	"time"
)

// A Feed reports changes so that caches can invalidate, whichever process made the change.
// Activity is not a change: Extend, Rotate and MarkSeen are not reported.
type Feed interface {
	// Watch reports changes to l until ctx ends or the feed breaks, and returns why. While l is up
	// to date, Watch calls l.UpToDate at least once per interval. A listener that hears nothing
	// for longer must not rely on what it remembers. Error: ErrInvalidArgument for an interval that
	// is not positive.
	Watch(ctx context.Context, every time.Duration, l Listener) error
}

// A Listener receives the changes of a [Feed]. Its methods are called one at a time, in the
// order of the changes. They must be fast and must not call the store.
type Listener interface {
	// Listening: every change that is committed from now on will be reported.
	Listening()

	// Changed: what is remembered of c may be wrong from now on.
	Changed(c Change)

	// UpToDate: every change committed before at has been reported.
	UpToDate(at time.Time)

	// Interrupted: the feed could not be asked, because of err, and is asked again. Before the next
	// UpToDate it reports what was committed meanwhile, be it as a Change of anything. A feed that
	// cannot do that ends its Watch instead.
	Interrupted(err error)
}

// A Change names a user whose row or sessions have changed. An empty UserID means that
// anything may have changed.
type Change struct{ UserID string }

// A Subscriber calls back when the answers of a store about a user may have changed. It is an
// optional contract of stores that notice changes as they happen.
type Subscriber interface {
	// Subscribe arranges for f to be called soon after each observed change of the user or one
	// of the user's sessions, from any goroutine. Changes missed while the feed is down are not
	// replayed. f must be fast, and must call neither the store nor stop. After stop returns f is
	// not called again, except for a call already in progress.
	Subscribe(userID string, f func()) (stop func())
}
