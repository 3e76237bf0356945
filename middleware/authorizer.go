package middleware

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
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

// HasRole lets identities pass that have at least one of the roles. Two rules demand two roles.
func HasRole(anyOf ...string) Authorizer {
	return &rule{name: "HasRole", kind: ErrForbidden, args: slices.Clone(anyOf), has: Identity.HasRole, mistake: unknownRole}
}

// HasScope lets identities pass that have all of the scopes. The challenge for other tokens lists
// the scopes to request from the authorization server.
//
// A scope limits what a client may do on behalf of its user. What the user may do is another
// question: see [HasRole]. Identities of our own sessions have no scopes and do not pass.
func HasScope(allOf ...string) Authorizer {
	return &rule{name: "HasScope", kind: ErrForbidden, args: slices.Clone(allOf), all: true, has: Identity.HasScope, mistake: noScope}
}

// HasAMR lets identities pass whose user authenticated by at least one of the methods, named as in
// RFC 8176: otp, hwk, mfa. Others are refused as by [Fresh]. An identity with an Actor does not pass,
// and gets 403.
func HasAMR(anyOf ...string) Authorizer {
	return &rule{name: "HasAMR", kind: ErrInsufficientAuthentication, args: slices.Clone(anyOf),
		has: func(id Identity, method string) bool { return slices.Contains(id.AMR, method) },
		mistake: func(method string, _ []string) error {
			if method == "" {
				return errors.New("middleware: HasAMR names an empty method")
			}
			return nil
		}}
}

// Fresh lets identities pass whose user authenticated within the given time: for routes that a
// session left open should not reach, like changing the password. Activity does not make a
// session fresh; only authenticating again does.
//
// Others are refused with 401 and the problem type insufficient-authentication. For clients with
// a token, the challenge has max_age (RFC 9470). An identity with an Actor does not pass, however new
// its session is, and gets 403: its user did not authenticate.
func Fresh(within time.Duration) Authorizer {
	return &rule{name: "Fresh", kind: ErrInsufficientAuthentication, args: []string{within.String()}, within: within,
		has: func(id Identity, _ string) bool { return !id.AuthTime.IsZero() && time.Since(id.AuthTime) <= within },
		mistake: func(string, []string) error {
			if within < time.Second {
				return fmt.Errorf("middleware: Fresh is given %v, want at least 1s", within)
			}
			return nil
		}}
}

// boundGrace is for the requests that a browser sends while it binds a new session.
const boundGrace = 10 * time.Second

// Bound lets identities pass whose request came with a proof that the client has the key to which the
// session is bound: see package middleware/dbsc for cookies, and package jwtauth/dpop for tokens. A copy of
// the credentials alone does not pass.
//
// In the first 10 seconds after its user authenticated, requests of a session pass without a proof as well,
// because browsers bind it only then. Most browsers cannot do that at all: their users never reach the route.
// An identity with an Actor has no such seconds: its user did not authenticate.
func Bound() Authorizer {
	return &rule{name: "Bound", kind: ErrForbidden, args: []string{""},
		has: func(id Identity, _ string) bool {
			return id.Binding.Proved || id.SessionID != "" && id.Actor == "" && time.Since(id.AuthTime) < boundGrace
		},
		mistake: func(string, []string) error { return nil }}
}

// A rule is its own objection, so that refusing does not allocate either.
type rule struct {
	name    string // the function that made it
	kind    error  // of the objection
	args    []string
	all     bool // whether an identity must have all of args, and not just one
	has     func(id Identity, arg string) bool
	mistake func(arg string, roles []string) error
	within  time.Duration // for the challenge
}

func (rule *rule) Authorize(_ *http.Request, id Identity) error {
	if rule.asksForUser() && id.Actor != "" {
		return errActing
	}
	// Of all, the first that is missing decides; of any, the first that is there.
	if slices.ContainsFunc(rule.args, func(arg string) bool { return rule.has(id, arg) != rule.all }) != rule.all {
		return nil
	}
	return rule
}

// asksForUser reports whether the rule is one that only the user in person satisfies.
func (rule *rule) asksForUser() bool { return rule.kind == ErrInsufficientAuthentication }

// errActing is 403 and no step-up: the actor could not authenticate as the user.
var errActing = fmt.Errorf("%w: another user acts as this one", ErrForbidden)

func (rule *rule) Error() string {
	return fmt.Sprintf("%v: want %s(%s)", rule.kind, rule.name, strings.Join(rule.args, ", "))
}

func (rule *rule) Unwrap() error { return rule.kind }

// mistakes returns the mistakes in the rule. roles are all that exist.
func (rule *rule) mistakes(roles []string) (errs []error) {
	if len(rule.args) == 0 {
		errs = append(errs, fmt.Errorf("middleware: %s has no argument, want at least one", rule.name))
	}
	for _, arg := range rule.args {
		if err := rule.mistake(arg, roles); err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

// argsOf formats what a rule that the named function made wants, as RFC 6750, section 3, formats the
// scopes of a challenge. Of any other rule it returns "".
func (rule *rule) argsOf(name string) string {
	if rule.name != name {
		return ""
	}
	return strings.Join(rule.args, " ")
}

func unknownRole(role string, roles []string) error {
	if !slices.Contains(roles, role) {
		return fmt.Errorf("middleware: unknown role %q, want one of Config.Roles %q", role, roles)
	}
	return nil
}

// noScope reports what RFC 6749, section 3.3, does not allow.
func noScope(scope string, _ []string) error {
	if scope == "" || !quotable(scope) || strings.Contains(scope, " ") {
		return fmt.Errorf("middleware: scope is %q, want printable ASCII without spaces, quotes and backslashes", scope)
	}
	return nil
}
