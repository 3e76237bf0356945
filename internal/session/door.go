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
	Former []string                // sessions of the same client, which end
	Hash   backends.SecretHash     // of its secret
	Edit   func(*backends.Session) // before it is stored; may be nil

	// Answer gives the client its credential. If it fails, the session does not stay.
	Answer func(*backends.Session) error
}

// Login opens a session because of l.
func (d *Door) Login(r *http.Request, now time.Time, l middleware.Login, o Opening) (backends.Session, error) {
	row, ended, err := d.open(r, now, l, o)
	if err != nil {
		d.tellFailure(r, l, err)
		return backends.Session{}, err
	}
	d.Tell(r, now, middleware.EventLogin, &row, "")
	for _, id := range ended {
		s := backends.Session{ID: id, UserID: row.UserID}
		if slices.Contains(o.Former, id) {
			d.Tell(r, now, middleware.EventRevoked, &s, string(backends.ReasonReplaced))
		} else {
			d.Tell(r, now, middleware.EventSuperseded, &s, string(backends.ReasonSuperseded))
		}
	}
	return row, nil
}

func (d *Door) open(r *http.Request, now time.Time, l middleware.Login, o Opening) (backends.Session, []string, error) {
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
	if err := Begin(&row, now, policy, l.AMR); err != nil {
		return row, nil, err
	}
	if o.Edit != nil {
		o.Edit(&row)
	}
	terms := backends.Admission{UserVersion: l.UserVersion, Limit: d.Limit}
	if len(o.Former) > 0 {
		terms.Replaces = o.Former[0]
	}
	ended, err := d.Store.Create(r.Context(), now, row, o.Hash, terms)
	if err != nil {
		return row, nil, Error(err)
	}
	err = d.replace(r, now, o.Former, ended)
	if err == nil {
		err = o.Answer(&row)
	}
	if err != nil {
		// Nobody will ever use the session. If ending it fails as well, it ends by itself.
		_, _ = d.Store.Revoke(r.Context(), now, row.ID, backends.ReasonRevoked)
	}
	return row, ended, err
}

// replace ends those of the former sessions that Create has left, because they are another
// user's.
func (d *Door) replace(r *http.Request, now time.Time, former, ended []string) error {
	for _, id := range former {
		if slices.Contains(ended, id) {
			continue
		}
		if _, err := d.Store.Revoke(r.Context(), now, id, backends.ReasonReplaced); err != nil {
			return Error(err)
		}
	}
	return nil
}

// Reauthenticate gives the row, as it was found, a new start because of l, and the secret
// with the hash next.
func (d *Door) Reauthenticate(r *http.Request, now time.Time, row *backends.Session, l middleware.Login, next backends.SecretHash, edit func(*backends.Session)) error {
	if row.UserID != l.Subject {
		return fmt.Errorf("%w: session of another user", middleware.ErrInvalidCredentials)
	}
	former := row.AuthenticatedAt
	if err := Begin(row, now, l.Policy, l.AMR); err != nil {
		return err
	}
	if edit != nil {
		edit(row)
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
		d.Tell(r, now, middleware.EventLogout, s, "")
	}
	return nil
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
