package session

import (
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

	// Former has the IDs of sessions that the same client had. They end. Not used by
	// Reauthenticate.
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

func (o Opening) prepare(s *backends.Session) error {
	if o.Prepare == nil {
		return nil
	}
	return o.Prepare(s)
}

// Open opens a session for l, after the application has made sure of who the user is.
//
// Errors: [middleware.ErrInvalidCredentials] if the store has no such user, or the user is
// disabled or has another version than l names; [middleware.ErrTooManySessions] if the limit
// refuses; [middleware.ErrInvalidArgument]; [middleware.ErrUnavailable]; those of o.Prepare.
func (m *Method) Open(r *http.Request, l middleware.Login, o Opening) (backends.Session, error) {
	at := now()
	s, others, err := m.open(r, at, l, o)
	if err != nil {
		s = backends.Session{}
		m.emitFailure(r, at, l, err)
	} else {
		m.emit(r, at, middleware.EventLogin, &s, "")
	}
	for i := range others {
		t, why := middleware.EventRevoked, others[i].Ended.Reason
		if why == backends.ReasonSuperseded {
			t = middleware.EventSuperseded
		}
		m.emit(r, at, t, &others[i], string(why))
	}
	return s, err
}

func (m *Method) emitFailure(r *http.Request, at time.Time, l middleware.Login, err error) {
	s := backends.Session{UserID: l.Subject}
	if errors.Is(err, middleware.ErrTooManySessions) {
		m.emit(r, at, middleware.EventLimit, &s, middleware.ReasonTooManySessions)
		return
	}
	m.emit(r, at, middleware.EventLoginFailed, &s, reasonOf(err))
}

// open returns the session that it has stored, and those that ended because of it, even if it
// fails.
func (m *Method) open(r *http.Request, at time.Time, l middleware.Login, o Opening) (s backends.Session, others []backends.Session, err error) {
	if s, err = m.draft(r, at, l); err != nil {
		return s, nil, err
	}
	if err := o.prepare(&s); err != nil {
		return s, nil, err
	}
	if others, err = m.create(r, at, s, l.UserVersion, o); err != nil {
		return s, nil, err
	}
	for _, id := range o.Former {
		if others, err = m.replace(r, at, id, others); err != nil {
			// The session will never be used. If ending it fails as well, it expires.
			_, _ = m.sessions.store.Revoke(r.Context(), at, s.ID, backends.ReasonRevoked)
			break
		}
	}
	return s, others, err
}

// create stores s and returns the sessions that ended because of it.
func (m *Method) create(r *http.Request, at time.Time, s backends.Session, version int64, o Opening) (others []backends.Session, err error) {
	options := backends.CreateOptions{UserVersion: version, Limit: m.sessions.limit}
	if len(o.Former) > 0 {
		options.Replaces = o.Former[0]
	}
	ids, err := m.sessions.store.Create(r.Context(), at, s, o.hash(), options)
	for _, id := range ids {
		why := backends.ReasonSuperseded
		if id == options.Replaces {
			why = backends.ReasonReplaced
		}
		others = append(others, backends.Session{ID: id, UserID: s.UserID, Ended: backends.Ended{At: at, Reason: why}})
	}
	return others, verdict(err)
}

// replace ends a former session that is not among others, because it is another user's or a
// further one, and appends it to them.
func (m *Method) replace(r *http.Request, at time.Time, id string, others []backends.Session) ([]backends.Session, error) {
	if slices.ContainsFunc(others, func(s backends.Session) bool { return s.ID == id }) {
		return others, nil
	}
	s, _, err := m.sessions.store.Find(r.Context(), at, id, backends.SecretHash{})
	if errors.Is(err, backends.ErrNotFound) || errors.Is(err, backends.ErrNotLive) {
		return others, nil
	}
	did := false
	if err == nil {
		did, err = m.sessions.store.Revoke(r.Context(), at, id, backends.ReasonReplaced)
	}
	if did {
		s.Ended = backends.Ended{At: at, Reason: backends.ReasonReplaced}
		others = append(others, s)
	}
	return others, verdict(err)
}

// draft returns the session for l, before it is stored.
func (m *Method) draft(r *http.Request, at time.Time, l middleware.Login) (backends.Session, error) {
	if l.Policy == nil {
		l.Policy = m.sessions.policy
	}
	s := backends.Session{
		ID:        backends.NewID(l.Subject),
		UserID:    l.Subject,
		Kind:      m.kind,
		Client:    backends.NewClient(clientip.Of(r).String(), r.UserAgent(), l.Label),
		CreatedAt: at,
	}
	return s, begin(&s, at, l)
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

// Reauthenticate restarts the session s, which was just found, after its user has authenticated
// again as l says, and updates s. The user must be l.Subject. From then on only o.Secret opens
// the session. o.Prepare is called before anything is stored: if it fails, the former credentials
// stay good. The errors are those of Open.
func (m *Method) Reauthenticate(r *http.Request, s *backends.Session, l middleware.Login, o Opening) error {
	if s.UserID != l.Subject {
		return fmt.Errorf("%w: session of another user", middleware.ErrInvalidCredentials)
	}
	at, next := now(), s.Clone()
	if err := begin(&next, at, l); err != nil {
		return err
	}
	if err := o.prepare(&next); err != nil {
		return err
	}
	options := backends.ReauthenticateOptions{Former: s.AuthenticatedAt, UserVersion: l.UserVersion}
	if err := m.sessions.store.Reauthenticate(r.Context(), at, next, o.hash(), options); err != nil {
		return verdict(err)
	}
	*s = next
	m.emit(r, at, middleware.EventReauthenticated, s, "")
	return nil
}
