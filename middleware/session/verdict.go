package session

import (
	"errors"
	"fmt"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/middleware"
)

// verdict translates the error of a store: it is the credential's fault if the store knows that
// it opens nothing, the application's if it passed something invalid, and an outage otherwise.
func verdict(err error) error {
	kind := middleware.ErrUnavailable
	switch {
	case err == nil:
		return nil
	case errors.Is(err, backends.ErrNotFound), errors.Is(err, backends.ErrNotLive), errors.Is(err, backends.ErrConflict):
		kind = middleware.ErrInvalidCredentials
	case errors.Is(err, backends.ErrLimit):
		kind = middleware.ErrTooManySessions
	case errors.Is(err, backends.ErrInvalidArgument), errors.Is(err, errors.ErrUnsupported):
		kind = middleware.ErrInvalidArgument
	}
	return fmt.Errorf("%w: %w", kind, err)
}

// ended is verdict about a session that was found, and says how and why it has ended.
func ended(s *backends.Session, err error) error {
	how := middleware.ErrSessionRevoked
	switch {
	case errors.Is(err, backends.ErrExpired):
		how = middleware.ErrSessionExpired
	case !errors.Is(err, backends.ErrRevoked):
		return verdict(err)
	case s.Ended.Reason == backends.ReasonSuperseded:
		how = middleware.ErrSessionSuperseded
	case s.Ended.Reason == backends.ReasonTheft:
		how = middleware.ErrSessionStolen
	}
	if s.Ended.Reason != "" {
		return fmt.Errorf("%w: %w: %s", how, err, s.Ended.Reason)
	}
	return fmt.Errorf("%w: %w", how, err)
}

// reasonOf is what the event says about a login that failed with err.
func reasonOf(err error) string {
	switch {
	case errors.Is(err, backends.ErrNotFound):
		return middleware.ReasonUnknownUser
	case errors.Is(err, backends.ErrUserDisabled):
		return middleware.ReasonUserDisabled
	case errors.Is(err, backends.ErrConflict):
		return middleware.ReasonUserChanged
	case errors.Is(err, middleware.ErrTooManySessions):
		return middleware.ReasonTooManySessions
	case errors.Is(err, middleware.ErrInvalidArgument):
		return middleware.ReasonInvalidArgument
	}
	return middleware.ReasonUnavailable
}
