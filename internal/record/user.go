package record

import (
	"strings"
	"unique"

	"github.com/inga-auth/inga/backends"
)

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
