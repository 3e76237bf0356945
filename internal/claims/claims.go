// Package claims reads the claims of a JWT that golang-jwt validates.
package claims

import (
	"errors"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/inga-auth/inga/internal/jose"
)

// Names are the claims that are read, of whichever issuer.
var Names = []string{"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "sid", "auth_time", "client_id", "cnf"}

// Claims are what a token claims. They are typed, and read by [jose.Scan]: golang-jwt's
// MapClaims takes an exp of 0 for none.
type Claims struct {
	jwt.RegisteredClaims
	SessionID string
	AuthTime  time.Time // zero if the token does not say
	JKT       string    // the thumbprint of the key that the token is bound to; "" if it is bound to none
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
	case "cnf":
		c.JKT, err = thumbprint(value)
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

// thumbprint returns the jkt of a cnf: RFC 7800, section 3.1, and RFC 9449, section 6.1. A token that is
// bound otherwise, to a client certificate for example, needs a proof that nothing here asks for.
func thumbprint(cnf []byte) (jkt string, err error) {
	err = jose.Scan(cnf, func(name, value []byte) (err error) {
		if string(name) != "jkt" {
			return errors.New("token is bound in a way that is not known here")
		}
		jkt, err = jose.Text(value)
		return err
	})
	if err == nil && len(jkt) != 43 { // SHA-256 in base64url
		err = errors.New("jkt is no thumbprint")
	}
	return jkt, err
}
