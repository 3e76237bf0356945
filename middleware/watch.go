package middleware

import (
	"context"
	"net/http"
	"time"
)

// A SessionWatcher is an [Authenticator] that notices when the session of an identity ends.
type SessionWatcher interface {
	// WatchSession calls end when the session of id ends, at most once and from any goroutine. The
	// cause wraps [ErrInvalidCredentials], like [ErrSessionExpired], or it is [ErrUnavailable]: the
	// backend has not answered for so long that the session may have been revoked. The caller
	// must call stop, after which end is not called. WatchSession may be called concurrently.
	WatchSession(id Identity, end func(cause error)) (stop func())
}

// EndWithSession cancels the context of a request when its session expires or is ended: for long
// requests such as server-sent events and WebSockets. It belongs inside a guard. The handler must
// watch the context; [context.Cause] returns [ErrSessionRevoked] or the like, and the handler may
// send a last message before it returns.
//
// A backend that reports changes (see backends.Subscriber) ends the request as soon as it learns
// of the change. With any backend the session is looked up every five seconds. If look-ups fail
// for five seconds, the context ends with [ErrUnavailable]. An identity without a session of ours
// ends when its credential expires.
func EndWithSession(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p := passFrom(r.Context())
		if p == nil || p.identity.by == nil {
			next.ServeHTTP(w, r)
			return
		}
		ctx, cancel := context.WithCancelCause(r.Context())
		defer cancel(nil)
		defer watch(p.identity, cancel)()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

func watch(id Identity, end func(cause error)) (stop func()) {
	if w, ok := as[SessionWatcher](id.by); ok && id.SessionID != "" {
		return w.WatchSession(id, end)
	}
	if id.ExpiresAt.IsZero() {
		return func() {}
	}
	timer := time.AfterFunc(time.Until(id.ExpiresAt), func() { end(ErrSessionExpired) })
	return func() { timer.Stop() }
}
