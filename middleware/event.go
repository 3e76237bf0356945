package middleware

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/inga-auth/inga/internal/text"
)

// An Event is something that an audit trail wants to know. It holds no secret, and its texts
// no control characters: nothing that a client sends ends a line of a log.
type Event struct {
	Type EventType
	Time time.Time // UTC

	Subject   string // whom it is about; "" if nobody knows
	SessionID string // which session, if it is about one
	Method    string // how the session is proved: "cookie", "bearer"

	// Reason says why, where there is more to say than Type does: why a session ended, why a
	// login or a request was refused.
	Reason string
	// Actor is who did it, if that is not Subject: the administrator who ended a session.
	Actor string
	// Count is how many sessions ended, if it is not about one.
	Count int

	IP        string // of the client, as [ClientIP] says
	UserAgent string
}

// An EventType says what happened.
type EventType string

// What happens to sessions.
const (
	EventLogin           EventType = "login"           // a session was opened
	EventLoginFailed     EventType = "login_failed"    // it was not: Reason says why
	EventReauthenticated EventType = "reauthenticated" // its user has authenticated again
	EventRenewed         EventType = "renewed"         // it was in use, and is extended
	EventLogout          EventType = "logout"          // its user ended it
	EventRevoked         EventType = "revoked"         // it was ended otherwise: see Reason, Actor and Count
	EventSuperseded      EventType = "superseded"      // a newer login took its place
	EventLimit           EventType = "limit"           // a login was refused: there are too many sessions
	EventDenied          EventType = "denied"          // somebody known may not do that

	// EventRefreshed: a refresh token was replaced by its successor.
	EventRefreshed EventType = "refreshed"
	// EventReplayed: one that had just been replaced came again, and got the same successor.
	EventReplayed EventType = "replayed"
	// EventTheft: one came that had been replaced long before. The session has been ended.
	EventTheft EventType = "theft"
)

// maxUserAgent is how much of one an event holds, in bytes.
const maxUserAgent = 512

// NewEvent returns an event about the identity, which happens in r, now. If somebody else
// sends r, that is the Actor. Applications use it for what only they know, a wrong password
// above all:
//
//	e := middleware.NewEvent(r, middleware.EventLoginFailed, middleware.Identity{Subject: name})
//	hook(r.Context(), e)
func NewEvent(r *http.Request, t EventType, about Identity) Event {
	e := Event{
		Type:      t,
		Time:      time.Now().UTC(),
		Subject:   text.Printable(about.Subject, maxSubject),
		SessionID: text.Printable(about.SessionID, maxSubject),
		Method:    text.Printable(about.Method, maxSubject),
		UserAgent: text.Printable(r.UserAgent(), maxUserAgent),
	}
	if ip := ClientIP(r); ip.IsValid() {
		e.IP = ip.String()
	}
	if actor, ok := FromContext(r.Context()); ok && (actor.Subject != about.Subject || actor.Issuer != about.Issuer) {
		e.Actor = text.Printable(actor.Subject, maxSubject)
	}
	return e
}

// maxSubject is how much of a subject an event holds, in bytes: somebody may have typed it.
const maxSubject = 255

// LogValue implements [slog.LogValuer]: a group of what is known.
func (e Event) LogValue() slog.Value {
	attrs := []slog.Attr{slog.String("type", string(e.Type)), slog.Time("time", e.Time)}
	for _, a := range []struct{ name, value string }{
		{"subject", e.Subject}, {"session_id", e.SessionID}, {"method", e.Method},
		{"reason", e.Reason}, {"actor", e.Actor}, {"ip", e.IP}, {"user_agent", e.UserAgent},
	} {
		if a.value != "" {
			attrs = append(attrs, slog.String(a.name, a.value))
		}
	}
	if e.Count != 0 {
		attrs = append(attrs, slog.Int("count", e.Count))
	}
	return slog.GroupValue(attrs...)
}

// An EventHook is told of events. It is called in the request, before the answer: it must be
// quick, and may be called concurrently.
type EventHook func(ctx context.Context, e Event)

// LogEvents returns an EventHook that writes to the logger, one record an event: theft as a
// warning, what happens all the time for debugging, the rest as information.
func LogEvents(logger *slog.Logger) EventHook {
	return func(ctx context.Context, e Event) {
		level := slog.LevelInfo
		switch e.Type {
		case EventTheft:
			level = slog.LevelWarn
		case EventRenewed, EventRefreshed, EventReplayed:
			level = slog.LevelDebug
		}
		logger.LogAttrs(ctx, level, "session event", slog.Any("event", e))
	}
}
