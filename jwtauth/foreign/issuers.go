package foreign

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/golang-jwt/jwt/v5"

	"github.com/inga-auth/inga/internal/bearer"
	"github.com/inga-auth/inga/internal/jose"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/middleware"
)

// Issuers authenticates requests by the access tokens of other issuers; see [New]. It is safe for
// concurrent use.
//
// The identity has the Issuer and the Subject of the token, which only together name the user:
// users of another issuer, or the application's own, may have the same Subject. It has no
// session, so nothing extends it, and only its expiry ends it.
//
// To accept tokens of our own as well, use [ByIssuer].
type Issuers struct{ byName map[string]*issuer }

var (
	_ middleware.Authenticator = (*Issuers)(nil)
	_ middleware.Challenger    = (*Issuers)(nil)
)

// An issuer verifies the tokens of one issuer.
type issuer struct {
	Config
	types     []string // as they are compared
	validator *jwt.Validator
	keys      *keyCache
}

// Authenticate implements [middleware.Authenticator].
//
// A token of any other issuer is [middleware.ErrInvalidCredentials], as every token that is not
// good. [middleware.ErrUnavailable] means that the keys of the issuer cannot be fetched, so the
// token can be neither accepted nor refused.
func (s *Issuers) Authenticate(r *http.Request) (middleware.Identity, error) {
	if err := s.made(); err != nil {
		return middleware.Identity{}, err
	}
	token, err := bearer.Token(r)
	if err != nil {
		return middleware.Identity{}, err
	}
	t, err := s.read(token)
	if err != nil {
		return middleware.Identity{}, bearer.Invalid(err)
	}
	return t.issuer.authenticate(r.Context(), t)
}

func (s *Issuers) made() error {
	if s == nil || len(s.byName) == 0 {
		return fmt.Errorf("%w: foreign: want Issuers that New returned, and not nil or the zero value", middleware.ErrInvalidArgument)
	}
	return nil
}

// Challenge implements [middleware.Challenger].
func (s *Issuers) Challenge(r *http.Request, d middleware.Denial) string {
	return bearer.Challenge(r, d)
}

// read finds the issuer that the token names. Nothing is verified yet.
func (s *Issuers) read(token string) (foreignToken, error) {
	t := foreignToken{}
	var err error
	if t.Parts, err = jose.Split(token, jose.MaxForeign); err != nil {
		return t, err
	}
	payload, err := jose.Decode(t.Payload)
	if err != nil {
		return t, err
	}
	if t.claims, err = parseForeign(payload); err != nil {
		return t, err
	}
	if t.issuer = s.byName[t.claims.Issuer]; t.issuer == nil {
		return t, errors.New("iss is none of the issuers")
	}
	return t, nil
}

// authenticate checks everything else before it looks for the key: only a token in which all but
// the signature is good can cause a fetch.
func (i *issuer) authenticate(ctx context.Context, t foreignToken) (middleware.Identity, error) {
	h, err := jose.ParseHeader(t.Header)
	if err == nil {
		err = i.acceptable(h)
	}
	if err == nil {
		if i.AudienceClaim != "aud" {
			t.claims.Audience = Claims{t.claims.Raw}.Strings(i.AudienceClaim)
		}
		err = i.validator.Validate(t.claims)
	}
	if err != nil {
		return middleware.Identity{}, bearer.Invalid(err)
	}
	if err := i.keys.verify(ctx, h, t.Parts); err != nil {
		return middleware.Identity{}, err
	}
	return i.identity(t.claims), nil
}

func (i *issuer) acceptable(h jose.Header) error {
	if !slices.Contains(i.Algorithms, h.Alg) {
		return errors.New("alg is not one of Config.Algorithms")
	}
	if !slices.Contains(i.types, h.Type()) {
		return errors.New("typ is not one of Config.Types")
	}
	return nil
}

func (i *issuer) identity(c *foreignClaims) middleware.Identity {
	id := middleware.Identity{
		Subject:   c.Subject,
		Issuer:    i.Issuer,
		Method:    jwtauth.Method,
		Scopes:    i.Config.Scopes(Claims{c.Raw}),
		AuthTime:  c.AuthTime,
		AMR:       c.amr,
		ExpiresAt: c.ExpiresAt.Time,
		Claims:    string(c.Raw),
	}
	if i.Config.Roles != nil {
		id.Roles = i.Config.Roles(Claims{c.Raw})
	}
	return id
}

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
//
// It has no Challenge: that of our own tokens, which are asked next, is the same.
type othersOnly struct{ issuers *Issuers }

func (o othersOnly) Authenticate(r *http.Request) (middleware.Identity, error) {
	token, err := bearer.Token(r)
	if err != nil {
		return middleware.Identity{}, err
	}
	t, err := o.issuers.read(token)
	if err != nil {
		return middleware.Identity{}, middleware.ErrNoCredentials
	}
	return t.issuer.authenticate(r.Context(), t)
}

// A foreignToken is one that names its issuer, not verified yet.
type foreignToken struct {
	jose.Parts
	claims *foreignClaims
	issuer *issuer
}
