package backends

import (
	"errors"
	"fmt"
)

// Errors that a store returns, besides [ErrNoValue]. Compare with [errors.Is]. Any other error
// means that the store could not be asked. It says nothing about the session or the user, and is
// no reason to admit a request or to end a session.
var (
	// ErrNotFound: there is no such session or user.
	ErrNotFound = errors.New("backends: not found")

	// ErrConflict: the ID or the name is taken, or the user no longer has the version that the
	// caller named.
	ErrConflict = errors.New("backends: conflict")

	// ErrLimit: the user has as many sessions as [Limit] allows, and it refuses another.
	ErrLimit = errors.New("backends: too many sessions")

	// ErrInvalidArgument: the caller passed a value that no store accepts, for example a reason
	// with control characters. It is a mistake in the application, not an outage. The message
	// names the field.
	ErrInvalidArgument = errors.New("backends: invalid argument")

	// ErrNotLive: the session has ended. The errors below wrap it and say how.
	ErrNotLive error = invalid("backends: session has ended")

	// ErrExpired: the idle or the absolute deadline has passed.
	ErrExpired = fmt.Errorf("%w: expired", ErrNotLive)

	// ErrRevoked: the session was ended. Session.Ended.Reason says why.
	ErrRevoked = fmt.Errorf("%w: revoked", ErrNotLive)

	// ErrUserDisabled: the user may not log in. None of the user's sessions is live.
	ErrUserDisabled = fmt.Errorf("%w: user is disabled", ErrNotLive)

	// ErrUserGone: the user was deleted. None of the user's sessions is live.
	ErrUserGone = fmt.Errorf("%w: user is gone", ErrNotLive)
)

// An invalid error declares that a credential is not good, or no longer is. Package
// middleware does not import this one and recognizes such errors by their method.
type invalid string

func (e invalid) Error() string { return string(e) }

// InvalidCredentials marks the error for package middleware, which answers it with 401.
func (invalid) InvalidCredentials() bool { return true }
