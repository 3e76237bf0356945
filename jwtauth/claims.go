package jwtauth

import (
	"errors"

	"github.com/golang-jwt/jwt/v5"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/jose"
)

// claims are those of a token of ours.
type claims struct{ jose.Claims }

var _ jwt.ClaimsValidator = (*claims)(nil)

// parseClaims keeps payload.
func parseClaims(payload []byte) (*claims, error) {
	c := &claims{jose.Claims{Raw: payload}}
	return c, jose.Scan(payload, c.Set)
}

// Validate has what [jwt.Validator] does not check by itself; it calls it.
func (c *claims) Validate() error {
	switch {
	case c.IssuedAt == nil:
		return errors.New("token has no iat")
	case c.ID == "":
		return errors.New("token has no jti")
	case !backends.ValidText(c.Subject):
		return errors.New("sub is not the ID of a user")
	case !backends.ValidID(c.SessionID):
		return errors.New("sid is not the ID of a session")
	}
	return nil
}

// An ageless token is one whose expiry is not looked at.
type ageless struct{ *claims }

func (ageless) GetExpirationTime() (*jwt.NumericDate, error) { return nil, nil }
