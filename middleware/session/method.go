package session

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/middleware"
)

// A Method is one way of proving sessions. It is safe for concurrent use.
type Method struct {
	sessions *Registry
	kind     backends.Kind
	name     string
}

// Method returns the way of proving with the given name, which becomes the Method of its
// identities and events. It opens sessions of the given kind, and finds only those. The kind is
// what [backends.Limit] counts by and lists show. An empty name means that of the kind.
func (g *Registry) Method(kind backends.Kind, name string) *Method {
	return &Method{g, kind, cmp.Or(name, string(kind))}
}

// Authenticate returns the identity of a request that presents the secret of the session with
// the ID, at the cost of one look-up. See [middleware.Authenticator] for its errors.
func (m *Method) Authenticate(ctx context.Context, id string, secret backends.Secret) (middleware.Identity, error) {
	s, u, err := m.Find(ctx, id, secret)
	if err != nil {
		return middleware.Identity{}, err
	}
	return m.Identity(&s, &u), nil
}

// Identity returns the identity of a request that proved the session s of the user u.
func (m *Method) Identity(s *backends.Session, u *backends.User) middleware.Identity {
	return middleware.Identity{
		Subject:   u.ID,
		Roles:     u.Roles,
		Method:    m.name,
		SessionID: s.ID,
		AuthTime:  s.AuthenticatedAt,
		AMR:       s.AMR,
		ExpiresAt: s.IdleDeadline,
		Actor:     s.Actor.UserID,
		Binding:   middleware.Binding{Thumbprint: s.Binding.Thumbprint, BoundAt: s.Binding.BoundAt},
		Session: middleware.Lifetime{
			Idle:             s.IdleTimeout,
			Interval:         s.RenewalInterval,
			LastSeen:         s.LastSeenAt,
			IdleDeadline:     s.IdleDeadline,
			AbsoluteDeadline: s.AbsoluteDeadline,
		},
	}
}

// Find returns the live session with the ID, and its user, if it has that secret. If it was
// found and has ended, it is returned with the error.
func (m *Method) Find(ctx context.Context, id string, secret backends.Secret) (backends.Session, backends.User, error) {
	return m.find(ctx, id, secret.Hash())
}

// FindByID is Find without a secret. Call it only with an ID that was itself proved, by a
// signature for example.
func (m *Method) FindByID(ctx context.Context, id string) (backends.Session, backends.User, error) {
	return m.find(ctx, id, backends.SecretHash{})
}

// FindAnyKind is FindByID for a session that another way of proving may have opened, because the
// credential that names it was issued to a client which had proved that session.
func (m *Method) FindAnyKind(ctx context.Context, id string) (backends.Session, backends.User, error) {
	s, u, err := m.look(ctx, now(), id, backends.SecretHash{})
	return s, u, ended(&s, err)
}

func (m *Method) find(ctx context.Context, id string, h backends.SecretHash) (backends.Session, backends.User, error) {
	s, u, err := m.look(ctx, now(), id, h)
	if err == nil && s.Kind != m.kind {
		s, u, err = backends.Session{}, backends.User{}, backends.ErrNotFound
	}
	return s, u, ended(&s, err)
}

// Renew implements [middleware.Renewer] for a credential that stays as it is: it records r as
// activity of the session behind id, and leaves h alone. For an identity with an Actor it is activity
// of the actor's own session too.
func (m *Method) Renew(_ http.Header, r *http.Request, id middleware.Identity) (renewed middleware.Identity, ok bool, err error) {
	at := now()
	if id.Actor != "" {
		if err := m.extendActor(r.Context(), at, id.SessionID); errors.Is(err, middleware.ErrInvalidCredentials) {
			return id, false, nil
		} else if err != nil {
			return id, false, err
		}
	}
	until, ok, err := m.sessions.store.Extend(r.Context(), at, id.SessionID)
	if err != nil || !ok {
		return id, false, verdict(err)
	}
	m.sessions.events(r.Context(), middleware.NewEvent(r, middleware.EventRenewed, id))
	if id.ExpiresAt.Equal(id.Session.IdleDeadline) { // and not earlier, with the credential
		id.ExpiresAt = until
	}
	id.Session.LastSeen, id.Session.IdleDeadline = at, until
	return id, true, nil
}

// Logout ends the session about.SessionID because its user logged out. The ID must have been
// proved. If about has no Subject, it is looked up for the event, with the actor. A session that has ended
// before is no error.
func (m *Method) Logout(r *http.Request, about middleware.Identity) error {
	at := now()
	s, err := m.revoke(r.Context(), at, backends.Session{ID: about.SessionID, UserID: about.Subject, Actor: backends.Actor{UserID: about.Actor}}, backends.ReasonLogout)
	switch {
	case s.Ended.Reason == "":
	case s.Actor.UserID != "":
		m.emit(r, at, middleware.EventActingEnded, &s, string(backends.ReasonLogout))
	default:
		m.emit(r, at, middleware.EventLogout, &s, "")
	}
	return err
}

// revoke ends the session s, of which the user may be unknown. It sets s.Ended if s was live.
func (m *Method) revoke(ctx context.Context, at time.Time, s backends.Session, why backends.Reason) (backends.Session, error) {
	did, err := m.sessions.store.Revoke(ctx, at, s.ID, why)
	if did {
		s.Ended = backends.Ended{At: at, Reason: why}
	}
	if did && s.UserID == "" {
		row, _, _ := m.sessions.store.Find(ctx, at, s.ID, backends.SecretHash{}) // and that it has ended
		s.UserID, s.Actor = row.UserID, row.Actor
	}
	return s, verdict(err)
}

// emit emits an event about a session, with the time that its row has too.
func (m *Method) emit(r *http.Request, at time.Time, t middleware.EventType, s *backends.Session, reason string) {
	e := middleware.NewEvent(r, t, middleware.Identity{Subject: s.UserID, SessionID: s.ID, Method: m.name, Actor: s.Actor.UserID})
	e.Time, e.Reason = at, reason
	m.sessions.events(r.Context(), e)
}
