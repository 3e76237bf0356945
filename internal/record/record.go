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
	extra  *extra                // nil if there is none, as a rule; never changed, but replaced

	// Secret is the hash of the session's secret.
	Secret backends.SecretHash

	ip [16]byte // zero if it is not known

	created, authenticated, seen int64 // microseconds since 1970
	idleEnd, absoluteEnd         int64
	idle, interval               int64 // microseconds
	generation                   int64
	rotated, generationSeen      int64
	ended                        int64
}

// texts are what sessions have in common with many others: a million browsers have a few
// thousand user agents.
type texts struct {
	kind             backends.Kind
	userAgent, label string
	amr              string // see join
}

// NewSession returns s, which must be valid, with the hash of its secret.
func NewSession(s *backends.Session, h backends.SecretHash) Session {
	r := Session{Secret: h, created: s.CreatedAt.UnixMicro()}
	r.texts = unique.Make(texts{s.Kind, s.Client.UserAgent, s.Client.Label, join(s.AMR)})
	if s.Client.IP.IsValid() {
		r.ip = s.Client.IP.As16()
	}
	r.SetLifetime(s)
	r.setExtra(s.Actor, s.Binding)
	return r
}

// Restart replaces what a re-authentication replaces by that of s, which must be valid, and the
// hash of the secret.
func (r *Session) Restart(s *backends.Session, next backends.SecretHash) {
	t := r.texts.Value()
	t.amr = join(s.AMR)
	r.texts, r.Secret = unique.Make(t), next
	r.SetLifetime(s)
	r.SetBinding(s.Binding)
}

// SetLifetime replaces what Lifetime returns by that of s.
func (r *Session) SetLifetime(s *backends.Session) {
	r.authenticated = s.AuthenticatedAt.UnixMicro()
	r.SetActivity(s)
	r.absoluteEnd = s.AbsoluteDeadline.UnixMicro()
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

func (r *Session) lifetime(s *backends.Session) {
	s.AuthenticatedAt, s.LastSeenAt = r.AuthenticatedAt(), instant(r.seen)
	s.IdleTimeout, s.RenewalInterval = time.Duration(r.idle)*time.Microsecond, time.Duration(r.interval)*time.Microsecond
	s.IdleDeadline, s.AbsoluteDeadline = instant(r.idleEnd), instant(r.absoluteEnd)
	s.Refresh = r.Refresh()
	if r.reason != (unique.Handle[string]{}) {
		s.Ended = backends.Ended{At: instant(r.ended), Reason: backends.Reason(r.reason.Value())}
	}
}

// Read sets all of s but its ID and that of its user, and all of u but ID and name. Both are
// new and share nothing that can change with r and of. Their lists are one allocation, and
// nothing else is.
func (r *Session) Read(s *backends.Session, of *User, u *backends.User) {
	t := r.texts.Value()
	s.Kind = t.kind
	s.Client = backends.Client{UserAgent: t.userAgent, Label: t.label}
	if r.ip != ([16]byte{}) {
		s.Client.IP = netip.AddrFrom16(r.ip).Unmap()
	}
	s.CreatedAt = instant(r.created)
	r.lifetime(s)
	s.Actor, s.Binding = r.Actor(), r.Binding()
	u.Version, u.Disabled = of.Version, of.Disabled
	u.Roles, s.AMR = Lists(of, r)
}

// LiveAt reports whether the session has neither ended nor expired at now, as
// backends.Session.Live does. It is a part of every request that is answered from a cache.
func (r *Session) LiveAt(now time.Time) bool {
	at := now.UnixMicro()
	return r.reason == unique.Handle[string]{} && at < r.idleEnd && at < r.absoluteEnd
}

// AuthenticatedAt returns when the user last proved their identity.
func (r *Session) AuthenticatedAt() time.Time { return instant(r.authenticated) }

// Refresh returns the state of the refresh tokens.
func (r *Session) Refresh() backends.Refresh {
	if r.generation == 0 {
		return backends.Refresh{}
	}
	return backends.Refresh{Generation: r.generation, RotatedAt: instant(r.rotated), SeenAt: instant(r.generationSeen)}
}

// instant is the time so many microseconds after 1970. The zero time is a number like any
// other.
func instant(micro int64) time.Time { return time.UnixMicro(micro).UTC() }

// A User is a backends.User without its ID and name, in little space.
type User struct {
	roles    unique.Handle[string] // see join
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
func (r *User) SetRoles(roles []string) { r.roles = unique.Make(join(roles)) }

// User returns the user with their ID and name. It shares nothing that can change with r.
func (r *User) User(id, name string) backends.User {
	roles, _ := split(r.roles.Value(), "")
	return backends.User{ID: id, Name: name, Roles: roles, Disabled: r.Disabled, Version: r.Version}
}

// Lists returns the roles of u and the AMR of s as two parts of one new slice, so that both
// cost one allocation.
func Lists(u *User, s *Session) (roles, amr []string) {
	return split(u.roles.Value(), s.texts.Value().amr)
}

// terminator ends each item of a list that is kept as one text. No text of a valid session or
// user contains it.
const terminator = "\x00"

func join(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return strings.Join(list, terminator) + terminator
}

func split(a, b string) (as, bs []string) {
	n, m := strings.Count(a, terminator), strings.Count(b, terminator)
	all := make([]string, 0, n+m)
	for _, list := range [...]string{a, b} {
		for list != "" {
			item, rest, _ := strings.Cut(list, terminator)
			all, list = append(all, item), rest
		}
	}
	if n > 0 {
		as = all[:n:n]
	}
	if m > 0 {
		bs = all[n:]
	}
	return as, bs
}
