package tokens

import (
	"context"
	"errors"
	"fmt"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/bearer"
	"github.com/inga-auth/inga/middleware"
)

// Grant issues an access token for the session of id, whichever credential opened it. It comes
// without a refresh token, and so has no generation. It says of which kind the session is: no token
// that does not opens a session which tokens did not open.
//
// The token is bound to the key with the thumbprint, or "" for none. That of the session is another one:
// the browser keeps it to itself.
func (e *Engine) Grant(ctx context.Context, id middleware.Identity, key string) (Issued, error) {
	if err := e.grantable(id); err != nil {
		return Issued{}, err
	}
	s, u, err := e.Sessions.FindAnyKind(ctx, id.SessionID)
	if err != nil {
		return Issued{}, err
	}
	if err := current(id, &s); err != nil {
		return Issued{}, err
	}
	custom, err := e.custom(ctx, u)
	if err != nil {
		return Issued{}, err
	}
	bare := s
	bare.Refresh, bare.Binding = backends.Refresh{}, backends.Binding{Thumbprint: key}
	issued, err := e.issue(&bare, s.Kind, custom, backends.Secret{}, func(Issued) error { return nil })
	issued.Session = s
	return issued, err
}

// originOf returns the kind of the session for which another credential got the token behind id, if one
// did, and the thumbprint of the key that it is bound to.
func originOf(id middleware.Identity) (kind backends.Kind, key string) {
	c, err := parseClaims([]byte(id.Claims))
	if err != nil {
		return "", ""
	}
	return c.Kind, c.JKT
}

func (e *Engine) grantable(id middleware.Identity) error {
	switch err := e.Made(); {
	case err != nil:
		return err
	case id.Subject == "":
		return middleware.ErrNoCredentials
	case id.SessionID == "" || id.Issuer != "":
		return fmt.Errorf("%w: identity has no session of ours", middleware.ErrForbidden)
	case id.Method == e.Method:
		// Where tokens do not slide, one that was stolen is good for minutes. It must not get another.
		return fmt.Errorf("%w: a token is no reason to issue another one", middleware.ErrForbidden)
	}
	return nil
}

// current reports whether the credential behind id still opens the session s, which was just found.
// If s was read before its user authenticated again, by a cache, it gets the time of that.
func current(id middleware.Identity, s *backends.Session) error {
	switch {
	case s.UserID != id.Subject:
		return bearer.Invalid(errors.New("session is not one of the subject"))
	case s.Binding.Thumbprint != "" && (!id.Binding.Proved || id.Binding.Thumbprint != s.Binding.Thumbprint):
		return fmt.Errorf("%w: no token for a bound session without its proof", middleware.ErrUnproved)
	case id.AuthTime.Before(s.AuthenticatedAt):
		return bearer.Invalid(errors.New("identity is older than the last authentication"))
	}
	s.AuthenticatedAt = id.AuthTime
	return nil
}
