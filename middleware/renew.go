package middleware

import (
	"log/slog"
	"net/http"
)

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
