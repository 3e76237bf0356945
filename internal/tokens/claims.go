package tokens

import (
	"errors"
	"strconv"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/jose"
)

// Claims are those of an access token of ours.
type Claims struct {
	jose.Claims
	Generation int64 // of the refresh token that came with it; 0 without one
	AuthAt     int64 // AuthTime in microseconds; 0 if the token does not say
}

// ownNames are the claims that only our tokens have.
var ownNames = []string{"rt_gen", "auth_at"}

var _ jwt.ClaimsValidator = (*Claims)(nil)

// parseClaims keeps payload.
func parseClaims(payload []byte) (*Claims, error) {
	c := &Claims{Claims: jose.Claims{Raw: payload}}
	return c, jose.Scan(payload, c.set)
}

// set is called by [jose.Scan] with each member.
func (c *Claims) set(name, value []byte) (err error) {
	switch string(name) {
	case "rt_gen":
		c.Generation, err = strconv.ParseInt(string(value), 10, 64)
	case "auth_at":
		c.AuthAt, err = strconv.ParseInt(string(value), 10, 64)
	default:
		if jose.Variant(name, ownNames) {
			return errors.New("token has a claim of ours in another spelling")
		}
		err = c.Set(name, value)
	}
	return err
}

// Validate checks what [jwt.Validator] does not. The validator calls it.
func (c *Claims) Validate() error {
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

// An ageless token is one whose expiry is not checked.
type ageless struct{ *Claims }

func (ageless) GetExpirationTime() (*jwt.NumericDate, error) { return nil, nil }

// authenticatedAt returns when the user authenticated for the token, as precisely as it says.
func (c *Claims) authenticatedAt() time.Time {
	if c.AuthAt != 0 {
		return time.UnixMicro(c.AuthAt).UTC()
	}
	return c.AuthTime
}

// precedes reports whether a token with the claims is older than the last authentication of the
// session s. It proves nothing any more: its holder did not take part in that.
func (c *Claims) precedes(s *backends.Session) bool {
	if c.AuthAt != 0 {
		return c.AuthAt < s.AuthenticatedAt.UnixMicro()
	}
	return !c.AuthTime.IsZero() && c.AuthTime.Unix() < s.AuthenticatedAt.Unix()
}
