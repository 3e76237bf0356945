package tokens

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/claims"
	"github.com/inga-auth/inga/internal/jose"
	"github.com/inga-auth/inga/middleware"
)

// Claims are those of an access token of ours.
type Claims struct {
	claims.Claims
	Generation int64         // of the refresh token that came with it; 0 without one
	AuthAt     int64         // AuthTime in microseconds; 0 if the token does not say
	Kind       backends.Kind // of the session, if another credential got the token; see Grant
	Actor      string        // the ID of the user who acts as the subject: RFC 8693, section 4.1
}

// ownNames are the claims that only our tokens have.
var ownNames = []string{"rt_gen", "auth_at", "sid_kind", "act"}

var _ jwt.ClaimsValidator = (*Claims)(nil)

// parseClaims keeps payload.
func parseClaims(payload []byte) (*Claims, error) {
	c := &Claims{Claims: claims.Claims{Raw: payload}}
	return c, jose.Scan(payload, c.set)
}

// set is called by [jose.Scan] with each member.
func (c *Claims) set(name, value []byte) (err error) {
	switch string(name) {
	case "rt_gen":
		c.Generation, err = strconv.ParseInt(string(value), 10, 64)
	case "auth_at":
		c.AuthAt, err = strconv.ParseInt(string(value), 10, 64)
	case "sid_kind":
		var kind string
		kind, err = jose.Text(value)
		c.Kind = backends.Kind(kind)
	case "act":
		err = jose.Scan(value, c.setActor)
	default:
		if jose.Variant(name, ownNames) {
			return errors.New("token has a claim of ours in another spelling")
		}
		err = c.Set(name, value)
	}
	return err
}

// setActor is called with each member of act.
func (c *Claims) setActor(name, value []byte) (err error) {
	if string(name) == "sub" {
		c.Actor, err = jose.Text(value)
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

// Needs returns the thumbprint of the key that must be proved with a token that has the claims, and opens
// s, or "" for none.
//
// A session may have been bound after the token was issued. The key of one that another credential opened
// is that of a browser, which proves it with that credential alone.
func (c *Claims) Needs(s *backends.Session) string {
	if c.Kind != "" || c.follows(s) {
		return c.JKT
	}
	return s.Binding.Thumbprint
}

// follows reports whether a token with the claims is newer than s: a cache read that before its user
// authenticated again.
func (c *Claims) follows(s *backends.Session) bool {
	return c.authenticatedAt().After(s.AuthenticatedAt)
}

// customOf is custom for the user with the ID, who is looked up only if there may be claims.
func (e *Engine) customOf(ctx context.Context, userID string) ([]byte, error) {
	if e.Custom == nil {
		return nil, nil
	}
	u, err := e.Registry.FindUser(ctx, userID)
	if err != nil {
		return nil, err
	}
	return e.custom(ctx, u)
}

// custom returns the custom claims of the user, as a JSON object, or nil.
//
// Whatever the function of the application says, it cannot turn into a statement about
// credentials: its error is not wrapped.
func (e *Engine) custom(ctx context.Context, u backends.User) ([]byte, error) {
	if e.Custom == nil {
		return nil, nil
	}
	v, err := e.Custom(ctx, u)
	if err != nil {
		return nil, fmt.Errorf("%w: jwtauth: Config.Claims: %v", middleware.ErrUnavailable, err)
	}
	object, err := marshalCustom(v)
	if err != nil {
		return nil, fmt.Errorf("%w: jwtauth: Config.Claims: %v", middleware.ErrInvalidArgument, err)
	}
	return object, nil
}

// marshalCustom returns v as a JSON object that may stand in a token, or nil if it is nothing.
func marshalCustom(v any) ([]byte, error) {
	object, err := json.Marshal(v)
	if err != nil || string(object) == "null" {
		return nil, err
	}
	taken := slices.Concat(claims.Names, ownNames)
	err = jose.Scan(object, func(name, _ []byte) error {
		for _, n := range taken {
			if bytes.EqualFold(name, []byte(n)) {
				return fmt.Errorf("claim %q is set by this package", name)
			}
		}
		return nil
	})
	if errors.Is(err, jose.ErrSyntax) {
		err = fmt.Errorf("%T is not a JSON object", v)
	}
	return object, err
}
