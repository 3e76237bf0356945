package backends

import (
	"net/netip"
	"slices"
	"time"

	"github.com/inga-auth/inga/internal/text"
)

// Retention is how long a dead row is kept before it is swept. Until then a refusal can say
// how the session ended, and a server whose clock is wrong by less than this deletes no live
// session.
const Retention = time.Hour

// A Kind is the kind of credential that opens a session. Ways of proving may add their own:
// see [Session.Validate].
type Kind string

// The kinds of session that this module opens.
const (
	KindCookie Kind = "cookie" // a session cookie
	KindToken  Kind = "token"  // an access token, renewed or refreshed
)

// A Reason says why a session was ended. An application may add its own: see
// [Reason.Validate].
type Reason string

// The reasons this module gives, besides [ReasonTheft].
const (
	ReasonLogout      Reason = "logout"      // the user logged out
	ReasonReplaced    Reason = "replaced"    // the same browser logged in again
	ReasonSuperseded  Reason = "superseded"  // a newer login took its place: see Limit
	ReasonRevoked     Reason = "revoked"     // the user or an administrator ended it
	ReasonCredentials Reason = "credentials" // the password or another factor changed
	ReasonUser        Reason = "user_ended"  // the user was disabled or deleted
	ReasonActor       Reason = "actor_ended" // the user who acted in it logged out, or may no longer
)

// A Session is one login of one user on one device. It holds no secret: it may be listed and
// logged.
type Session struct {
	ID     string `json:"id"`      // public, from [NewID]
	UserID string `json:"user_id"` // see [User]
	Kind   Kind   `json:"kind"`    // what kind of credential opens it
	Client Client `json:"client"`  // where it was opened
	// AMR names how the user was authenticated, in the words of RFC 8176: pwd, otp, hwk.
	AMR []string `json:"amr,omitempty"`

	CreatedAt       time.Time `json:"created_at"`       // when it was opened
	AuthenticatedAt time.Time `json:"authenticated_at"` // when the user last proved their identity
	LastSeenAt      time.Time `json:"last_seen_at"`     // moves at most once in RenewalInterval

	// IdleTimeout and RenewalInterval belong to this session, so that a phone's thirty days and
	// an administrator's fifteen minutes live side by side.
	IdleTimeout     time.Duration `json:"-"`
	RenewalInterval time.Duration `json:"-"`

	IdleDeadline     time.Time `json:"idle_deadline"`     // never after AbsoluteDeadline
	AbsoluteDeadline time.Time `json:"absolute_deadline"` // moves only with AuthenticatedAt

	Refresh Refresh `json:"-"`              // zero for a session without refresh tokens
	Ended   Ended   `json:"ended,omitzero"` // zero for a session that was not ended

	// Actor is who acts as the user in this session, and zero for the user themselves.
	Actor Actor `json:"actor,omitzero"`
	// Binding is the key that must be proved with each credential of the session, and zero for none.
	Binding Binding `json:"binding,omitzero"`
}

// Refresh is the state of a session's refresh tokens: a counter, and no token.
type Refresh struct {
	Generation int64     // of the current token, from 1
	RotatedAt  time.Time // when it became current
	SeenAt     time.Time // when it was first seen in use; zero: not yet
}

// Ended says when and why a session was ended before its deadlines.
type Ended struct {
	At     time.Time `json:"at,omitzero"`      // when; zero if it was not
	Reason Reason    `json:"reason,omitempty"` // why
}

// set reports whether the session was ended. One that was ended at the zero time, by a caller
// who forgot to set it, has a reason.
func (e Ended) set() bool { return !e.At.IsZero() || e.Reason != "" }

// Live reports whether the session of u (nil if there is no such user) may be used at now: nil,
// or an error that wraps [ErrNotLive]. It is the only rule. A deadline is the first instant at
// which the session is over. An ended session stays ended whatever the clock says.
func (s *Session) Live(u *User, now time.Time) error {
	switch {
	case s.Ended.set():
		return ErrRevoked
	case !now.Before(s.IdleDeadline) || !now.Before(s.AbsoluteDeadline):
		return ErrExpired
	case u == nil:
		return ErrUserGone
	case u.Disabled:
		return ErrUserDisabled
	}
	return nil
}

// Dead reports whether the row may be removed at now: it ended, or expired, at least
// [Retention] ago.
func (s *Session) Dead(now time.Time) bool {
	cutoff := now.Add(-Retention)
	return s.Ended.set() && !cutoff.Before(s.Ended.At) || !cutoff.Before(s.IdleDeadline)
}

// Begin starts the lifetime of s at now, when its user authenticated: AuthenticatedAt,
// LastSeenAt and both deadlines follow from now, absolute and the idle timeout of s.
func (s *Session) Begin(now time.Time, absolute time.Duration) {
	s.AuthenticatedAt, s.LastSeenAt = now, now
	s.AbsoluteDeadline = now.Add(absolute)
	s.IdleDeadline = s.idleDeadline(now)
}

// Due reports whether activity at now should be recorded: the last one that was is at least
// RenewalInterval ago.
func (s *Session) Due(now time.Time) bool { return !now.Before(s.LastSeenAt.Add(s.RenewalInterval)) }

// Touch records activity at now. Neither LastSeenAt nor IdleDeadline moves back, and the idle
// deadline never passes the absolute one.
func (s *Session) Touch(now time.Time) {
	if now.After(s.LastSeenAt) {
		s.LastSeenAt = now
	}
	if until := s.idleDeadline(now); until.After(s.IdleDeadline) {
		s.IdleDeadline = until
	}
}

// idleDeadline is min(now + idle timeout, absolute deadline). The second half is what keeps a
// session from living forever by being used.
func (s *Session) idleDeadline(now time.Time) time.Time {
	if until := now.Add(s.IdleTimeout); until.Before(s.AbsoluteDeadline) {
		return until
	}
	return s.AbsoluteDeadline
}

// Clone returns a copy that shares nothing with s.
func (s *Session) Clone() Session {
	c := *s
	c.AMR = slices.Clone(s.AMR)
	return c
}

// A Client describes where a session was opened, as far as the request said. It proves
// nothing: it is shown to the user and never used to decide.
type Client struct {
	IP        netip.Addr `json:"ip,omitzero"`          // without a zone; zero when unknown
	UserAgent string     `json:"user_agent,omitempty"` // as the client sent it
	Label     string     `json:"label,omitempty"`      // a name for people: "Ann's phone"
}

// NewClient returns a Client that every store accepts and any log can print. It removes the
// port and the zone of remoteAddr, replaces control characters by spaces, drops bytes that are
// not UTF-8, and cuts the user agent to 512 bytes and the label to 128.
func NewClient(remoteAddr, userAgent, label string) Client {
	ip, err := netip.ParseAddr(remoteAddr)
	if err != nil {
		ap, _ := netip.ParseAddrPort(remoteAddr)
		ip = ap.Addr()
	}
	return Client{IP: plain(ip), UserAgent: text.Printable(userAgent, maxUserAgent), Label: text.Printable(label, maxLabel)}
}

// plain returns a in its one spelling, or the zero Addr if it is that of no machine. The zone is
// dropped: it means something on one machine only and may hold anything.
func plain(a netip.Addr) netip.Addr {
	a = a.Unmap().WithZone("") // first: with a zone, or as IPv6, 0.0.0.0 is another address
	if a.IsUnspecified() {
		return netip.Addr{}
	}
	return a
}
