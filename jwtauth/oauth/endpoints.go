package oauth

import (
	"cmp"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"

	"github.com/inga-auth/inga/internal/jose"
	"github.com/inga-auth/inga/internal/tokens"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/middleware"
)

// Config is what [New] needs. Tokens is required.
type Config struct {
	// Tokens are the tokens that the endpoints are about.
	Tokens *jwtauth.Tokens

	// Logger receives the reasons for which the handlers answer 503. Default [slog.Default].
	Logger *slog.Logger
}

// Endpoints has the handlers of the endpoints. It is safe for concurrent use.
type Endpoints struct {
	tokens *jwtauth.Tokens
	engine *tokens.Engine
	logger *slog.Logger
}

// New returns the Endpoints that c describes.
func New(c Config) (*Endpoints, error) {
	if c.Tokens.Engine().Made() != nil {
		return nil, errors.New("oauth: Config.Tokens is nil or the zero value, want what jwtauth.New returns")
	}
	return &Endpoints{c.Tokens, c.Tokens.Engine(), c.Logger}, nil
}

// TokenHandler returns the token endpoint of RFC 6749 for the refresh of tokens: a POST of a form
// with grant_type=refresh_token and refresh_token; see [jwtauth.Tokens.Refresh]. It answers as
// sections 5.1 and 5.2 say, and with 503 and Retry-After if the store cannot be asked: the token
// is still good then. Other grants are not offered. Without [jwtauth.Config].RefreshKeys every
// token is refused.
func (e *Endpoints) TokenHandler() http.Handler {
	return e.endpoint(func(w http.ResponseWriter, r *http.Request, form form) error {
		grant, err := form.one("grant_type")
		if err != nil {
			return err
		}
		if grant != "refresh_token" {
			return &oauthError{http.StatusBadRequest, "unsupported_grant_type", "want refresh_token"}
		}
		token, err := form.one("refresh_token")
		if err != nil {
			return err
		}
		if form["scope"] != "" {
			return &oauthError{http.StatusBadRequest, "invalid_scope", "tokens have no scope here"}
		}
		resp, err := e.tokens.Refresh(r, token)
		if err != nil {
			return err
		}
		resp.Write(w)
		return nil
	})
}

// RevokeHandler returns the revocation endpoint of RFC 7009: a POST of a form with token, a
// refresh or an access token, even one that has expired. The session it belongs to ends, and
// with it all its tokens. A token that opens nothing is a success too.
func (e *Endpoints) RevokeHandler() http.Handler {
	return e.endpoint(func(w http.ResponseWriter, r *http.Request, form form) error {
		token, err := form.one("token")
		if err != nil {
			return err
		}
		about, err := e.engine.Named(token)
		if err != nil {
			return nil // 200, as for a token that has been revoked: section 2.2
		}
		return e.engine.Sessions.Logout(r, about)
	})
}

// JWKSHandler serves the public keys, for others who verify the tokens; secrets of HS256 are not
// among them. Caches may keep the response for five minutes.
func (e *Endpoints) JWKSHandler() http.Handler {
	if e.engine.Made() != nil {
		return e.endpoint(nil) // which answers so
	}
	set := jose.JWKS(e.engine.Keys)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			h.Set("Allow", "GET, HEAD")
			http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
			return
		}
		h.Set("Content-Type", "application/jwk-set+json")
		h.Set("Cache-Control", "public, max-age=300")
		h.Set("X-Content-Type-Options", "nosniff")
		_, _ = w.Write(set) // an error means that the client has gone
	})
}

// endpoint returns the handler of an OAuth endpoint, which answers errors as RFC 6749, section
// 5.2, says. No response may be cached.
func (e *Endpoints) endpoint(answer func(http.ResponseWriter, *http.Request, form) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		err := e.engine.Made()
		if err == nil {
			var f form
			if f, err = readForm(w, r); err == nil {
				err = answer(w, r, f)
			}
		}
		if err != nil {
			e.Refuse(w, r, err)
		}
	})
}

// Refuse responds to a request at a token endpoint that fails with err, as RFC 6749, section 5.2, and RFC
// 9449, section 5, say: for a grant of the application's own, which calls [jwtauth.Tokens.Login]. It must be
// called before the response begins.
func (e *Endpoints) Refuse(w http.ResponseWriter, r *http.Request, err error) {
	w.Header().Set("Cache-Control", "no-store")
	var answer *oauthError
	var proof interface {
		DenialCode() string
		DenialHeader(http.Header)
	}
	if errors.As(err, &proof) {
		proof.DenialHeader(w.Header())
	}
	switch {
	case errors.As(err, &answer):
	case proof != nil && proof.DenialCode() == "use_dpop_nonce":
		answer = &oauthError{http.StatusBadRequest, "use_dpop_nonce", "repeat the request with the nonce in DPoP-Nonce"}
	case proof != nil && proof.DenialCode() == "invalid_dpop_proof":
		answer = &oauthError{http.StatusBadRequest, "invalid_dpop_proof", "the DPoP proof is missing or not good"}
	case errors.Is(err, middleware.ErrInvalidCredentials):
		answer = &oauthError{http.StatusBadRequest, "invalid_grant", "token is invalid, expired or revoked"}
	case errors.Is(err, middleware.ErrInvalidArgument):
		answer = &oauthError{http.StatusInternalServerError, "server_error", "the server is misconfigured"}
	default:
		// Not one of the codes of the RFC, but its clients know the status: the token is as good
		// as before, and no one should be logged out.
		answer = &oauthError{http.StatusServiceUnavailable, "temporarily_unavailable", "try again later"}
		w.Header().Set("Retry-After", "1")
	}
	if answer.status >= http.StatusInternalServerError {
		level := slog.LevelError
		if r.Context().Err() != nil {
			level = slog.LevelDebug // the client has gone; nothing is wrong here
		}
		cmp.Or(e.logger, slog.Default()).LogAttrs(r.Context(), level, "request refused",
			slog.Int("status", answer.status), slog.String("path", r.URL.Path), slog.Any("error", err))
	}
	writeJSON(w, answer.status, answer)
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // an error means that the client has gone
}
