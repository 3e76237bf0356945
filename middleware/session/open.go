package session

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/nilcheck"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/clientip"
)

// An Opening is what [Method.Open] and [Method.Reauthenticate] need to know about a credential.
type Opening struct {
	// Secret is what the credential will hold, from [backends.NewSecret]. The zero Secret means
	// that the session has none: its credential proves its ID by a signature.
	Secret backends.Secret

	// Former has the proved IDs of sessions that the same client had. Those that live end.
	Former []string

	// Prepare, if not nil, receives the session before it is stored, and may shorten its
	// RenewalInterval and set its Refresh. It should make the credential: if it fails, no session
	// begins and none ends.
	Prepare func(*backends.Session) error
}

func (o Opening) hash() backends.SecretHash {
	if o.Secret == (backends.Secret{}) {
		return backends.SecretHash{}
	}
	return o.Secret.Hash()
}

// Open opens a session for l, after the application has made sure of who the user is. With l.Actor
// it is one in which that user acts: see the package doc.
//
// Errors: [middleware.ErrInvalidCredentials] if the user is disabled or has another version than l
// names; [middleware.ErrTooManySessions] if the limit refuses; [middleware.ErrInvalidArgument], also if
// the store has no such user: an application that keeps its users elsewhere has to create them in the
// store, too (package redis says how), or to show it their table (package postgres);
// [middleware.ErrForbidden] for an l.Actor who may not act; [middleware.ErrUnavailable]; those of
// o.Prepare.
func (m *Method) Open(r *http.Request, l middleware.Login, o Opening) (backends.Session, error) {
	if l.Policy == nil {
		l.Policy = m.sessions.policy
	}
	at := now()
	s := backends.Session{
		ID:        backends.NewID(l.Subject),
		UserID:    l.Subject,
		Kind:      m.kind,
		Client:    backends.NewClient(clientip.Of(r).String(), r.UserAgent(), l.Label),
		CreatedAt: at,
	}
	ended, err := m.open(r.Context(), at, &s, l, o)
	switch {
	case err != nil:
		m.emitFailure(r, at, l, err)
		s = backends.Session{}
	case l.Actor != nil:
		m.emit(r, at, middleware.EventActing, &s, "")
	default:
		m.emit(r, at, middleware.EventLogin, &s, "")
	}
	if err == nil {
		m.emitBound(r, at, &s, "")
	}
	m.emitEnds(r, at, ended)
	return s, err
}

// open stores s. It returns the sessions that ended because of it, even if it fails.
func (m *Method) open(ctx context.Context, at time.Time, s *backends.Session, l middleware.Login, o Opening) (ended []backends.Session, err error) {
	if err := begin(s, at, l); err != nil {
		return nil, err
	}
	options := backends.CreateOptions{UserVersion: l.UserVersion, Limit: m.sessions.limit}
	if l.Actor != nil {
		if err := m.sessions.act(ctx, at, s, l.Actor); err != nil {
			return nil, err
		}
	}
	if err := o.prepare(s); err != nil {
		return nil, err
	}
	for _, id := range o.Former {
		former, _, err := m.sessions.store.Find(ctx, at, id, backends.SecretHash{})
		if err := verdict(err); errors.Is(err, middleware.ErrUnavailable) {
			return nil, err
		}
		if err == nil && former.UserID == s.UserID {
			options.Replaces = id
			break
		}
	}
	ids, err := m.sessions.store.Create(ctx, at, *s, o.hash(), options)
	for _, id := range ids {
		why := backends.ReasonSuperseded
		if id == options.Replaces {
			why = backends.ReasonReplaced
		}
		ended = append(ended, backends.Session{ID: id, UserID: s.UserID, Ended: backends.Ended{At: at, Reason: why}})
	}
	if err != nil {
		return ended, refusal(l, err)
	}
	ended, err = m.replace(ctx, at, o.Former, ended)
	if err != nil {
		// The session will never be used. If ending it fails as well, it expires.
		_, _ = m.sessions.store.Revoke(ctx, at, s.ID, backends.ReasonRevoked)
	}
	return ended, err
}

// replace ends the former sessions that are not among ended, and appends them.
func (m *Method) replace(ctx context.Context, at time.Time, former []string, ended []backends.Session) ([]backends.Session, error) {
	for _, id := range former {
		if slices.ContainsFunc(ended, func(s backends.Session) bool { return s.ID == id }) {
			continue
		}
		s, err := m.revoke(ctx, at, backends.Session{ID: id}, backends.ReasonReplaced)
		if err != nil {
			return ended, err
		}
		if s.Ended.Reason != "" {
			ended = append(ended, s)
		}
	}
	return ended, nil
}

// emitEnds emits events about sessions that ended because of a login.
func (m *Method) emitEnds(r *http.Request, at time.Time, ended []backends.Session) {
	for i := range ended {
		t, why := middleware.EventRevoked, ended[i].Ended.Reason
		if why == backends.ReasonSuperseded {
			t = middleware.EventSuperseded
		}
		m.emit(r, at, t, &ended[i], string(why))
	}
}

// begin gives s a new start at the given time because of l, which keeps the timeouts of s if it
// has no policy.
func begin(s *backends.Session, at time.Time, l middleware.Login) error {
	// Each authentication is later than the one before, whatever the clock says: by that the
	// store recognizes the loser of two simultaneous ones.
	if !at.After(s.AuthenticatedAt) {
		at = s.AuthenticatedAt.Add(time.Microsecond)
	}
	absolute := s.AbsoluteDeadline.Sub(s.AuthenticatedAt)
	if l.Policy != nil {
		if nilcheck.IsNil(l.Policy) {
			return fmt.Errorf("%w: Login.Policy is a nil %T", middleware.ErrInvalidArgument, l.Policy)
		}
		if err := l.Policy.Validate(); err != nil {
			return fmt.Errorf("%w: Login.Policy: %w", middleware.ErrInvalidArgument, err)
		}
		t := l.Policy.Timeouts()
		s.IdleTimeout, s.RenewalInterval, absolute = t.Idle, t.Interval, t.Absolute
	}
	s.AMR = slices.Clone(l.AMR)
	s.Begin(at, absolute)
	return nil
}

func (o Opening) prepare(s *backends.Session) error {
	if o.Prepare == nil {
		return nil
	}
	return o.Prepare(s)
}

// emitBound emits the event that s has begun bound to another key than the former one, "" for none.
func (m *Method) emitBound(r *http.Request, at time.Time, s *backends.Session, former string) {
	if key := s.Binding.Thumbprint; key != "" && key != former {
		m.emit(r, at, middleware.EventBound, s, "")
	}
}
