package cookie

import (
	"crypto/sha256"
	"net/http"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/ambient"
	"github.com/inga-auth/inga/internal/session"
	"github.com/inga-auth/inga/middleware"
)

// recall returns who sent r if the store remembers its cookie, which then need not be
// verified again. Of several cookies it decides nothing.
func (s *Sessions) recall(r *http.Request) (middleware.Identity, bool) {
	if s.recaller == nil {
		return middleware.Identity{}, false
	}
	value, one := "", false
	for v := range ambient.Values(r, s.cookie.Name) {
		if one {
			return middleware.Identity{}, false
		}
		value, one = v, true
	}
	if len(value) < minValue || len(value) > maxValue {
		return middleware.Identity{}, false
	}
	note, row, user, ok := s.recaller.Recall(session.Now(), hashOf(value))
	// Others may share the store, with keys and names of their own.
	if by, mine := note.(*Sessions); !ok || !mine || by != s {
		return middleware.Identity{}, false
	}
	return session.Identity(&row, &user, Method), true
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
