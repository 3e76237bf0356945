package memory

import (
	"slices"
	"sync"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/record"
)

// An account is a user with everything that belongs to them.
//
// One lock covers the user and all their sessions. So the limit holds for any number of logins
// at the same time, and a session is created before a change of the password, which ends it,
// or after, when the version that the login names is stale; never beside it. A lock for each
// session would give neither. The price is that a change of one session waits for another one
// of the same user.
type account struct {
	id, name string // never change, and are read without the lock
	password string
	record.User
	rows *row // a list, the newest first

	mu   sync.RWMutex
	gone bool // not yet created, or deleted: rows may still wait to be swept
}

// refuses returns why the session s of the account is not live, or nil.
func (a *account) refuses(s *backends.Session, now time.Time) error {
	if a.gone {
		return s.Live(nil, now)
	}
	return s.Live(&backends.User{Disabled: a.Disabled}, now)
}

// admits reports why a session may not begin, or nil.
func (a *account) admits(version int64) error {
	switch {
	case a.Disabled:
		return backends.ErrUserDisabled
	case version != 0 && version != a.Version:
		return backends.ErrConflict
	}
	return nil
}

func (a *account) user() backends.User { return a.User.User(a.id, a.name) }

// room returns the IDs of the sessions that must end for begun to have room.
func (a *account) room(now time.Time, begun *backends.Session, o backends.CreateOptions) ([]string, error) {
	if o.Limit == nil || begun.Actor != (backends.Actor{}) {
		return nil, nil
	}
	live := slices.DeleteFunc(a.live(now), func(s backends.Session) bool { return s.ID == o.Replaces })
	slices.SortFunc(live, func(x, y backends.Session) int { return y.LastSeenAt.Compare(x.LastSeenAt) })
	return o.Limit(a.user()).Evict(live, begun.Kind)
}

// live returns the live sessions.
func (a *account) live(now time.Time) (all []backends.Session) {
	for r := a.rows; r != nil; r = r.next {
		s := backends.Session{ID: string(r.id[:])}
		if r.read(now, &s, new(backends.User)) == nil {
			all = append(all, s)
		}
	}
	return all
}

// end ends all rows but the one with the ID except, and returns how many were live.
func (a *account) end(now time.Time, except string, why backends.Reason) int {
	n := 0
	for r := a.rows; r != nil; r = r.next {
		if string(r.id[:]) != except && r.end(now, why) {
			n++
		}
	}
	return n
}

// add makes r, which has no owner, the session s of a.
func (a *account) add(r *row, s *backends.Session, h backends.SecretHash) {
	r.Session, r.id = record.NewSession(s, h), sessionID([]byte(s.ID))
	r.owner.Store(a)
	if r.next = a.rows; r.next != nil {
		r.next.prev = r
	}
	a.rows = r
}

func (a *account) remove(r *row) {
	if r.next != nil {
		r.next.prev = r.prev
	}
	if r.prev == nil {
		a.rows = r.next
	} else {
		r.prev.next = r.next
	}
}
