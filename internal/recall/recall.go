// Package recall lets cookie and jwtauth remember verified credentials in a cache of sessions:
// a credential that was verified once need not be verified again while its session is cached.
//
// It is internal because cache and caller share entries that must not be changed, which the
// compiler cannot check.
package recall

import (
	"crypto/sha256"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/record"
)

// An ID is the ID of a session, as bytes, so that looking one up allocates nothing.
type ID [26]byte

// ParseID returns the ID that is written as s, and false if no session has it.
func ParseID(s string) (id ID, ok bool) {
	if len(s) != len(id) {
		return ID{}, false
	}
	copy(id[:], s)
	return id, true
}

// A Digest is the SHA-256 of a credential as it was presented: a cookie's value, a token.
type Digest [sha256.Size]byte

// A Store is a backends.Store that remembers verified credentials. Its methods may be called
// concurrently.
type Store interface {
	// Recall returns the note that was given to Remember with a credential, and the session that
	// the credential opens, if the store can answer that from memory and the session is live. id
	// says where to look and need not be verified: the digest proves the credential. now must be
	// the current time.
	Recall(now time.Time, id ID, d Digest) (note any, e *Entry, ok bool)

	// Remember records that a credential with the digest was verified and opens the session with
	// the ID, whose user authenticated at the given time, with a note that takes size bytes. It
	// does nothing unless the session is cached and that is still its time of authentication.
	Remember(id ID, authenticatedAt time.Time, d Digest, note any, size int)
}

// An Entry is a cached session with its user. It is shared and must not be changed.
type Entry struct {
	// names are the session's ID, the user's ID and the user's name: three strings would cost
	// two more objects and half as much memory again.
	names     string
	endOfUser int

	Session record.Session
	User    record.User
}

// NewEntry returns an entry for a session and its user. h is the hash of the session's secret,
// zero if it is not known.
func NewEntry(s *backends.Session, u *backends.User, h backends.SecretHash) Entry {
	return Entry{
		names:     s.ID + u.ID + u.Name,
		endOfUser: len(s.ID) + len(u.ID),
		Session:   record.NewSession(s, h),
		User:      record.NewUser(u),
	}
}

// ID returns the ID of the session.
func (e *Entry) ID() string { return e.names[:len(ID{})] }

// UserID returns the ID of the session's user.
func (e *Entry) UserID() string { return e.names[len(ID{}):e.endOfUser] }

// Copy returns the session and its user. They share nothing that can change with e.
func (e *Entry) Copy() (s backends.Session, u backends.User) {
	s.ID, s.UserID = e.ID(), e.UserID()
	u.ID, u.Name = s.UserID, e.names[e.endOfUser:]
	e.Session.Read(&s, &e.User, &u)
	return s, u
}

// Size returns how many bytes that no other entry shares e takes besides its own.
func (e *Entry) Size() int { return len(e.names) + e.Session.Size() }
