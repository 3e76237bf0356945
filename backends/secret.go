package backends

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"log/slog"
)

// SecretSize is the length of a session secret in bytes: 256 bits, where ASVS 5.0 (7.2.3)
// asks for 128.
const SecretSize = 32

// A Secret opens a session. It exists in the client's credential and, for the length of a
// request, in this process; a store never sees it. It prints as a fixed word.
type Secret [SecretSize]byte

// NewSecret returns a secret from the system's random source.
func NewSecret() Secret {
	var s Secret
	// crypto/rand.Read never returns an error: it ends the program instead.
	_, _ = rand.Read(s[:])
	return s
}

// Hash returns what a store keeps in place of the secret. A plain SHA-256 is enough, because 256
// random bits cannot be guessed.
func (s Secret) Hash() SecretHash { return sha256.Sum256(s[:]) }

// Format implements [fmt.Formatter], so that no verb prints the secret.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// LogValue implements [slog.LogValuer].
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText keeps the secret out of JSON and other encodings.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

const redacted = "[secret]"

// A SecretHash is the SHA-256 of a [Secret]. Presenting it opens nothing. The zero SecretHash
// is the hash of no secret.
type SecretHash [sha256.Size]byte

// IsZero reports whether h is the hash of no secret.
func (h SecretHash) IsZero() bool { return h == SecretHash{} }
