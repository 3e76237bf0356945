package backends

import (
	"context"
	"errors"
)

// ErrWrongPassword: nobody logs in with that name and password. It is one error for an
// unknown name, a wrong password, a user without a password and a disabled user.
//
// A guard's Refuse answers it with 401.
var ErrWrongPassword error = invalid("backends: wrong name or password")

// VerifyUser returns the user who has the name and the password. Name the user's Version in the
// login (middleware.Login.UserVersion): one that was overtaken by a change of the password then
// fails.
//
// It does the work of one password hash whether the name is known or not, and answers
// [ErrWrongPassword] whatever was wrong, so that nobody learns from it who has an
// account. A hash that was made with lower costs than those configured is replaced.
//
// Errors of users pass through, as do those of [Passwords.Verify]: nobody may be told
// then that the password is wrong. VerifyUser does not count attempts; slowing down who
// guesses is up to the caller.
func (p *Passwords) VerifyUser(ctx context.Context, users Users, name, password string) (User, error) {
	u, phc, err := users.UserByName(ctx, name)
	switch {
	case errors.Is(err, ErrNotFound):
		u, phc = User{}, "" // and on: it must cost the same
	case err != nil:
		return User{}, err
	}
	ok, rehash, err := p.Verify(ctx, phc, password)
	if err != nil {
		return User{}, err
	}
	if !ok || u.Disabled {
		return User{}, ErrWrongPassword
	}
	if rehash {
		if err := p.rehash(ctx, users, u.ID, phc, password); err != nil {
			return User{}, err
		}
	}
	return u, nil
}

func (p *Passwords) rehash(ctx context.Context, users Users, userID, old, password string) error {
	phc, err := p.Hash(ctx, password)
	if err != nil {
		return err
	}
	// A user who was deleted meanwhile is told by Create.
	if err := users.Rehash(ctx, userID, old, phc); !errors.Is(err, ErrNotFound) {
		return err
	}
	return nil
}
