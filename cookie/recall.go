package cookie

import (
	"crypto/sha256"
	"net/http"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/ambient"
)

// recall returns the session and the user of the cookie of r, if the store remembers it. It
// need not be verified again then. Of several cookies it decides nothing.
func (s *Sessions) recall(r *http.Request) (*backends.Session, *backends.User, bool) {
	if s.recaller == nil {
		return nil, nil, false
	}
	value, one := "", false
	for v := range ambient.Values(r, s.cookie.Name) {
		if one {
			return nil, nil, false
		}
		value, one = v, true
	}
	if len(value) < minValue || len(value) > maxValue {
		return nil, nil, false
	}
	note, row, user, ok := s.recaller.Recall(time.Now(), hashOf(value))
	// Others may share the store, with keys and names of their own.
	by, _ := note.(*Sessions)
	return row, user, ok && by == s
}

func (s *Sessions) remember(c credential, row *backends.Session) {
	if s.recaller != nil {
		s.recaller.Remember(hashOf(c.value), *row, s, 0)
	}
}

// hashOf hashes on the stack: no value is that long.
func hashOf(value string) backends.CredentialHash {
	var buf [maxValue]byte
	return sha256.Sum256(buf[:copy(buf[:], value)])
}
