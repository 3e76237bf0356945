package password

import (
	"errors"
	"fmt"
	"strings"
)

// Errors about a stored hash. They mean that the password could not be checked, and never that
// it is wrong. No message repeats the hash.
var (
	// ErrScheme: the hash was made by a scheme that this package does not verify. The message
	// names it. The user needs a new password, or the application has to verify the old one.
	ErrScheme = errors.New("password: hash of another scheme")

	// ErrMalformedHash: the text is not a password hash, is damaged, or asks for more work than
	// a server should do for a login.
	ErrMalformedHash = errors.New("password: malformed hash")
)

// A digest is a stored hash of one of the schemes that Verify knows.
type digest interface {
	// matches does the work of one hash, whatever the password.
	matches(password string) bool
	// outdated reports whether the hash of the password, which matched, should be replaced.
	outdated(password string, current argon2idHash) bool
}

const maxHash = 256 // bytes; the longest hash that parses has less

// parse returns the hash in its parts, or ErrScheme or ErrMalformedHash.
func parse(s string) (digest, error) {
	switch {
	case len(s) > maxHash:
		return nil, fmt.Errorf("%w: %d bytes, want at most %d", ErrMalformedHash, len(s), maxHash)
	case strings.HasPrefix(s, argon2idPrefix):
		return parseArgon2id(s)
	case strings.HasPrefix(s, "$2a$"), strings.HasPrefix(s, "$2b$"), strings.HasPrefix(s, "$2y$"):
		return parseBcrypt(s)
	}
	for _, other := range unsupported {
		if strings.HasPrefix(s, other.prefix) {
			return nil, fmt.Errorf("%w: %s", ErrScheme, other.name)
		}
	}
	return nil, fmt.Errorf("%w: neither argon2id nor bcrypt", ErrMalformedHash)
}

// unsupported lists how hashes of other schemes begin. Only names from this table get into an
// error: what stands between two dollar signs of a damaged hash may be a part of the hash.
var unsupported = []struct{ prefix, name string }{
	{"$argon2id$v=16$", "argon2id version 16"}, {"$argon2id$m=", "argon2id version 16"}, // the version was added with 19
	{"$argon2i$", "argon2i"}, {"$argon2d$", "argon2d"},
	{"$scrypt$", "scrypt"}, {"$7$", "scrypt"}, {"$y$", "yescrypt"}, {"$gy$", "gost-yescrypt"},
	{"$pbkdf2-sha512$", "pbkdf2-sha512"}, {"$pbkdf2-sha256$", "pbkdf2-sha256"}, {"$pbkdf2$", "pbkdf2-sha1"},
	{"$bcrypt-sha256$", "bcrypt-sha256"},
	{"$2x$", "bcrypt 2x"}, // of a faulty library: differs for characters beyond ASCII
	{"$2$", "bcrypt 2"},   // the first bcrypt, which did not hash the final NUL
	{"$6$", "sha512crypt"}, {"$5$", "sha256crypt"}, {"$sha1$", "sha1crypt"}, {"$1$", "md5crypt"}, {"$apr1$", "apr1"},
	{"$P$", "phpass"}, {"$H$", "phpass"}, {"$S$", "Drupal 7"},
	{"argon2$", "Django argon2"}, {"bcrypt$", "Django bcrypt"}, {"bcrypt_sha256$", "Django bcrypt_sha256"},
	{"pbkdf2_sha256$", "Django pbkdf2_sha256"}, {"pbkdf2_sha1$", "Django pbkdf2_sha1"}, {"scrypt$", "Django scrypt"},
	{"pbkdf2:", "Werkzeug pbkdf2"}, {"scrypt:", "Werkzeug scrypt"},
	{"{SSHA", "LDAP SSHA"}, // {SSHA256} and {SSHA512} too
}
