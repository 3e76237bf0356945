package session

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/middleware"
)

// A Door is where the sessions of one kind begin and end, and where that is told.
type Door struct {
	Store  backends.Store
	Kind   backends.Kind
	Method string // of the identities
	Policy middleware.Policy
	Limit  func(backends.User) backends.Limit
	Events middleware.EventHook // if nil, they are logged
}

// NewDoor returns d with its defaults.
func NewDoor(d Door) *Door {
	if d.Events == nil {
		d.Events = middleware.LogEvents(slog.Default())
	}
	return &d
}

// An Opening is what a way of proving has to say about a session that begins.
type Opening struct {
	Former []string            // sessions of the same client, which end
	Hash   backends.SecretHash // of its secret

	// Prepare completes the row, and makes the answer to the client. It is called before
	// anything is stored: a login that cannot be answered begins no session and ends none.
	Prepare func(*backends.Session) error
}

// Login opens a session because of l.
func (d *Door) Login(r *http.Request, now time.Time, l middleware.Login, o Opening) (backends.Session, error) {
	row, others, err := d.open(r, now, l, o)
	if err != nil {
		d.tellFailure(r, l, err)
		return backends.Session{}, err
	}
	d.Tell(r, now, middleware.EventLogin, &row, "")
	for i := range others {
		t, why := middleware.EventRevoked, others[i].Ended.Reason
		if why == backends.ReasonSuperseded {
			t = middleware.EventSuperseded
		}
		d.Tell(r, now, t, &others[i], string(why))
	}
	return row, nil
}

// open returns the session that it has stored, and those that ended because of it.
func (d *Door) open(r *http.Request, now time.Time, l middleware.Login, o Opening) (row backends.Session, others []backends.Session, err error) {
	if row, err = d.draft(r, now, l); err != nil {
		return row, nil, err
	}
	if err := o.Prepare(&row); err != nil {
		return row, nil, err
	}
	terms := backends.Admission{UserVersion: l.UserVersion, Limit: d.Limit}
	if len(o.Former) > 0 {
		terms.Replaces = o.Former[0]
	}
	ended, err := d.Store.Create(r.Context(), now, row, o.Hash, terms)
	if err != nil {
		return row, nil, Error(err)
	}
	for _, id := range ended {
		why := backends.ReasonSuperseded
		if slices.Contains(o.Former, id) {
			why = backends.ReasonReplaced
		}
		others = append(others, backends.Session{ID: id, UserID: row.UserID, Ended: backends.Ended{At: now, Reason: why}})
	}
	for _, id := range o.Former {
		if slices.Contains(ended, id) {
			continue
		}
		if others, err = d.replace(r, now, id, others); err != nil {
			// Nobody will ever use the session. If ending it fails as well, it ends by itself.
			_, _ = d.Store.Revoke(r.Context(), now, row.ID, backends.ReasonRevoked)
			return row, nil, err
		}
	}
	return row, others, nil
}

// replace ends a former session that Create has left, because it is another user's, and adds
// it to the others.
func (d *Door) replace(r *http.Request, now time.Time, id string, others []backends.Session) ([]backends.Session, error) {
	s, _, err := d.Store.FindByID(r.Context(), now, id)
	if errors.Is(err, backends.ErrNotFound) || errors.Is(err, backends.ErrNotLive) {
		return others, nil
	}
	did := false
	if err == nil {
		did, err = d.Store.Revoke(r.Context(), now, id, backends.ReasonReplaced)
	}
	if did {
		s.Ended = backends.Ended{At: now, Reason: backends.ReasonReplaced}
		others = append(others, s)
	}
	return others, Error(err)
}

// draft returns the row of a session that is not stored yet.
func (d *Door) draft(r *http.Request, now time.Time, l middleware.Login) (backends.Session, error) {
	policy := d.Policy
	if l.Policy != nil {
		policy = l.Policy
	}
	row := backends.Session{
		ID:        backends.NewID(),
		UserID:    l.Subject,
		Kind:      d.Kind,
		Client:    backends.NewClient(middleware.ClientIP(r).String(), r.UserAgent(), l.Label),
		CreatedAt: now,
	}
	return row, Begin(&row, now, policy, l.AMR)
}

// Reauthenticate gives the row, as it was found at now, a new start because of l, at the given
// time, and the secret with the hash next. It calls prepare with the row as it will be, before anything is stored:
// if the client cannot be answered, its former credentials must stay good.
func (d *Door) Reauthenticate(r *http.Request, now, at time.Time, row *backends.Session, l middleware.Login, next backends.SecretHash, prepare func(*backends.Session) error) error {
	if row.UserID != l.Subject {
		return fmt.Errorf("%w: session of another user", middleware.ErrInvalidCredentials)
	}
	former := row.AuthenticatedAt
	if err := Begin(row, at, l.Policy, l.AMR); err != nil {
		return err
	}
	if err := prepare(row); err != nil {
		return err
	}
	if err := d.Store.Reauthenticate(r.Context(), now, *row, former, next); err != nil {
		return Error(err)
	}
	d.Tell(r, now, middleware.EventReauthenticated, row, "")
	return nil
}

// Logout ends the session. One that has ended before is no error.
func (d *Door) Logout(r *http.Request, now time.Time, s *backends.Session) error {
	did, err := d.Store.Revoke(r.Context(), now, s.ID, backends.ReasonLogout)
	if err != nil {
		return Error(err)
	}
	if did {
		d.Tell(r, now, middleware.EventLogout, d.known(r, now, s), "")
	}
	return nil
}

// known returns the session with its user, whom not every credential names.
func (d *Door) known(r *http.Request, now time.Time, s *backends.Session) *backends.Session {
	if s.UserID != "" {
		return s
	}
	row, _, _ := d.Store.FindByID(r.Context(), now, s.ID) // and the error that it has ended
	return &backends.Session{ID: s.ID, UserID: row.UserID}
}

// Extend counts r as activity of the session behind id, until then. It reports false if
// there was nothing to extend.
func (d *Door) Extend(r *http.Request, now time.Time, id middleware.Identity, until time.Time) (bool, error) {
	ok, err := d.Store.Extend(r.Context(), now, id.SessionID, until)
	if ok {
		d.Events(r.Context(), middleware.NewEvent(r, middleware.EventRenewed, id))
	}
	return ok, Error(err)
}

// Tell tells what happened to the session at now: the row and the event say the same time.
func (d *Door) Tell(r *http.Request, now time.Time, t middleware.EventType, s *backends.Session, reason string) {
	e := middleware.NewEvent(r, t, middleware.Identity{Subject: s.UserID, SessionID: s.ID, Method: d.Method})
	e.Time, e.Reason = now, reason
	d.Events(r.Context(), e)
}

func (d *Door) tellFailure(r *http.Request, l middleware.Login, err error) {
	e := middleware.NewEvent(r, middleware.EventLoginFailed, middleware.Identity{Subject: l.Subject, Method: d.Method})
	switch {
	case errors.Is(err, backends.ErrLimit):
		e.Type = middleware.EventLimit
	case errors.Is(err, backends.ErrNotFound):
		e.Reason = "unknown_user"
	case errors.Is(err, backends.ErrUserDisabled):
		e.Reason = "user_disabled"
	case errors.Is(err, backends.ErrConflict):
		e.Reason = "user_changed"
	default:
		e.Reason = "unavailable"
	}
	d.Events(r.Context(), e)
}
