package session

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/middleware"
)

// errBound is for a session that has a key.
var errBound = fmt.Errorf("%w: session is bound to a device already", middleware.ErrForbidden)

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

// refusal is verdict about a login that the store refused with err. It says what to look at where
// the application keeps its users elsewhere, and the store has others.
func refusal(l middleware.Login, err error) error {
	switch {
	case errors.Is(err, backends.ErrNotFound):
		return fmt.Errorf("%w: Login.Subject: the store of the sessions has no such user: %w", middleware.ErrInvalidArgument, err)
	case errors.Is(err, backends.ErrConflict) && l.UserVersion != 0:
		err = fmt.Errorf("Login.UserVersion %d is not that of the user in the store of the sessions: %w", l.UserVersion, err)
	}
	return verdict(err)
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

// emitFailure emits an event about a login that failed with err.
func (m *Method) emitFailure(r *http.Request, at time.Time, l middleware.Login, err error) {
	t, why := middleware.EventLoginFailed, middleware.ReasonUnavailable
	switch {
	case errors.Is(err, backends.ErrNotFound):
		why = middleware.ReasonUnknownUser
	case errors.Is(err, backends.ErrUserDisabled):
		why = middleware.ReasonUserDisabled
	case errors.Is(err, backends.ErrConflict):
		why = middleware.ReasonUserChanged
	case errors.Is(err, middleware.ErrTooManySessions):
		t, why = middleware.EventLimit, middleware.ReasonTooManySessions
	case errors.Is(err, middleware.ErrInvalidArgument):
		why = middleware.ReasonInvalidArgument
	case errors.Is(err, middleware.ErrForbidden):
		why = middleware.ReasonForbidden
	case errors.Is(err, middleware.ErrInvalidCredentials):
		why = middleware.ReasonInvalidCredentials
	}
	s := backends.Session{UserID: l.Subject}
	if l.Actor != nil {
		s.Actor.UserID = l.Actor.Subject
	}
	m.emit(r, at, t, &s, why)
}
