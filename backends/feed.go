package backends

import (
	"context"
	"time"
)

// A Feed tells what somebody who remembers sessions and users must forget, whichever process
// changed it. Mere activity is no change: nothing is told of Extend, Rotate and MarkSeen.
type Feed interface {
	// Watch tells l of changes until ctx ends or the connection breaks, and returns why. As
	// long as l is up to date it says so, with no more than the given time between twice:
	// whoever hears nothing for longer must not rely on what they remember.
	Watch(ctx context.Context, every time.Duration, l Listener) error
}

// A Listener hears of changes. Its methods are called one at a time, in the order of the
// changes. They must be quick and must not call the store.
type Listener interface {
	// Listening: whatever is committed from now on will be told.
	Listening()

	// Changed: what is remembered of c may be wrong from now on.
	Changed(c Change)

	// UpToDate: all that had been committed at the given time has been told.
	UpToDate(at time.Time)
}

// A Change names what has changed: a user with all their sessions, or everything if UserID
// is empty.
type Change struct{ UserID string }

// A Notifier calls back when what a store says of a user's sessions may have changed.
// Backends that know such a moment implement it; package cache does.
type Notifier interface {
	// Notify calls f, from any goroutine, soon after each change of the user or one of their
	// sessions that is heard of. One that is missed, while the feed is silent, is not made up
	// for. f must be quick. After stop it is not called any more, but for a call under way.
	Notify(userID string, f func()) (stop func())
}

// A CredentialHash is the SHA-256 of a credential as it was presented: a cookie's value, a
// token.
type CredentialHash [32]byte

// A Recaller is a [Store] that remembers, for a while, which credentials were verified: a
// cookie or token that comes again then costs neither a signature nor a round trip. Package
// cache is one.
type Recaller interface {
	// Recall returns what Remember was told with h, and the session and user as the store
	// would find them by ID, if it can do so without asking anybody; ok is false otherwise,
	// and if the session does not live or its user has authenticated again since. All of it is
	// shared, and must not be changed. now is what time.Now has just returned.
	Recall(now time.Time, h CredentialHash) (note any, s *Session, u *User, ok bool)

	// Remember remembers that the credential with the hash h was verified and opens the
	// session, as the store has just returned it, with a note of size bytes.
	Remember(h CredentialHash, s Session, note any, size int)
}
