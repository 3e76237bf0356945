package features

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/inga-auth/inga/middleware"
)

// audit returns the hook for the registry of sessions and for the guard. It keeps the log.
func (s *Shop) audit() middleware.EventHook {
	return middleware.AllEvents(middleware.LogEvents(slog.Default()), s.record)
}

// loginFailed emits the event of a secret that was wrong, of which only the shop knows. The subject is
// the person's ID, or "" if there is none: what was typed as the address may be a password.
func (s *Shop) loginFailed(r *http.Request, subject, reason string) {
	e := middleware.NewEvent(r, middleware.EventLoginFailed, middleware.Identity{Subject: subject})
	e.Reason = reason
	s.events(r.Context(), e)
}

// record writes an event down before the request is answered, except those that come with many
// requests or that anyone can cause: they are for a metric.
func (s *Shop) record(ctx context.Context, e middleware.Event) {
	switch e.Type {
	case middleware.EventRenewed, middleware.EventRefreshed, middleware.EventReplayed, middleware.EventRefused, middleware.EventThrottled:
		return
	}
	_, err := s.DB.Exec(context.WithoutCancel(ctx), `INSERT INTO audit (at, type, subject, actor, session, reason, ip) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		e.Time, e.Type, e.Subject, e.Actor, e.SessionID, e.Reason, e.IP)
	if err != nil {
		slog.ErrorContext(ctx, "audit", "error", err, "event", e)
	}
}
