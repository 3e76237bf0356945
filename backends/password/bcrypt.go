package password

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/crypto/bcrypt"
)

const (
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

// bcryptForm is the cost, the salt and the hash. The hash has no spare bits: x/crypto ignores
// them, and its comparison is to fail only for a wrong password. Those of the salt are ignored
// by every library, and some used to set them.
var bcryptForm = regexp.MustCompile(`^\$2[aby]\$([0-9]{2})\$[./A-Za-z0-9]{22}[./A-Za-z0-9]{30}[.CGKOSWaeimquy26]$`)

func parseBcrypt(s string) (digest, error) {
	parts := bcryptForm.FindStringSubmatch(s)
	if parts == nil {
		return nil, fmt.Errorf("%w: bcrypt that is not in its form", ErrMalformedHash)
	}
	if cost, _ := strconv.Atoi(parts[1]); cost < minBcryptCost || cost > maxBcryptCost {
		return nil, fmt.Errorf("%w: bcrypt with cost %d, want %d to %d", ErrMalformedHash, cost, minBcryptCost, maxBcryptCost)
	}
	return bcryptHash(s), nil
}
