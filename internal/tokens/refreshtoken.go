package tokens

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash/crc32"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/bearer"
	"github.com/inga-auth/inga/internal/jose"
)

// A refresh token is derived and not stored:
//
//	prefix | jose.Encode( key ID | session ID | generation | secret | MAC ) | checksum
//
// The MAC needs a key that only the application has, and the row of the session has the hash of
// the secret. Neither the database nor the key alone is enough to make one. All tokens of a
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

// A refreshKey authenticates refresh tokens.
type refreshKey struct {
	id  [keyIDSize]byte // in the token, so that it says which key it wants
	key []byte
}

func newRefreshKey(key []byte) refreshKey {
	sum := sha256.Sum256(append([]byte("inga refresh key\x00"), key...))
	k := refreshKey{key: append([]byte(nil), key...)}
	copy(k.id[:], sum[:])
	return k
}

func (k refreshKey) mac(raw []byte) []byte {
	h := hmac.New(sha256.New, k.key)
	h.Write([]byte(refreshPrefix))
	h.Write(raw[:atMAC])
	return h.Sum(nil)
}

// A RefreshToken is the content of a refresh token.
type RefreshToken struct {
	SessionID  string
	Generation int64
	Secret     backends.Secret
}

// encode returns the text of the token, authenticated by k.
func (rt RefreshToken) encode(k refreshKey) string {
	raw := make([]byte, 0, rawSize)
	raw = append(raw, k.id[:]...)
	raw = append(raw, rt.SessionID...)
	raw = binary.BigEndian.AppendUint64(raw, uint64(rt.Generation))
	raw = append(raw, rt.Secret[:]...)
	raw = append(raw, k.mac(raw)...)
	text := refreshPrefix + jose.Encode(raw)
	return text + checksum(text)
}

// Encode returns the text of the token, authenticated by the first key.
func (c *Codec) Encode(rt RefreshToken) string { return rt.encode(c.refreshKeys[0]) }

// ParseRefresh returns the content of a refresh token that one of the keys authenticated. The
// error wraps middleware.ErrInvalidCredentials.
func (c *Codec) ParseRefresh(text string) (RefreshToken, error) {
	rt, err := parseRefresh(text, c.refreshKeys)
	if err != nil {
		return RefreshToken{}, bearer.Invalid(err)
	}
	return rt, nil
}

func parseRefresh(text string, keys []refreshKey) (RefreshToken, error) {
	if !IsRefresh(text) {
		return RefreshToken{}, errors.New("not a refresh token, or an incomplete one")
	}
	raw, err := jose.Decode(text[len(refreshPrefix) : refreshSize-checksumSize])
	if err != nil || len(raw) != rawSize {
		return RefreshToken{}, errors.New("not a refresh token")
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
	return RefreshToken{}, errors.New("refresh token is of none of our keys")
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
