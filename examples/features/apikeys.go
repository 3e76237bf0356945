package features

import (
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/devices"
	"github.com/inga-auth/inga/middleware/session"
	"github.com/inga-auth/inga/sliding"
)

// APIKeys proves sessions by API keys. A key is the ID of a session, a dot, and its secret.
type APIKeys struct{ *session.Method }

// Authenticate implements middleware.Authenticator.
func (k APIKeys) Authenticate(r *http.Request) (middleware.Identity, error) {
	key := r.Header.Get("API-Key")
	if key == "" {
		return middleware.Identity{}, middleware.ErrNoCredentials
	}
	id, text, _ := strings.Cut(key, ".")
	secret, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(secret) != backends.SecretSize {
		return middleware.Identity{}, middleware.ErrInvalidCredentials
	}
	identity, err := k.Method.Authenticate(r.Context(), id, backends.Secret(secret))
	identity.AuthTime = time.Time{} // a key is never fresh: nobody has typed a password for its requests
	return identity, err
}

func (s *Shop) addAPIKeys(mux *http.ServeMux) error {
	own, err := devices.New(s.sessions)
	if err != nil {
		return err
	}
	mux.Handle("POST /keys", s.fresh.Handler(http.HandlerFunc(s.createKey)))
	mux.Handle("GET /keys", s.private(own.List().ServeHTTP)) // with the other sessions of the person
	mux.Handle("DELETE /keys/{id}", s.fresh.Handler(own.End()))
	return nil
}

// createKey shows a new key, once. The key counts as what its person has proved.
func (s *Shop) createKey(w http.ResponseWriter, r *http.Request) {
	id, _ := middleware.FromContext(r.Context())
	year := 365 * 24 * time.Hour
	secret := backends.NewSecret()
	key, err := s.keys.Open(r, middleware.Login{
		Subject: id.Subject, AMR: id.AMR, Label: r.PostFormValue("label"), Policy: sliding.Policy{Idle: year, Absolute: year, Interval: 24 * time.Hour},
	}, session.Opening{Secret: secret})
	if err != nil {
		s.guard.Refuse(w, r, err)
		return
	}
	show(w, http.StatusOK, key.ID+"."+base64.RawURLEncoding.EncodeToString(secret[:]))
}
