package middleware

import (
	"context"
	"log/slog"
	"net/http"
	"time"
)

// A Renewer is an [Authenticator] that can extend the sessions of its identities.
type Renewer interface {
	// Renew records r as activity of the session of id and returns the renewed identity. If the
	// client needs a new credential, Renew puts it into the response header h. ok is false, and h
	// unchanged, if there was nothing to renew: the session has ended, or another request renewed
	// it first. Renew may be called concurrently.
	Renew(h http.Header, r *http.Request, id Identity) (renewed Identity, ok bool, err error)
}

// Renew records r as activity of the session of the identity in its context: the [Renewer] that
// made the identity extends the session and puts a new credential, if any, into the response
// header. Renew returns the request to pass on, which carries the renewed identity.
//
// A renewal that fails does not refuse the request: its identity is still good, and the next
// request tries again. An error of the backend is logged.
//
// Package sliding decides when to call Renew. It must be called before the response begins.
func Renew(w http.ResponseWriter, r *http.Request) *http.Request {
	p := passFrom(r.Context())
	if p == nil {
		return r
	}
	renewer, ok := as[Renewer](p.identity.by)
	if !ok {
		return r
	}
	renewed, ok, err := renewer.Renew(w.Header(), r, p.identity)
	if err != nil {
		level := slog.LevelWarn
		if r.Context().Err() != nil {
			level = slog.LevelDebug // the client has gone, which makes backends fail
		}
		p.config.Logger.LogAttrs(r.Context(), level, "renewal failed",
			slog.Any("identity", p.identity), slog.Any("error", err))
	}
	if err != nil || !ok {
		return r
	}
	renewed.by = p.identity.by
	return withPass(r, p.with(renewed, p.config))
}

// A SessionWatcher is an [Authenticator] that notices when the session of an identity ends.
type SessionWatcher interface {
	// WatchSession calls end when the session of id ends, at most once and from any goroutine. The
	// cause wraps [ErrInvalidCredentials], like [ErrSessionExpired], or it is [ErrUnavailable]: the
	// backend has not answered for so long that the session may have been revoked. The caller
	// must call stop, after which end is not called. WatchSession may be called concurrently.
	WatchSession(id Identity, end func(cause error)) (stop func())
}

// EndWithSession cancels the context of a request when its session expires or is ended: for
// server-sent events, WebSockets and other long requests. It belongs inside a guard. The handler
// must watch the context; [context.Cause] returns [ErrSessionRevoked] or the like.
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
