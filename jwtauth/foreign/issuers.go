package foreign

import (
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/golang-jwt/jwt/v5"

	"github.com/inga-auth/inga/internal/bearer"
	"github.com/inga-auth/inga/internal/claims"
	"github.com/inga-auth/inga/internal/jose"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/jwtauth/dpop"
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
type Issuers struct {
	byName  map[string]*issuer
	proofs  *dpop.Proofs // nil if no issuer has any
	schemes []bearer.Scheme
}

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

// New returns an authenticator for the tokens of the issuers. The error joins all mistakes,
// each naming its field and its issuer. Nothing is fetched before the first token comes.
func New(configs ...Config) (*Issuers, error) {
	s := &Issuers{byName: make(map[string]*issuer), schemes: []bearer.Scheme{bearer.Bearer}}
	var errs []error
	if len(configs) == 0 {
		errs = append(errs, errors.New("foreign: New has no Config, want at least one"))
	}
	for _, c := range configs {
		c = c.withDefaults()
		if s.byName[c.Issuer] != nil {
			errs = append(errs, fmt.Errorf("foreign: Config %q is there twice: no token could say which it means", c.Issuer))
		}
		errs = append(errs, c.mistakes()...)
		if c.Proofs != nil && s.proofs != nil && c.Proofs != s.proofs {
			errs = append(errs, fmt.Errorf("foreign: Config %q has other Proofs than an issuer before it: a challenge could not say which", c.Issuer))
		}
		if c.Proofs != nil {
			s.proofs, s.schemes = c.Proofs, []bearer.Scheme{bearer.Bearer, bearer.DPoP}
		}
		s.byName[c.Issuer] = newIssuer(c)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return s, nil
}

func newIssuer(c Config) *issuer {
	c.Algorithms = slices.Clone(c.Algorithms)
	i := &issuer{
		Config: c,
		keys:   newKeyCache(c),
		validator: jwt.NewValidator(
			jwt.WithIssuer(c.Issuer),
			jwt.WithAudience(c.Audience),
			jwt.WithExpirationRequired(),
			jwt.WithIssuedAt(),
			jwt.WithLeeway(c.Leeway),
		),
	}
	for _, typ := range c.Types {
		i.types = append(i.types, jose.MediaType(typ))
	}
	return i
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
	token, scheme, err := bearer.Token(r, s.schemes)
	if err != nil {
		return middleware.Identity{}, err
	}
	t, err := s.read(token)
	if err != nil {
		return middleware.Identity{}, bearer.Invalid(err)
	}
	return t.issuer.authenticate(r, t, token, scheme)
}

func (s *Issuers) made() error {
	if s == nil || len(s.byName) == 0 {
		return fmt.Errorf("%w: foreign: want Issuers that New returned, and not nil or the zero value", middleware.ErrInvalidArgument)
	}
	return nil
}

// Challenge implements [middleware.Challenger].
func (s *Issuers) Challenge(r *http.Request, d middleware.Denial) string {
	return bearer.Challenge(r, d, s.schemes, s.proofs.Algorithms())
}

// OfferNonce puts the nonce for the next proof into the header of a response, if Config.Proofs asks for
// one. Guards do.
func (s *Issuers) OfferNonce(h http.Header) {
	if nonce := s.proofs.Nonce(); nonce != "" {
		h.Set(dpop.NonceHeader, nonce)
	}
}

// read finds the issuer that the token names. Nothing is verified yet.
func (s *Issuers) read(token string) (*foreignToken, error) {
	parts, err := jose.Split(token, jose.MaxForeign)
	if err != nil {
		return nil, err
	}
	payload, err := jose.Decode(parts.Payload)
	if err != nil {
		return nil, err
	}
	t := &foreignToken{Claims: claims.Claims{Raw: payload}, parts: parts}
	if err := jose.Scan(payload, t.set); err != nil {
		return nil, err
	}
	if t.issuer = s.byName[t.Issuer]; t.issuer == nil {
		return nil, errors.New("iss is none of the issuers")
	}
	return t, nil
}

// authenticate checks everything else before it looks for the key: only a token in which all but
// the signature is good can cause a fetch.
func (i *issuer) authenticate(r *http.Request, t *foreignToken, token string, scheme bearer.Scheme) (middleware.Identity, error) {
	h, err := jose.ParseHeader(t.parts.Header)
	if err == nil {
		err = i.acceptable(h)
	}
	if err == nil {
		if i.AudienceClaim != "aud" {
			t.Audience = Claims{t.Raw}.Strings(i.AudienceClaim)
		}
		err = i.validator.Validate(t)
	}
	if err != nil {
		return middleware.Identity{}, bearer.Invalid(err)
	}
	if err := i.keys.verify(r.Context(), h, t.parts); err != nil {
		return middleware.Identity{}, err
	}
	if err := i.prove(r, t, token, scheme); err != nil {
		return middleware.Identity{}, err
	}
	return i.identity(t), nil
}

// prove returns an error unless r proves the key that the token is bound to, if it is.
func (i *issuer) prove(r *http.Request, t *foreignToken, token string, scheme bearer.Scheme) error {
	if t.JKT == "" && scheme == bearer.DPoP {
		return i.Proofs.Refuse("token is bound to no key, and was sent as one that is")
	}
	if t.JKT == "" || dpop.Proved(r, t.JKT) {
		return nil
	}
	if scheme != bearer.DPoP {
		return i.Proofs.Refuse("token is bound to a key, and was sent as one that is not")
	}
	_, err := i.Proofs.Check(r, token, t.JKT)
	return err
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

func (i *issuer) identity(t *foreignToken) middleware.Identity {
	id := middleware.Identity{
		Subject:   t.Subject,
		Issuer:    i.Issuer,
		Method:    jwtauth.Method,
		Scopes:    i.Config.Scopes(Claims{t.Raw}),
		AuthTime:  t.AuthTime,
		AMR:       t.amr,
		ExpiresAt: t.ExpiresAt.Time,
		Claims:    string(t.Raw),
	}
	if t.JKT != "" {
		id.Binding = middleware.Binding{Thumbprint: t.JKT, Proved: true}
		if t.IssuedAt != nil {
			id.Binding.BoundAt = t.IssuedAt.Time
		}
	}
	if i.Config.Roles != nil {
		id.Roles = i.Config.Roles(Claims{t.Raw})
	}
	return id
}
