// Package identity makes identities of what a cache remembers.
package identity

import (
	"github.com/inga-auth/inga/internal/recall"
	"github.com/inga-auth/inga/internal/record"
	"github.com/inga-auth/inga/middleware"
)

// Recall fills in the identity of a request that proved the session of e by the method. It
// fills an existing value, because a cached request does little else than copy it. No credential of a
// session in which another user acts is remembered, so there is no Actor.
func Recall(id *middleware.Identity, e *recall.Entry, method string) {
	s := e.Session.Lifetime()
	id.Subject = e.UserID()
	id.Method = method
	id.SessionID = e.ID()
	id.AuthTime = s.AuthenticatedAt
	id.Roles, id.AMR = record.Lists(&e.User, &e.Session)
	id.ExpiresAt = s.IdleDeadline
	b := e.Session.Binding()
	id.Binding.Thumbprint, id.Binding.BoundAt = b.Thumbprint, b.BoundAt
	id.Session.Idle = s.IdleTimeout
	id.Session.Interval = s.RenewalInterval
	id.Session.LastSeen = s.LastSeenAt
	id.Session.IdleDeadline = s.IdleDeadline
	id.Session.AbsoluteDeadline = s.AbsoluteDeadline
}
