package middleware

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/inga-auth/inga/internal/nilcheck"
)

// When demands a rule of the identities that pass a condition, and nothing of others: a second factor
// of the users who have one.
//
//	middleware.When(middleware.HasRole("second-factor"), middleware.HasAMR("otp", "hwk"))
//
// Where the rule is [Fresh] or [HasAMR], an identity with an Actor does not pass, whatever the condition.
//
// An identity does not pass the condition if that objects with an error which wraps [ErrForbidden] or
// [ErrInsufficientAuthentication]. Any other error leaves open whether it does, and When objects with it.
func When(condition, rule Authorizer) Authorizer { return &when{condition, rule} }

type when struct{ condition, rule Authorizer }

// Authorize implements [Authorizer].
func (w *when) Authorize(r *http.Request, id Identity) error {
	if rule, ok := w.rule.(*rule); ok && rule.asksForUser() && id.Actor != "" {
		return errActing
	}
	err := w.condition.Authorize(r, id)
	switch {
	case err == nil:
		return w.rule.Authorize(r, id)
	case errors.Is(err, ErrUnavailable):
		return err
	case errors.Is(err, ErrForbidden), errors.Is(err, ErrInsufficientAuthentication):
		return nil
	}
	return err
}

func (w *when) mistakes(roles []string) (errs []error) {
	for i, a := range []Authorizer{w.condition, w.rule} {
		if nilcheck.IsNil(a) {
			errs = append(errs, fmt.Errorf("middleware: %s of When is nil, want an Authorizer", []string{"condition", "rule"}[i]))
		} else if checked, ok := a.(interface{ mistakes([]string) []error }); ok {
			errs = append(errs, checked.mistakes(roles)...)
		}
	}
	return errs
}
