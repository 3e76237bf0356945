package jwtauth

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/jose"
	"github.com/inga-auth/inga/internal/session"
	"github.com/inga-auth/inga/middleware"
)

// A subject is what a token is issued for.
type subject struct {
	userID    string
	sessionID string
	authTime  time.Time
	deadline  time.Time // of the session, absolute

	generation int64  // of the refresh token that comes with it; 0 without one
	custom     []byte // a JSON object, or nil
}

// An access token, and until when it is good.
type access struct {
	token     string
	expiresAt time.Time
}

// expiresIn returns the lifetime in whole seconds.
func (a access) expiresIn(now time.Time) int64 {
	return max(int64(a.expiresAt.Sub(now)/time.Second), 0)
}

// issue signs a token. Its times are whole seconds, as everybody expects: it lives a part
// of a second longer than AccessTTL rather than shorter, but not past the deadline.
func (t *Tokens) issue(now time.Time, s subject) (access, error) {
	expiresAt := now.Add(t.ttl + time.Second - 1).Truncate(time.Second)
	if expiresAt.After(s.deadline) {
		expiresAt = s.deadline.Truncate(time.Second)
	}
	payload, err := t.payload(now, expiresAt, s)
	if err != nil {
		return access{}, err
	}
	token, err := t.signer.token(payload)
	if err != nil {
		return access{}, err
	}
	return access{token, expiresAt}, nil
}

// payload returns the claims of RFC 9068, section 2.2. They are marshalled without
// golang-jwt's types, which obey package variables that anybody may set.
func (t *Tokens) payload(now, expiresAt time.Time, s subject) ([]byte, error) {
	payload, err := json.Marshal(struct {
		Issuer    string `json:"iss"`
		Subject   string `json:"sub"`
		Audience  string `json:"aud"`
		ExpiresAt int64  `json:"exp"`
		IssuedAt  int64  `json:"iat"`
		ID        string `json:"jti"`
		SessionID string `json:"sid"`
		AuthTime  int64  `json:"auth_time"`
		ClientID  string `json:"client_id"`
		// Generation lets us see that the answer with its refresh token has arrived.
		Generation int64 `json:"rt_gen,omitempty"`
	}{
		Issuer:    t.issuer,
		Subject:   s.userID,
		Audience:  t.audience,
		ExpiresAt: expiresAt.Unix(),
		IssuedAt:  now.Unix(),
		ID:        rand.Text(),
		SessionID: s.sessionID,
		AuthTime:  s.authTime.Unix(),
		ClientID:  t.clientID,

		Generation: s.generation,
	})
	if err != nil {
		return nil, fmt.Errorf("jwtauth: %w", err)
	}
	return merge(payload, s.custom), nil
}

// merge returns the members of both objects in one. They have no name in common, and the
// first is not empty.
func merge(object, more []byte) []byte {
	more = bytes.TrimPrefix(more, []byte("{"))
	if len(more) <= len("}") {
		return object
	}
	object[len(object)-1] = ','
	return append(object, more...)
}

func (k *key) token(payload []byte) (string, error) {
	encoding := base64.RawURLEncoding
	token := make([]byte, 0, len(k.header)+encoding.EncodedLen(len(payload))+signatureRoom)
	token = append(token, k.header...)
	token = append(token, '.')
	token = encoding.AppendEncode(token, payload)
	sig, err := k.sign(string(token))
	if err != nil {
		return "", fmt.Errorf("jwtauth: sign: %w", err)
	}
	token = append(token, '.')
	token = encoding.AppendEncode(token, sig)
	if len(token) > jose.MaxToken {
		return "", fmt.Errorf("jwtauth: token has %d bytes, and one with more than %d is refused: Config.Claims returned too much", len(token), jose.MaxToken)
	}
	return string(token), nil
}

// signatureRoom is enough for the signatures of all but RSA, which grow the buffer once.
const signatureRoom = 96

// customClaimsOf is customClaims for the user of the session, for whom it asks the store if
// it must.
func (t *Tokens) customClaimsOf(ctx context.Context, now time.Time, sessionID string) ([]byte, error) {
	if t.custom == nil {
		return nil, nil
	}
	_, user, err := t.store.FindByID(ctx, now, sessionID)
	if err != nil {
		return nil, session.Error(err)
	}
	return t.customClaims(ctx, &user)
}

// customClaimsOfUser is customClaims for a user who is about to log in.
func (t *Tokens) customClaimsOfUser(ctx context.Context, userID string) ([]byte, error) {
	if t.custom == nil {
		return nil, nil
	}
	user, err := t.store.FindUser(ctx, userID)
	if err != nil {
		return nil, session.Error(err)
	}
	return t.customClaims(ctx, &user)
}

// customClaims asks Config.Claims, if there is one, about the user.
//
// Whatever Config.Claims says, it cannot turn into a statement about credentials: its error
// is not wrapped.
func (t *Tokens) customClaims(ctx context.Context, user *backends.User) ([]byte, error) {
	if t.custom == nil {
		return nil, nil
	}
	v, err := t.custom(ctx, *user)
	if err != nil {
		return nil, fmt.Errorf("%w: Config.Claims: %v", middleware.ErrUnavailable, err)
	}
	object, err := marshalCustom(v)
	if err != nil {
		return nil, fmt.Errorf("%w: Config.Claims: %v", middleware.ErrUnavailable, err)
	}
	return object, nil
}

// marshalCustom returns v as a JSON object that we would accept in a token, or nil if it
// is nothing.
func marshalCustom(v any) ([]byte, error) {
	object, err := json.Marshal(v)
	if err != nil || string(object) == "null" {
		return nil, err
	}
	err = jose.Scan(object, func(name, _ []byte) error {
		for _, n := range jose.ClaimNames {
			if bytes.EqualFold(name, []byte(n)) {
				return fmt.Errorf("claim %q is not yours to set", name)
			}
		}
		return nil
	})
	if errors.Is(err, jose.ErrSyntax) {
		err = fmt.Errorf("%T is no JSON object", v)
	}
	return object, err
}
