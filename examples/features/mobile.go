package features

import (
	"encoding/json"
	"net/http"
	"slices"

	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/jwtauth/oauth"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/sliding"
)

func (s *Shop) newTokens() (*jwtauth.Tokens, error) {
	key, err := jwtauth.ES256(s.SigningKey)
	if err != nil {
		return nil, err
	}
	return jwtauth.New(jwtauth.Config{
		Sessions: s.sessions, Keys: []jwtauth.Key{key}, RefreshKeys: [][]byte{s.RefreshKey}, Issuer: s.URL, Audience: s.URL,
	})
}

func (s *Shop) addMobile(mux *http.ServeMux) error {
	endpoints, err := oauth.New(oauth.Config{Tokens: s.tokens})
	if err != nil {
		return err
	}
	mux.HandleFunc("POST /api/login", s.loginMobile)
	mux.Handle("POST /api/token", endpoints.TokenHandler())
	mux.Handle("POST /api/revoke", endpoints.RevokeHandler()) // the app logs out
	mux.Handle("GET /api/account", s.private(account))
	return nil
}

// loginMobile takes the code of those who have a second factor together with the password.
func (s *Shop) loginMobile(w http.ResponseWriter, r *http.Request) {
	var typed struct{ Email, Password, Code, Phone string }
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4096)).Decode(&typed); err != nil {
		s.guard.Refuse(w, r, middleware.ErrMalformedRequest)
		return
	}
	user, err := s.checkPassword(r, canonical(typed.Email), typed.Password)
	l := middleware.Login{Subject: user.ID, UserVersion: user.Version, AMR: []string{"pwd"}, Label: typed.Phone, Policy: sliding.AAL1()}
	if err == nil && slices.Contains(user.Roles, "second-factor") {
		l.AMR = append(l.AMR, "otp")
		err = s.checkCode(r, user.ID, typed.Code)
	}
	var tokens jwtauth.Response
	if err == nil {
		tokens, err = s.tokens.Login(r, l)
	}
	if err != nil {
		s.guard.Refuse(w, r, err)
		return
	}
	tokens.Write(w)
}
