package backends

import (
	"context"
	"fmt"
	"time"
)

// A Store keeps sessions. It is the only required contract of a backend: see the package doc
// for the optional ones.
type Store interface {
	// Create stores s, which begins at now, under the conditions of o. s must be valid; see
	// [Session.Validate]. h is the hash of its secret, zero for a session that no secret opens.
	// It returns the IDs of the sessions that ended because of it: the live one that o replaces,
	// and those that made room; see [Limit].
	//
	// The user must exist and not be disabled. All of it happens, or nothing: fifty logins at
	// the same time, in any number of processes, leave as many sessions as the limit allows.
	//
	// Errors: ErrNotFound (no such user), ErrUserDisabled, ErrConflict (the user has another
	// version, or the ID is taken), ErrLimit, ErrInvalidArgument.
	Create(ctx context.Context, now time.Time, s Session, h SecretHash, o CreateOptions) (ended []string, err error)

	// Find returns the session with the ID, together with its user, in one round trip. Unless h
	// is zero it must be the hash of the session's secret. Pass zero only where the ID itself
	// was proved: a signed token, a signed cookie.
	//
	// Errors: ErrNotFound, also if h is not the hash; or an error that wraps ErrNotLive, together
	// with the session, so that the caller can say how it ended. A session that is refused because
	// its user is disabled or gone ends with [ReasonUser]: it stays over when the user comes back.
	Find(ctx context.Context, now time.Time, id string, h SecretHash) (Session, User, error)

	// Extend records activity at now as [Session.Touch] does, if the session is live and
	// [Session.Due], and returns the idle deadline as it is then. ok reports whether it did. Of
	// simultaneous calls exactly one does, so a busy session costs one write in an interval. An
	// unknown, ended or recently extended session is no error.
	Extend(ctx context.Context, now time.Time, id string) (idleDeadline time.Time, ok bool, err error)

	// Reauthenticate gives the live session with the ID s.ID a new start and a new secret. It
	// replaces AuthenticatedAt, LastSeenAt, AMR, IdleTimeout, RenewalInterval, both deadlines,
	// Refresh and Binding by those of s, which must be valid. From then on only next opens the
	// session.
	//
	// s.AuthenticatedAt must be after o.Former, so that of two calls with the same Former one
	// wins. Errors: ErrNotFound if the session has ended, or Former is not its AuthenticatedAt;
	// ErrConflict if the user has another version than o names; ErrInvalidArgument.
	Reauthenticate(ctx context.Context, now time.Time, s Session, next SecretHash, o ReauthenticateOptions) error

	// Revoke ends the session for good. It reports whether this call did: false for a session
	// that had ended before, or never was. Error: ErrInvalidArgument for a reason that is not
	// valid; see [Reason.Validate].
	Revoke(ctx context.Context, now time.Time, id string, why Reason) (bool, error)
}

// ReauthenticateOptions are the conditions under which a session gets a new start.
type ReauthenticateOptions struct {
	// Former is the AuthenticatedAt that the session must still have. Required.
	Former time.Time
	// UserVersion, if not 0, must still be the user's version.
	UserVersion int64
}

// A UserFinder is an optional contract of a [Store].
type UserFinder interface {
	// FindUser returns the user with that ID, disabled or not. Error: ErrNotFound.
	FindUser(ctx context.Context, userID string) (User, error)
}

// A SessionLister lists and ends sessions without their secrets: for a user's list of devices,
// and for administrators. It is an optional contract of a [Store].
type SessionLister interface {
	// List returns one page of the live sessions of a user, the most recently seen first, and the
	// [Page].After of the next page, "" if this is the last.
	//
	// Each session that is live from the first call to the last, and not used in between, is in
	// exactly one page. One that is used or begins meanwhile moves to the front, where the list
	// has been already: it may be in none. No session is in two, unless a server whose clock is
	// behind uses it. Error: ErrInvalidArgument; see [Page.Start].
	List(ctx context.Context, now time.Time, userID string, p Page) (page []Session, next string, err error)

	// RevokeUser ends the live sessions of a user, except the one with the ID except ("" for
	// none), and returns how many. Error: ErrInvalidArgument, as for Revoke.
	RevokeUser(ctx context.Context, now time.Time, userID, except string, why Reason) (int, error)

	// RevokeAll ends every live session of every user, or none. Sessions that begin after it has
	// returned are not affected. Error: ErrInvalidArgument, as for Revoke.
	RevokeAll(ctx context.Context, now time.Time, why Reason) error
}

// A Sweeper removes rows that can no longer be used. It is an optional contract of a [Store].
type Sweeper interface {
	// Sweep removes sessions that have been dead for [Retention], in small batches that block no
	// request, and returns how many. Claims and attempts that no longer count are removed in the same
	// way, and are not in the number. Any number of processes may sweep at once. When ctx ends it
	// stops between two batches and returns ctx's error.
	Sweep(ctx context.Context, now time.Time) (int, error)
}

// Supports reports whether s implements the optional contract T. A store that wraps another
// one and has a method Unwrap() Store supports what both do. It is a [Subscriber] if it has the
// method: it notices changes by itself.
func Supports[T any](s Store) bool {
	_, subscriber := any((*T)(nil)).(*Subscriber)
	for s != nil {
		if _, ok := s.(T); !ok {
			return false
		}
		wrapper, ok := s.(interface{ Unwrap() Store })
		if !ok || subscriber {
			return true
		}
		s = wrapper.Unwrap()
	}
	return false
}

// Sweep calls s.Sweep every interval until ctx ends, whether or not it fails, and returns ctx's
// error. It passes each result to report, which may be nil.
func Sweep(ctx context.Context, s Sweeper, every time.Duration, report func(removed int, err error)) error {
	if every <= 0 {
		return fmt.Errorf("%w: Sweep every %v, want more than 0", ErrInvalidArgument, every)
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case now := <-tick.C:
			n, err := s.Sweep(ctx, now)
			if report != nil {
				report(n, err)
			}
		}
	}
}
