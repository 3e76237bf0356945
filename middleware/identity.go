package middleware

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"slices"
	"time"
)

// An Identity says who made a request, as established by one [Authenticator]. Its copies share
// the elements of Roles, Scopes and AMR, which must not be changed.
type Identity struct {
	// Subject is the user's ID, unique together with Issuer. It is never empty in a request that
	// a guard let pass.
	Subject string `json:"subject"`
	// Roles are the user's roles at the time of the request.
	Roles []string `json:"roles,omitempty"`

	// Method is how the request was authenticated: "cookie" (package cookie), "bearer" (jwtauth and
	// foreign), "token-cookie" (tokencookie), or the name of the application's own method.
	Method string `json:"method"`

	// Scopes limit what the client may do on behalf of the user: RFC 6749, section 3.3. Tokens of
	// other issuers have them; our own sessions have none.
	Scopes []string `json:"scopes,omitempty"`

	// Issuer is the issuer of a foreign token, and "" for our own; see package foreign.
	Issuer string `json:"issuer,omitempty"`
	// SessionID is the public ID of the session, or "" without a session of ours.
	SessionID string `json:"session_id,omitempty"`

	// AuthTime is when the user last authenticated. Renewals do not change it.
	AuthTime time.Time `json:"auth_time,omitzero"`
	// AMR is how the user last authenticated, as in RFC 8176.
	AMR []string `json:"amr,omitempty"`

	// ExpiresAt is when the credential or its session expires, whichever comes first, unless it is
	// renewed.
	ExpiresAt time.Time `json:"expires_at"`

	// Actor is the ID of the user who acts as Subject, and "" as a rule; see [Login]. With one, the
	// identity passes neither [Fresh] nor [HasAMR].
	Actor string `json:"actor,omitempty"`

	// Binding says to which key the session is bound. It is zero for one that is not bound.
	Binding Binding `json:"binding,omitzero"`

	// Session holds the timeouts of the session. It is zero without a session of ours.
	Session Lifetime `json:"-"`

	// Claims is the claims set of the verified token, as JSON; see [Identity.DecodeClaims]. It is
	// "" for a cookie.
	Claims string `json:"-"`

	// by is the authenticator that made this identity. FirstOf and the guard set it.
	by Authenticator
}

// A Binding names the key of a device that a session is bound to. A credential of the session is
// good only with a proof that the client has the private key.
type Binding struct {
	Thumbprint string    `json:"thumbprint"` // of the public key: RFC 7638, SHA-256
	BoundAt    time.Time `json:"bound_at"`   // when the session was bound
	Proved     bool      `json:"proved"`     // whether this request came with a proof
}

// A Lifetime holds the timeouts and deadlines of a session.
type Lifetime struct {
	Idle             time.Duration // the idle timeout
	Interval         time.Duration // activity is recorded at most once in this time
	LastSeen         time.Time     // the last recorded activity
	IdleDeadline     time.Time     // when the session expires unless it is used
	AbsoluteDeadline time.Time     // when it expires even if it is used
}

// Timeouts says how long a session lives.
type Timeouts struct {
	Idle     time.Duration // without activity
	Absolute time.Duration // at most, counted from when its user authenticated
	Interval time.Duration // activity is recorded at most once in this time
}

// A Policy decides how long sessions live; see sliding.Policy. It is safe for concurrent use.
type Policy interface {
	// Validate reports all mistakes in the policy, joined, each naming its field.
	Validate() error
	// Timeouts returns the timeouts of a new session.
	Timeouts() Timeouts
}

// A Login describes a user who has just authenticated.
type Login struct {
	// Subject is the user's ID. Required. The store of the sessions must have this user.
	Subject string
	// UserVersion, if not 0, is the version of the user whose password or other credential was
	// checked, as the store of the sessions has it: a version of another table is not one of that
	// store's. If the user has changed since, the login is refused.
	UserVersion int64
	// AMR lists how the user authenticated, as in RFC 8176: all of it, at re-authentication too.
	AMR []string
	// Actor, if not nil, makes this no login of Subject, but the beginning of a session in which
	// another user acts as Subject, such as a member of the support team. It must be the identity that
	// a guard has put into the context of the request, with a session of ours. Whether that user may
	// act as Subject is for the application to decide first: see package middleware/session.
	Actor *Identity
	// Label is a name of the device that the user will recognize in a list.
	Label string
	// Policy, if not nil, replaces the configured policy for this session: a long one for
	// "remember me", or a short one for an administrator.
	Policy Policy
	// BrowserSession lets the browser drop the cookie of the session when the browser is closed: for
	// a login without "remember me". Otherwise it keeps the cookie until the session's deadline. The
	// session itself ends as Policy says, since the server does not learn that a browser is closed,
	// and one that restores its tabs restores such cookies too. Tokens that are in no cookie ignore
	// it.
	BrowserSession bool
}

// HasRole reports whether the identity has the role.
func (id Identity) HasRole(role string) bool { return slices.Contains(id.Roles, role) }

// HasScope reports whether the identity has the scope.
func (id Identity) HasScope(scope string) bool { return slices.Contains(id.Scopes, scope) }

// DecodeClaims decodes the claims of the token into v, like [json.Unmarshal]. It returns
// [ErrNoClaims] if the identity does not come from a token.
func (id Identity) DecodeClaims(v any) error {
	if id.Claims == "" {
		return ErrNoClaims
	}
	return json.Unmarshal([]byte(id.Claims), v)
}

// LogValue implements [slog.LogValuer]. It has no credential and no claim. For the zero Identity
// it is an empty group, which handlers omit.
func (id Identity) LogValue() slog.Value {
	if id.Subject == "" {
		return slog.GroupValue()
	}
	attrs := []slog.Attr{
		slog.String("subject", id.Subject),
		slog.String("method", id.Method),
		slog.String("session_id", id.SessionID),
	}
	if id.Issuer != "" {
		attrs = append(attrs, slog.String("issuer", id.Issuer))
	}
	if id.Actor != "" {
		attrs = append(attrs, slog.String("actor", id.Actor))
	}
	return slog.GroupValue(attrs...)
}

// FromContext returns the identity that a guard put into the context of a request. It reports
// false if there was no guard, or [Guard.Optional] let an anonymous request pass.
func FromContext(ctx context.Context) (Identity, bool) {
	if p := passFrom(ctx); p != nil && p.identity.by != nil {
		return p.identity, true
	}
	return Identity{}, false
}

// A pass is what a guard adds to the context for handlers and guards inside it. It is that
// context itself, which saves an allocation per request.
type pass struct {
	context.Context
	identity    Identity
	config      *Config       // of the guard
	request     *http.Request // for events
	credentials credentials   // copied from the request, whose headers may be changed
	refused     bool          // whether EventRefused has been emitted
	header      [2]string     // values of the response's: an allocation less
}

// with returns a copy of p for another identity or guard, which is in no context yet.
func (p *pass) with(id Identity, c *Config) *pass {
	return &pass{identity: id, config: c, request: p.request, credentials: p.credentials}
}

type passKey struct{}

// Value implements [context.Context].
func (p *pass) Value(key any) any {
	if key == (passKey{}) {
		return p
	}
	return p.Context.Value(key)
}

func passFrom(ctx context.Context) *pass {
	p, _ := ctx.Value(passKey{}).(*pass)
	return p
}

// withPass puts p into the context of r, unless it is an outer guard's and there already.
func withPass(r *http.Request, p *pass) *http.Request {
	if p.Context != nil {
		return r
	}
	p.Context = r.Context()
	return r.WithContext(p)
}
