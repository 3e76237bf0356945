// Package bearer finds the token in a request (RFC 6750, RFC 9449) and makes the challenge for a refusal.
package bearer

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/inga-auth/inga/middleware"
)

// A Scheme is one of the Authorization header.
type Scheme string

// The schemes of tokens.
const (
	Bearer Scheme = "Bearer" // RFC 6750, section 2.1
	DPoP   Scheme = "DPoP"   // RFC 9449, section 7.1
)

// Token returns the token in the Authorization header of r, and the scheme, one of those given. The
// query and the body, which RFC 6750 allows too, are not looked at: see ASVS 14.2.1.
//
// [middleware.ErrNoCredentials] means that there is no header, or one of another scheme.
func Token(r *http.Request, schemes []Scheme) (string, Scheme, error) {
	values := r.Header["Authorization"]
	scheme := sent(values, schemes)
	switch {
	case scheme == "":
		return "", "", middleware.ErrNoCredentials
	case len(values) > 1:
		return "", "", fmt.Errorf("%w: %d Authorization headers", middleware.ErrMalformedRequest, len(values))
	}
	token, _ := cut(values[0], scheme)
	if token == "" || strings.IndexByte(token, ' ') >= 0 || strings.IndexByte(token, '\t') >= 0 || strings.IndexByte(token, ',') >= 0 {
		return "", "", fmt.Errorf("%w: want one token after %s", middleware.ErrMalformedRequest, scheme)
	}
	return token, scheme, nil
}

// cut returns what follows the scheme. RFC 9110, section 11.1: the case of a scheme does not matter.
func cut(value string, scheme Scheme) (rest string, ok bool) {
	if len(value) < len(scheme) || !strings.EqualFold(value[:len(scheme)], string(scheme)) {
		return "", false
	}
	rest = value[len(scheme):]
	if rest != "" && rest[0] != ' ' && rest[0] != '\t' {
		return "", false // another scheme that begins so
	}
	return strings.Trim(rest, " "), true
}

// sent returns the first of the schemes that is in one of the headers, or "".
func sent(values []string, schemes []Scheme) Scheme {
	for _, scheme := range schemes {
		if slices.ContainsFunc(values, func(value string) bool {
			_, ok := cut(value, scheme)
			return ok
		}) {
			return scheme
		}
	}
	return ""
}

// Challenge returns the challenges of RFC 6750, section 3, and RFC 9449, section 7.1, for the schemes, of
// which that of the request comes first. A request without a token gets no error code, and neither does
// one that was proved by a cookie, except for what is wrong with its proof. algorithms are those of the
// scheme DPoP.
func Challenge(r *http.Request, d middleware.Denial, schemes []Scheme, algorithms string) string {
	used := sent(r.Header["Authorization"], schemes)
	if strings.HasSuffix(d.Code, "_dpop_proof") || strings.HasSuffix(d.Code, "_dpop_nonce") {
		used = DPoP
	}
	if used == "" && d.Status != http.StatusUnauthorized {
		return ""
	}
	if used == DPoP {
		schemes = []Scheme{DPoP}
	}
	var all []string
	for _, scheme := range schemes {
		challenge := fmt.Sprintf("%s realm=%q", scheme, d.Realm)
		if scheme == used {
			challenge += about(d)
		}
		if scheme == DPoP {
			challenge += fmt.Sprintf(", algs=%q", algorithms)
		}
		all = append(all, challenge)
	}
	return strings.Join(all, ", ")
}

// about returns the parameters of a challenge that say what is wrong.
func about(d middleware.Denial) (text string) {
	if d.Code != "" {
		text += fmt.Sprintf(", error=%q", d.Code)
	}
	if d.Scope != "" {
		text += fmt.Sprintf(", scope=%q", d.Scope)
	}
	if d.MaxAge > 0 {
		text += fmt.Sprintf(`, max_age="%d"`, int64(d.MaxAge.Seconds())) // RFC 9470, section 3
	}
	return text
}

// Invalid returns err as the fault of the credential.
func Invalid(err error) error { return fmt.Errorf("%w: %w", middleware.ErrInvalidCredentials, err) }
