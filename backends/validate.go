package backends

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/inga-auth/inga/internal/text"
)

const (
	maxText      = 255  // bytes; of a user's ID, a name, a role
	maxWord      = 64   // bytes; of a kind, a reason, the key of a value
	maxAMR       = 1024 // bytes; of all methods, with one byte between
	maxUserAgent = 512  // bytes
	maxLabel     = 128  // bytes
	maxHash      = 1024 // bytes; of a password hash

	// maxGeneration is the last generation that a session may begin with. It leaves room for all
	// that can follow.
	maxGeneration = 1 << 62
)

// mistakes collects what is wrong with a value.
type mistakes []error

func (m *mistakes) add(format string, args ...any) {
	*m = append(*m, fmt.Errorf("%w: "+format, append([]any{ErrInvalidArgument}, args...)...))
}

// text checks a text of at most limit bytes, which may be empty.
func (m *mistakes) text(field, s string, limit int) {
	if s != "" && !text.Valid(s, limit) {
		m.add("%s is %.80q, want at most %d bytes of UTF-8 without control characters", field, s, limit)
	}
}

// required is text for one that may not be empty.
func (m *mistakes) required(field, s string, limit int) {
	if s == "" {
		m.add("%s is empty", field)
	}
	m.text(field, s, limit)
}

// list is required for each of several.
func (m *mistakes) list(field string, all []string, limit int) {
	for i, s := range all {
		m.required(fmt.Sprintf("%s[%d]", field, i), s, limit)
	}
}

func (m *mistakes) err() error { return errors.Join(*m...) }

// Validate reports why no store accepts s: nil, or all mistakes, joined, each naming its field.
// They wrap [ErrInvalidArgument]. [NewClient] returns a Client that is always valid.
func (s *Session) Validate() error {
	var m mistakes
	if !ValidID(s.ID) {
		m.add("Session.ID is %.80q, want one from NewID", s.ID)
	}
	m.required("Session.UserID", s.UserID, maxText)
	m.required("Session.Kind", string(s.Kind), maxWord)
	m.text("Session.Client.UserAgent", s.Client.UserAgent, maxUserAgent)
	m.text("Session.Client.Label", s.Client.Label, maxLabel)
	if ip := s.Client.IP; ip != plain(ip) {
		m.add("Session.Client.IP is %.80q, want an address of a machine, without a zone, and not IPv4 as IPv6", ip.String())
	}
	m.list("Session.AMR", s.AMR, maxAMR)
	if n := len(strings.Join(s.AMR, " ")); n > maxAMR {
		m.add("Session.AMR has %d bytes, want at most %d", n, maxAMR)
	}
	m.lifetime(s)
	m.actor(s)
	if s.Binding != (Binding{}) {
		m.binding("Session.Binding", &s.Binding)
	}
	return m.err()
}

// lifetime checks the times.
func (m *mistakes) lifetime(s *Session) {
	for _, f := range []struct {
		field    string
		at       time.Time
		optional bool
	}{
		{"CreatedAt", s.CreatedAt, false},
		{"AuthenticatedAt", s.AuthenticatedAt, false},
		{"LastSeenAt", s.LastSeenAt, false},
		{"IdleDeadline", s.IdleDeadline, false},
		{"AbsoluteDeadline", s.AbsoluteDeadline, false},
		{"Refresh.RotatedAt", s.Refresh.RotatedAt, true},
		{"Refresh.SeenAt", s.Refresh.SeenAt, true},
	} {
		if !f.optional || !f.at.IsZero() {
			m.year("Session."+f.field, f.at)
		}
	}
	if s.IdleDeadline.After(s.AbsoluteDeadline) {
		m.add("Session.IdleDeadline is %v, after Session.AbsoluteDeadline %v", s.IdleDeadline, s.AbsoluteDeadline)
	}
	if s.IdleTimeout < time.Microsecond {
		m.add("Session.IdleTimeout is %v, want at least a microsecond", s.IdleTimeout)
	}
	if s.RenewalInterval < time.Microsecond {
		m.add("Session.RenewalInterval is %v, want at least a microsecond", s.RenewalInterval)
	}
	if g := s.Refresh.Generation; g < 0 || g > maxGeneration {
		m.add("Session.Refresh.Generation is %d, want 0 for none, to %d", g, int64(maxGeneration))
	}
	if s.Ended.set() {
		m.add("Session.Ended is set: a session does not begin ended")
	}
}

// year checks a time: every encoding can write the years from 1970 to 9999.
func (m *mistakes) year(field string, at time.Time) {
	if y := at.UTC().Year(); y < 1970 || y > 9999 {
		m.add("%s is in the year %d, want 1970 to 9999", field, y)
	}
}

// Validate reports why no store accepts r, which must be 1 to 64 bytes of UTF-8 without control
// characters: nil, or an error that wraps [ErrInvalidArgument].
func (r Reason) Validate() error {
	var m mistakes
	m.required("Reason", string(r), maxWord)
	return m.err()
}

// Validate reports all mistakes of l, joined, each naming its field. They wrap
// [ErrInvalidArgument].
func (l Limit) Validate() error {
	var m mistakes
	if l.Total < 0 {
		m.add("Limit.Total is %d, want 0 for no bound, or more", l.Total)
	}
	if l.PerKind < 0 {
		m.add("Limit.PerKind is %d, want 0 for no bound, or more", l.PerKind)
	}
	return m.err()
}

// Validate reports why no store accepts u: nil, or all mistakes, joined, each naming its field.
// They wrap [ErrInvalidArgument].
func (u *User) Validate() error {
	var m mistakes
	m.required("User.ID", u.ID, maxText)
	m.text("User.Name", u.Name, maxText)
	m.list("User.Roles", u.Roles, maxText)
	return m.err()
}

// ValidRoles reports why no store accepts the roles: nil, or an error that wraps
// [ErrInvalidArgument]. Each must be a [ValidText].
func ValidRoles(roles []string) error {
	var m mistakes
	m.list("User.Roles", roles, maxText)
	return m.err()
}

// ValidPasswordHash reports why no store accepts the password hash: nil, or an error that wraps
// [ErrInvalidArgument] and does not repeat the hash. "" is valid: no password opens the account.
func ValidPasswordHash(h string) error {
	var m mistakes
	if h != "" && !text.Valid(h, maxHash) {
		m.add("password hash has %d bytes, want at most %d of UTF-8 without control characters", len(h), maxHash)
	}
	return m.err()
}

// ValidValue reports why no store accepts the value under the key: nil, or an error that wraps
// [ErrInvalidArgument].
func ValidValue(key string, value []byte) error {
	var m mistakes
	if !ValidKey(key) {
		m.add("key of a value is %.80q, want 1 to %d bytes of UTF-8 without control characters", key, maxWord)
	}
	if len(value) > MaxValue {
		m.add("value of %.80q has %d bytes, want at most %d", key, len(value), MaxValue)
	}
	return m.err()
}
