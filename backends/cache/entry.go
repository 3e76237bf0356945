package cache

import (
	"crypto/subtle"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/recall"
)

// An entry is what the cache holds of a session. It is never changed, but replaced as a whole.
//
// Entries that stem from the same reading of the session have the same stamp, and no others.
type entry struct {
	recall.Entry // knows the hash of the secret if the session was ever found by it

	stamp        uint64 // from before the session was read
	read         moment // when the reading began
	ofUser, ofID place  // the stamps that end the trust in it

	verified verified // the newest credential; zero if there is none
}

// A verified credential opens the session.
type verified struct {
	digest recall.Digest
	note   any
	size   int // of the note
	older  *verified
}

// maxVerified is how many credentials are remembered for a session.
const maxVerified = 4

// What entries take in memory, in bytes, with their share of the table; see BenchmarkMemory.
const (
	entrySize    = 430
	verifiedSize = 64
)

func (e *entry) weight() uint32 {
	n := entrySize + (e.Size()+15)&^15 + e.verified.size
	for v := e.verified.older; v != nil; v = v.older {
		n += verifiedSize + v.size
	}
	return uint32(min(n, maxWeight))
}

// credential returns the verified credential with the digest, or nil.
func (e *entry) credential(d recall.Digest) *verified {
	if d == (recall.Digest{}) { // of no credential
		return nil
	}
	for v := &e.verified; v != nil; v = v.older {
		if v.digest == d {
			return v
		}
	}
	return nil
}

// remembering returns a copy of e with one more credential. The oldest goes if they are too
// many.
func (e *entry) remembering(v verified) *entry {
	if e.verified.digest != (recall.Digest{}) {
		v.older = e.verified.newest(maxVerified - 1)
	}
	c := *e
	c.verified = v
	return &c
}

// newest returns a copy of the first n credentials from v on.
func (v *verified) newest(n int) *verified {
	if v == nil || n == 0 {
		return nil
	}
	c := *v
	c.older = v.older.newest(n - 1)
	return &c
}

// extended returns a copy of e with activity at now. The idle deadline is the one that the
// backend returned: its idle timeout may be newer than that of e.
func (e *entry) extended(now, idleDeadline time.Time) *entry {
	c := *e
	s := c.Session.Lifetime()
	s.Touch(now)
	s.IdleDeadline = idleDeadline
	c.Session.SetActivity(&s)
	return &c
}

// inherit takes over from another reading of the session what does not change until the user
// authenticates again: the secret and the credentials.
func (e *entry) inherit(from *entry) {
	if !e.authenticatedAt(from.Session.AuthenticatedAt()) {
		return
	}
	e.verified = from.verified
	if e.Session.Secret.IsZero() {
		e.Session.Secret = from.Session.Secret
	}
}

// authenticatedAt reports whether the user last authenticated then. In one session no two
// authentications have the same time.
func (e *entry) authenticatedAt(t time.Time) bool {
	return e.Session.AuthenticatedAt().UnixMicro() == t.UnixMicro()
}

// opensWith reports whether the session is known to have the secret with that hash; a zero hash
// is not compared.
func (e *entry) opensWith(h backends.SecretHash) bool {
	return h.IsZero() || subtle.ConstantTimeCompare(h[:], e.Session.Secret[:]) == 1
}
