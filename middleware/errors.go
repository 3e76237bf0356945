package middleware

import (
	"errors"
	"fmt"
)

// What an [Authenticator] or an [Authorizer] can object. Wrap these with the reason; the
// reason is logged and never sent to the client.
var (
	// ErrNoCredentials: the request has no credential of my kind; ask the next.
	ErrNoCredentials = errors.New("middleware: no credentials")

	// ErrInvalidCredentials: the credential is expired, revoked, malformed or wrong. Final.
	ErrInvalidCredentials = errors.New("middleware: invalid credentials")

	// What follows says how a session ended whose credential was good before, so that a page
	// can tell its user. Whoever has the credential had it then. They wrap
	// ErrInvalidCredentials.

	// ErrSessionExpired: it was not used for too long, or is too old.
	ErrSessionExpired = fmt.Errorf("%w: session expired", ErrInvalidCredentials)
	// ErrSessionRevoked: somebody ended it.
	ErrSessionRevoked = fmt.Errorf("%w: session revoked", ErrInvalidCredentials)
	// ErrSessionSuperseded: a newer login took its place.
	ErrSessionSuperseded = fmt.Errorf("%w: session superseded", ErrInvalidCredentials)
	// ErrSessionStolen: its refresh token was used by somebody else too.
	ErrSessionStolen = fmt.Errorf("%w: session stolen", ErrInvalidCredentials)

	// ErrInsufficientAuthentication: the credential is good, but its user authenticated too
	// long ago, or not well enough. They can mend that by authenticating again: RFC 9470.
	ErrInsufficientAuthentication = errors.New("middleware: insufficient user authentication")

	// ErrMalformedRequest: the request contradicts itself, or repeats what may be there once.
	ErrMalformedRequest = errors.New("middleware: malformed request")

	// ErrForbidden: the credential is good and does not suffice.
	ErrForbidden = errors.New("middleware: forbidden")

	// ErrCrossOrigin: a page of another origin sent the request, and a cookie came along.
	ErrCrossOrigin = fmt.Errorf("%w: cross-origin", ErrForbidden)

	// ErrTooManySessions: the user has as many sessions as they may, and is refused another.
	ErrTooManySessions = fmt.Errorf("%w: too many sessions", ErrForbidden)

	// ErrUnavailable: what would have to be asked cannot be asked. It says nothing about
	// the credential.
	ErrUnavailable = errors.New("middleware: unavailable")

	// ErrNoClaims: the identity does not come from a token.
	ErrNoClaims = errors.New("middleware: identity has no claims")
)

// saysInvalid reports whether err says of itself that a credential is wrong, by a method
// InvalidCredentials() bool. So can a package that does not import this one: the wrong
// password of package backends is a 401 wherever it ends up, and not an outage.
func saysInvalid(err error) bool {
	var invalid interface{ InvalidCredentials() bool }
	return errors.As(err, &invalid) && invalid.InvalidCredentials()
}
