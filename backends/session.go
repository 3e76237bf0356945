package backends

import (
	"slices"
	"time"
)

// Retention is how long a dead row is kept before it is swept. Until then a refusal
// can say how the session ended, and a server whose clock is wrong by less than this
// deletes nobody's session.
const Retention = time.Hour

// A Kind is the way a session was opened, and thereby what proves it.
type Kind string

// The kinds of session that this module opens.
const (
	KindCookie Kind = "cookie" // a session cookie
	KindToken  Kind = "token"  // an access token, renewed or refreshed
)

// A Reason says why a session was ended.
type Reason string

// The reasons this module gives. An application may add its own: up to 64 bytes.
const (
	ReasonLogout      Reason = "logout"       // the user logged out
	ReasonReplaced    Reason = "replaced"     // the same browser logged in again
	ReasonSuperseded  Reason = "superseded"   // a newer login took its place: see Limit
	ReasonRevoked     Reason = "revoked"      // the user or an administrator ended it
	ReasonCredentials Reason = "credentials"  // the password or another factor changed
	ReasonUser        Reason = "user_changed" // the user was disabled or deleted
)

// A Session is one login of one user on one device. It holds no secret and is safe to
// list and to log.
type Session struct {
	ID     string `json:"id"` // public, from [NewID]
	UserID string `json:"user_id"`
	Kind   Kind   `json:"kind"`
	Client Client `json:"client"`
	// AMR names how the user was authenticated, in the words of RFC 8176: pwd, otp, hwk.
	AMR []string `json:"amr,omitempty"`

	CreatedAt       time.Time `json:"created_at"`
	AuthenticatedAt time.Time `json:"authenticated_at"` // moves when the user proves again who they are
	LastSeenAt      time.Time `json:"last_seen_at"`     // moves at most once in RenewalInterval

	// IdleTimeout and RenewalInterval are this session's own, so that a phone's thirty
	// days and an administrator's fifteen minutes live side by side.
	IdleTimeout     time.Duration `json:"-"`
	RenewalInterval time.Duration `json:"-"`

	IdleDeadline     time.Time `json:"idle_deadline"`     // never after AbsoluteDeadline
	AbsoluteDeadline time.Time `json:"absolute_deadline"` // moves only with AuthenticatedAt

	Refresh Refresh `json:"-"`
	Ended   Ended   `json:"ended,omitzero"`
}

// Refresh is what the rotation of refresh tokens needs: a counter, and no token. A session
// without refresh tokens has the zero value.
type Refresh struct {
	Generation int64     // of the token that is current, from 1
	RotatedAt  time.Time // when it became current
	SeenAt     time.Time // when it was first seen in use; zero: not yet
}

// Ended says when and why a session was ended before its deadlines.
type Ended struct {
	At     time.Time `json:"at,omitzero"`
	Reason Reason    `json:"reason,omitempty"`
}

// Live reports whether the session of u may be used at now: nil, or an error that wraps
// [ErrNotLive]. It is the one rule; a store that decides in SQL decides the same.
//
// A deadline is the first instant at which the session is over. An ended session stays
// ended whatever the clock says.
func (s *Session) Live(u *User, now time.Time) error {
	switch {
	case !s.Ended.At.IsZero():
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
	return !s.Ended.At.IsZero() && !cutoff.Before(s.Ended.At) || !cutoff.Before(s.IdleDeadline)
}

// Clone returns a copy that shares nothing with s.
func (s *Session) Clone() Session {
	c := *s
	c.AMR = slices.Clone(s.AMR)
	return c
}
