package middleware

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// A Denial is a request that was refused, and all that a client may know about it. An
// application may use it for refusals of its own as well, with [Problem].
type Denial struct {
	Status    int    // from a guard: 400, 401, 403 or 503
	Code      string // the error code of RFC 6750 or RFC 9470; "" for a bare challenge
	Type      string // URI of the problem type, stable
	Title     string // the problem in a few words, the same for every request of the type
	Retryable bool   // whether the same request may succeed later
	Realm     string // of the guard
	Scope     string // the scopes it takes, with spaces between, if one is missing; else ""

	// MaxAge is how long ago the user may have authenticated, if it was too long; else 0.
	MaxAge time.Duration
}

// retryAfter is what a 503 asks a client to wait, in seconds.
const retryAfter = 1

// problemBase is where the problem types are described. The URIs are names: they stay.
const problemBase = "https://inga-auth.github.io/problems/"

// insufficientAuthentication is the error code of RFC 9470, section 3.
const insufficientAuthentication = "insufficient_user_authentication"

// denialOf turns an objection into a status. It is the only place that does.
//
// RFC 6750, section 3.1: no credentials get a bare challenge, wrong ones invalid_token. An
// error that is none of ours means that somebody could not be asked. That is 503 and never
// 401: clients log their user out on a 401, and an outage is no reason to.
func denialOf(err error) Denial {
	switch {
	case errors.Is(err, ErrNoCredentials):
		return denial(http.StatusUnauthorized, "", "no-credentials", "Authentication required")
	case errors.Is(err, ErrSessionExpired):
		return denial(http.StatusUnauthorized, "invalid_token", "session-expired", "Session has expired")
	case errors.Is(err, ErrSessionRevoked):
		return denial(http.StatusUnauthorized, "invalid_token", "session-revoked", "Session has been ended")
	case errors.Is(err, ErrSessionSuperseded):
		return denial(http.StatusUnauthorized, "invalid_token", "session-superseded", "Session has been ended by a newer login")
	case errors.Is(err, ErrSessionStolen):
		return denial(http.StatusUnauthorized, "invalid_token", "session-stolen", "Session has been ended because its token was used twice")
	case errors.Is(err, ErrInvalidCredentials), saysInvalid(err):
		return denial(http.StatusUnauthorized, "invalid_token", "invalid-credentials", "Credentials are not valid")
	case errors.Is(err, ErrMalformedRequest):
		return denial(http.StatusBadRequest, "invalid_request", "malformed-request", "Request is malformed")
	case errors.Is(err, ErrInsufficientAuthentication):
		// RFC 9470, section 3: 401, and the code says that the token itself is good.
		d := denial(http.StatusUnauthorized, insufficientAuthentication, "insufficient-authentication", "Authenticate again")
		d.MaxAge = maxAgeOf(err)
		return d
	case errors.Is(err, ErrCrossOrigin):
		return denial(http.StatusForbidden, "", "cross-origin", "Cross-origin request refused")
	case errors.Is(err, ErrTooManySessions):
		return denial(http.StatusForbidden, "", "too-many-sessions", "Too many sessions")
	case errors.Is(err, ErrForbidden):
		d := denial(http.StatusForbidden, "insufficient_scope", "forbidden", "Not allowed")
		d.Scope = scopeOf(err)
		return d
	default:
		d := denial(http.StatusServiceUnavailable, "", "unavailable", "Try again later")
		d.Retryable = true
		return d
	}
}

func denial(status int, code, problem, title string) Denial {
	return Denial{Status: status, Code: code, Type: problemBase + problem, Title: title}
}

// Refuse answers r as the guard would if it had found err against it. Handlers use it for
// the errors of logging in and out, so that these get the same statuses. It must be called
// before the response begins: afterwards it can change neither its status nor its headers.
func (g *Guard) Refuse(w http.ResponseWriter, r *http.Request, err error) {
	id, _ := FromContext(r.Context())
	g.refuse(w, r, id, err)
}

// Refuse answers r as the guard would that let it pass: for handlers that are given errors
// like those of this package. Without a guard it answers as one with the zero Config.
func Refuse(w http.ResponseWriter, r *http.Request, err error) {
	if p := passFrom(r.Context()); p != nil {
		p.guard.refuse(w, r, p.identity, err)
		return
	}
	(&Guard{realm: defaultRealm, denier: DenierFunc(Problem), logger: slog.Default()}).refuse(w, r, Identity{}, err)
}

func (g *Guard) refuse(w http.ResponseWriter, r *http.Request, id Identity, err error) {
	d := denialOf(err)
	d.Realm = g.realm
	g.log(r, id, d, err)
	g.tell(r, id, d)

	h := w.Header()
	private(h)
	if d.Status == http.StatusServiceUnavailable {
		h.Set("Retry-After", strconv.Itoa(retryAfter))
	} else if s := g.challenge(r, d); s != "" {
		h.Set("WWW-Authenticate", s)
	}
	g.denier.Deny(w, r, d)
}

// log writes the reason. Requests without credentials are the day's work of a public
// server, and a backend that fails wakes somebody up.
func (g *Guard) log(r *http.Request, id Identity, d Denial, err error) {
	level := slog.LevelInfo
	switch d.Status {
	case http.StatusUnauthorized:
		level = slog.LevelDebug
	case http.StatusServiceUnavailable:
		level = slog.LevelError
	}
	if r.Context().Err() != nil {
		level = slog.LevelDebug // the client has gone; nothing is wrong here
	}
	g.logger.LogAttrs(r.Context(), level, "request refused",
		slog.Int("status", d.Status),
		slog.String("problem", d.Type),
		slog.String("request_method", r.Method),
		slog.String("path", r.URL.Path),
		slog.Any("identity", id),
		slog.Any("error", err))
}

// tell tells of those who are known and may not, and of pages that tried in their name.
func (g *Guard) tell(r *http.Request, id Identity, d Denial) {
	if g.events == nil || d.Status != http.StatusForbidden && d.Code != insufficientAuthentication {
		return
	}
	e := NewEvent(r, EventDenied, id)
	e.Reason = strings.TrimPrefix(d.Type, problemBase)
	g.events(r.Context(), e)
}

func (g *Guard) challenge(r *http.Request, d Denial) string {
	if c, ok := g.authenticator.(Challenger); ok {
		return c.Challenge(r, d)
	}
	return ""
}

// A Denier writes the answer to a refused request. The guard has set the headers
// WWW-Authenticate, Retry-After, Cache-Control and Vary; the Denier writes status and body.
type Denier interface {
	Deny(w http.ResponseWriter, r *http.Request, d Denial)
}

// DenierFunc is a function that is a [Denier].
type DenierFunc func(w http.ResponseWriter, r *http.Request, d Denial)

// Deny calls f.
func (f DenierFunc) Deny(w http.ResponseWriter, r *http.Request, d Denial) { f(w, r, d) }

// Problem answers with the status and an application/problem+json body (RFC 9457) with the
// members type, title, status and retryable. It is the default [Denier].
func Problem(w http.ResponseWriter, _ *http.Request, d Denial) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(d.Status)
	// An error here means that the client has gone.
	_ = json.NewEncoder(w).Encode(struct {
		Type      string `json:"type"`
		Title     string `json:"title"`
		Status    int    `json:"status"`
		Retryable bool   `json:"retryable"`
	}{d.Type, d.Title, d.Status, d.Retryable})
}

// quotable reports whether s can stand between quotes in a header: RFC 6750, section 3,
// allows printable ASCII without quote and backslash.
func quotable(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c > 0x7e || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}
