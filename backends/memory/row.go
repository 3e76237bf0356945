package memory

import (
	"crypto/subtle"
	"sync/atomic"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/record"
)

// A sessionID is the ID of a session without an object of its own: a string would be one.
type sessionID [26]byte

// A row is a session. Its owner's lock guards it.
//
// The owner is atomic because it is read without that lock, to learn which account to lock.
// It is set and cleared with the account locked. In between, a row may have been swept and
// used again for another session, of this account or another one: see is.
type row struct {
	owner      atomic.Pointer[account]
	next, prev *row // of the same owner
	values     map[string][]byte
	record.Session
	id sessionID
}

// is reports whether the row still is the session with the ID. a, its owner when it was found,
// is locked. If another account owns it now, nothing else of it may be read.
func (r *row) is(a *account, id string) bool { return r.owner.Load() == a && string(r.id[:]) == id }

// state returns the lifetime of the session, and why it is not live at now, or nil.
func (r *row) state(now time.Time) (backends.Session, error) {
	s := r.Lifetime()
	return s, r.owner.Load().refuses(&s, now)
}

// read sets s and its user u, or returns why s is not live. The caller sets s.ID, to the string
// that it was given, so that none is allocated.
func (r *row) read(now time.Time, s *backends.Session, u *backends.User) error {
	a := r.owner.Load()
	s.UserID, u.ID, u.Name = a.id, a.id, a.name
	r.Read(s, &a.User, u)
	err := a.refuses(s, now)
	if err != nil {
		*u = backends.User{}
	}
	return err
}

// opens reports whether h is the hash of the session's secret. Nothing is the hash of the
// secret of a session that has none.
func (r *row) opens(h backends.SecretHash) bool {
	return subtle.ConstantTimeCompare(r.Secret[:], h[:]) == 1 && !h.IsZero()
}

// end ends the row for good and reports whether it was live at now. An expired row is marked
// too: its deadline alone would not hold if the clock is set back.
func (r *row) end(now time.Time, why backends.Reason) bool {
	s, err := r.state(now)
	if s.Ended.Reason == "" {
		s.Ended = backends.Ended{At: now, Reason: why}
		r.SetLifetime(&s)
		r.values = nil // they end with the session
	}
	return err == nil
}
