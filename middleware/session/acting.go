package session

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/middleware"
)

// actingLife is how long a session lasts at most in which another user acts.
const actingLife = 30 * time.Minute

// act makes s, which begins at the given time, a session in which by acts as its user.
func (g *Registry) act(ctx context.Context, at time.Time, s *backends.Session, by *middleware.Identity) error {
	if err := mayAct(ctx, s, by); err != nil {
		return err
	}
	own, actor, err := g.store.Find(ctx, at, by.SessionID, backends.SecretHash{})
	switch err := verdict(err); {
	case errors.Is(err, middleware.ErrUnavailable):
		return err
	case err != nil || own.UserID != by.Subject:
		return fmt.Errorf("%w: session of Login.Actor: %v", middleware.ErrInvalidCredentials, cmp.Or(err, backends.ErrNotFound)) // %v: it is not about s
	}
	s.Actor = backends.Actor{UserID: own.UserID, SessionID: own.ID, UserVersion: actor.Version}
	// One deadline that nothing moves: activity at the very end still finds the idle one there.
	until := slices.MinFunc([]time.Time{at.Add(actingLife), s.IdleDeadline, own.AbsoluteDeadline}, time.Time.Compare)
	s.IdleDeadline, s.AbsoluteDeadline, s.IdleTimeout = until, until, until.Sub(at)
	s.RenewalInterval = own.RenewalInterval // see Renew
	return nil
}

// mayAct reports why by may not act in s. Who may act as whom is for the application to say.
func mayAct(ctx context.Context, s *backends.Session, by *middleware.Identity) error {
	// Not taken from l alone: a route without a guard must not open a session of any user.
	found, ok := middleware.FromContext(ctx)
	switch {
	case !ok || found.Subject != by.Subject || found.SessionID != by.SessionID || found.Issuer != by.Issuer:
		return fmt.Errorf("%w: Login.Actor is not the identity that a guard has put into the context of the request", middleware.ErrInvalidArgument)
	case found.SessionID == "" || found.Issuer != "":
		return fmt.Errorf("%w: Login.Actor has no session of ours, which the other could end with", middleware.ErrForbidden)
	case found.Actor != "":
		return fmt.Errorf("%w: Login.Actor acts as another user already", middleware.ErrForbidden)
	case found.Subject == s.UserID:
		return fmt.Errorf("%w: Login.Actor is Login.Subject", middleware.ErrForbidden)
	}
	return nil
}

// look finds a session. One in which another user acts costs a second look-up, as it is live only
// while the actor's own session is.
func (m *Method) look(ctx context.Context, at time.Time, id string, h backends.SecretHash) (s backends.Session, u backends.User, err error) {
	s, u, err = m.sessions.store.Find(ctx, at, id, h)
	if err != nil || s.Actor == (backends.Actor{}) {
		return s, u, err
	}
	if err := m.sessions.attend(ctx, at, &s); err != nil {
		m.leave(ctx, &s, err)
		return s, backends.User{}, err
	}
	return s, u, nil
}

// attend reports why the session s, whose row is live, is over because of its actor, and sets s.Ended
// then.
func (g *Registry) attend(ctx context.Context, at time.Time, s *backends.Session) error {
	own, actor, err := g.store.Find(ctx, at, s.Actor.SessionID, backends.SecretHash{})
	if err == nil {
		err = g.unchanged(ctx, s, &own, &actor)
	}
	if err == nil || errors.Is(verdict(err), middleware.ErrUnavailable) {
		return err
	}
	s.Ended = backends.Ended{At: at, Reason: backends.ReasonActor}
	return fmt.Errorf("%w: the actor: %w", backends.ErrRevoked, err)
}

// unchanged returns nil if the live session own is the actor's, who still has the version from when s
// began. A cache may know the actor as of before that, so a difference is looked up in the store.
func (g *Registry) unchanged(ctx context.Context, s, own *backends.Session, actor *backends.User) error {
	if own.UserID != s.Actor.UserID {
		return backends.ErrNotFound
	}
	if finder, ok := g.store.(backends.UserFinder); ok && actor.Version != s.Actor.UserVersion {
		if now, err := finder.FindUser(ctx, own.UserID); err == nil {
			*actor = now
		} else if !errors.Is(err, errors.ErrUnsupported) {
			return err
		}
	}
	if actor.Version != s.Actor.UserVersion {
		return backends.ErrConflict
	}
	return nil
}

// leave ends the row of s for good if the actor's own session has been ended. That it has expired may
// be what the clock of this server alone says, and that it is unknown what a replica does.
func (m *Method) leave(ctx context.Context, s *backends.Session, why error) {
	if !errors.Is(why, backends.ErrNotLive) || errors.Is(why, backends.ErrExpired) || errors.Is(why, backends.ErrNotFound) {
		return
	}
	if did, _ := m.sessions.store.Revoke(ctx, s.Ended.At, s.ID, s.Ended.Reason); did {
		about := middleware.Identity{Subject: s.UserID, SessionID: s.ID, Method: m.name, Actor: s.Actor.UserID}
		e := middleware.NewEventContext(ctx, middleware.EventActingEnded, about)
		e.Time, e.Reason = s.Ended.At, string(s.Ended.Reason)
		m.sessions.events(ctx, e)
	}
}

// attended returns the sessions of a list, whose rows are live, without those that are over because of
// their actors.
func (g *Registry) attended(ctx context.Context, at time.Time, list []backends.Session) ([]backends.Session, error) {
	kept := list[:0]
	for i := range list {
		if list[i].Actor != (backends.Actor{}) {
			if err := g.attend(ctx, at, &list[i]); errors.Is(err, backends.ErrNotLive) {
				continue
			} else if err != nil {
				return nil, err
			}
		}
		kept = append(kept, list[i])
	}
	return kept, nil
}

// extendActor records activity at the given time in the own session of the actor of the one with the
// ID. Without it the own session could reach its idle deadline, and end the other.
func (m *Method) extendActor(ctx context.Context, at time.Time, id string) error {
	s, _, err := m.sessions.store.Find(ctx, at, id, backends.SecretHash{})
	if err == nil {
		_, _, err = m.sessions.store.Extend(ctx, at, s.Actor.SessionID)
	}
	return verdict(err)
}
