package backends

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/inga-auth/inga/internal/text"
)

// The most that the texts of a session may take, in bytes.
const (
	maxKind      = 64
	maxReason    = 64
	maxAMR       = 1024 // all of them, with one byte between
	maxUserAgent = 512
	maxLabel     = 128
)

// maxGeneration is the last generation that a session may begin with. It leaves room for all
// that can follow.
const maxGeneration = 1 << 62

// maxHash is the length of the longest password hash, in bytes.
const maxHash = 1024

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

func (m *mistakes) err() error { return errors.Join(*m...) }

// Validate reports why no store accepts s: nil, or all mistakes, joined, each naming its field.
// They wrap [ErrInvalidArgument]. [NewClient] returns a Client that is always valid.
func (s *Session) Validate() error {
	var m mistakes
	if !ValidID(s.ID) {
		m.add("Session.ID is %.80q, want one from NewID", s.ID)
	}
	m.required("Session.UserID", s.UserID, 255)
	m.required("Session.Kind", string(s.Kind), maxKind)
	m.text("Session.Client.UserAgent", s.Client.UserAgent, maxUserAgent)
	m.text("Session.Client.Label", s.Client.Label, maxLabel)
	if ip := s.Client.IP; ip != plain(ip) {
		m.add("Session.Client.IP is %.80q, want an address of a machine, without a zone, and not IPv4 as IPv6", ip.String())
	}
	for i, method := range s.AMR {
		m.required(fmt.Sprintf("Session.AMR[%d]", i), method, maxAMR)
	}
	if n := len(strings.Join(s.AMR, " ")); n > maxAMR {
		m.add("Session.AMR has %d bytes, want at most %d", n, maxAMR)
	}
	m.lifetime(s)
	return m.err()
}

// lifetime checks the times. Their years are those that every encoding can write.
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
		if y := f.at.UTC().Year(); (y < 1970 || y > 9999) && !(f.optional && f.at.IsZero()) {
			m.add("Session.%s is in the year %d, want 1970 to 9999", f.field, y)
		}
	}
	if s.IdleDeadline.After(s.AbsoluteDeadline) {
		m.add("Session.IdleDeadline is %v, after Session.AbsoluteDeadline %v", s.IdleDeadline, s.AbsoluteDeadline)
	}
	m.atLeastMicrosecond("Session.IdleTimeout", s.IdleTimeout)
	m.atLeastMicrosecond("Session.RenewalInterval", s.RenewalInterval)
	if g := s.Refresh.Generation; g < 0 || g > maxGeneration {
		m.add("Session.Refresh.Generation is %d, want 0 for none, to %d", g, int64(maxGeneration))
	}
	if s.Ended.set() {
		m.add("Session.Ended is set: a session does not begin ended")
	}
}

func (m *mistakes) atLeastMicrosecond(field string, d time.Duration) {
	if d < time.Microsecond {
		m.add("%s is %v, want at least a microsecond", field, d)
	}
}

// Validate reports why no store accepts r: nil, or an error that wraps [ErrInvalidArgument]. A
// reason is 1 to 64 bytes of UTF-8 without control characters.
func (r Reason) Validate() error {
	var m mistakes
	m.required("Reason", string(r), maxReason)
	return m.err()
}

// Validate reports why no store accepts u: nil, or all mistakes, joined, each naming its field.
// They wrap [ErrInvalidArgument].
func (u *User) Validate() error {
	var m mistakes
	m.required("User.ID", u.ID, 255)
	m.text("User.Name", u.Name, 255)
	return errors.Join(m.err(), ValidRoles(u.Roles))
}

// ValidRoles reports why no store accepts the roles: nil, or an error that wraps
// [ErrInvalidArgument]. Each must be a [ValidText].
func ValidRoles(roles []string) error {
	var m mistakes
	for i, role := range roles {
		m.required(fmt.Sprintf("User.Roles[%d]", i), role, 255)
	}
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
		m.add("key of a value is %.80q, want 1 to %d bytes of UTF-8 without control characters", key, maxKey)
	}
	if len(value) > MaxValue {
		m.add("value of %.80q has %d bytes, want at most %d", key, len(value), MaxValue)
	}
	return m.err()
}
