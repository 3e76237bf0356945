package backends

import (
	"errors"
	"fmt"
)

// Errors that a store returns, besides [ErrNoValue]. Compare with [errors.Is]. Any other error
// means that the store could not be asked, and should wrap [ErrUnavailable]. It says nothing about the
// session or the user, and is no reason to admit a request or to end a session.
//
// Package middleware answers them with the status in parentheses, unless a registry or another package
// has given them a different meaning: that a session is not found, for example, is a 401.
var (
	// ErrNotFound: there is no such session or user (404).
	ErrNotFound error = problem{"backends: not found", "not-found"}

	// ErrConflict: the ID or the name is taken, or the user no longer has the version that the
	// caller named (409).
	ErrConflict error = problem{"backends: conflict", "conflict"}

	// ErrLimit: the user has as many sessions as [Limit] allows, and it refuses another (403).
	ErrLimit error = problem{"backends: too many sessions", "too-many-sessions"}

	// ErrUnavailable: the store could not be asked (503).
	ErrUnavailable error = problem{"backends: unavailable", "unavailable"}

	// ErrUnconfirmed: the change was made, and is in force, but fewer replicas than configured have
	// confirmed it, so a failover may undo it. It wraps ErrUnavailable (503). The same call again
	// confirms an end that it finds done, whatever it then answers: ErrNotFound of a user who was
	// deleted. What was lost with the answer is not had again: a session that began, was bound or
	// has a new secret, a name that was claimed, a value that was taken.
	ErrUnconfirmed = fmt.Errorf("%w: done, but not confirmed by enough replicas", ErrUnavailable)

	// ErrInvalidArgument: the caller passed a value that no store accepts, for example a reason
	// with control characters. It is a mistake in the application, not an outage. The message
	// names the field (500).
	ErrInvalidArgument = errors.New("backends: invalid argument")

	// ErrNotLive: the session has ended (401). The errors below wrap it and say how.
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

// A problem error declares which problem it is to package middleware, which does not import this one.
type problem struct{ text, kind string }

func (e problem) Error() string { return e.text }

// Problem returns the last part of the URI of the problem type, for package middleware.
func (e problem) Problem() string { return e.kind }

// An invalid error declares that a credential is not good, or no longer is. Package
// middleware does not import this one and recognizes such errors by their method.
type invalid string

func (e invalid) Error() string { return string(e) }

// InvalidCredentials marks the error for package middleware, which answers it with 401.
func (invalid) InvalidCredentials() bool { return true }
