// Package session is what the ways of proving have in common: how a login becomes a row,
// how a row becomes an identity and when that ends, and which error of a store is whose fault.
package session

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/middleware"
)

// Begin gives the row the lifetime of a user who authenticated at now. A nil policy gives
// it the one that the row has had. The error is a mistake in the policy.
func Begin(s *backends.Session, now time.Time, policy middleware.Policy, amr []string) error {
	// Each authentication is later than the one before, whatever the clock says: by that the
	// store knows whether somebody else was faster.
	if !now.After(s.AuthenticatedAt) {
		now = s.AuthenticatedAt.Add(time.Microsecond)
	}
	life := again(s, now)
	if policy != nil {
		if err := policy.Validate(); err != nil {
			return fmt.Errorf("middleware: Login.Policy: %w", err)
		}
		life = policy.Begin(now)
	}
	s.AuthenticatedAt = now
	s.AMR = slices.Clone(amr)
	s.LastSeenAt = life.LastSeen
	s.IdleTimeout = life.Idle
	s.RenewalInterval = life.Interval
	s.IdleDeadline = life.IdleDeadline
	s.AbsoluteDeadline = life.AbsoluteDeadline
	return nil
}

// again returns the row's own lifetime, begun anew at now.
func again(s *backends.Session, now time.Time) middleware.Lifetime {
	l := middleware.Lifetime{
		Idle:             s.IdleTimeout,
		Interval:         s.RenewalInterval,
		LastSeen:         now,
		IdleDeadline:     now.Add(s.IdleTimeout),
		AbsoluteDeadline: now.Add(s.AbsoluteDeadline.Sub(s.AuthenticatedAt)),
	}
	if l.AbsoluteDeadline.Before(l.IdleDeadline) {
		l.IdleDeadline = l.AbsoluteDeadline
	}
	return l
}

// Identity returns what the row says about who made a request.
func Identity(s *backends.Session, u *backends.User, method string) (id middleware.Identity) {
	fill(&id, s, u, method)
	return id
}

// Recalled is Identity of a row and a user that others use too: what it refers to is copied.
// It fills a value that is there, because a cached request does little else than to copy it.
func Recalled(id *middleware.Identity, s *backends.Session, u *backends.User, method string) {
	fill(id, s, u, method)
	list := make([]string, 0, len(u.Roles)+len(s.AMR)) // one allocation for both
	if n := len(u.Roles); n > 0 {
		list = append(list, u.Roles...)
		id.Roles = list[:n:n]
	}
	if n := len(list); len(s.AMR) > 0 {
		list = append(list, s.AMR...)
		id.AMR = list[n:]
	}
}

func fill(id *middleware.Identity, s *backends.Session, u *backends.User, method string) {
	id.Subject = u.ID
	id.Roles = u.Roles
	id.Method = method
	id.SessionID = s.ID
	id.AuthTime = s.AuthenticatedAt
	id.AMR = s.AMR
	id.ExpiresAt = s.IdleDeadline
	id.Session.Idle = s.IdleTimeout
	id.Session.Interval = s.RenewalInterval
	id.Session.LastSeen = s.LastSeenAt
	id.Session.IdleDeadline = s.IdleDeadline
	id.Session.AbsoluteDeadline = s.AbsoluteDeadline
}

// Extended returns id after its session was extended at now.
func Extended(id middleware.Identity, now, until time.Time) middleware.Identity {
	id.Session.LastSeen = now
	id.Session.IdleDeadline = until
	id.ExpiresAt = until
	return id
}

// Error says whose fault the error of a store is: the credential's, if the store knows that
// it opens nothing, and nobody's otherwise.
func Error(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, backends.ErrNotFound), errors.Is(err, backends.ErrNotLive), errors.Is(err, backends.ErrConflict):
		return fmt.Errorf("%w: %w", middleware.ErrInvalidCredentials, err)
	case errors.Is(err, backends.ErrLimit):
		return fmt.Errorf("%w: %w", middleware.ErrTooManySessions, err)
	}
	return fmt.Errorf("%w: %w", middleware.ErrUnavailable, err)
}

// Refusal is Error about a session that was found, and says how that has ended.
func Refusal(s *backends.Session, err error) error {
	if !errors.Is(err, backends.ErrExpired) && !errors.Is(err, backends.ErrRevoked) {
		return Error(err)
	}
	how := middleware.ErrSessionRevoked
	switch {
	case errors.Is(err, backends.ErrExpired):
		how = middleware.ErrSessionExpired
	case s.Ended.Reason == backends.ReasonSuperseded:
		how = middleware.ErrSessionSuperseded
	case s.Ended.Reason == backends.ReasonTheft:
		how = middleware.ErrSessionStolen
	}
	return fmt.Errorf("%w: %w", how, err)
}

// Unsafe reports an error if r has a method that must change nothing (RFC 9110, section
// 9.2.1): nobody is logged in or out by following a link.
func Unsafe(r *http.Request) error {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return fmt.Errorf("%w: a session cannot change with %s", middleware.ErrMalformedRequest, r.Method)
	}
	return nil
}

// Now returns the time as a row can hold it.
func Now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
