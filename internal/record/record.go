// Package record holds sessions and users in little memory, for the stores that keep many:
// times are integers, texts that repeat are kept once, and a record has few pointers, which are
// its first words, so that the garbage collector has little to do.
package record

import (
	"net/netip"
	"strings"
	"time"
	"unique"

	"github.com/inga-auth/inga/backends"
)

// A Session is a backends.Session without its ID and the ID of its user, in about half of the
// space. It is a value without locks.
type Session struct {
	texts  unique.Handle[texts]
	reason unique.Handle[string] // of the end; zero if it has not ended

	// Secret is the hash of the session's secret.
	Secret backends.SecretHash

	ip    [16]byte
	hasIP bool

	created, authenticated, seen int64 // microseconds since 1970
	idleEnd, absoluteEnd         int64
	idle, interval               int64 // microseconds
	generation                   int64
	rotated, generationSeen      int64
	ended                        int64
}

// texts are what sessions have in common with many others: a million browsers have a few
// thousand user agents.
type texts struct{ kind, userAgent, label, amr string }

// separator joins lists. No text of a valid session or user contains it.
const separator = "\x00"

// NewSession returns s, which must be valid, with the hash of its secret.
func NewSession(s *backends.Session, h backends.SecretHash) Session {
	r := Session{Secret: h}
	r.Set(s)
	return r
}

// Set replaces all of r but the hash by s, which must be valid.
func (r *Session) Set(s *backends.Session) {
	t := texts{string(s.Kind), s.Client.UserAgent, s.Client.Label, strings.Join(s.AMR, separator)}
	if r.texts == (unique.Handle[texts]{}) || r.texts.Value() != t {
		r.texts = unique.Make(t)
	}
	a, err := netip.ParseAddr(s.Client.IP)
	if r.hasIP = err == nil; r.hasIP {
		r.ip = a.As16()
	}
	r.created = s.CreatedAt.UnixMicro()
	r.SetLifetime(s)
}

// SetLifetime replaces what Lifetime returns by that of s.
func (r *Session) SetLifetime(s *backends.Session) {
	r.authenticated, r.seen = s.AuthenticatedAt.UnixMicro(), s.LastSeenAt.UnixMicro()
	r.idleEnd, r.absoluteEnd = s.IdleDeadline.UnixMicro(), s.AbsoluteDeadline.UnixMicro()
	r.idle, r.interval = s.IdleTimeout.Microseconds(), s.RenewalInterval.Microseconds()
	r.generation, r.rotated, r.generationSeen = s.Refresh.Generation, s.Refresh.RotatedAt.UnixMicro(), s.Refresh.SeenAt.UnixMicro()
	r.ended, r.reason = s.Ended.At.UnixMicro(), unique.Handle[string]{}
	if s.Ended.Reason != "" {
		r.reason = unique.Make(string(s.Ended.Reason))
	}
}

// SetActivity replaces what backends.Session.Touch changes by that of s.
func (r *Session) SetActivity(s *backends.Session) {
	r.seen, r.idleEnd = s.LastSeenAt.UnixMicro(), s.IdleDeadline.UnixMicro()
}

// Lifetime returns the parts of the session that its rules are about: the times and timeouts
// but CreatedAt, Refresh and Ended. It allocates nothing.
func (r *Session) Lifetime() (s backends.Session) {
	r.lifetime(&s)
	return s
}

// lifetime sets these parts of s, which is new.
func (r *Session) lifetime(s *backends.Session) {
	s.AuthenticatedAt, s.LastSeenAt = instant(r.authenticated), instant(r.seen)
	s.IdleTimeout, s.RenewalInterval = r.IdleTimeout(), r.RenewalInterval()
	s.IdleDeadline, s.AbsoluteDeadline = instant(r.idleEnd), instant(r.absoluteEnd)
	if r.generation != 0 {
		s.Refresh = r.Refresh()
	}
	if r.reason != (unique.Handle[string]{}) {
		s.Ended = backends.Ended{At: instant(r.ended), Reason: backends.Reason(r.reason.Value())}
	}
}

// Session returns the session with its ID and that of its user. It shares nothing that can
// change with r.
func (r *Session) Session(id, userID string) backends.Session {
	s := backends.Session{ID: id, UserID: userID}
	r.withoutAMR(&s)
	s.AMR = split(r.texts.Value().amr)
	return s
}

func (r *Session) withoutAMR(s *backends.Session) {
	t := r.texts.Value()
	s.Kind = backends.Kind(t.kind)
	s.Client = backends.Client{IP: r.address(), UserAgent: t.userAgent, Label: t.label}
	s.CreatedAt = instant(r.created)
	r.lifetime(s)
}

// Read sets all of s but its ID and that of its user, and all of u but ID and name. Both are
// new and share nothing that can change with r and of. Their lists are one allocation.
func (r *Session) Read(s *backends.Session, of *User, u *backends.User) {
	r.withoutAMR(s)
	u.Version, u.Disabled = of.Version, of.Disabled
	u.Roles, s.AMR = AppendLists(of, r)
}

func (r *Session) address() string {
	if !r.hasIP {
		return ""
	}
	return netip.AddrFrom16(r.ip).Unmap().String()
}

// instant is the time so many microseconds after 1970. The zero time is a number like any
// other.
func instant(micro int64) time.Time { return time.UnixMicro(micro).UTC() }

func split(list string) []string {
	if list == "" {
		return nil
	}
	return strings.Split(list, separator)
}

// A User is a backends.User without its ID and name, in little space.
type User struct {
	roles    unique.Handle[string]
	Version  int64
	Disabled bool
}

// NewUser returns u, which must be valid.
func NewUser(u *backends.User) User {
	r := User{Version: u.Version, Disabled: u.Disabled}
	r.SetRoles(u.Roles)
	return r
}

// SetRoles replaces the roles.
func (r *User) SetRoles(roles []string) { r.roles = unique.Make(strings.Join(roles, separator)) }

// User returns the user with their ID and name. It shares nothing that can change with r.
func (r *User) User(id, name string) backends.User {
	return backends.User{ID: id, Name: name, Roles: split(r.roles.Value()), Disabled: r.Disabled, Version: r.Version}
}

// AppendLists returns the roles of u and the AMR of s as two parts of one new slice, so that
// both cost one allocation.
func AppendLists(u *User, s *Session) (roles, amr []string) {
	a, b := u.roles.Value(), s.texts.Value().amr
	all := make([]string, 0, count(a)+count(b))
	all = appendSplit(all, a)
	n := len(all)
	all = appendSplit(all, b)
	if n > 0 {
		roles = all[:n:n]
	}
	if len(all) > n {
		amr = all[n:]
	}
	return roles, amr
}

func count(list string) int {
	if list == "" {
		return 0
	}
	return strings.Count(list, separator) + 1
}

// appendSplit is split into a slice that has room for the items.
func appendSplit(all []string, list string) []string {
	if list == "" {
		return all
	}
	for {
		i := strings.IndexByte(list, separator[0])
		if i < 0 {
			return append(all, list)
		}
		all, list = append(all, list[:i]), list[i+1:]
	}
}

// LiveAt reports whether the session has neither ended nor expired at now.
func (r *Session) LiveAt(now time.Time) bool {
	// Only what Live looks at: this is a part of every request that is answered from a cache.
	s := backends.Session{IdleDeadline: instant(r.idleEnd), AbsoluteDeadline: instant(r.absoluteEnd)}
	if r.reason != (unique.Handle[string]{}) {
		s.Ended = backends.Ended{At: instant(r.ended), Reason: backends.Reason(r.reason.Value())}
	}
	return s.Live(&backends.User{}, now) == nil
}

// Kind returns the kind of the session.
func (r *Session) Kind() backends.Kind { return backends.Kind(r.texts.Value().kind) }

// AuthenticatedAt returns when the user last proved their identity.
func (r *Session) AuthenticatedAt() time.Time { return instant(r.authenticated) }

// LastSeenAt returns the last activity that was recorded.
func (r *Session) LastSeenAt() time.Time { return instant(r.seen) }

// IdleDeadline returns when the session ends unless it is used.
func (r *Session) IdleDeadline() time.Time { return instant(r.idleEnd) }

// AbsoluteDeadline returns when the session ends in any case.
func (r *Session) AbsoluteDeadline() time.Time { return instant(r.absoluteEnd) }

// IdleTimeout returns the session's own.
func (r *Session) IdleTimeout() time.Duration { return time.Duration(r.idle) * time.Microsecond }

// RenewalInterval returns the session's own.
func (r *Session) RenewalInterval() time.Duration {
	return time.Duration(r.interval) * time.Microsecond
}

// Refresh returns the state of the refresh tokens.
func (r *Session) Refresh() backends.Refresh {
	return backends.Refresh{Generation: r.generation, RotatedAt: instant(r.rotated), SeenAt: instant(r.generationSeen)}
}
