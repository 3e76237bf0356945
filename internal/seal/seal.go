// Package seal encrypts and authenticates small values that clients keep and send back. The name
// of a value and the end of its life are part of what is authenticated.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/inga-auth/inga/internal/entropy"
)

// maxText is how long a sealed value may be. Longer ones are not even decoded, and none is made.
const maxText = 4096

const (
	saltSize = 16
	timeSize = 8
)

// encoding refuses spare bits that are set: a sealed value has one spelling.
var encoding = base64.RawURLEncoding.Strict()

// A Box seals and opens values. It is safe for concurrent use.
type Box struct {
	keys    []key // the first one seals
	purpose string
}

// A key derives the key of one value. It is a function because no verb prints what that holds, in
// whatever struct it is.
type key func(salt []byte, info string) ([]byte, error)

// New returns a Box for values of the purpose. A value that was sealed for another purpose does not
// open, even with the same keys. The keys have been checked by [Mistakes].
func New(keys [][]byte, purpose string) *Box {
	b := &Box{purpose: purpose}
	for _, secret := range keys {
		secret = slices.Clone(secret)
		b.keys = append(b.keys, func(salt []byte, info string) ([]byte, error) {
			return hkdf.Key(sha256.New, secret, salt, info, 32)
		})
	}
	return b
}

// Mistakes returns what is wrong with the keys. Each error begins with field.
func Mistakes(field string, keys [][]byte) []error {
	if len(keys) == 0 {
		return []error{errors.New(field + " is empty, want at least one key of 32 random bytes (openssl rand -hex 32)")}
	}
	var errs []error
	for i, key := range keys {
		if err := entropy.Check(key); err != nil {
			errs = append(errs, fmt.Errorf("%s[%d]: %w", field, i, err))
		}
	}
	return errs
}

// Seal returns the content as text that the URL and cookie alphabets allow, under a name, until the
// given time. The text is
//
//	base64url( salt | AES-256-GCM( until | content ) )
//
// Each value is encrypted with a key of its own, HKDF-SHA-256 of the configured key and the salt, so
// that no number of values wears a key out as it would with random nonces alone (NIST SP 800-38D,
// section 8.3).
func (b *Box) Seal(name string, until time.Time, content []byte) (string, error) {
	salt := make([]byte, saltSize)
	_, _ = rand.Read(salt) // it never returns an error
	aead, err := b.aead(b.keys[0], salt, name)
	if err != nil {
		return "", err
	}
	plain := binary.BigEndian.AppendUint64(nil, uint64(until.UnixMilli()))
	text := encoding.EncodeToString(aead.Seal(salt, nil, append(plain, content...), nil))
	if len(text) > maxText {
		return "", fmt.Errorf("sealed value has %d bytes, want at most %d", len(text), maxText)
	}
	return text, nil
}

// Open returns the content of text and the end of its life, which is after now. ok is false if none
// of the keys sealed it under the name, or its life is over.
func (b *Box) Open(name, text string, now time.Time) (content []byte, until time.Time, ok bool) {
	// encoding/base64 skips line breaks, so that a value would have many spellings.
	if len(text) > maxText || strings.ContainsAny(text, "\r\n") {
		return nil, time.Time{}, false
	}
	raw, err := encoding.DecodeString(text)
	if err != nil || len(raw) < saltSize {
		return nil, time.Time{}, false
	}
	for _, k := range b.keys {
		aead, err := b.aead(k, raw[:saltSize], name)
		if err != nil {
			return nil, time.Time{}, false
		}
		plain, err := aead.Open(nil, nil, raw[saltSize:], nil)
		if err != nil || len(plain) < timeSize {
			continue
		}
		until = time.UnixMilli(int64(binary.BigEndian.Uint64(plain)))
		return plain[timeSize:], until, now.Before(until)
	}
	return nil, time.Time{}, false
}

func (b *Box) aead(k key, salt []byte, name string) (cipher.AEAD, error) {
	derived, err := k(salt, "inga seal\x00"+b.purpose+"\x00"+name)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(derived)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}
