package tokens

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/bearer"
	"github.com/inga-auth/inga/internal/jose"
	"github.com/inga-auth/inga/middleware"
)

// Verify returns the claims of an access token that is good now.
func (e *Engine) Verify(token string) (*Claims, error) {
	c, err := e.open(token)
	if err := e.validate(c, err); err != nil {
		return nil, err
	}
	return c, nil
}

// Named returns the session that a token of either kind names, expired or not, with its user if
// the token says so.
func (e *Engine) Named(token string) (middleware.Identity, error) {
	if IsRefresh(token) {
		rt, err := e.RefreshKeys.Parse(token)
		return middleware.Identity{SessionID: rt.SessionID}, err
	}
	c, err := e.open(token)
	if err == nil {
		c.ExpiresAt = &jwt.NumericDate{Time: time.Now().Add(time.Minute)}
	}
	if err := e.validate(c, err); err != nil {
		return middleware.Identity{}, err
	}
	return middleware.Identity{SessionID: c.SessionID, Subject: c.Subject, Actor: c.Actor}, nil
}

// KeyToEnd returns the thumbprint of the key that must be proved to end the session that a token names,
// by Named, or "" for none. A refresh token does not say to which key it is bound, nor does an access
// token that is older than the binding, so it asks the store.
func (e *Engine) KeyToEnd(ctx context.Context, token string, about middleware.Identity) (string, error) {
	if c, err := e.open(token); err == nil && c.Kind != "" {
		return c.JKT, nil // from Grant
	}
	s, _, err := e.Sessions.FindByID(ctx, about.SessionID)
	if errors.Is(err, middleware.ErrInvalidCredentials) {
		return "", nil // it has ended
	}
	return s.Binding.Thumbprint, err
}

func (e *Engine) validate(c *Claims, err error) error {
	if err == nil {
		err = e.validator.Validate(c)
	}
	if err != nil {
		return bearer.Invalid(err)
	}
	return nil
}

// open returns the claims of a token that one of our keys signed. The claims themselves are not
// checked.
func (e *Engine) open(token string) (*Claims, error) {
	p, err := jose.Split(token, jose.MaxToken)
	if err != nil {
		return nil, err
	}
	k, err := e.keyOf(p.Header)
	if err != nil {
		return nil, err
	}
	sig, err := jose.Decode(p.Signature)
	if err != nil {
		return nil, err
	}
	if err := k.Verify(p.Signed, sig); err != nil {
		return nil, err
	}
	payload, err := jose.Decode(p.Payload)
	if err != nil {
		return nil, err
	}
	return parseClaims(payload)
}

// keyOf returns the key that signed a token with this header.
//
// All tokens that a key of ours signs have the same header, so that most need not be parsed.
// Other software that signs with the key may write it differently.
func (e *Engine) keyOf(segment string) (*jose.Key, error) {
	if k := e.byHeader[segment]; k != nil {
		return k, nil
	}
	h, err := jose.ParseHeader(segment)
	if err != nil {
		return nil, err
	}
	k := e.byID[h.Kid]
	switch {
	case k == nil:
		return nil, errors.New("kid names none of our keys")
	case h.Alg != k.Alg:
		// RFC 8725, section 3.1: the key says which algorithm, the token only agrees.
		return nil, errors.New("alg is not that of the key")
	case h.Type() != jose.AccessType:
		return nil, errors.New("typ is not that of an access token")
	}
	return k, nil
}

// FindAccess returns the session that verified claims name, and its user.
func (e *Engine) FindAccess(ctx context.Context, c *Claims) (backends.Session, backends.User, error) {
	s, u, err := e.Sessions.FindAnyKind(ctx, c.SessionID)
	switch {
	case err != nil:
	case s.Kind != cmp.Or(c.Kind, backends.KindToken):
		err = bearer.Invalid(errors.New("sid is a session that another credential opened, and the token does not come from Grant"))
	case s.UserID != c.Subject:
		err = bearer.Invalid(errors.New("sid is not a session of sub"))
	case c.Kind == "" && c.JKT != "" && c.JKT != s.Binding.Thumbprint && !c.follows(&s):
		err = bearer.Invalid(errors.New("sid is a session that is bound to another key"))
	case s.Actor.UserID != c.Actor:
		err = bearer.Invalid(errors.New("act is not the user who acts in the session"))
	case c.precedes(&s):
		err = bearer.Invalid(errors.New("token is older than the last authentication"))
	}
	return s, u, err
}

// Inspect returns the session of a token of either kind that would be accepted now, with the
// claims of an access token, and the thumbprint of the key that it needs. It changes nothing.
func (e *Engine) Inspect(ctx context.Context, token string) (s backends.Session, c *Claims, key string, err error) {
	if IsRefresh(token) {
		var rt RefreshToken
		if rt, err = e.RefreshKeys.Parse(token); err == nil {
			s, _, err = e.FindRefresh(ctx, rt)
		}
		key = s.Binding.Thumbprint
	} else if c, err = e.Verify(token); err == nil {
		s, _, err = e.FindAccess(ctx, c)
		key = c.Needs(&s)
	}
	if err == nil && (key != "" && !e.Bound || key == "" && !e.Unbound) {
		err = bearer.Invalid(errors.New("tokens that are bound to a key are off, or required"))
	}
	return s, c, key, err
}
