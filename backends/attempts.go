package backends

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Attempts counts and slows tries at a secret, such as a password or a code. It is an optional
// contract of a [Store].
//
// A try takes a turn first, then verifies the secret, and reports a success:
//
//	budgets := []backends.Budget{backends.PerAccount("totp", userID), backends.PerAddress(addr)}
//	if err := store.Attempt(ctx, now, budgets...); err != nil {
//		return err // ErrTooManyAttempts with the wait, or the store could not be asked
//	}
//	if !valid(code) {
//		return errWrongCode
//	}
//	return store.Succeed(ctx, now, budgets...)
//
// A turn is taken before anything is compared, so tries in parallel gain nothing. One that is
// neither a success nor a failure, because the database could not be asked, say, stays counted.
//
// # Stores of several machines
//
// The budgets of one call are decided together, so a store that spreads its rows keeps all of
// them in one place: in Redis one hash tag. Each turn is followed by the work of verifying a
// secret, which limits their rate to what one place serves.
type Attempts interface {
	// Attempt takes a turn from each of the budgets, or from none: of fifty simultaneous tries, in
	// any number of processes, exactly as many get one as the budgets have.
	//
	// Error: one that wraps ErrTooManyAttempts if a budget refuses; [WaitError] has the time until
	// all of them allow the next. A refused try does not count and makes no wait longer, so that
	// asking all the time shuts no account. ErrInvalidArgument; see [ValidBudgets].
	Attempt(ctx context.Context, now time.Time, budgets ...Budget) error

	// Succeed makes the budgets whole again, or gives one turn back to those that are Shared. Tries
	// that have a turn and are still in progress are then not counted either: an attacker whose
	// tries race the user's success gains those. It is no error if nothing was counted.
	//
	// It is also how an application unlocks an account, after a new password by mail, say. Error:
	// ErrInvalidArgument.
	Succeed(ctx context.Context, now time.Time, budgets ...Budget) error
}

// ErrTooManyAttempts: a try at a secret was refused without looking at it. Errors that wrap it are
// a [WaitError].
var ErrTooManyAttempts = errors.New("backends: too many attempts")

// A WaitError wraps [ErrTooManyAttempts] and says how long to wait. Package middleware answers it
// with 429.
type WaitError struct {
	Wait time.Duration // until the next try is allowed; more than 0
}

// Error implements error.
func (e *WaitError) Error() string {
	return fmt.Sprintf("%v: the next is allowed in %v", ErrTooManyAttempts, e.Wait)
}

// Unwrap returns [ErrTooManyAttempts].
func (e *WaitError) Unwrap() error { return ErrTooManyAttempts }

// TooManyAttempts returns e.Wait. Package middleware, which does not import this one, recognizes
// the error by this method.
func (e *WaitError) TooManyAttempts() time.Duration { return e.Wait }
