package backends

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"log/slog"
)

// SecretSize is the length of a session secret in bytes: 256 bits, where ASVS 7.2.3
// asks for 128.
const SecretSize = 32

// A Secret opens a session. It exists in a cookie and, for the length of a request,
// in this process; a store never sees it. It prints as a fixed word.
type Secret [SecretSize]byte

// NewSecret returns a secret from the system's random source.
func NewSecret() Secret {
	var s Secret
	// crypto/rand.Read never returns an error: it ends the program instead.
	_, _ = rand.Read(s[:])
	return s
}

// Hash returns what a store keeps in place of the secret. A plain SHA-256 is enough:
// a secret of 256 random bits cannot be guessed, so there is nothing to slow down.
func (s Secret) Hash() SecretHash { return sha256.Sum256(s[:]) }

// Format implements [fmt.Formatter], so that no verb prints the secret.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// LogValue implements [slog.LogValuer].
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText keeps the secret out of JSON and other encodings.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

const redacted = "[secret]"

// A SecretHash is the SHA-256 of a [Secret]. Presenting it opens nothing.
type SecretHash [sha256.Size]byte

// NewID returns a public session ID: 26 characters of base32, 130 random bits. It
// names a session in logs, lists and the sid claim of a token, and opens nothing.
func NewID() string { return rand.Text() }

// ValidID reports whether s has the form that [NewID] gives. A string that has not
// is not worth asking a store about.
func ValidID(s string) bool {
	if len(s) != idLen {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < 'A' || c > 'Z') && (c < '2' || c > '7') {
			return false
		}
	}
	return true
}

const idLen = 26
