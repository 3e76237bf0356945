// Package bearer finds the token in a request (RFC 6750) and makes the challenge for a refusal.
package bearer

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/inga-auth/inga/middleware"
)

// Token returns the token in the Authorization header of r (RFC 6750, section 2.1). The
// query and the body, which that RFC allows too, are not looked at: see ASVS 14.2.1.
//
// [middleware.ErrNoCredentials] means that there is no header, or one of another scheme.
func Token(r *http.Request) (string, error) {
	values := r.Header["Authorization"]
	switch {
	case !hasBearer(values):
		return "", middleware.ErrNoCredentials
	case len(values) > 1:
		return "", fmt.Errorf("%w: %d Authorization headers", middleware.ErrMalformedRequest, len(values))
	}
	token, _ := cutBearer(values[0])
	if token == "" || strings.IndexByte(token, ' ') >= 0 || strings.IndexByte(token, '\t') >= 0 || strings.IndexByte(token, ',') >= 0 {
		return "", fmt.Errorf("%w: want one token after Bearer", middleware.ErrMalformedRequest)
	}
	return token, nil
}

// cutBearer returns what follows the scheme. RFC 9110, section 11.1: the case of a scheme
// does not matter.
func cutBearer(value string) (rest string, ok bool) {
	const scheme = "Bearer"
	if len(value) < len(scheme) || !strings.EqualFold(value[:len(scheme)], scheme) {
		return "", false
	}
	rest = value[len(scheme):]
	if rest != "" && rest[0] != ' ' && rest[0] != '\t' {
		return "", false // another scheme that begins so
	}
	return strings.Trim(rest, " "), true
}

func hasBearer(values []string) bool {
	return slices.ContainsFunc(values, func(value string) bool {
		_, ok := cutBearer(value)
		return ok
	})
}

// Challenge returns the challenge of RFC 6750, section 3. A request without a token gets no error
// code, and neither does one that was proved by a cookie.
func Challenge(r *http.Request, d middleware.Denial) string {
	sent := hasBearer(r.Header["Authorization"])
	if !sent && d.Status != http.StatusUnauthorized {
		return ""
	}
	challenge := fmt.Sprintf("Bearer realm=%q", d.Realm)
	if sent && d.Code != "" {
		challenge += fmt.Sprintf(", error=%q", d.Code)
	}
	if sent && d.Scope != "" {
		challenge += fmt.Sprintf(", scope=%q", d.Scope)
	}
	if sent && d.MaxAge > 0 {
		challenge += fmt.Sprintf(`, max_age="%d"`, int64(d.MaxAge.Seconds())) // RFC 9470, section 3
	}
	return challenge
}

// Invalid returns err as the fault of the credential.
func Invalid(err error) error { return fmt.Errorf("%w: %w", middleware.ErrInvalidCredentials, err) }
