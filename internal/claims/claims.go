// Package claims reads the claims of a JWT that golang-jwt validates.
package claims

import (
	"errors"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/inga-auth/inga/internal/jose"
)

// Names are the claims that are read, of whichever issuer.
var Names = []string{"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "sid", "auth_time", "client_id"}

// Claims are what a token claims. They are typed, and read by [jose.Scan]: golang-jwt's
// MapClaims takes an exp of 0 for none.
type Claims struct {
	jwt.RegisteredClaims
	SessionID string
	AuthTime  time.Time // zero if the token does not say
	Raw       []byte    // the JSON text
}

// Set is called by [jose.Scan] with each member.
func (c *Claims) Set(name, value []byte) (err error) {
	switch string(name) {
	case "iss":
		c.Issuer, err = jose.Text(value)
	case "sub":
		c.Subject, err = jose.Text(value)
	case "aud":
		c.Audience, err = jose.Texts(value)
	case "exp":
		c.ExpiresAt, err = date(value)
	case "nbf":
		c.NotBefore, err = date(value)
	case "iat":
		c.IssuedAt, err = date(value)
	case "jti":
		c.ID, err = jose.Text(value)
	case "sid":
		c.SessionID, err = jose.Text(value)
	case "auth_time":
		c.AuthTime, err = jose.Instant(value)
	case "client_id":
		_, err = jose.Text(value)
	default:
		if jose.Variant(name, Names) {
			err = errors.New("token has a registered claim in another spelling")
		}
	}
	return err
}

// date is [jose.Instant] for golang-jwt.
func date(value []byte) (*jwt.NumericDate, error) {
	t, err := jose.Instant(value)
	if err != nil {
		return nil, err
	}
	return &jwt.NumericDate{Time: t}, nil
}
