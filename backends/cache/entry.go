package cache

import (
	"crypto/sha256"
	"sync/atomic"
	"time"

	"github.com/inga-auth/inga/backends"
)

// A key is a SHA-256: of a credential as it was presented, of the secret of a session, or of
// the ID of one. No two of them are alike.
type key [sha256.Size]byte

func keyOf(id string) key { return sha256.Sum256([]byte("session " + id)) }

// An item is what is in the table: an entry, or a link to one.
type item interface{ size() uint32 }

// What items take, in bytes, with what the table needs for each; measured, see
// BenchmarkMemory.
const (
	entrySize = 650
	linkSize  = 190
)

// An entry is a session as it was read, with its user. What the pointers lead to is shared
// by everybody and never changes.
type entry struct {
	session atomic.Pointer[backends.Session] // another one when activity has moved its times
	user    *backends.User

	read    int64  // when the reading began, as the store counts time
	stamp   uint64 // what the stamps said then
	hearing uint64 // which connection of the feed was listening then; 0: none
	ofUser  place
	ofID    place
}

func (e *entry) size() uint32 {
	s := e.session.Load()
	n := entrySize + len(s.Client.UserAgent) + len(s.Client.Label) + 2*len(e.user.ID)
	for _, list := range [][]string{e.user.Roles, s.AMR} {
		for _, s := range list {
			n += len(s) + 16
		}
	}
	return uint32(n)
}

// extended moves the times as Extend has moved them in the row.
func (e *entry) extended(now, until time.Time) {
	for {
		was := e.session.Load()
		is := *was
		if now.After(is.LastSeenAt) {
			is.LastSeenAt = now.UTC()
		}
		if until.After(is.AbsoluteDeadline) {
			until = is.AbsoluteDeadline
		}
		if until.After(is.IdleDeadline) {
			is.IdleDeadline = until.UTC()
		}
		if e.session.CompareAndSwap(was, &is) {
			return
		}
	}
}

// copy returns the session and the user as the caller's own.
func (e *entry) copy() (backends.Session, backends.User) {
	return e.session.Load().Clone(), e.user.Clone()
}

// A link leads from a credential, or the hash of a secret, to its session: as long as nobody
// has authenticated again, which gives the session another secret.
type link struct {
	to              key
	authenticatedAt int64 // in microseconds
	note            any
	noteSize        int
}

func (l *link) size() uint32 { return uint32(linkSize + l.noteSize) }

// leadsTo reports whether e is still the session that the credential opens.
func (l *link) leadsTo(e *entry) bool {
	return l.authenticatedAt == e.session.Load().AuthenticatedAt.UnixMicro()
}
