package backends

import (
	"errors"
	"fmt"
)

// Errors a store answers with. Compare with [errors.Is]. Any other error means that
// the store could not be asked: it says nothing about the session or the user, and
// nobody may be let in or logged out because of it.
var (
	// ErrNotFound: there is no such session or user, and there may never have been.
	ErrNotFound = errors.New("backends: not found")

	// ErrConflict: a user of that name or ID exists already, or has changed since
	// the version that the caller named.
	ErrConflict = errors.New("backends: conflict")

	// ErrLimit: the user has as many sessions as [Limit] allows, and it refuses another.
	ErrLimit = errors.New("backends: too many sessions")

	// ErrNotLive: the session has ended. The errors below wrap it and say how.
	ErrNotLive error = invalid("backends: session has ended")

	// ErrExpired: the idle or the absolute deadline has passed.
	ErrExpired = fmt.Errorf("%w: expired", ErrNotLive)

	// ErrRevoked: somebody ended the session; Session.Ended.Reason says why.
	ErrRevoked = fmt.Errorf("%w: revoked", ErrNotLive)

	// ErrUserDisabled: the user may not log in, and no session of theirs is live.
	ErrUserDisabled = fmt.Errorf("%w: user is disabled", ErrNotLive)

	// ErrUserGone: the user was deleted, and no session of theirs is live.
	ErrUserGone = fmt.Errorf("%w: user is gone", ErrNotLive)
)

// An invalid error says of itself that a credential is not good, or not any more. Package
// middleware, which knows nothing of this one, answers it with 401 wherever it ends up.
type invalid string

func (e invalid) Error() string { return string(e) }

// InvalidCredentials is what package middleware looks for.
func (invalid) InvalidCredentials() bool { return true }
