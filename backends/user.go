package backends

import (
	"slices"

	"github.com/inga-auth/inga/internal/text"
)

// A User may log in and has roles. It holds no credential.
type User struct {
	// ID is what the application calls the user, and the subject of every identity. It is a
	// [ValidText] and never given to another user.
	ID string `json:"id"`
	// Name is what the user types to log in. It is empty where the application keeps its own
	// users, and for users who do not log in by name.
	Name     string   `json:"name,omitempty"`
	Roles    []string `json:"roles"`              // each a [ValidText]
	Disabled bool     `json:"disabled,omitempty"` // whether the user may not log in
	// Version changes whenever the password, the roles or Disabled do.
	Version int64 `json:"version"`
}

// Clone returns a copy that shares nothing with u.
func (u *User) Clone() User {
	c := *u
	c.Roles = slices.Clone(u.Roles)
	return c
}

// ValidText reports whether s can be a user's ID, a name or a role in every backend: 1 to 255
// bytes of UTF-8 without control characters. A store answers [ErrNotFound] for any other ID or
// name, without looking.
func ValidText(s string) bool { return text.Valid(s, 255) }
