package backends

import (
	"slices"

	"github.com/inga-auth/inga/internal/text"
)

// A User may log in and has roles. It holds no credential.
type User struct {
	// ID is what the application calls the user, and the subject of every identity: 1 to
	// 255 bytes of UTF-8 without control characters. It is never given to another user.
	ID string `json:"id"`
	// Name is what the user types to log in. It is empty where the application keeps
	// its own users.
	Name     string   `json:"name,omitempty"`
	Roles    []string `json:"roles"`
	Disabled bool     `json:"disabled,omitempty"`
	// Version changes whenever the password, the roles or Disabled do.
	Version int64 `json:"version"`
}

// Clone returns a copy that shares nothing with u.
func (u *User) Clone() User {
	c := *u
	c.Roles = slices.Clone(u.Roles)
	return c
}

// ValidText reports whether s can be a user's ID or name in every backend: 1 to 255
// bytes of UTF-8 without control characters. A store answers [ErrNotFound] for any
// other text, without looking.
func ValidText(s string) bool { return text.Valid(s, 255) }
