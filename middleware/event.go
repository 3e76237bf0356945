package middleware

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/inga-auth/inga/internal/text"
	"github.com/inga-auth/inga/middleware/clientip"
)

// An Event is an entry in an audit trail. It contains no secrets, and [NewEvent] replaces control
// characters, so that clients cannot forge lines of a log.
type Event struct {
	Type EventType // what happened
	Time time.Time // when, in UTC

	Subject   string // the ID of the user it concerns, or "" if unknown
	SessionID string // the public ID of the session it concerns, or "" if none or several
	Method    string // how the session is proved, as in [Identity]

	// Reason says why, if Type does not: for a session that ended its backends.Reason, and for a
	// refused login or request one of the Reason constants of this package.
	Reason string
	// Actor is the ID of the user who did it, if not Subject: an administrator who ended the
	// session, for example, or a user who acts as Subject in it.
	Actor string
	// Count is the number of sessions that ended, if the event is not about a single one.
	Count int

	IP        string // the address of the client, or "" if unknown; see package clientip
	UserAgent string // the User-Agent header, without control characters
}

// An EventType says what happened. Applications may add their own.
type EventType string

// The types of event.
const (
	EventLogin           EventType = "login"           // a session was opened
	EventLoginFailed     EventType = "login_failed"    // no session was opened, or none re-authenticated: see Reason
	EventReauthenticated EventType = "reauthenticated" // the user authenticated again
	EventRenewed         EventType = "renewed"         // the session was used and extended
	EventLogout          EventType = "logout"          // the user ended the session
	EventRevoked         EventType = "revoked"         // the session was ended otherwise: see Reason, Actor and Count
	EventSuperseded      EventType = "superseded"      // a newer login replaced the session
	EventLimit           EventType = "limit"           // a login was refused: too many sessions
	EventRefused         EventType = "refused"         // a credential was not good: see Reason
	EventActing          EventType = "acting"          // a session was opened in which Actor acts as Subject
	EventActingEnded     EventType = "acting_ended"    // that session ended because Actor left it, or Actor's own session ended
	EventDenied          EventType = "denied"          // an authenticated request was refused: see Reason
	EventThrottled       EventType = "throttled"       // a try at a secret was refused without looking at it

	EventBound       EventType = "bound"        // the session was bound to the key of a device
	EventBindRefused EventType = "bind_refused" // it was not, because it was bound already
	EventUnproved    EventType = "unproved"     // a bound session's credential came without a good proof: see Reason

	EventRefreshed EventType = "refreshed" // a refresh token was rotated
	EventReplayed  EventType = "replayed"  // a refresh token was used again in time, and not rotated
	EventTheft     EventType = "theft"     // a refresh token was used again too late, and the session ended
)

// The values of [Event].Reason for refused logins ([EventLoginFailed], [EventLimit]), credentials
// ([EventRefused]) and requests ([EventDenied], [EventThrottled]).
//
// A guard emits EventRefused once for a request whose cookie or token is not good, forged ones included,
// and also if the page is one that visitors may see. There is none for a request without a credential.
// The event has no Subject and nothing of the credential, and these few reasons: it is safe to count.
const (
	ReasonWrongPassword   = "wrong_password"   // for the application, which alone knows of one
	ReasonUnknownUser     = "unknown_user"     // the store has no such user
	ReasonUserDisabled    = "user_disabled"    // the user may not log in
	ReasonUserChanged     = "user_changed"     // the user has another version than the login named
	ReasonInvalidArgument = "invalid_argument" // the application made a mistake
	ReasonUnavailable     = "unavailable"      // the backend could not be asked

	ReasonInvalidCredentials = "invalid_credentials" // malformed, forged, or of a session that is not known
	ReasonSessionExpired     = "session_expired"     // a timeout of the session has passed
	ReasonSessionRevoked     = "session_revoked"     // the session was ended
	ReasonSessionSuperseded  = "session_superseded"  // a newer login took its place
	ReasonSessionStolen      = "session_stolen"      // its refresh token was used twice
	ReasonMalformedRequest   = "malformed_request"   // two tokens, for example
	ReasonProofRequired      = "proof_required"      // the proof of a bound session's key is missing or too old
	ReasonInvalidProof       = "invalid_proof"       // a proof is not by the key of the session

	ReasonForbidden                  = "forbidden"                   // a rule objects
	ReasonCrossOrigin                = "cross_origin"                // a page of another origin sent it
	ReasonTooManyAttempts            = "too_many_attempts"           // the user or the address has to wait
	ReasonTooManySessions            = "too_many_sessions"           // the limit refuses another session
	ReasonInsufficientAuthentication = "insufficient_authentication" // not recently or strongly enough
)

// The longest texts from clients in an event, in bytes.
const maxUserAgent, maxSubject = 512, 255

// NewEvent returns an event of the current time that concerns the identity and is caused by r. If
// another identity sent r, that is the Actor. Applications emit events that only they know of,
// above all a wrong password:
//
//	e := middleware.NewEvent(r, middleware.EventLoginFailed, middleware.Identity{Subject: password.Subject(err)})
//	e.Reason = middleware.ReasonWrongPassword
//	hook(r.Context(), e)
//
// A name that no user has is not for an audit trail: people type passwords into its field.
func NewEvent(r *http.Request, t EventType, about Identity) Event {
	return newEvent(r.Context(), r, t, about)
}

// NewEventContext is [NewEvent] for code that has a context and no request. If ctx is that of a
// request that came to a guard, the actor and the client are taken from the request.
func NewEventContext(ctx context.Context, t EventType, about Identity) Event {
	if p := passFrom(ctx); p != nil {
		return newEvent(ctx, p.request, t, about)
	}
	return newEvent(ctx, &http.Request{}, t, about)
}

func newEvent(ctx context.Context, r *http.Request, t EventType, about Identity) Event {
	e := Event{
		Type:      t,
		Time:      time.Now().UTC(),
		Subject:   text.Printable(about.Subject, maxSubject),
		SessionID: text.Printable(about.SessionID, maxSubject),
		Method:    text.Printable(about.Method, maxSubject),
		UserAgent: text.Printable(r.UserAgent(), maxUserAgent),
	}
	e.Actor = text.Printable(actorOf(ctx, about), maxSubject)
	if ip := clientip.Of(r); ip.IsValid() {
		e.IP = ip.String()
	}
	return e
}

// actorOf returns the ID of the user behind an event about the identity, "" if that is its subject.
func actorOf(ctx context.Context, about Identity) string {
	by, ok := FromContext(ctx)
	switch {
	case about.Actor != "":
		return about.Actor
	case !ok, by.Actor == "" && by.Subject == about.Subject && by.Issuer == about.Issuer, by.Actor != "" && by.Actor == about.Subject:
		return ""
	}
	return cmp.Or(by.Actor, by.Subject)
}

// LogValue implements [slog.LogValuer] with a group of the fields that are set.
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

// An EventHook receives events. It is called while the request is handled, before the response,
// and may be called concurrently. It must be fast.
type EventHook func(ctx context.Context, e Event)

// AllEvents returns an EventHook that calls all of the hooks, in their order. A hook takes the place of
// the log where events are logged by default; this keeps it:
//
//	Events: middleware.AllEvents(middleware.LogEvents(logger), count)
func AllEvents(hooks ...EventHook) EventHook {
	hooks = slices.DeleteFunc(slices.Clone(hooks), func(hook EventHook) bool { return hook == nil })
	return func(ctx context.Context, e Event) {
		for _, hook := range hooks {
			hook(ctx, e)
		}
	}
}

// LogEvents returns an EventHook that logs each event as one record: theft at level Warn; renewals,
// refreshes and refused credentials at Debug; everything else at Info.
func LogEvents(logger *slog.Logger) EventHook {
	return func(ctx context.Context, e Event) {
		level := slog.LevelInfo
		switch e.Type {
		case EventTheft:
			level = slog.LevelWarn
		case EventRenewed, EventRefreshed, EventReplayed, EventRefused:
			level = slog.LevelDebug
		}
		logger.LogAttrs(ctx, level, "session event", slog.Any("event", e))
	}
}
