package cookie

import (
	"fmt"
	"net/http"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/ambient"
	"github.com/inga-auth/inga/middleware"
)

// What securecookie signs is the secret of a session and its ID. The ID is for the case that
// the secret has another by now, because its user proved again who they are while this browser
// did not see the answer: it opens nothing then, and still logs out.
const (
	idSize      = 26 // the length of a backends.NewID
	payloadSize = backends.SecretSize + idSize
)

// The bounds of a value that securecookie makes of that: base64 of a time in decimal, the
// payload in base64, and a MAC of 32 bytes. What is outside is not looked at.
const (
	minValue = 150
	maxValue = 190
)

// maxCookies of the name are looked at, so that a long header does not buy much work.
const maxCookies = 8

// A credential is a cookie that we signed.
type credential struct {
	secret backends.Secret
	id     [idSize]byte // of the session
	value  string       // as it was sent
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
		c, ok := s.decode(value)
		switch {
		case !ok:
		case signed && c.secret != found.secret:
			return credential{}, fmt.Errorf("%w: two session cookies", middleware.ErrInvalidCredentials)
		default:
			found, signed = c, true
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

func (s *Sessions) decode(value string) (credential, bool) {
	if len(value) < minValue || len(value) > maxValue {
		return credential{}, false
	}
	var payload []byte
	for _, codec := range s.codecs {
		// securecookie signs the name too: a value of another cookie is not one of ours.
		if err := codec.Decode(s.cookie.Name, value, &payload); err == nil && len(payload) == payloadSize {
			return credential{backends.Secret(payload[:backends.SecretSize]), [idSize]byte(payload[backends.SecretSize:]), value}, true
		}
	}
	return credential{}, false
}

// set puts the cookie of the session with the ID into the header, to be kept until the deadline.
func (s *Sessions) set(h http.Header, secret backends.Secret, id string, now, deadline time.Time) error {
	value, err := s.codecs[0].Encode(s.cookie.Name, append(secret[:], id...))
	if err == nil {
		err = s.cookie.Put(h, value, now, deadline)
	}
	if err != nil {
		return fmt.Errorf("cookie: %w", err)
	}
	return nil
}
