package memory

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/inga-auth/inga/backends"
)

// A Store keeps users and sessions in memory. Finding a session costs the same with one
// session stored and with millions, and requests of different users do not wait for each
// other. All methods may be called concurrently. With a context that has ended they do nothing
// and return its error, or ErrInvalidArgument.
//
// Times are kept in microseconds. The memory of swept sessions is used for new ones.
type Store struct {
	// Locks: a method locks one account at a time, and with it held it may lock an index, the
	// pool or the feed. Those are leaves, and so are those of claims and attempts: no other lock is taken inside one. That is why no two
	// methods can wait for each other, whatever the order in which they come to accounts.
	//
	// What an index returned may have changed before its account is locked: the user may be
	// gone, and the row may be another session. So both are checked again under the lock; see
	// account.gone and row.is.

	accounts *index[string, *account] // by user ID
	names    *index[string, *account] // of users who have one
	sessions *index[sessionID, *row]
	graves   *index[*account, *account] // deleted users with rows to be swept

	claims   *index[backends.NameHash, int64] // until when, in microseconds
	attempts attempts

	pool     pool
	sweeping chan struct{} // holds a value while a sweep runs
	version  atomic.Int64  // the last that a user was given; none is given twice
	feed     feed
}

var _ backends.Store = (*Store)(nil)

// New returns an empty store.
func New() *Store {
	return &Store{
		accounts: newIndex[string, *account](hashed[string]()),
		names:    newIndex[string, *account](hashed[string]()),
		sessions: newIndex[sessionID, *row](sessionID.hash),
		graves:   newIndex[*account, *account](hashed[*account]()),
		claims:   newIndex[backends.NameHash, int64](hashed[backends.NameHash]()),
		attempts: attempts{tries: map[backends.NameHash]backends.Tries{}},
		sweeping: make(chan struct{}, 1),
	}
}

// Create implements [backends.Store].
func (m *Store) Create(ctx context.Context, now time.Time, s backends.Session, h backends.SecretHash, o backends.CreateOptions) (ended []string, err error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	err = m.withAccount(ctx, s.UserID, func(a *account) error {
		if err := a.admits(o.UserVersion); err != nil {
			return err
		}
		superseded, err := a.room(now, s.Kind, o)
		if err != nil {
			return err
		}
		r := m.pool.take()
		r.begin(a, &s, h)
		if !m.sessions.add(r.id, r) {
			m.drop(r)
			return backends.ErrConflict
		}
		r.next, a.rows = a.rows, r
		if ended = m.makeRoom(now, r, o.Replaces, superseded); len(ended) > 0 {
			m.feed.changed(a.id)
		}
		return nil
	})
	return ended, err
}

// makeRoom ends the session that begun replaces and those that it supersedes, as far as they
// are the same user's, and returns those that were live.
func (m *Store) makeRoom(now time.Time, begun *row, replaced string, superseded []string) (ended []string) {
	user := begun.owner.Load()
	end := func(id string, why backends.Reason) {
		if r, a := m.find(id); a == user && r.is(a, id) && r != begun && r.end(now, why) {
			ended = append(ended, string(r.id[:]))
		}
	}
	end(replaced, backends.ReasonReplaced)
	for _, id := range superseded {
		end(id, backends.ReasonSuperseded)
	}
	return ended
}

// Find implements [backends.Store].
func (m *Store) Find(ctx context.Context, now time.Time, id string, h backends.SecretHash) (s backends.Session, u backends.User, err error) {
	if err := ctx.Err(); err != nil {
		return s, u, err
	}
	r, a := m.find(id)
	if a == nil {
		return s, u, backends.ErrNotFound
	}
	a.mu.RLock()
	defer a.mu.RUnlock()
	if !r.is(a, id) || !h.IsZero() && !r.opens(h) {
		return s, u, backends.ErrNotFound
	}
	s.ID = id
	err = r.answer(now, &s, &u)
	return s, u, err
}

// FindUser implements [backends.UserFinder].
func (m *Store) FindUser(ctx context.Context, userID string) (backends.User, error) {
	u, _, err := m.user(ctx, m.accounts, userID)
	return u, err
}

// Extend implements [backends.Store].
func (m *Store) Extend(ctx context.Context, now time.Time, id string) (idleDeadline time.Time, ok bool, err error) {
	err = m.withRow(ctx, id, func(r *row, a *account) error {
		s := r.Lifetime()
		if !s.Due(now) || a.refuses(&s, now) != nil {
			return nil
		}
		s.Touch(now)
		r.SetActivity(&s)
		idleDeadline, ok = r.IdleDeadline(), true
		return nil
	})
	return idleDeadline, ok, ignoreNotFound(err)
}

// Reauthenticate implements [backends.Store].
func (m *Store) Reauthenticate(ctx context.Context, now time.Time, s backends.Session, next backends.SecretHash, o backends.ReauthenticateOptions) error {
	if err := errors.Join(s.Validate(), laterThan(o.Former, s.AuthenticatedAt)); err != nil {
		return err
	}
	return m.withRow(ctx, s.ID, func(r *row, a *account) error {
		is := r.session()
		if is.AuthenticatedAt.UnixMicro() != o.Former.UnixMicro() || a.refuses(&is, now) != nil {
			return backends.ErrNotFound
		}
		if err := a.admits(o.UserVersion); err != nil {
			return err
		}
		r.restart(&is, &s, next)
		m.feed.changed(a.id)
		return nil
	})
}

// Revoke implements [backends.Store].
func (m *Store) Revoke(ctx context.Context, now time.Time, id string, why backends.Reason) (ended bool, err error) {
	if err := why.Validate(); err != nil {
		return false, err
	}
	err = m.withRow(ctx, id, func(r *row, a *account) error {
		ended = r.end(now, why)
		m.feed.changed(a.id)
		return nil
	})
	return ended, ignoreNotFound(err)
}

// find returns the row that had the ID when the index was asked, and its owner; nil for either
// if there is none.
func (m *Store) find(id string) (*row, *account) {
	if len(id) != len(sessionID{}) {
		return nil, nil
	}
	r, ok := m.sessions.find(sessionID([]byte(id)))
	if !ok {
		return nil, nil
	}
	return r, r.owner.Load()
}

// withRow calls f with the row with the ID, its owner locked.
func (m *Store) withRow(ctx context.Context, id string, f func(*row, *account) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r, a := m.find(id)
	if a == nil {
		return backends.ErrNotFound
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if !r.is(a, id) {
		return backends.ErrNotFound
	}
	return f(r, a)
}

// drop gives back a row that is in no index and no list. Its owner is locked.
func (m *Store) drop(r *row) {
	r.clear()
	m.pool.give(r)
}

// ignoreNotFound is for methods to which an unknown session or user is no error.
func ignoreNotFound(err error) error {
	if errors.Is(err, backends.ErrNotFound) {
		return nil
	}
	return err
}
