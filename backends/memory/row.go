package memory

import (
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/record"
)

// A sessionID is the ID of a session without an object of its own: a string would be one.
type sessionID [26]byte

// hash mixes the end of the ID. That is enough: the store is given IDs that are random there,
// and an ID that a client made up is only looked for.
func (id sessionID) hash() uint64 {
	return binary.LittleEndian.Uint64(id[len(id)-8:]) * 0x9e3779b97f4a7c15 >> 32
}

// A row is a session. Its owner's lock guards it.
//
// The owner is atomic because it is read without that lock, to learn which account to lock.
// It is set and cleared with the account locked. In between, a row may have been swept and
// used again for another session, of this account or another one: see is.
type row struct {
	owner  atomic.Pointer[account]
	next   *row // of the same owner
	values map[string][]byte
	record.Session
	id sessionID
}

// is reports whether the row still is the session with the ID. a, its owner when it was found,
// is locked. If another account owns it now, nothing else of it may be read.
func (r *row) is(a *account, id string) bool { return r.owner.Load() == a && string(r.id[:]) == id }

// begin makes a row without an owner the session s of a, which is locked.
func (r *row) begin(a *account, s *backends.Session, h backends.SecretHash) {
	r.Session, r.id = record.NewSession(s, h), sessionID([]byte(s.ID))
	r.owner.Store(a)
}

// clear takes the row from its account, which is locked.
func (r *row) clear() {
	r.owner.Store(nil)
	r.Session, r.values, r.id = record.Session{}, nil, sessionID{}
}

func (r *row) session() backends.Session {
	return r.Session.Session(string(r.id[:]), r.owner.Load().id)
}

// opens reports whether h is the hash of the session's secret. Nothing is the hash of the
// secret of a session that has none.
func (r *row) opens(h backends.SecretHash) bool {
	return subtle.ConstantTimeCompare(r.Secret[:], h[:]) == 1 && !h.IsZero()
}

// answer sets s and its user u, or returns why s is not live. The caller sets s.ID, to the
// string it was given, so that none is allocated.
func (r *row) answer(now time.Time, s *backends.Session, u *backends.User) error {
	a := r.owner.Load()
	s.UserID, u.ID, u.Name = a.id, a.id, a.name
	r.Read(s, &a.User, u)
	if err := a.refuses(s, now); err != nil {
		*u = backends.User{}
		return err
	}
	return nil
}

// restart sets what a re-authentication sets: is is the session now, start the one that has
// the new values, next the hash of the new secret.
func (r *row) restart(is, start *backends.Session, next backends.SecretHash) {
	is.AuthenticatedAt, is.LastSeenAt, is.AMR = start.AuthenticatedAt, start.LastSeenAt, start.AMR
	is.IdleTimeout, is.RenewalInterval = start.IdleTimeout, start.RenewalInterval
	is.IdleDeadline, is.AbsoluteDeadline = start.IdleDeadline, start.AbsoluteDeadline
	is.Refresh = start.Refresh
	r.Set(is)
	r.Secret = next
}

// end ends the row for good and reports whether it was live at now. An expired row is marked
// too: its deadline alone would not hold if the clock is set back.
func (r *row) end(now time.Time, why backends.Reason) bool {
	s := r.Lifetime()
	if s.Ended.Reason != "" {
		return false
	}
	was := r.owner.Load().refuses(&s, now) == nil
	s.Ended = backends.Ended{At: now, Reason: why}
	r.SetLifetime(&s)
	r.values = nil // they end with the session
	return was
}

// laterThan compares as times are kept: two starts in one microsecond are one.
func laterThan(former, start time.Time) error {
	if start.UnixMicro() <= former.UnixMicro() {
		return fmt.Errorf("%w: Session.AuthenticatedAt is %v, want after ReauthenticateOptions.Former %v", backends.ErrInvalidArgument, start, former)
	}
	return nil
}
