package backends

import (
	"context"
	"time"
)

// A Store is what a guarded request and a login need.
type Store interface {
	// Create stores a session that begins at now, under the terms of a. s.ID comes from
	// [NewID]; h is the hash of its secret, and zero for a session that nothing but its ID
	// names. It returns the IDs of the sessions that lived until then: the one that a replaces,
	// and those that had to make room; see [Limit].
	//
	// The user must exist and not be disabled. All of it happens or nothing: fifty logins at
	// the same time, at whatever processes, leave as many sessions as the limit says.
	//
	// Errors: ErrNotFound (no such user), ErrUserDisabled, ErrConflict (another version of
	// the user, or the ID or hash is taken), ErrLimit.
	Create(ctx context.Context, now time.Time, s Session, h SecretHash, a Admission) (ended []string, err error)

	// FindBySecret returns the session whose secret has the hash h, together with its
	// user, in one round trip. Errors: ErrNotFound, or one that wraps ErrNotLive. With
	// the latter the session is returned too, so that its end can be told.
	//
	// The zero hash is nobody's and is not found.
	FindBySecret(ctx context.Context, now time.Time, h SecretHash) (Session, User, error)

	// FindByID is FindBySecret by public ID. Only what proves the ID may use it: a
	// verified token, a signed cookie.
	FindByID(ctx context.Context, now time.Time, id string) (Session, User, error)

	// FindUser returns the user with that ID, disabled or not. Error: ErrNotFound.
	FindUser(ctx context.Context, userID string) (User, error)

	// Extend counts activity at now: LastSeenAt becomes now, and IdleDeadline becomes
	// until, but neither moves back and the idle deadline never passes the absolute one.
	//
	// It does so only if the session is live at now and was last seen before the session's
	// own RenewalInterval, and reports whether it did. Of calls at the same time exactly
	// one does, so a busy session costs one write in an interval. A session that has
	// ended, or is unknown, is not extended; that is no error.
	Extend(ctx context.Context, now time.Time, id string, until time.Time) (bool, error)

	// Reauthenticate gives a live session a new secret, and a new start: it replaces
	// AuthenticatedAt, LastSeenAt, AMR, IdleTimeout, RenewalInterval, both deadlines and
	// Refresh by those of s, if former is still its AuthenticatedAt. From then on only next
	// opens it; the zero hash is nobody's.
	//
	// s.AuthenticatedAt is after former, so that of two calls with the same former one wins.
	// The other gets ErrNotFound, as does a call for a session that has ended. ErrConflict:
	// next opens another session.
	Reauthenticate(ctx context.Context, now time.Time, s Session, former time.Time, next SecretHash) error

	// Revoke ends the session, for good. It reports whether this call did: false for a
	// session that had ended before, or never was.
	Revoke(ctx context.Context, now time.Time, id string, why Reason) (bool, error)
}

// A Directory lists and ends sessions without their secrets: for the user's list of
// devices, and for administrators.
type Directory interface {
	// List returns the live sessions of a user, the most recently seen first.
	List(ctx context.Context, now time.Time, userID string) ([]Session, error)

	// RevokeUser ends the live sessions of a user, except the one with the ID except
	// ("" for none), and returns how many.
	RevokeUser(ctx context.Context, now time.Time, userID, except string, why Reason) (int, error)

	// RevokeAll ends every live session of everyone and returns how many.
	RevokeAll(ctx context.Context, now time.Time, why Reason) (int, error)
}

// A Sweeper removes rows that no one can use any more.
type Sweeper interface {
	// Sweep removes sessions that have been dead for [Retention], in small batches that
	// block no request, and returns how many. Any number of processes may sweep at once.
	// When ctx ends it stops between two batches and returns ctx's error.
	Sweep(ctx context.Context, now time.Time) (int, error)
}

// Users is the optional contract of a backend that keeps users of its own.
//
// The methods that take a user ID return ErrNotFound if there is no such user.
type Users interface {
	// CreateUser stores u with a password hash in PHC form ("" if the user cannot log in
	// with a password). u.Version is ignored. Errors: ErrConflict if the ID or the name is
	// taken; an error that says so if either is not [ValidText] or a role is not.
	CreateUser(ctx context.Context, u User, passwordHash string) error

	// UserByName returns the user and their password hash. Names are compared exactly.
	UserByName(ctx context.Context, name string) (User, string, error)

	// ListUsers returns up to limit users in the order of their IDs, from the first after
	// the given one ("" to begin). One that no user can have is an error.
	ListUsers(ctx context.Context, after string, limit int) ([]User, error)

	// SetPassword replaces the password hash and ends the user's other sessions, all but
	// the one with the ID except, in one transaction. It returns how many it ended.
	//
	// Error: ErrConflict, and nothing is changed, if the user has another version than the
	// given one. Whoever let a user in by the former password names the version that
	// [Passwords.VerifyUser] returned, so that of two changes at the same time the second does
	// not undo the first. 0 stands for whatever version the user has.
	SetPassword(ctx context.Context, now time.Time, userID string, version int64, passwordHash, except string) (int, error)

	// Rehash replaces a password hash by a stronger one of the same password, if old is
	// still the stored one. It is no change of a credential: nothing is ended, and the
	// version stays. If old is not the stored one any more it does nothing.
	Rehash(ctx context.Context, userID, old, passwordHash string) error

	// SetRoles replaces the roles. They hold from the next request on.
	SetRoles(ctx context.Context, userID string, roles []string) error

	// SetDisabled disables or enables a user. Disabling ends all sessions of the user;
	// enabling brings none of them back.
	SetDisabled(ctx context.Context, now time.Time, userID string, disabled bool) error

	// DeleteUser removes the user and ends all their sessions.
	DeleteUser(ctx context.Context, now time.Time, userID string) error
}

// Sweep calls s.Sweep every interval until ctx ends, and returns ctx's error. It hands
// each result to report (which may be nil): a failed sweep is reported and tried again at
// the next interval. The caller runs it, usually in a goroutine beside the server.
func Sweep(ctx context.Context, s Sweeper, every time.Duration, report func(removed int, err error)) error {
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
