package jwtauth

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"mime"
	"net/http"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/session"
	"github.com/inga-auth/inga/middleware"
)

// maxForm is as long as the body of a request to an endpoint may be: a token and little more.
const maxForm = 16 << 10

// TokenHandler returns the token endpoint of RFC 6749 for the refresh of tokens: a POST of a
// form with grant_type=refresh_token and refresh_token. It answers as sections 5.1 and 5.2
// say, and with 503 and Retry-After if the backend cannot be asked: the token is still good
// then. Other grants are not offered. Clients are public: what they say of themselves, in a
// client_id or an Authorization header, proves nothing and is not looked at.
func (t *Tokens) TokenHandler() http.Handler {
	return t.endpoint(func(w http.ResponseWriter, r *http.Request, form form) error {
		grant, err := form.one("grant_type")
		if err != nil {
			return err
		}
		if grant != "refresh_token" {
			return &oauthError{"unsupported_grant_type", "want refresh_token"}
		}
		token, err := form.one("refresh_token")
		if err != nil {
			return err
		}
		if form["scope"] != "" {
			return &oauthError{"invalid_scope", "tokens have no scope here"}
		}
		resp, err := t.Refresh(r, token)
		if err != nil {
			return err
		}
		resp.Write(w)
		return nil
	})
}

// RevokeHandler returns the revocation endpoint of RFC 7009: a POST of a form with token, a
// refresh or an access token, even one that has expired. The session it belongs to ends,
// and with it all its tokens. A token that opens nothing is a success too.
func (t *Tokens) RevokeHandler() http.Handler {
	return t.endpoint(func(w http.ResponseWriter, r *http.Request, form form) error {
		token, err := form.one("token")
		if err != nil {
			return err
		}
		if s := t.belongsTo(token); s != nil {
			if err := t.door.Logout(r, session.Now(), s); err != nil {
				return err
			}
		}
		w.WriteHeader(http.StatusOK)
		return nil
	})
}

// belongsTo returns the session that a token of ours belongs to, as far as the token says
// which that is, expired or not; nil if it is none of ours.
func (t *Tokens) belongsTo(token string) *backends.Session {
	if rt, err := parseRefresh(token, t.refreshKeys); err == nil {
		return &backends.Session{ID: rt.sessionID}
	}
	if c, err := t.verifyAgeless(token); err == nil {
		return &backends.Session{ID: c.SessionID, UserID: c.Subject}
	}
	return nil
}

// IntrospectHandler returns the introspection endpoint of RFC 7662: a POST of a form with
// token. It belongs behind a guard, since it tells who somebody is; without one everybody is
// refused. Whatever is not good now, for whatever reason, is exactly {"active":false}.
func (t *Tokens) IntrospectHandler() http.Handler {
	return t.endpoint(func(w http.ResponseWriter, r *http.Request, form form) error {
		if _, ok := middleware.FromContext(r.Context()); !ok {
			return fmt.Errorf("%w: introspection needs a guard", middleware.ErrForbidden)
		}
		token, err := form.one("token")
		if err != nil {
			return err
		}
		answer, err := t.introspect(r, token)
		if err != nil {
			return err
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(answer) // an error means that the client has gone
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
}

func (t *Tokens) introspect(r *http.Request, token string) (introspection, error) {
	of := t.introspectAccess
	if isRefreshToken(token) {
		of = t.introspectRefresh
	}
	answer, err := of(r, token)
	if errors.Is(err, middleware.ErrInvalidCredentials) {
		return introspection{}, nil
	}
	return answer, err
}

func (t *Tokens) introspectAccess(r *http.Request, token string) (introspection, error) {
	c, err := t.verify(token)
	if err != nil {
		return introspection{}, err
	}
	row, _, err := t.find(r.Context(), session.Now(), c)
	if err != nil {
		return introspection{}, err
	}
	answer := t.active(&row)
	answer.TokenType, answer.ID = "Bearer", c.ID
	answer.ExpiresAt, answer.IssuedAt = c.ExpiresAt.Unix(), c.IssuedAt.Unix()
	return answer, nil
}

func (t *Tokens) introspectRefresh(r *http.Request, token string) (introspection, error) {
	row, err := t.refreshable(r.Context(), session.Now(), token)
	if err != nil {
		return introspection{}, err
	}
	answer := t.active(&row)
	answer.TokenType, answer.ExpiresAt = "refresh_token", row.IdleDeadline.Unix()
	return answer, nil
}

// active is what is said of every token of a session.
func (t *Tokens) active(row *backends.Session) introspection {
	return introspection{
		Active: true, Issuer: t.issuer, Subject: row.UserID, Audience: t.audience, ClientID: t.clientID,
		SessionID: row.ID, AuthTime: row.AuthenticatedAt.Unix(),
	}
}

// A form has the parameters of a request.
type form map[string]string

// one returns a parameter that must be there.
func (f form) one(name string) (string, error) {
	if f[name] == "" {
		return "", &oauthError{"invalid_request", name + " is missing"}
	}
	return f[name], nil
}

// An oauthError is one of RFC 6749, section 5.2. Its texts are ours, never the client's.
type oauthError struct{ Code, Description string }

func (e *oauthError) Error() string { return "jwtauth: " + e.Code + ": " + e.Description }

// endpoint returns the handler of an OAuth endpoint, which answers errors as RFC 6749,
// section 5.2, says. No answer may be cached.
func (t *Tokens) endpoint(answer func(http.ResponseWriter, *http.Request, form) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		f, err := readForm(w, r)
		if err == nil {
			err = answer(w, r, f)
		}
		if err != nil {
			t.refuse(w, r, err)
		}
	})
}

// readForm reads the body. Parameters in the query do not count, and each may occur once.
func readForm(w http.ResponseWriter, r *http.Request) (form, error) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return nil, errMethod
	}
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/x-www-form-urlencoded" {
		return nil, &oauthError{"invalid_request", "want application/x-www-form-urlencoded"}
	}
	limited := *r // the body is read through a limit, and the request is not ours to change
	limited.Body = http.MaxBytesReader(w, r.Body, maxForm)
	limited.URL, limited.Form, limited.PostForm = nil, nil, nil
	if err := limited.ParseForm(); err != nil {
		return nil, &oauthError{"invalid_request", "body is no form, or too long"}
	}
	f := form{}
	for name, values := range limited.PostForm {
		if len(values) > 1 {
			return nil, &oauthError{"invalid_request", "a parameter is repeated"}
		}
		f[name] = values[0]
	}
	return f, nil
}

var errMethod = errors.New("jwtauth: want POST")

// logUnavailable writes the reason as a guard does.
func (t *Tokens) logUnavailable(r *http.Request, err error) {
	level := slog.LevelError
	if r.Context().Err() != nil {
		level = slog.LevelDebug // the client has gone; nothing is wrong here
	}
	t.logger.LogAttrs(r.Context(), level, "request refused",
		slog.Int("status", http.StatusServiceUnavailable), slog.String("path", r.URL.Path), slog.Any("error", err))
}

func (t *Tokens) refuse(w http.ResponseWriter, r *http.Request, err error) {
	status, e := http.StatusBadRequest, (*oauthError)(nil)
	switch {
	case errors.As(err, &e):
	case errors.Is(err, errMethod):
		status, e = http.StatusMethodNotAllowed, &oauthError{"invalid_request", "want POST"}
	case errors.Is(err, middleware.ErrInvalidCredentials):
		e = &oauthError{"invalid_grant", "token is not good, or not any more"}
	case errors.Is(err, middleware.ErrForbidden):
		status, e = http.StatusForbidden, &oauthError{"access_denied", "not for everybody"}
	default:
		// Not one of the codes of the RFC, whose clients know the status at least: the token
		// is as good as before, and nobody is to log out.
		status, e = http.StatusServiceUnavailable, &oauthError{"temporarily_unavailable", "try again later"}
		w.Header().Set("Retry-After", "1")
		t.logUnavailable(r, err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}{e.Code, e.Description})
}
