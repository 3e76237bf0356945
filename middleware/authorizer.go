package middleware

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// An Authorizer decides whether an identity may pass: it is a rule of [Guard.Require].
type Authorizer interface {
	// Authorize returns nil to let r pass, or an objection. One that wraps [ErrUnavailable] means
	// that the rule could not tell, and is answered with 503; one that wraps
	// [ErrInsufficientAuthentication] with 401; and any other error with 403. Authorize may be
	// called concurrently.
	Authorize(r *http.Request, id Identity) error
}

// AuthorizerFunc makes a function an [Authorizer].
type AuthorizerFunc func(r *http.Request, id Identity) error

// Authorize calls f.
func (f AuthorizerFunc) Authorize(r *http.Request, id Identity) error { return f(r, id) }

// HasRole lets identities pass that have at least one of the roles.
func HasRole(anyOf ...string) Authorizer { return &roleRule{roles: slices.Clone(anyOf)} }

// HasAllRoles lets identities pass that have all of the roles.
func HasAllRoles(allOf ...string) Authorizer {
	return &roleRule{roles: slices.Clone(allOf), all: true}
}

// A roleRule is its own objection, so that refusing does not allocate either.
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

// mistakes returns the mistakes in the rule. known are all the roles that exist.
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
