package dpop

import (
	"fmt"
	"net/http"

	"github.com/inga-auth/inga/middleware"
)

// The error codes of RFC 9449, section 12.2, and RFC 6750, section 3.1.
const (
	invalidProof = "invalid_dpop_proof"
	useNonce     = "use_dpop_nonce"
	invalidToken = "invalid_token"
)

// A refusal is an error about a proof, or about one that is missing.
type refusal struct{ code, why, nonce string }

func (e *refusal) Error() string { return fmt.Sprintf("%v: dpop: %s", middleware.ErrUnproved, e.why) }

func (e *refusal) Unwrap() error { return middleware.ErrUnproved }

// DenialCode returns the error code for the challenge. A guard calls it.
func (e *refusal) DenialCode() string { return e.code }

// DenialHeader puts the nonce for the next proof into the response: RFC 9449, section 8. A guard calls it.
func (e *refusal) DenialHeader(h http.Header) {
	if e.nonce != "" {
		h.Set(NonceHeader, e.nonce)
	}
}
