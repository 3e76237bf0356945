package jwtauth

import (
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/inga-auth/inga/backends"
)

// claimNames are the claims that this package sets or checks.
var claimNames = []string{"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "sid", "auth_time", "client_id", "rt_gen"}

// claims are what a token claims. They are typed, and read by [scanObject]: golang-jwt's
// MapClaims takes an exp of 0 for none.
type claims struct {
	jwt.RegisteredClaims
	sessionID  string
	authTime   time.Time // zero if it does not say
	generation int64     // of the refresh token that came with it; 0 without one
	raw        json.RawMessage
}

var _ jwt.ClaimsValidator = (*claims)(nil)

// parseClaims keeps payload.
func parseClaims(payload []byte) (*claims, error) {
	c := &claims{raw: payload}
	return c, scanObject(payload, c.set)
}

func (c *claims) set(name, value []byte) (err error) {
	switch string(name) {
	case "iss":
		c.Issuer, err = text(value)
	case "sub":
		c.Subject, err = text(value)
	case "aud":
		c.Audience, err = texts(value)
	case "exp":
		c.ExpiresAt, err = date(value)
	case "nbf":
		c.NotBefore, err = date(value)
	case "iat":
		c.IssuedAt, err = date(value)
	case "jti":
		c.ID, err = text(value)
	case "sid":
		c.sessionID, err = text(value)
	case "auth_time":
		c.authTime, err = instant(value)
	case "client_id":
		_, err = text(value)
	case "rt_gen":
		c.generation, err = strconv.ParseInt(string(value), 10, 64)
	default:
		if variant(name, claimNames) {
			err = errors.New("token has a registered claim in another spelling")
		}
	}
	return err
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
	case !backends.ValidID(c.sessionID):
		return errors.New("sid is not the ID of a session")
	}
	return nil
}

// An ageless token is one whose expiry is not looked at.
type ageless struct{ *claims }

func (ageless) GetExpirationTime() (*jwt.NumericDate, error) { return nil, nil }
