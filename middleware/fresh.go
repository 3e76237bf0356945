package middleware

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Fresh lets identities pass whose user authenticated within the given time: for routes that a
// session left open should not reach, like changing the password. Activity does not make a
// session fresh; only authenticating again does.
//
// Others are refused with 401 and the problem type insufficient-authentication. For clients with
// a token, the challenge has max_age (RFC 9470).
func Fresh(within time.Duration) Authorizer { return &freshRule{within: within} }

// HasAMR lets identities pass whose user authenticated by at least one of the methods, named as in
// RFC 8176: otp, hwk, mfa. Others are refused as by [Fresh].
func HasAMR(anyOf ...string) Authorizer { return &amrRule{methods: slices.Clone(anyOf)} }

// A freshRule is its own objection, like a roleRule.
type freshRule struct{ within time.Duration }

func (rule *freshRule) Authorize(_ *http.Request, id Identity) error {
	if id.AuthTime.IsZero() || time.Since(id.AuthTime) > rule.within {
		return rule
	}
	return nil
}

func (rule *freshRule) Error() string {
	return fmt.Sprintf("%v: want at most %v ago", ErrInsufficientAuthentication, rule.within)
}

func (rule *freshRule) Unwrap() error { return ErrInsufficientAuthentication }

func (rule *freshRule) mistakes([]string) []error {
	if rule.within < time.Second {
		return []error{fmt.Errorf("middleware: Fresh is given %v, want at least 1s", rule.within)}
	}
	return nil
}

// maxAgeOf returns the max_age that err asks for, or 0 if it is not about freshness.
func maxAgeOf(err error) time.Duration {
	if rule := (*freshRule)(nil); errors.As(err, &rule) {
		return rule.within
	}
	return 0
}

// An amrRule is its own objection, like a roleRule.
type amrRule struct{ methods []string }

func (rule *amrRule) Authorize(_ *http.Request, id Identity) error {
	for _, method := range rule.methods {
		if slices.Contains(id.AMR, method) {
			return nil
		}
	}
	return rule
}

func (rule *amrRule) Error() string {
	return fmt.Sprintf("%v: want one of the methods %s", ErrInsufficientAuthentication, strings.Join(rule.methods, ", "))
}

func (rule *amrRule) Unwrap() error { return ErrInsufficientAuthentication }

func (rule *amrRule) mistakes([]string) []error {
	if len(rule.methods) == 0 || slices.Contains(rule.methods, "") {
		return []error{errors.New("middleware: HasAMR names no method, or an empty one")}
	}
	return nil
}
