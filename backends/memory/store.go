package memory

import (
	"context"
	"errors"
	"fmt"
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
	// Locks: a method locks one account at a time, and with it held it may lock an index, the pool or
	// the feed. Those are leaves, and so are those of claims and attempts: no other lock is taken
	// inside one. That is why no two methods can wait for each other, whatever the order in which they
	// come to accounts.
	//
	// What an index returned may have changed before its account is locked: the user may be
	// gone, and the row may be another session. So both are checked again under the lock; see
	// account.gone and row.is.

	accounts *index[string, *account] // by user ID
	names    *index[string, *account] // of users who have one
	sessions *index[sessionID, *row]

	claims   *index[backends.NameHash, int64] // until when, in microseconds
	attempts attempts

	pool    pool
	version atomic.Int64 // the last that a user was given; none is given twice
	feed    feed
}

var (
	_ backends.Store         = (*Store)(nil)
	_ backends.Rotator       = (*Store)(nil)
	_ backends.SessionLister = (*Store)(nil)
	_ backends.Sweeper       = (*Store)(nil)
	_ backends.Values        = (*Store)(nil)
	_ backends.Binder        = (*Store)(nil)
	_ backends.Feed          = (*Store)(nil)
	_ backends.Subscriber    = (*Store)(nil)
	_ backends.UserFinder    = (*Store)(nil)
	_ backends.UserStore     = (*Store)(nil)
)

// New returns an empty store.
func New() *Store {
	return &Store{
		accounts: newIndex[string, *account](),
		names:    newIndex[string, *account](),
		sessions: newIndex[sessionID, *row](),
		claims:   newIndex[backends.NameHash, int64](),
		attempts: attempts{tries: map[backends.NameHash]backends.Tries{}},
		feed:     feed{listeners: make(map[*backends.Listener]struct{})},
	}
}

// Create implements [backends.Store].
func (m *Store) Create(ctx context.Context, now time.Time, s backends.Session, h backends.SecretHash, o backends.CreateOptions) (ended []string, err error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	err = m.withAccount(ctx, m.accounts, s.UserID, func(a *account) error {
		if err := a.admits(o.UserVersion); err != nil {
			return err
		}
		superseded, err := a.room(now, &s, o)
		if err != nil {
			return err
		}
		r := m.pool.take()
		if !m.sessions.add(sessionID([]byte(s.ID)), r) {
			m.pool.give(r)
			return backends.ErrConflict
		}
		a.add(r, &s, h)
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
			ended = append(ended, id)
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
	err = r.read(now, &s, &u)
	return s, u, err
}

// Extend implements [backends.Store].
func (m *Store) Extend(ctx context.Context, now time.Time, id string) (idleDeadline time.Time, ok bool, err error) {
	err = m.withRow(ctx, id, func(r *row) error {
		s, err := r.state(now)
		if err != nil || !s.Due(now) {
			return nil
		}
		s.Touch(kept(now))
		r.SetActivity(&s)
		idleDeadline, ok = s.IdleDeadline, true
		return nil
	})
	return idleDeadline, ok, ignoreNotFound(err)
}

// Reauthenticate implements [backends.Store].
func (m *Store) Reauthenticate(ctx context.Context, now time.Time, s backends.Session, next backends.SecretHash, o backends.ReauthenticateOptions) error {
	if err := s.Validate(); err != nil {
		return err
	}
	// Compared as times are kept: two starts in one microsecond are one.
	former := o.Former.UnixMicro()
	if s.AuthenticatedAt.UnixMicro() <= former {
		return fmt.Errorf("%w: Session.AuthenticatedAt is %v, want after ReauthenticateOptions.Former %v", backends.ErrInvalidArgument, s.AuthenticatedAt, o.Former)
	}
	return m.withRow(ctx, s.ID, func(r *row) error {
		if is, err := r.state(now); err != nil || is.AuthenticatedAt.UnixMicro() != former {
			return backends.ErrNotFound
		}
		if err := r.owner.Load().admits(o.UserVersion); err != nil {
			return err
		}
		r.Restart(&s, next)
		m.feed.changed(r.owner.Load().id)
		return nil
	})
}

// Revoke implements [backends.Store].
func (m *Store) Revoke(ctx context.Context, now time.Time, id string, why backends.Reason) (ended bool, err error) {
	if err := why.Validate(); err != nil {
		return false, err
	}
	err = m.withRow(ctx, id, func(r *row) error {
		ended = r.end(now, why)
		m.feed.changed(r.owner.Load().id)
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
	r := m.sessions.find(sessionID([]byte(id)))
	if r == nil {
		return nil, nil
	}
	return r, r.owner.Load()
}

// withRow calls f with the row with the ID, its owner locked.
func (m *Store) withRow(ctx context.Context, id string, f func(*row) error) error {
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
	return f(r)
}

// withAccount calls f with the account under the key of the index, locked, if the user exists.
func (m *Store) withAccount(ctx context.Context, in *index[string, *account], key string, f func(*account) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	a := in.find(key)
	if a == nil {
		return backends.ErrNotFound
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.gone {
		return backends.ErrNotFound
	}
	return f(a)
}

// kept returns t as it comes back from a row.
func kept(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// ignoreNotFound is for methods to which an unknown session or user is no error.
func ignoreNotFound(err error) error {
	if errors.Is(err, backends.ErrNotFound) {
		return nil
	}
	return err
}
