package middleware

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// HasScope lets identities pass that have all of the scopes. The challenge for other tokens lists
// the scopes to request from the authorization server.
//
// A scope limits what a client may do on behalf of its user. What the user may do is another
// question: see [HasRole]. Identities of our own sessions have no scopes and do not pass.
func HasScope(allOf ...string) Authorizer { return &scopeRule{scopes: slices.Clone(allOf)} }

// A scopeRule is its own objection, like a roleRule.
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

// list formats the scopes for a challenge: RFC 6750, section 3.
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

// scopeOf returns the scopes that err asks for, or "" if it is not about scopes.
func scopeOf(err error) string {
	if rule := (*scopeRule)(nil); errors.As(err, &rule) {
		return rule.list()
	}
	return ""
}
