package middleware

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// HasScope lets an identity pass that has all of the scopes. A client whose token lacks one
// is told in the challenge what to ask its authorization server for: all of them.
//
// A scope limits what a client may do in the name of its user. What the user may do is
// another question: see [HasRole]. Sessions of ours have no scopes, and do not pass.
func HasScope(allOf ...string) Authorizer { return &scopeRule{scopes: slices.Clone(allOf)} }

// A scopeRule is its own objection, as a roleRule is.
type scopeRule struct{ scopes []string }

func (rule *scopeRule) Authorize(_ *http.Request, id Identity) error {
	for _, scope := range rule.scopes {
		if !id.HasScope(scope) {
			return rule
		}
	}
	return nil
}

func (rule *scopeRule) Error() string {
	return fmt.Sprintf("%v: want all of the scopes %s", ErrForbidden, rule.list())
}

func (rule *scopeRule) Unwrap() error { return ErrForbidden }

// list returns the scopes as a challenge has them: RFC 6750, section 3.
func (rule *scopeRule) list() string { return strings.Join(rule.scopes, " ") }

func (rule *scopeRule) mistakes([]string) []error {
	if len(rule.scopes) == 0 {
		return []error{errors.New("middleware: a scope rule names no scope")}
	}
	var errs []error
	for _, scope := range rule.scopes {
		if scope == "" || !quotable(scope) || strings.Contains(scope, " ") {
			// RFC 6749, section 3.3.
			errs = append(errs, fmt.Errorf("middleware: scope is %q, want printable ASCII without spaces, quotes and backslashes", scope))
		}
	}
	return errs
}

// scopeOf returns what the objection asks for, if it is about scopes.
func scopeOf(err error) string {
	if rule := (*scopeRule)(nil); errors.As(err, &rule) {
		return rule.list()
	}
	return ""
}
