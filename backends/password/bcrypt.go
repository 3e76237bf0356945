package password

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/bcrypt"
)

const (
	bcryptLength  = 60 // "$2b$", two digits, "$", 22 characters of salt, 31 of hash
	bcryptInput   = 72 // bytes of a password that count
	minBcryptCost = 4
	maxBcryptCost = 15 // the work doubles with each step: some seconds at this one
)

// A bcryptHash is kept as text, which is what x/crypto compares.
type bcryptHash string

// matches: x/crypto compares the first 72 bytes and ignores the rest, as other libraries do.
// It repeats the password with a NUL after it, so "a" and "a\x00a" have the same hash. Libraries
// in C stop at a NUL. A password with one is therefore refused.
func (b bcryptHash) matches(password string) bool {
	err := bcrypt.CompareHashAndPassword([]byte(b), []byte(password))
	return err == nil && !strings.Contains(password, "\x00")
}

// outdated: a hash of more than was compared might be one of a typing error, and the right
// password would never open the account again.
func (bcryptHash) outdated(password string, _ argon2idHash) bool { return len(password) <= bcryptInput }

// bcryptBase64 has an alphabet of its own.
var bcryptBase64 = base64.NewEncoding("./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789").WithPadding(base64.NoPadding)

// parseBcrypt parses what follows one of the prefixes that parse takes for bcrypt. It refuses
// all that x/crypto would ignore, so that its comparison fails only for a wrong password.
func parseBcrypt(s string) (digest, error) {
	if len(s) != bcryptLength {
		return nil, fmt.Errorf("%w: bcrypt with %d bytes, want %d", ErrMalformedHash, len(s), bcryptLength)
	}
	cost, err := strconv.ParseUint(s[4:6], 10, 8)
	if err != nil || s[6] != '$' {
		return nil, fmt.Errorf("%w: bcrypt without a cost", ErrMalformedHash)
	}
	if cost < minBcryptCost || cost > maxBcryptCost {
		return nil, fmt.Errorf("%w: bcrypt with cost %d, want %d to %d", ErrMalformedHash, cost, minBcryptCost, maxBcryptCost)
	}
	// Spare bits in the salt are ignored by every library, and some used to set them.
	salt, err1 := bcryptBase64.DecodeString(s[7:29])
	key, err2 := bcryptBase64.Strict().DecodeString(s[29:])
	// The lengths find line breaks, which the decoder skips.
	if err1 != nil || err2 != nil || len(salt) != 16 || len(key) != 23 {
		return nil, fmt.Errorf("%w: bcrypt with characters that are not of its alphabet", ErrMalformedHash)
	}
	return bcryptHash(s), nil
}
