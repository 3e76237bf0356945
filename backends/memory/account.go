package memory

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/inga-auth/inga/backends"
)

// An account is a user with everything that belongs to them. Its lock covers the user and
// their sessions, so that no session is created beside a password that is being changed.
//
// Whoever holds it may take the lock of an index, never that of another account.
type account struct {
	mu       sync.RWMutex
	user     backends.User // its slices are replaced, never written to
	password string
	gone     bool // deleted; it still has the rows that wait to be swept
	rows     []*row
}

// existing returns the user, or nil after they were deleted.
func (a *account) existing() *backends.User {
	if a.gone {
		return nil
	}
	return &a.user
}

// admits reports why a session may not be created, or nil.
func (a *account) admits(version int64) error {
	switch {
	case a.gone:
		return backends.ErrNotFound
	case a.user.Disabled:
		return backends.ErrUserDisabled
	case version != 0 && version != a.user.Version:
		return backends.ErrConflict
	}
	return nil
}

// room returns the IDs of the sessions that must end for one more to have room.
func (a *account) room(now time.Time, kind backends.Kind, terms backends.Admission) ([]string, error) {
	if terms.Limit == nil {
		return nil, nil
	}
	live := slices.DeleteFunc(a.list(now), func(s backends.Session) bool { return s.ID == terms.Replaces })
	return terms.Limit(a.user.Clone()).Evict(live, kind)
}

// list returns the live sessions, the most recently seen first.
func (a *account) list(now time.Time) []backends.Session {
	var list []backends.Session
	for _, r := range a.rows {
		if s := r.session(); s.Live(a.existing(), now) == nil {
			list = append(list, s.Clone())
		}
	}
	slices.SortFunc(list, func(x, y backends.Session) int {
		return cmp.Or(y.LastSeenAt.Compare(x.LastSeenAt), y.CreatedAt.Compare(x.CreatedAt), cmp.Compare(x.ID, y.ID))
	})
	return list
}

func (a *account) hold(r *row) {
	r.place = len(a.rows)
	a.rows = append(a.rows, r)
}

func (a *account) release(r *row) {
	last := len(a.rows) - 1
	a.rows[r.place] = a.rows[last]
	a.rows[r.place].place = r.place
	a.rows[last] = nil
	a.rows = a.rows[:last]
	r.place = nowhere
}

// end ends all rows but the one with the ID except, and returns how many were live.
func (a *account) end(now time.Time, except string, why backends.Reason) int {
	n := 0
	for _, r := range a.rows {
		if r.id != except && r.end(now, why) {
			n++
		}
	}
	return n
}
