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
	entrySize = 1000
	linkSize  = 350
)

// An entry is a session as it was read, with its user. Nothing in it changes but the times
// that activity moves.
type entry struct {
	session backends.Session
	user    backends.User

	read    int64  // when the reading began, as the store counts time
	stamp   uint64 // what the stamps said then
	hearing uint64 // which connection of the feed was listening then; 0: none
	ofUser  place
	ofID    place

	lastSeen, idleDeadline atomic.Int64 // in microseconds
}

func (e *entry) size() uint32 {
	n := entrySize + len(e.session.Client.UserAgent) + len(e.session.Client.Label) + 2*len(e.user.ID)
	for _, list := range [][]string{e.user.Roles, e.session.AMR} {
		for _, s := range list {
			n += len(s) + 16
		}
	}
	return uint32(n)
}

// extended moves the times as Extend has moved them in the row.
func (e *entry) extended(now, until time.Time) {
	forward(&e.lastSeen, now.UnixMicro())
	forward(&e.idleDeadline, min(until.UnixMicro(), e.session.AbsoluteDeadline.UnixMicro()))
}

func forward(at *atomic.Int64, to int64) {
	for {
		was := at.Load()
		if was >= to || at.CompareAndSwap(was, to) {
			return
		}
	}
}

// copy returns the session and the user as the caller's own: with one list behind both.
func (e *entry) copy() (backends.Session, backends.User) {
	s, u := e.session, e.user
	s.LastSeenAt = time.UnixMicro(e.lastSeen.Load()).UTC()
	s.IdleDeadline = time.UnixMicro(e.idleDeadline.Load()).UTC()
	if n := len(u.Roles); n+len(s.AMR) > 0 {
		list := append(append(make([]string, 0, n+len(s.AMR)), u.Roles...), s.AMR...)
		u.Roles, s.AMR = list[:n:n], list[n:]
	}
	return s, u
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
	return l.authenticatedAt == e.session.AuthenticatedAt.UnixMicro()
}
