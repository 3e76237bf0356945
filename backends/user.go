package backends

import (
	"context"
	"time"

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
	// Version changes whenever the password does. In the table that a store keeps, it also does
	// whenever the roles or Disabled do.
	Version int64 `json:"version"`
}

// ValidText reports whether s can be a user's ID, a name or a role in every backend: 1 to 255
// bytes of UTF-8 without control characters. A store answers [ErrNotFound] for any other ID or
// name, without looking.
func ValidText(s string) bool { return text.Valid(s, maxText) }

// A UserStore is a [Store] that also keeps users. It is an optional contract.
type UserStore interface {
	// Users returns the users of the store. Where the application keeps its own, the methods of
	// what it returns fail with an error that wraps [errors.ErrUnsupported].
	Users() Users
}

// Users creates and changes the users that a backend keeps. The methods that take a user ID
// return ErrNotFound if there is no such user. Those that take a value return ErrInvalidArgument
// if it is not valid; see [User.Validate] and [ValidPasswordHash].
type Users interface {
	// CreateUser stores u with a password hash, "" if the user cannot log in with a password.
	// u.Name may be empty: the user then has no name to log in with. u.Version is ignored. Error:
	// ErrConflict if the ID or the name is taken.
	CreateUser(ctx context.Context, u User, passwordHash string) error

	// UserByName returns the user and their password hash. Names are compared exactly, and no
	// user has the empty name. Error: ErrNotFound.
	UserByName(ctx context.Context, name string) (User, string, error)

	// ListUsers returns up to limit users in the order of their IDs, from the first after the
	// given one ("" to begin).
	ListUsers(ctx context.Context, after string, limit int) ([]User, error)

	// SetPassword replaces the password hash and ends the user's other sessions, all but the one
	// with the ID except, in one transaction. It returns how many it ended.
	//
	// Error: ErrConflict, and nothing is changed, if the user has another version than the given
	// one, which is the one that came with the former password; 0 stands for any. So of two changes
	// at the same time the second does not undo the first.
	SetPassword(ctx context.Context, now time.Time, userID string, version int64, passwordHash, except string) (int, error)

	// Rehash replaces a password hash by a stronger one of the same password, or does nothing if
	// old is no longer the stored one. No session ends, and the version stays.
	Rehash(ctx context.Context, userID, old, passwordHash string) error

	// SetRoles replaces the roles. They hold from the next request on.
	SetRoles(ctx context.Context, userID string, roles []string) error

	// SetDisabled disables or enables a user. Disabling ends all sessions of the user, and
	// enabling brings none of them back.
	SetDisabled(ctx context.Context, now time.Time, userID string, disabled bool) error

	// DeleteUser removes the user and ends all their sessions.
	DeleteUser(ctx context.Context, now time.Time, userID string) error
}

// NoUsers returns Users whose methods fail with err and do nothing. It is for a [UserStore]
// that keeps no users; err must wrap [errors.ErrUnsupported] and should say where they are.
func NoUsers(err error) Users { return noUsers{err} }

type noUsers struct{ err error }

func (n noUsers) CreateUser(context.Context, User, string) error { return n.err }

func (n noUsers) UserByName(context.Context, string) (User, string, error) {
	return User{}, "", n.err
}

func (n noUsers) ListUsers(context.Context, string, int) ([]User, error) { return nil, n.err }

func (n noUsers) SetPassword(context.Context, time.Time, string, int64, string, string) (int, error) {
	return 0, n.err
}

func (n noUsers) Rehash(context.Context, string, string, string) error { return n.err }

func (n noUsers) SetRoles(context.Context, string, []string) error { return n.err }

func (n noUsers) SetDisabled(context.Context, time.Time, string, bool) error { return n.err }

func (n noUsers) DeleteUser(context.Context, time.Time, string) error { return n.err }
