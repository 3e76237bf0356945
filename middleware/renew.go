package middleware

import (
	"log/slog"
	"net/http"
	"time"
)

// Renew counts r as activity of the identity in its context: the [Renewer] that made the
// identity extends the session to until and puts a renewed credential into the header of
// the response. It returns the request to pass on, which carries the renewed identity.
//
// A renewal that cannot be made refuses nothing: the identity was good when the request
// came, and the next request will try again. If the backend fails, that is logged.
//
// Package sliding decides when to call it. It must be called before the response begins.
func Renew(w http.ResponseWriter, r *http.Request, until time.Time) *http.Request {
	p := passFrom(r.Context())
	if p == nil {
		return r
	}
	renewer, ok := p.identity.by.(Renewer)
	if !ok {
		return r
	}
	renewed, ok, err := renewer.Renew(w.Header(), r, p.identity, until)
	if err != nil {
		p.guard.logger.LogAttrs(r.Context(), slog.LevelWarn, "renewal failed",
			slog.Any("identity", p.identity), slog.Any("error", err))
	}
	if err != nil || !ok {
		return r
	}
	renewed.by = p.identity.by
	return withPass(r, &pass{identity: renewed, asked: p.asked, guard: p.guard})
}
