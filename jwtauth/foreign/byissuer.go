package foreign

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/inga-auth/inga/internal/bearer"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/middleware"
)

// ByIssuer returns an authenticator for our own tokens and those of other issuers. The claim iss
// of the token selects which of the two verifies it. Each verifies its own tokens only, so a
// token gains nothing by a false iss.
//
// [middleware.FirstOf] cannot do that: the one that it asks first refuses the tokens of the
// other, and that is final. The result goes into a FirstOf with the cookies of browsers:
//
//	bearer, err := foreign.ByIssuer(tokens, issuers)
//	guard, err := middleware.New(middleware.Config{Authenticator: middleware.FirstOf(bearer, sessions)})
//
// It is an error if one of them is nil, or if an issuer has the name of our own.
func ByIssuer(own *jwtauth.Tokens, others *Issuers) (middleware.Authenticator, error) {
	if own.Engine().Made() != nil || others.made() != nil {
		return nil, errors.New("foreign: ByIssuer: an argument is nil or the zero value, want the tokens of our own and those of other issuers")
	}
	if name := own.Engine().Issuer; others.byName[name] != nil {
		return nil, fmt.Errorf("foreign: ByIssuer: Config %q has our own Config.Issuer: no token could say which it means", name)
	}
	return middleware.FirstOf(othersOnly{others}, own), nil
}

// othersOnly reports no credentials for a token that names none of the issuers. Alone that would
// turn a bad token into an anonymous request, which is why Issuers does not do it.
type othersOnly struct{ issuers *Issuers }

func (o othersOnly) Authenticate(r *http.Request) (middleware.Identity, error) {
	token, scheme, err := bearer.Token(r, o.issuers.schemes)
	if err != nil {
		return middleware.Identity{}, err
	}
	t, err := o.issuers.read(token)
	if err != nil {
		return middleware.Identity{}, middleware.ErrNoCredentials
	}
	return t.issuer.authenticate(r, t, token, scheme)
}

// Challenge is that of the issuers for a token that was sent as bound, because our own may never be.
func (o othersOnly) Challenge(r *http.Request, d middleware.Denial) string {
	if _, scheme, _ := bearer.Token(r, o.issuers.schemes); scheme != bearer.DPoP {
		return ""
	}
	return o.issuers.Challenge(r, d)
}

// OfferNonce is that of the issuers.
func (o othersOnly) OfferNonce(h http.Header) { o.issuers.OfferNonce(h) }
