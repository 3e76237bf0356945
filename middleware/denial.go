package middleware

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// A Denial describes a refusal: everything that the client may know about it. Applications can use
// it with [Problem] for refusals of their own.
type Denial struct {
	Status     int           // from a guard: 400, 401, 403, 404, 409, 422, 429, 500 or 503
	Code       string        // the error code of RFC 6750, RFC 9449 or RFC 9470; "" for a bare challenge
	Type       string        // the URI of the problem type, which never changes
	Title      string        // a few words, the same for every problem of the type
	Retryable  bool          // whether the same request may succeed later
	RetryAfter time.Duration // how long to wait before that, if Retryable
	Realm      string        // the realm of the guard
	Scope      string        // the required scopes, separated by spaces, if one is missing
	AMR        string        // the methods of which the user has to use one, as in RFC 8176, separated by spaces
	MaxAge     time.Duration // how long ago the user may have authenticated, if it was too long
}

const (
	// unavailableFor is the RetryAfter of a 503.
	unavailableFor = time.Second

	// problemBase begins the URIs of problem types. Clients compare them: they never change.
	problemBase = "https://inga-auth.github.io/problems/"

	// insufficientAuthentication is the error code of RFC 9470, section 3.
	insufficientAuthentication = "insufficient_user_authentication"
)

// denialOf turns an error into a refusal. It is the only place that does.
//
// RFC 6750, section 3.1: a request without credentials gets a bare challenge, one with wrong
// credentials invalid_token. RFC 9470, section 3: an insufficient authentication is a 401, and the
// code says that the token itself is good. That a backend could not be asked is a 503 and never a 401,
// because clients log their user out on a 401. What no one declares is a mistake in the application.
func denialOf(err error) Denial {
	if wait, ok := waitOf(err); ok {
		return Denial{
			Status: http.StatusTooManyRequests, Type: problemBase + "too-many-attempts", Title: "Too many attempts",
			Retryable: true, RetryAfter: wait,
		}
	}
	d := Denial{Status: http.StatusInternalServerError, Type: "internal-error", Title: "Internal error"}
	declared := problemOf(err)
	for _, row := range [...]struct {
		err                  error
		status               int
		code, problem, title string
	}{
		{ErrNoCredentials, 401, "", "no-credentials", "Authentication required"},
		{ErrSessionExpired, 401, "invalid_token", "session-expired", "Session has expired"},
		{ErrSessionRevoked, 401, "invalid_token", "session-revoked", "Session has been ended"},
		{ErrSessionSuperseded, 401, "invalid_token", "session-superseded", "Session has been ended by a newer login"},
		{ErrSessionStolen, 401, "invalid_token", "session-stolen", "Session has been ended because its token was used twice"},
		{ErrUnproved, 401, "invalid_token", "proof-required", "Proof of the device required"},
		{ErrInvalidCredentials, 401, "invalid_token", "invalid-credentials", "Credentials are not valid"},
		{ErrMalformedRequest, 400, "invalid_request", "malformed-request", "Request is malformed"},
		{ErrInsufficientAuthentication, 401, insufficientAuthentication, "insufficient-authentication", "Authenticate again"},
		{ErrCrossOrigin, 403, "", "cross-origin", "Cross-origin request refused"},
		{ErrTooManySessions, 403, "", "too-many-sessions", "Too many sessions"},
		{ErrForbidden, 403, "insufficient_scope", "forbidden", "Not allowed"},
		{ErrInvalidArgument, 500, "", "internal-error", "Internal error"},
		{ErrUnavailable, 503, "", "unavailable", "Try again later"},
		{context.DeadlineExceeded, 503, "", "unavailable", "Try again later"},
		{context.Canceled, 503, "", "unavailable", "Try again later"},
		{nil, 403, "", "too-many-sessions", "Too many sessions"}, // nil: of those that declare it only
		{nil, 404, "", "not-found", "Not found"},
		{nil, 409, "", "conflict", "Another change came first"},
		{nil, 422, "", "unacceptable-input", "Input is not acceptable"},
	} {
		if row.err != nil && errors.Is(err, row.err) || row.problem == declared || row.err == ErrInvalidCredentials && saysInvalid(err) {
			d = Denial{Status: row.status, Code: row.code, Type: row.problem, Title: row.title}
			break
		}
	}
	if code := codeOf(err); code != "" && d.Status == http.StatusUnauthorized {
		d.Code = code
	}
	d.Type = problemBase + d.Type
	if d.Status == http.StatusServiceUnavailable {
		d.Retryable, d.RetryAfter = true, unavailableFor
	}
	if rule := (*rule)(nil); errors.As(err, &rule) {
		d.Scope, d.AMR, d.MaxAge = rule.argsOf("HasScope"), rule.argsOf("HasAMR"), rule.within
	}
	return d
}

// Refuse responds to r as if g had refused it because of err. Handlers use it for errors of
// logging in and out. It must be called before the response begins.
//
// Errors of other packages count too: 401 for password.ErrWrong, 404 for backends.ErrNotFound, 409 for
// backends.ErrConflict, 422 for password.ErrLength and ErrCommon, 429 with Retry-After for a
// backends.WaitError. The status is 503 only if something could not be asked: for [ErrUnavailable],
// backends.ErrUnavailable, and the errors of a context. Any other error is a mistake in the
// application, and a 500: an application with a store of its own wraps ErrUnavailable.
//
// An error type of the application can have a method Problem() string, which returns the last part of
// the URI of one of these problem types, such as conflict or unacceptable-input.
func (g *Guard) Refuse(w http.ResponseWriter, r *http.Request, err error) {
	id, _ := FromContext(r.Context())
	g.config.refuse(w, r, id, err)
}

// Refuse is [Guard.Refuse] of the innermost guard around the handler. Without one it responds like
// a guard with default settings.
func Refuse(w http.ResponseWriter, r *http.Request, err error) {
	if p := passFrom(r.Context()); p != nil {
		p.config.refuse(w, r, p.identity, err)
		return
	}
	Config{}.withDefaults().refuse(w, r, Identity{}, err)
}

func (c *Config) refuse(w http.ResponseWriter, r *http.Request, id Identity, err error) {
	d := denialOf(err)
	d.Realm = c.Realm
	c.log(r, id, d, err)
	c.emitDenied(r, id, d)

	h := w.Header()
	for _, about := range [...]string{"Content-Length", "Content-Encoding", "Etag", "Last-Modified"} {
		h.Del(about) // the body that a handler meant to send
	}
	private(h, new([2]string))
	id.acknowledge(h)
	setHeader(h, err)
	if d.Retryable {
		// In whole seconds, and not too early.
		h.Set("Retry-After", strconv.FormatInt(int64((d.RetryAfter+time.Second-1)/time.Second), 10))
	} else if a, ok := as[Challenger](c.Authenticator); ok && d.Status < 500 { // which another credential may avoid
		if s := a.Challenge(r, d); s != "" {
			h.Set("WWW-Authenticate", s)
		}
	}
	c.Denier.Deny(w, r, d)
}

// log logs the reason. Requests without credentials are routine for a public server; a failing
// backend and a mistake in the application are errors.
func (c *Config) log(r *http.Request, id Identity, d Denial, err error) {
	level := slog.LevelInfo
	switch d.Status {
	case http.StatusUnauthorized:
		level = slog.LevelDebug
	case http.StatusServiceUnavailable, http.StatusInternalServerError:
		level = slog.LevelError
	}
	if r.Context().Err() != nil {
		level = slog.LevelDebug // the client has gone, which makes backends fail
	}
	c.Logger.LogAttrs(r.Context(), level, "request refused",
		slog.Int("status", d.Status),
		slog.String("problem", d.Type),
		slog.String("request_method", r.Method),
		slog.String("path", r.URL.Path),
		slog.Any("identity", id),
		slog.Any("error", err))
}

// A Denier responds to refused requests.
type Denier interface {
	// Deny writes the status and body of the response to r. The guard has already set the headers
	// WWW-Authenticate, Retry-After, Cache-Control and Vary. Deny may be called concurrently.
	Deny(w http.ResponseWriter, r *http.Request, d Denial)
}

// DenierFunc makes a function a [Denier].
type DenierFunc func(w http.ResponseWriter, r *http.Request, d Denial)

// Deny calls f.
func (f DenierFunc) Deny(w http.ResponseWriter, r *http.Request, d Denial) { f(w, r, d) }

// Problem responds with an application/problem+json body (RFC 9457) that has the members type,
// title, status and retryable. It is the default [Denier].
func Problem(w http.ResponseWriter, _ *http.Request, d Denial) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(d.Status)
	// An error means that the client has gone.
	_ = json.NewEncoder(w).Encode(struct {
		Type      string `json:"type"`
		Title     string `json:"title"`
		Status    int    `json:"status"`
		Retryable bool   `json:"retryable"`
	}{d.Type, d.Title, d.Status, d.Retryable})
}

// quotable reports whether s can be quoted in a header without escapes: RFC 6750, section 3, allows
// printable ASCII except quotes and backslashes.
func quotable(s string) bool {
	return !strings.ContainsFunc(s, func(c rune) bool { return c < 0x20 || c > 0x7e || c == '"' || c == '\\' })
}
