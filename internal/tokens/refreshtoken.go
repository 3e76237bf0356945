package tokens

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash/crc32"
	"slices"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/bearer"
	"github.com/inga-auth/inga/internal/jose"
)

// A refresh token is derived and not stored:
//
//	prefix | jose.Encode( key ID | session ID | generation | secret | MAC ) | checksum
//
// The MAC needs a key that only the application has, and covers the issuer and the audience too:
// Tokens that share a key do not accept each other's. The row of the session has the hash of the
// secret. Neither the database nor the key alone is enough to make one. All tokens of a
// session have the same secret and differ in generation and MAC, so that the successor of a
// token can be computed again for a client that missed the response.
//
// The prefix and the checksum let scanners find tokens that leaked into code, and let us
// refuse what was cut or misread without asking the store.
const refreshPrefix = "inga_rt1_"

// The places of the parts in the raw token. 102 bytes are 136 digits of base64 and leave no
// spare bits, so that a token has one spelling.
const (
	atSession    = keyIDSize
	atGeneration = atSession + 26 // the length of a backends.NewID
	atSecret     = atGeneration + 8
	atMAC        = atSecret + backends.SecretSize
	rawSize      = atMAC + sha256.Size

	keyIDSize    = 4
	checksumSize = 2 * crc32.Size // hexadecimal
	refreshSize  = len(refreshPrefix) + rawSize/3*4 + checksumSize
)

// RefreshKeys authenticate refresh tokens: the first one new ones.
type RefreshKeys []refreshKey

type refreshKey struct {
	id  [keyIDSize]byte         // in the token, so that it says which key it wants
	mac func(raw []byte) []byte // a function, because package fmt would print the secret
	// derive returns a key of its own for another purpose.
	derive func(purpose string) []byte
}

// NewRefreshKeys returns RefreshKeys of the secrets, for tokens of the issuer and the audience,
// which have no NUL in them.
func NewRefreshKeys(secrets [][]byte, issuer, audience string) (keys RefreshKeys) {
	context := []byte(refreshPrefix + issuer + "\x00" + audience + "\x00")
	for _, secret := range secrets {
		sum := sha256.Sum256(append([]byte("inga refresh key\x00"), secret...))
		secret = slices.Clone(secret)
		keys = append(keys, refreshKey{[keyIDSize]byte(sum[:]), func(raw []byte) []byte {
			h := hmac.New(sha256.New, secret)
			h.Write(context)
			h.Write(raw[:atMAC])
			return h.Sum(nil)
		}, func(purpose string) []byte {
			h := hmac.New(sha256.New, secret)
			h.Write([]byte("inga derived key\x00" + purpose))
			return h.Sum(nil)
		}})
	}
	return keys
}

// Derive returns keys for another purpose, in the same order.
func (keys RefreshKeys) Derive(purpose string) (derived [][]byte) {
	for _, k := range keys {
		derived = append(derived, k.derive(purpose))
	}
	return derived
}

// A RefreshToken is the content of a refresh token.
type RefreshToken struct {
	SessionID  string
	Generation int64
	Secret     backends.Secret
}

// Encode returns the text of the token.
func (keys RefreshKeys) Encode(rt RefreshToken) string {
	k := keys[0]
	raw := make([]byte, 0, rawSize)
	raw = append(raw, k.id[:]...)
	raw = append(raw, rt.SessionID...)
	raw = binary.BigEndian.AppendUint64(raw, uint64(rt.Generation))
	raw = append(raw, rt.Secret[:]...)
	raw = append(raw, k.mac(raw)...)
	text := refreshPrefix + jose.Encode(raw)
	return text + checksum(text)
}

// Parse returns the content of a refresh token that one of the keys authenticated. The error
// wraps middleware.ErrInvalidCredentials.
func (keys RefreshKeys) Parse(text string) (RefreshToken, error) {
	if !IsRefresh(text) {
		return RefreshToken{}, bearer.Invalid(errors.New("not a refresh token, or an incomplete one"))
	}
	raw, err := jose.Decode(text[len(refreshPrefix) : refreshSize-checksumSize])
	if err != nil || len(raw) != rawSize {
		return RefreshToken{}, bearer.Invalid(errors.New("not a refresh token"))
	}
	for _, k := range keys {
		if [keyIDSize]byte(raw) == k.id && hmac.Equal(raw[atMAC:], k.mac(raw)) {
			return RefreshToken{
				SessionID:  string(raw[atSession:atGeneration]),
				Generation: int64(binary.BigEndian.Uint64(raw[atGeneration:atSecret])),
				Secret:     backends.Secret(raw[atSecret:atMAC]),
			}, nil
		}
	}
	return RefreshToken{}, bearer.Invalid(errors.New("refresh token is of none of our keys"))
}

// IsRefresh reports whether text has the form of a refresh token, as a scanner for
// leaked secrets would.
func IsRefresh(text string) bool {
	if len(text) != refreshSize || text[:len(refreshPrefix)] != refreshPrefix {
		return false
	}
	end := refreshSize - checksumSize
	return text[end:] == checksum(text[:end])
}

func checksum(text string) string {
	return hex.EncodeToString(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(text))))
}

// FindRefresh returns the session of a refresh token that would be accepted, and its user. It
// changes nothing.
func (e *Engine) FindRefresh(ctx context.Context, rt RefreshToken) (backends.Session, backends.User, error) {
	s, u, err := e.Sessions.Find(ctx, rt.SessionID, rt.Secret)
	if err == nil && rt.Generation > s.Refresh.Generation {
		// A cache may have read the session before another process replaced the token, which no feed
		// reports. MarkSeen makes it read the session again.
		e.Sessions.MarkSeen(ctx, &s, rt.Generation)
		s, u, err = e.Sessions.Find(ctx, rt.SessionID, rt.Secret)
	}
	if err != nil {
		return s, u, err
	}
	switch s.Rotation(time.Now(), rt.Generation, e.grace()) {
	case backends.Rotated, backends.Replayed, backends.Recovered:
		return s, u, nil
	}
	return s, u, bearer.Invalid(errors.New("refresh token is not the current one"))
}
