package callback

import (
	"net/url"

	"github.com/inga-auth/inga/internal/text"
	"github.com/inga-auth/inga/middleware"
)

// A ProviderError is the error that a provider answers with, in place of a code: RFC 6749, section
// 4.1.2.1, and OpenID Connect Core, section 3.1.2.6. It came with the state of a login that this
// browser began. Its texts are printable.
type ProviderError struct {
	Code        string // as access_denied: the user, or the provider, said no
	Description string // for developers; may be empty
}

func providerError(query url.Values) *ProviderError {
	return &ProviderError{text.Printable(query.Get("error"), 100), text.Printable(query.Get("error_description"), 500)}
}

// Error returns both texts.
func (e *ProviderError) Error() string {
	s := "callback: provider answers " + e.Code
	if e.Description != "" {
		s += ": " + e.Description
	}
	return s
}

// Unwrap returns whose fault it is: [middleware.ErrUnavailable] for server_error and
// temporarily_unavailable; [middleware.ErrInvalidCredentials] if the user was not authenticated or did
// not agree; and [middleware.ErrInvalidArgument] for all others, which mean that the provider was
// asked the wrong way.
func (e *ProviderError) Unwrap() error {
	switch e.Code {
	case "server_error", "temporarily_unavailable":
		return middleware.ErrUnavailable
	case "access_denied", "login_required", "interaction_required", "consent_required", "account_selection_required":
		return middleware.ErrInvalidCredentials
	}
	return middleware.ErrInvalidArgument
}
