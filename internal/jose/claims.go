package jose

import (
	"errors"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// ClaimNames are the claims that are read, of whichever issuer.
var ClaimNames = []string{"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "sid", "auth_time", "client_id"}

// Claims are what a token claims. They are typed, and read by [Scan]: golang-jwt's
// MapClaims takes an exp of 0 for none.
type Claims struct {
	jwt.RegisteredClaims
	SessionID string
	AuthTime  time.Time // zero if the token does not say
	Raw       []byte    // the JSON text
}

// Set is called by [Scan] with each member.
func (c *Claims) Set(name, value []byte) (err error) {
	switch string(name) {
	case "iss":
		c.Issuer, err = Text(value)
	case "sub":
		c.Subject, err = Text(value)
	case "aud":
		c.Audience, err = Texts(value)
	case "exp":
		c.ExpiresAt, err = Date(value)
	case "nbf":
		c.NotBefore, err = Date(value)
	case "iat":
		c.IssuedAt, err = Date(value)
	case "jti":
		c.ID, err = Text(value)
	case "sid":
		c.SessionID, err = Text(value)
	case "auth_time":
		c.AuthTime, err = Instant(value)
	case "client_id":
		_, err = Text(value)
	default:
		if Variant(name, ClaimNames) {
			err = errors.New("token has a registered claim in another spelling")
		}
	}
	return err
}
