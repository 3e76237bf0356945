package backends

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
)

const (
	idLen    = 26 // base32 characters
	placeLen = 4
)

// NewID returns a public session ID for a session of the user: 26 characters of base32. It
// names the session in logs, lists and the sid claim of a token, and opens nothing.
//
// The first four characters are the [Place] of the user, the other 22 are 110 random bits.
func NewID(userID string) string {
	return Place(userID) + rand.Text()[:idLen-placeLen]
}

// Place returns the first four characters of the IDs of the user's sessions: 20 bits of the
// SHA-256 of the user's ID, in base32. A store that is spread over several machines keeps a
// user and the user's sessions in one place by it, and finds them by either ID.
func Place(userID string) string {
	sum := sha256.Sum256([]byte(userID))
	return base32.StdEncoding.EncodeToString(sum[:5])[:placeLen]
}

// ValidID reports whether s has the form that [NewID] gives. A store answers [ErrNotFound]
// for any other text, without looking.
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
