package middleware

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Errors of an [Authenticator] or an [Authorizer], which a guard turns into a status. Wrap them
// with the reason: it is logged and never sent to the client.
var (
	// ErrNoCredentials: the request has no credential of this authenticator's kind.
	ErrNoCredentials = errors.New("middleware: no credentials")

	// ErrInvalidCredentials: the credential is expired, revoked, malformed or wrong.
	ErrInvalidCredentials = errors.New("middleware: invalid credentials")

	// The next four errors wrap ErrInvalidCredentials. They say how the session of a credential that
	// was once good ended, so that a page can tell the user.

	// ErrSessionExpired: its idle or absolute timeout has passed.
	ErrSessionExpired = fmt.Errorf("%w: session expired", ErrInvalidCredentials)
	// ErrSessionRevoked: its user, an administrator or a change of credentials ended it.
	ErrSessionRevoked = fmt.Errorf("%w: session revoked", ErrInvalidCredentials)
	// ErrSessionSuperseded: a newer login took its place.
	ErrSessionSuperseded = fmt.Errorf("%w: session superseded", ErrInvalidCredentials)
	// ErrSessionStolen: its refresh token was used twice, by the user and by a thief.
	ErrSessionStolen = fmt.Errorf("%w: session stolen", ErrInvalidCredentials)

	// ErrUnproved wraps ErrInvalidCredentials: the session is bound to the key of a device, and the
	// request came without a proof of that key, as a copy of the credential does. The session lives on.
	ErrUnproved = fmt.Errorf("%w: session is bound to a device, whose proof is missing", ErrInvalidCredentials)

	// ErrAmbientCredentials wraps ErrInvalidCredentials. An authenticator adds it to its error if the
	// credential is a cookie, which browsers send by themselves: to [Guard.Optional] its client is a
	// visitor. An API key that its client chose to send is not ambient, in a header of any name.
	ErrAmbientCredentials = fmt.Errorf("%w: sent by the browser itself", ErrInvalidCredentials)

	// ErrInsufficientAuthentication: the credential is good, but its user authenticated too long
	// ago or not strongly enough, and should authenticate again (RFC 9470).
	ErrInsufficientAuthentication = errors.New("middleware: insufficient user authentication")

	// ErrMalformedRequest: the request contradicts itself, or repeats what may occur only once.
	ErrMalformedRequest = errors.New("middleware: malformed request")

	// ErrForbidden: the credential is good, but its user may not do this.
	ErrForbidden = errors.New("middleware: forbidden")

	// ErrCrossOrigin: a page of another origin sent the request, which has a cookie of ours.
	ErrCrossOrigin = fmt.Errorf("%w: cross-origin", ErrForbidden)

	// ErrTooManySessions: the user already has as many sessions as the limit allows.
	ErrTooManySessions = fmt.Errorf("%w: too many sessions", ErrForbidden)

	// ErrInvalidArgument: the application passed an invalid value, for example a Login whose
	// Policy has no absolute timeout. It is a mistake in the program, neither the client's fault
	// nor an outage.
	ErrInvalidArgument = errors.New("middleware: invalid argument")

	// ErrUnavailable: a backend could not be asked. It says nothing about the credential.
	ErrUnavailable = errors.New("middleware: unavailable")

	// ErrNoClaims: the identity does not come from a token. See [Identity.DecodeClaims].
	ErrNoClaims = errors.New("middleware: identity has no claims")
)

// saysInvalid reports whether err has a method InvalidCredentials that returns true, by which
// packages that do not import this one declare a credential wrong, as a password is.
func saysInvalid(err error) bool {
	var invalid interface{ InvalidCredentials() bool }
	return errors.As(err, &invalid) && invalid.InvalidCredentials()
}

// problemOf returns what a method Problem() string of err returns, with which packages that do not
// import this one declare which problem it is: the last part of the URI of its type.
func problemOf(err error) string {
	var declared interface{ Problem() string }
	if !errors.As(err, &declared) {
		return ""
	}
	return declared.Problem()
}

// codeOf returns what a method DenialCode() string of err returns, by which a way of proving that has error
// codes of its own declares the one of the challenge.
func codeOf(err error) string {
	var declared interface{ DenialCode() string }
	if !errors.As(err, &declared) {
		return ""
	}
	return declared.DenialCode()
}

// setHeader lets err add to the header of the response to a refused request.
func setHeader(h http.Header, err error) {
	var adds interface{ DenialHeader(http.Header) }
	if errors.As(err, &adds) {
		adds.DenialHeader(h)
	}
}

// waitOf returns what a method TooManyAttempts() time.Duration of err returns, with which packages
// that do not import this one declare that a try came too soon, and how long to wait.
func waitOf(err error) (time.Duration, bool) {
	var refused interface{ TooManyAttempts() time.Duration }
	if !errors.As(err, &refused) {
		return 0, false
	}
	return refused.TooManyAttempts(), true
}
