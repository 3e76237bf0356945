package session

import (
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/middleware"
)

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
		Session: middleware.Lifetime{
			Idle:             s.IdleTimeout,
			Interval:         s.RenewalInterval,
			LastSeen:         s.LastSeenAt,
			IdleDeadline:     s.IdleDeadline,
			AbsoluteDeadline: s.AbsoluteDeadline,
		},
	}
}

// extended returns id after activity of its session was recorded at now.
func extended(id middleware.Identity, now, until time.Time) middleware.Identity {
	if id.ExpiresAt.Equal(id.Session.IdleDeadline) { // and not earlier, with the credential
		id.ExpiresAt = until
	}
	id.Session.LastSeen = now
	id.Session.IdleDeadline = until
	return id
}
