package password

import (
	"context"
	"errors"
	"fmt"

	"github.com/inga-auth/inga/backends"
)

// Users finds and updates the password hashes of users. [backends.Users] has both methods. An
// application with its own table needs only these two.
type Users interface {
	// UserByName returns the user with that name and their password hash, "" if they have none.
	// It sets ID, Disabled and Version of u: with a Version of 0, a password that changes during
	// a login does not stop it. The name is a [backends.ValidText].
	//
	// Error: one that wraps [backends.ErrNotFound] if there is no such user. Any other means that
	// the table could not be asked.
	UserByName(ctx context.Context, name string) (u backends.User, hash string, err error)

	// Rehash replaces the user's password hash, if it is still old, by one of the same password.
	// If it is not, or there is no such user any more, it does nothing. The password has not
	// changed, so neither does the user's version.
	Rehash(ctx context.Context, userID, old, hash string) error
}

// ErrWrong: no user logs in with that name and password. The same error stands for an unknown
// name, a wrong password, a user without a password and a disabled user, so that it does not
// reveal who has an account. Package middleware answers it with 401.
var ErrWrong error = invalid("password: wrong name or password")

// A wrongError is ErrWrong for a user who exists.
type wrongError struct{ userID string }

func (e *wrongError) Error() string { return ErrWrong.Error() }
func (e *wrongError) Unwrap() error { return ErrWrong }

// Subject returns the ID of the user whose password was wrong, or who is disabled, if err is
// [ErrWrong] for a user who exists, and otherwise "". It is for the audit trail: a client that
// learns it learns who has an account.
func Subject(err error) string {
	var wrong *wrongError
	if errors.As(err, &wrong) {
		return wrong.userID
	}
	return ""
}

// An invalid error declares that a credential is not good. Package middleware recognizes such
// errors by their method.
type invalid string

func (e invalid) Error() string { return string(e) }

// InvalidCredentials marks the error for package middleware, which answers it with 401.
func (invalid) InvalidCredentials() bool { return true }

// VerifyUser returns the user who has the name and the password, or [ErrWrong]. Pass the user's
// Version to the login: a login that is overtaken by a change of the password then fails.
//
// With Config.Attempts it takes a turn for the name and the client first, whether there is such a
// user or not. Without one the error is a [backends.WaitError], nothing is looked up, and the
// password may have been right; package middleware answers it with 429. That is so for the sixth
// of six logins at the same time, too. A success makes the count whole again; see
// [backends.Attempts] for what that means to tries that are still in progress.
//
// It does the work of one hash whether the name is known or not; the package doc says what
// holds while rows have hashes of different costs. A hash that should be replaced is replaced.
//
// Errors of Config.Attempts and of [Hasher.Verify] are returned as they are, and those of users wrap
// [backends.ErrUnavailable]. They do not mean that the password is wrong.
func (h *Hasher) VerifyUser(ctx context.Context, users Users, name, password string, from Client) (backends.User, error) {
	succeed, err := h.take(ctx, name, from)
	if err != nil {
		return backends.User{}, err
	}
	u, err := h.verifyUser(ctx, users, name, password)
	if err == nil {
		err = succeed()
	}
	if err != nil {
		return backends.User{}, err
	}
	return u, nil
}

func (h *Hasher) verifyUser(ctx context.Context, users Users, name, password string) (backends.User, error) {
	u, hash, err := find(ctx, users, name)
	if err != nil {
		return backends.User{}, err
	}
	ok, rehash, err := h.Verify(ctx, hash, password)
	switch {
	case err != nil:
		return backends.User{}, err
	case !ok && u.ID == "":
		return backends.User{}, ErrWrong
	case !ok, u.Disabled:
		return backends.User{}, &wrongError{u.ID}
	case rehash:
		err = h.rehash(ctx, users, u.ID, hash, password)
	}
	return u, err
}

// find returns no hash for a name that does not exist: the caller goes on, so that it costs
// the same.
func find(ctx context.Context, users Users, name string) (backends.User, string, error) {
	if !backends.ValidText(name) {
		return backends.User{}, "", nil
	}
	u, hash, err := users.UserByName(ctx, name)
	if errors.Is(err, backends.ErrNotFound) {
		return backends.User{}, "", nil
	}
	return u, hash, unasked(err)
}

// unasked returns what an error of [Users] means, according to its contract.
func unasked(err error) error {
	if err == nil || errors.Is(err, backends.ErrUnavailable) || errors.Is(err, backends.ErrInvalidArgument) {
		return err
	}
	return fmt.Errorf("%w: %w", backends.ErrUnavailable, err)
}

func (h *Hasher) rehash(ctx context.Context, users Users, userID, old, password string) error {
	hash, err := h.hash(ctx, password)
	if err != nil {
		return err
	}
	// If the user was deleted in the meantime, opening the session reports it.
	if err := users.Rehash(ctx, userID, old, hash); !errors.Is(err, backends.ErrNotFound) {
		return unasked(err)
	}
	return nil
}
