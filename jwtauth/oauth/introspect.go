package oauth

import (
	"errors"
	"net/http"

	"github.com/inga-auth/inga/middleware"
)

// IntrospectHandler returns the introspection endpoint of RFC 7662: a POST of a form with
// token. It belongs behind a guard, because it reveals who a token belongs to; without one every
// request is refused. A token that is not good now, for whatever reason, is exactly
// {"active":false}.
func (e *Endpoints) IntrospectHandler() http.Handler {
	return e.endpoint(func(w http.ResponseWriter, r *http.Request, form form) error {
		if _, ok := middleware.FromContext(r.Context()); !ok {
			return &oauthError{http.StatusForbidden, "access_denied", "introspection needs authorization"}
		}
		token, err := form.one("token")
		if err != nil {
			return err
		}
		answer, err := e.introspect(r, token)
		if err != nil {
			return err
		}
		writeJSON(w, http.StatusOK, answer)
		return nil
	})
}

// An introspection is what RFC 7662, section 2.2, says of a token.
type introspection struct {
	Active    bool   `json:"active"`
	TokenType string `json:"token_type,omitempty"`
	Issuer    string `json:"iss,omitempty"`
	Subject   string `json:"sub,omitempty"`
	Audience  string `json:"aud,omitempty"`
	ClientID  string `json:"client_id,omitempty"`
	SessionID string `json:"sid,omitempty"`
	ID        string `json:"jti,omitempty"`
	ExpiresAt int64  `json:"exp,omitempty"`
	IssuedAt  int64  `json:"iat,omitempty"`
	AuthTime  int64  `json:"auth_time,omitempty"`
	Actor     *actor `json:"act,omitempty"`

	Confirmation confirmation `json:"cnf,omitzero"`
}

// A confirmation is the key that a token is bound to: RFC 9449, section 6.2.
type confirmation struct {
	Thumbprint string `json:"jkt"`
}

// An actor is the user who acts as the subject: RFC 8693, section 4.1.
type actor struct {
	Subject string `json:"sub"`
}

func (e *Endpoints) introspect(r *http.Request, token string) (introspection, error) {
	s, c, key, err := e.engine.Inspect(r.Context(), token)
	if errors.Is(err, middleware.ErrInvalidCredentials) {
		return introspection{}, nil
	}
	if err != nil {
		return introspection{}, err
	}
	answer := introspection{
		Active: true, TokenType: "refresh_token", ExpiresAt: s.IdleDeadline.Unix(),
		Issuer: e.engine.Issuer, Subject: s.UserID, Audience: e.engine.Audience, ClientID: e.engine.ClientID,
		SessionID: s.ID, AuthTime: s.AuthenticatedAt.Unix(), Confirmation: confirmation{key},
	}
	if c != nil {
		answer.TokenType, answer.ID = "Bearer", c.ID
		if key != "" {
			answer.TokenType = "DPoP"
		}
		answer.ExpiresAt, answer.IssuedAt = c.ExpiresAt.Unix(), c.IssuedAt.Unix()
	}
	if s.Actor.UserID != "" {
		answer.Actor, answer.AuthTime = &actor{s.Actor.UserID}, 0 // as in the token: the user did not authenticate
	}
	return answer, nil
}
