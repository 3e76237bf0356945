package middleware

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// An Authorizer objects to an identity, or does not.
//
// Nil lets the request pass this authorizer. An error that wraps [ErrUnavailable] means
// that it could not find out, and the answer is 503; one that wraps
// [ErrInsufficientAuthentication] is a 401. Any other error is a 403.
type Authorizer interface {
	Authorize(r *http.Request, id Identity) error
}

// AuthorizerFunc is a function that is an [Authorizer].
type AuthorizerFunc func(r *http.Request, id Identity) error

// Authorize calls f.
func (f AuthorizerFunc) Authorize(r *http.Request, id Identity) error { return f(r, id) }

// HasRole lets an identity pass that has any of the roles.
func HasRole(anyOf ...string) Authorizer { return &roleRule{roles: slices.Clone(anyOf)} }

// HasAllRoles lets an identity pass that has all of the roles.
func HasAllRoles(allOf ...string) Authorizer {
	return &roleRule{roles: slices.Clone(allOf), all: true}
}

// A roleRule is its own objection, so that refusing costs no allocation either.
type roleRule struct {
	roles []string
	all   bool
}

func (rule *roleRule) Authorize(_ *http.Request, id Identity) error {
	for _, role := range rule.roles {
		has := id.HasRole(role)
		if has && !rule.all {
			return nil
		}
		if !has && rule.all {
			return rule
		}
	}
	if rule.all {
		return nil
	}
	return rule
}

func (rule *roleRule) Error() string {
	word := "one"
	if rule.all {
		word = "all"
	}
	return fmt.Sprintf("%v: want %s of the roles %s", ErrForbidden, word, strings.Join(rule.roles, ", "))
}

func (rule *roleRule) Unwrap() error { return ErrForbidden }

// mistakes returns what is wrong with the rule where the roles known are all that exist.
func (rule *roleRule) mistakes(known []string) []error {
	if len(rule.roles) == 0 {
		return []error{errors.New("middleware: a role rule names no role")}
	}
	var errs []error
	for _, role := range rule.roles {
		if !slices.Contains(known, role) {
			errs = append(errs, fmt.Errorf("middleware: unknown role %q, want one of Config.Roles %q", role, known))
		}
	}
	return errs
}
