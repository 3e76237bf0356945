package devices

import (
	"context"
	"errors"
	"fmt"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/session"
	"github.com/inga-auth/inga/internal/text"
	"github.com/inga-auth/inga/middleware"
)

// Sessions returns the live sessions of a user, the most recently seen first. Current is the
// ID of the one that asks, "" if none does. An error is [middleware.ErrUnavailable].
func (d *Devices) Sessions(ctx context.Context, userID, current string) ([]Device, error) {
	list, err := d.store.List(ctx, session.Now(), userID)
	if err != nil {
		return nil, unavailable(err)
	}
	all := make([]Device, len(list))
	for i := range list {
		all[i] = newDevice(&list[i], current)
	}
	return all, nil
}

// EndSession ends a session of the user. It reports false if the user has no live one with
// that ID, whoever else may have.
func (d *Devices) EndSession(ctx context.Context, userID, id string) (bool, error) {
	ok, err := d.end(ctx, userID, id)
	if ok {
		d.tell(ctx, middleware.Event{Subject: userID, SessionID: id})
	}
	return ok, err
}

func (d *Devices) end(ctx context.Context, userID, id string) (bool, error) {
	at := session.Now()
	// Whose a session is never changes, so nobody can come between the look and the end.
	s, _, err := d.store.FindByID(ctx, at, id)
	switch {
	case errors.Is(err, backends.ErrNotFound), errors.Is(err, backends.ErrNotLive):
		return false, nil
	case err != nil:
		return false, unavailable(err)
	case s.UserID != userID:
		return false, nil
	}
	ok, err := d.store.Revoke(ctx, at, id, backends.ReasonRevoked)
	if err != nil {
		return false, unavailable(err)
	}
	return ok, nil
}

// EndSessions ends the sessions of the user, but for the one with the ID except, "" for none,
// and returns how many.
func (d *Devices) EndSessions(ctx context.Context, userID, except string) (int, error) {
	n, err := d.endAll(ctx, userID, except)
	if n > 0 {
		d.tell(ctx, middleware.Event{Subject: userID, Count: n})
	}
	return n, err
}

func (d *Devices) endAll(ctx context.Context, userID, except string) (int, error) {
	n, err := d.store.RevokeUser(ctx, session.Now(), userID, except, backends.ReasonRevoked)
	if err != nil {
		return n, unavailable(err)
	}
	return n, nil
}

// EndEverySession ends the sessions of everyone, and returns how many: for the day on which a
// key has leaked.
func (d *Devices) EndEverySession(ctx context.Context) (int, error) {
	n, err := d.store.RevokeAll(ctx, session.Now(), backends.ReasonRevoked)
	if n > 0 {
		d.tell(ctx, middleware.Event{Count: n})
	}
	if err != nil {
		return n, unavailable(err)
	}
	return n, nil
}

// tell completes an event that no request is behind; whoever the context knows did it.
func (d *Devices) tell(ctx context.Context, e middleware.Event) {
	e.Type, e.Time, e.Reason = middleware.EventRevoked, session.Now(), string(backends.ReasonRevoked)
	if actor, ok := middleware.FromContext(ctx); ok && (actor.Subject != e.Subject || actor.Issuer != "") {
		e.Actor = text.Printable(actor.Subject, maxActor)
	}
	d.events(ctx, e)
}

// maxActor is how much of a subject an event holds, in bytes.
const maxActor = 255

func unavailable(err error) error { return fmt.Errorf("%w: %w", middleware.ErrUnavailable, err) }
