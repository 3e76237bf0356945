package middleware

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"slices"
	"time"
)

// An Identity says who made a request, as one [Authenticator] established it.
//
// It is a value: what a handler changes in its copy changes nothing elsewhere, except
// that the elements of Roles, Scopes and AMR are shared by the copies of one request.
type Identity struct {
	Subject string   `json:"subject"` // the user's ID, unique together with Issuer
	Roles   []string `json:"roles"`
	Method  string   `json:"method"` // how the request proved it: "cookie", "bearer"

	// Scopes are what the user lets the client do that sent the request: RFC 6749, section
	// 3.3. Tokens of other issuers have them; sessions of ours have none.
	Scopes []string `json:"scopes,omitempty"`

	// Issuer is set if somebody else's issuer vouches for Subject; see package jwtauth.
	Issuer string `json:"issuer,omitempty"`
	// SessionID is the public ID of the session, "" if there is none of ours.
	SessionID string `json:"session_id,omitempty"`

	// AuthTime is when the user last proved who they are, and AMR how (RFC 8176). No
	// renewal changes either.
	AuthTime time.Time `json:"auth_time,omitzero"`
	AMR      []string  `json:"amr,omitempty"`

	// ExpiresAt is when the proof ends unless it is renewed.
	ExpiresAt time.Time `json:"expires_at"`

	// Session is how long the session behind the identity may live; zero without one.
	Session Lifetime `json:"-"`

	// Claims is the claims set of the token that was verified, as JSON, for
	// [Identity.DecodeClaims]; "" for a cookie.
	Claims string `json:"-"`

	// by is the authenticator that made this identity. FirstOf and the guard set it.
	by Authenticator
}

// A Lifetime is what a [Policy] gave one session when its user authenticated, and where
// the session stands in it.
type Lifetime struct {
	Idle             time.Duration // the idle timeout
	Interval         time.Duration // activity is counted at most once in this time
	LastSeen         time.Time
	IdleDeadline     time.Time
	AbsoluteDeadline time.Time
}

// A Policy says how long a session lives. Package sliding has the one to use; the
// interface is here so that the ways of proving need not know it.
type Policy interface {
	// Validate returns all mistakes of the policy, joined, each naming its field.
	Validate() error
	// Begin returns the lifetime of a session whose user authenticated at now.
	Begin(now time.Time) Lifetime
}

// A Login is what an application says when somebody has proved who they are.
type Login struct {
	// Subject is the user's ID. Required.
	Subject string
	// UserVersion, if not 0, is the version of the user whose credential was checked. If
	// it has changed meanwhile, the login is refused. A new proof needs none: the session ends
	// with the credential, unless it is the one that has changed it.
	UserVersion int64
	// AMR names how the user was authenticated, in the words of RFC 8176.
	AMR []string
	// Label names the device for people.
	Label string
	// Policy, if not nil, is used for this session in place of the configured one:
	// "remember me", or a short session for an administrator.
	Policy Policy
}

// HasRole reports whether the identity has the role.
func (id Identity) HasRole(role string) bool { return slices.Contains(id.Roles, role) }

// HasScope reports whether the identity has the scope.
func (id Identity) HasScope(scope string) bool { return slices.Contains(id.Scopes, scope) }

// DecodeClaims decodes the claims of the token into v, as [json.Unmarshal] does. It
// returns [ErrNoClaims] if the identity does not come from a token.
func (id Identity) DecodeClaims(v any) error {
	if id.Claims == "" {
		return ErrNoClaims
	}
	return json.Unmarshal([]byte(id.Claims), v)
}

// LogValue implements [slog.LogValuer]: what names the identity, nothing that proves it.
// Nobody is an empty group, which handlers leave out.
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
	return slog.GroupValue(attrs...)
}

// FromContext returns the identity that a guard put into the context. It reports false
// if there is none: no guard, or an optional one and nobody logged in.
func FromContext(ctx context.Context) (Identity, bool) {
	if p := passFrom(ctx); p != nil && p.identity.by != nil {
		return p.identity, true
	}
	return Identity{}, false
}

// A pass is what a guard leaves in the context for the handlers and guards inside it. It is
// that context itself, which saves an allocation in each request.
type pass struct {
	context.Context
	identity Identity
	asked    Authenticator // the one the guard asked; identity.by is the one that answered
	guard    *Guard
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

// withPass puts p into the context of r, unless a guard further out has done so.
func withPass(r *http.Request, p *pass) *http.Request {
	if p.Context != nil {
		return r
	}
	p.Context = r.Context()
	return r.WithContext(p)
}

// known returns the identity of p, which may be nil: nobody.
func (p *pass) known() Identity {
	if p == nil {
		return Identity{}
	}
	return p.identity
}
