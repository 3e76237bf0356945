package password

import (
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

const argon2idPrefix = "$argon2id$v=19$"

// Sizes in bytes of what Hash makes, and the least and the most that Verify takes.
const (
	saltSize, minSalt, maxSalt = 16, 8, 64
	keySize, minKey, maxKey    = 32, 16, 64
)

// A cost is what argon2 calls m, t and p.
type cost struct {
	memory, time uint32
	threads      uint8
}

// An argon2idHash is a hash in its parts.
type argon2idHash struct {
	cost
	salt, key []byte
}

func (a argon2idHash) derive(password string) []byte {
	return argon2.IDKey([]byte(password), a.salt, a.time, a.memory, a.threads, uint32(len(a.key)))
}

func (a argon2idHash) matches(password string) bool {
	return subtle.ConstantTimeCompare(a.derive(password), a.key) == 1
}

// outdated does not ask about threads, which cost an attacker nothing.
func (a argon2idHash) outdated(_ string, current argon2idHash) bool {
	return a.memory < current.memory || a.time < current.time ||
		len(a.salt) < len(current.salt) || len(a.key) < len(current.key)
}

// String returns a in PHC string format, as the reference implementation writes it.
func (a argon2idHash) String() string {
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("%sm=%d,t=%d,p=%d$%s$%s", argon2idPrefix, a.memory, a.time, a.threads, b64(a.salt), b64(a.key))
}

// parseArgon2id takes the one spelling that String gives and no other, and refuses what costs
// too much.
func parseArgon2id(s string) (digest, error) {
	var m, t, p uint32
	parts := strings.Split(strings.TrimPrefix(s, argon2idPrefix), "$")
	if len(parts) != 3 {
		return nil, fmt.Errorf("%w: argon2id that is not in PHC string format", ErrMalformedHash)
	}
	_, err := fmt.Sscanf(parts[0], "m=%d,t=%d,p=%d", &m, &t, &p)
	salt, err1 := base64.RawStdEncoding.DecodeString(parts[1])
	key, err2 := base64.RawStdEncoding.DecodeString(parts[2])
	if errors.Join(err, err1, err2) != nil {
		return nil, fmt.Errorf("%w: argon2id with malformed parameters, salt or key", ErrMalformedHash)
	}
	// RFC 9106, section 3.1: at least eight KiB for each thread.
	if t < 1 || p < 1 || p > maxThreads || m < 8*p || m > maxMemory || t > maxWork/m {
		return nil, fmt.Errorf("%w: argon2id with m=%d, t=%d, p=%d, which are out of bounds", ErrMalformedHash, m, t, p)
	}
	if n := len(salt); n < minSalt || n > maxSalt {
		return nil, fmt.Errorf("%w: argon2id with a salt of %d bytes, want %d to %d", ErrMalformedHash, n, minSalt, maxSalt)
	}
	if n := len(key); n < minKey || n > maxKey {
		return nil, fmt.Errorf("%w: argon2id with a key of %d bytes, want %d to %d", ErrMalformedHash, n, minKey, maxKey)
	}
	// Writing it again finds what the decoders let pass: leading zeros, signs, line breaks,
	// spare bits.
	a := argon2idHash{cost{m, t, uint8(p)}, salt, key}
	if a.String() != s {
		return nil, fmt.Errorf("%w: argon2id that is not in canonical form", ErrMalformedHash)
	}
	return a, nil
}
