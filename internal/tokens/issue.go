package tokens

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/jose"
	"github.com/inga-auth/inga/middleware"
)

// Issued are the tokens of a session.
type Issued struct {
	Access    string
	ExpiresAt time.Time // of the access token
	ExpiresIn int64     // seconds, when it was issued
	Refresh   string    // "" if there is none
	Key       string    // the thumbprint of the key that the tokens are bound to; "" if they are bound to none
	Session   backends.Session
}

// A Fits function returns an error if the tokens cannot be sent to the client. It is called
// before anything is stored.
type Fits func(Issued) error

// issue signs an access token for the session, with the custom claims, a JSON object or nil, and
// makes its current refresh token of the secret if there are any. granted is the kind of the session if
// another credential opened it: see Grant.
func (e *Engine) issue(s *backends.Session, granted backends.Kind, custom []byte, secret backends.Secret, fits Fits) (issued Issued, err error) {
	now := time.Now()
	payload, expiresAt, err := e.compose(now, s, granted, s.Refresh.Generation, custom)
	if err != nil {
		return Issued{}, err
	}
	issued = Issued{ExpiresAt: expiresAt, ExpiresIn: max(int64(expiresAt.Sub(now)/time.Second), 0), Key: s.Binding.Thumbprint, Session: *s}
	if issued.Access, err = sign(e.Keys[0], payload); err != nil {
		return Issued{}, err
	}
	if s.Refresh.Generation > 0 {
		issued.Refresh = e.RefreshKeys.Encode(RefreshToken{s.ID, s.Refresh.Generation, secret})
	}
	return issued, fits(issued)
}

// sidFrom is where the session's ID is in a payload: it comes first.
const sidFrom = len(`{"sid":"`)

// compose returns the claims of RFC 9068, section 2.2, as JSON, and when they expire. They are
// marshalled without golang-jwt's types, which obey package variables that any package may set.
//
// Its times are whole seconds, as usual for tokens: it lives a fraction of a second longer than
// the configured lifetime rather than shorter, but not past the deadline of the session.
func (e *Engine) compose(now time.Time, s *backends.Session, granted backends.Kind, generation int64, custom []byte) ([]byte, time.Time, error) {
	expiresAt := now.Add(e.TTL + time.Second - 1).Truncate(time.Second)
	if expiresAt.After(s.AbsoluteDeadline) {
		expiresAt = s.AbsoluteDeadline.Truncate(time.Second)
	}
	payload, err := json.Marshal(struct {
		SessionID string `json:"sid"`
		Issuer    string `json:"iss"`
		Subject   string `json:"sub"`
		Audience  string `json:"aud"`
		ExpiresAt int64  `json:"exp"`
		IssuedAt  int64  `json:"iat"`
		ID        string `json:"jti"`
		AuthTime  int64  `json:"auth_time,omitempty"`
		ClientID  string `json:"client_id"`
		Actor     *actor `json:"act,omitempty"`
		// AuthAt tells this authentication from another one in the same second.
		AuthAt int64 `json:"auth_at"`
		// Generation shows that the response with its refresh token has arrived.
		Generation int64 `json:"rt_gen,omitempty"`
		// Confirmation is the key that a client must prove: RFC 9449, section 6.1.
		Confirmation confirmation `json:"cnf,omitzero"`
		// Kind is that of a session for which another credential got the token: see Grant.
		Kind backends.Kind `json:"sid_kind,omitempty"`
	}{
		s.ID, e.Issuer, s.UserID, e.Audience, expiresAt.Unix(), now.Unix(), rand.Text(),
		authTime(s), e.ClientID, actorOf(s), s.AuthenticatedAt.UnixMicro(), generation,
		confirmation{s.Binding.Thumbprint}, granted,
	})
	if err == nil && custom != nil {
		payload = merge(payload, custom)
		_, err = parseClaims(payload) // what is issued must be accepted; our own claims always are
	}
	if err != nil {
		err = fmt.Errorf("%w: jwtauth: Config.Claims: a token with them would be refused: %w", middleware.ErrInvalidArgument, err)
	}
	return payload, expiresAt, err
}

// A confirmation is the claim cnf.
type confirmation struct {
	Thumbprint string `json:"jkt"`
}

// An actor is the claim of RFC 8693, section 4.1.
type actor struct {
	Subject string `json:"sub"`
}

func actorOf(s *backends.Session) *actor {
	if s.Actor == (backends.Actor{}) {
		return nil
	}
	return &actor{s.Actor.UserID}
}

// authTime is 0, which is no claim, for a session in which another user acts: its user did not
// authenticate.
func authTime(s *backends.Session) int64 {
	if s.Actor != (backends.Actor{}) {
		return 0
	}
	return s.AuthenticatedAt.Unix()
}

// merge returns the members of both objects in one. They have no name in common, and the first
// is not empty.
func merge(object, more []byte) []byte {
	more = bytes.TrimPrefix(more, []byte("{"))
	if len(more) <= len("}") {
		return object
	}
	object[len(object)-1] = ','
	return append(object, more...)
}

func sign(k *jose.Key, payload []byte) (string, error) {
	encoding := base64.RawURLEncoding
	token := make([]byte, 0, len(k.Header)+encoding.EncodedLen(len(payload))+signatureRoom)
	token = append(token, k.Header...)
	token = append(token, '.')
	token = encoding.AppendEncode(token, payload)
	sig, err := k.Sign(string(token))
	if err != nil {
		return "", fmt.Errorf("%w: jwtauth: sign: %w", middleware.ErrInvalidArgument, err)
	}
	token = append(token, '.')
	token = encoding.AppendEncode(token, sig)
	if len(token) > jose.MaxToken {
		return "", fmt.Errorf("%w: jwtauth: Config.Claims: a token with them has %d bytes, and more than %d are refused",
			middleware.ErrInvalidArgument, len(token), jose.MaxToken)
	}
	return string(token), nil
}

// signatureRoom is enough for the signatures of all but RSA, which grow the buffer once.
const signatureRoom = 96
