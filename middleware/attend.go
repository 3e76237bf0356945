package middleware

import (
	"context"
	"net/http"
	"time"
)

// An Attendant is an [Authenticator] that knows when the session behind an identity of its
// own ends.
type Attendant interface {
	// Attend calls end, once and from any goroutine, when the session behind id has ended:
	// with ErrSessionExpired, ErrSessionRevoked and the like, or with ErrUnavailable if that
	// cannot be found out for longer than a revocation may take. After stop has returned it
	// is not called any more.
	Attend(id Identity, end func(cause error)) (stop func())
}

// EndWithSession cancels the context of a request when its session ends, be it revoked,
// superseded or expired: for what goes on for long, like server-sent events and WebSockets.
// It belongs inside a guard. [context.Cause] then says why, with [ErrSessionRevoked] and the
// like, and the handler may say goodbye before it returns; it must watch the context.
//
// How soon depends on the backend: with package cache, as soon as any other request notices,
// as long as the cache hears of changes. The session is looked at every five seconds besides;
// if that cannot be done for another five, the context ends with [ErrUnavailable]. A proof
// that names no session of ours ends when it expires.
func EndWithSession(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p := passFrom(r.Context())
		if p == nil || p.identity.by == nil {
			next.ServeHTTP(w, r)
			return
		}
		ctx, cancel := context.WithCancelCause(r.Context())
		defer cancel(nil)
		defer attend(p.identity, cancel)()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

func attend(id Identity, end func(cause error)) (stop func()) {
	if a, ok := id.by.(Attendant); ok && id.SessionID != "" {
		return a.Attend(id, end)
	}
	if id.ExpiresAt.IsZero() {
		return func() {}
	}
	timer := time.AfterFunc(time.Until(id.ExpiresAt), func() { end(ErrSessionExpired) })
	return func() { timer.Stop() }
}
