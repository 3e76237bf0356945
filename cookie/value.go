package cookie

import (
	"fmt"
	"net/http"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/ambient"
	"github.com/inga-auth/inga/middleware"
)

// The bounds of a value that securecookie makes of a secret: base64 of a time in decimal,
// the secret in base64, and a MAC of 32 bytes. What is outside is not looked at.
const (
	minValue = 100
	maxValue = 140
)

// maxCookies of the name are looked at, so that a long header does not buy much work.
const maxCookies = 8

// A credential is a cookie that we signed.
type credential struct {
	secret backends.Secret
	value  string // as it was sent
}

// credential returns the session cookie of r.
//
// There may be several cookies of the name: a subdomain can plant one. Those that we did
// not sign are passed over. If two are left that differ, the request is refused: there is
// no telling which of them the user means.
func (s *Sessions) credential(r *http.Request) (credential, error) {
	var found credential
	var signed bool
	present := 0
	for value := range ambient.Values(r, s.cookie.Name) {
		present++
		if present > maxCookies {
			return credential{}, fmt.Errorf("%w: more than %d session cookies", middleware.ErrInvalidCredentials, maxCookies)
		}
		secret, ok := s.decode(value)
		switch {
		case !ok:
		case signed && secret != found.secret:
			return credential{}, fmt.Errorf("%w: two session cookies", middleware.ErrInvalidCredentials)
		default:
			found, signed = credential{secret, value}, true
		}
	}
	switch {
	case signed:
		return found, nil
	case present > 0:
		return credential{}, fmt.Errorf("%w: cookie is not signed by any of our keys", middleware.ErrInvalidCredentials)
	}
	return credential{}, middleware.ErrNoCredentials
}

func (s *Sessions) decode(value string) (backends.Secret, bool) {
	if len(value) < minValue || len(value) > maxValue {
		return backends.Secret{}, false
	}
	var payload []byte
	for _, codec := range s.codecs {
		// securecookie signs the name too: a value of another cookie is not one of ours.
		if err := codec.Decode(s.cookie.Name, value, &payload); err == nil && len(payload) == backends.SecretSize {
			return backends.Secret(payload), true
		}
	}
	return backends.Secret{}, false
}

// set puts the cookie with the secret into the header, to be kept until the deadline.
func (s *Sessions) set(h http.Header, secret backends.Secret, now, deadline time.Time) error {
	value, err := s.codecs[0].Encode(s.cookie.Name, secret[:])
	if err == nil {
		err = s.cookie.Put(h, value, now, deadline)
	}
	if err != nil {
		return fmt.Errorf("cookie: %w", err)
	}
	return nil
}
