package backends

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Sizes in bytes of what Hash makes, and the least and the most that Verify takes.
const (
	saltSize, minSalt, maxSalt = 16, 8, 64
	keySize, minKey, maxKey    = 32, 16, 64
)

// cost is what argon2 calls m, t and p.
type cost struct {
	memory, time uint32
	threads      uint8
}

// A phcHash is a password hash in its parts.
type phcHash struct {
	cost
	salt, key []byte
}

// weakerThan reports whether h was made with less of anything but threads, which cost
// the attacker nothing.
func (h phcHash) weakerThan(o phcHash) bool {
	return h.memory < o.memory || h.time < o.time || len(h.salt) < len(o.salt) || len(h.key) < len(o.key)
}

// String returns h in the PHC string format, as the reference implementation spells it.
func (h phcHash) String() string {
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s",
		argon2.Version, h.memory, h.time, h.threads, b64(h.salt), b64(h.key))
}

// parsePHC takes the one spelling that String gives and no other. Its errors do not
// repeat the hash.
func parsePHC(s string) (phcHash, error) {
	parts := strings.Split(s, "$")
	if len(parts) != 6 {
		return phcHash{}, errors.New("backends: password hash is not in PHC string format")
	}
	if parts[1] != "argon2id" || parts[2] != "v=19" {
		return phcHash{}, errors.New("backends: password hash is not argon2id, version 19")
	}
	c, err := parseCost(parts[3])
	if err != nil {
		return phcHash{}, err
	}
	h := phcHash{cost: c}
	var err1, err2 error
	h.salt, err1 = base64.RawStdEncoding.DecodeString(parts[4])
	h.key, err2 = base64.RawStdEncoding.DecodeString(parts[5])
	// Spelling it again finds what the decoders let pass: leading zeros, signs, line
	// breaks, spare bits.
	if err1 != nil || err2 != nil || h.String() != s {
		return phcHash{}, errors.New("backends: password hash is not in canonical form")
	}
	if n := len(h.salt); n < minSalt || n > maxSalt {
		return phcHash{}, fmt.Errorf("backends: password hash has a salt of %d bytes, want %d to %d", n, minSalt, maxSalt)
	}
	if n := len(h.key); n < minKey || n > maxKey {
		return phcHash{}, fmt.Errorf("backends: password hash has %d bytes, want %d to %d", n, minKey, maxKey)
	}
	return h, nil
}

// parseCost parses "m=19456,t=2,p=1" and refuses what costs too much.
func parseCost(s string) (cost, error) {
	var n [3]uint64
	for i, name := range [...]string{"m=", "t=", "p="} {
		field, rest, _ := strings.Cut(s, ",")
		digits, ok := strings.CutPrefix(field, name)
		v, err := strconv.ParseUint(digits, 10, 32)
		if !ok || err != nil {
			return cost{}, errors.New("backends: password hash has malformed parameters")
		}
		n[i], s = v, rest
	}
	m, t, p := n[0], n[1], n[2]
	// RFC 9106, section 3.1: at least eight KiB for each thread.
	if t < 1 || p < 1 || p > maxThreads || m < 8*p || m > maxMemory || m*t > maxWork {
		return cost{}, fmt.Errorf("backends: password hash has the parameters m=%d, t=%d, p=%d, which are out of bounds", m, t, p)
	}
	return cost{memory: uint32(m), time: uint32(t), threads: uint8(p)}, nil
}
