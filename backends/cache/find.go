package cache

import (
	"context"
	"errors"
	"time"

	"github.com/inga-auth/inga/backends"
)

// loadTimeout bounds a reading that nobody may be waiting for any more; backends have bounds
// of their own.
const loadTimeout = 10 * time.Second

// since is the time of the store: nanoseconds of the monotonic clock, which no change of the
// wall clock moves.
func (s *Store) since(t time.Time) int64 { return int64(t.Sub(s.base)) }

// trusted reports whether e may be believed at the time at: nothing is known to have changed,
// and whatever has changed is not older than maxLag. Either the reading is not, or the feed
// has since told of all changes up to a time that is not.
func (s *Store) trusted(e *entry, at int64) bool {
	if s.stamps.changedSince(e.stamp, e.ofUser, e.ofID) {
		return false
	}
	if at-e.read <= int64(s.maxLag) {
		return true
	}
	h := s.feed.Load()
	return e.hearing != 0 && e.hearing == h.connection && at-h.upToDate.Load() <= int64(s.maxLag)
}

// entry returns what is remembered of a session, if it can be trusted.
func (s *Store) entry(k key, at int64) *entry {
	i, _ := s.table.GetIfPresent(k)
	if e, ok := i.(*entry); ok && s.trusted(e, at) {
		return e
	}
	return nil
}

// linked returns the link and the entry to which it leads, if that can be trusted.
func (s *Store) linked(k key, at int64) (*link, *entry) {
	i, _ := s.table.GetIfPresent(k)
	l, ok := i.(*link)
	if !ok {
		return nil, nil
	}
	e := s.entry(l.to, at)
	if e == nil || !l.leadsTo(e) {
		return nil, nil
	}
	return l, e
}

// Recall implements [backends.Recaller].
func (s *Store) Recall(now time.Time, h backends.CredentialHash) (note any, row *backends.Session, u *backends.User, ok bool) {
	l, e := s.linked(key(h), s.since(now))
	if e == nil {
		return nil, nil, nil, false
	}
	row, u = e.session.Load(), e.user
	return l.note, row, u, row.Live(u, now) == nil
}

// Remember implements [backends.Recaller].
func (s *Store) Remember(h backends.CredentialHash, row backends.Session, note any, size int) {
	s.table.Set(key(h), &link{keyOf(row.ID), row.AuthenticatedAt.UnixMicro(), note, size})
}

// FindBySecret implements [backends.Store].
func (s *Store) FindBySecret(ctx context.Context, now time.Time, h backends.SecretHash) (backends.Session, backends.User, error) {
	if h == (backends.SecretHash{}) {
		return backends.Session{}, backends.User{}, backends.ErrNotFound
	}
	_, e := s.linked(key(h), s.since(time.Now()))
	return s.find(ctx, now, e, key(h), func(ctx context.Context) (backends.Session, backends.User, error) {
		return s.backend.FindBySecret(ctx, now, h)
	})
}

// FindByID implements [backends.Store].
func (s *Store) FindByID(ctx context.Context, now time.Time, id string) (backends.Session, backends.User, error) {
	if !backends.ValidID(id) {
		return backends.Session{}, backends.User{}, backends.ErrNotFound
	}
	k := keyOf(id)
	return s.find(ctx, now, s.entry(k, s.since(time.Now())), k, func(ctx context.Context) (backends.Session, backends.User, error) {
		return s.backend.FindByID(ctx, now, id)
	})
}

// FindUser implements [backends.Store]. Nothing of it is remembered.
func (s *Store) FindUser(ctx context.Context, userID string) (backends.User, error) {
	return s.backend.FindUser(ctx, userID)
}

type reading func(context.Context) (backends.Session, backends.User, error)

// find answers from e, if there is one and the session lives by it. What has not been heard
// of may only have prolonged its life, so that the end of a session is the backend's to say.
func (s *Store) find(ctx context.Context, now time.Time, e *entry, k key, ask reading) (backends.Session, backends.User, error) {
	if err := ctx.Err(); err != nil {
		return backends.Session{}, backends.User{}, err
	}
	if e != nil {
		if row, u := e.copy(); row.Live(&u, now) == nil {
			return row, u, nil
		}
	}
	return s.load(ctx, now, k, ask)
}

// load asks the backend, once for all who want to know the same at the same time.
//
// Whoever comes while somebody else is asking can do with that answer only if it may be
// remembered still: the question was asked before they came, and the answer may be older than
// a change that has been made here since. A refusal is for who asked.
func (s *Store) load(ctx context.Context, now time.Time, k key, ask reading) (backends.Session, backends.User, error) {
	mine := false
	answers := s.flights.DoChan(string(k[:]), func() (any, error) {
		mine = true
		// Others may wait for it when the client who was first has gone.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), loadTimeout)
		defer cancel()
		return s.read(ctx, k, ask)
	})
	select {
	case <-ctx.Done():
		return backends.Session{}, backends.User{}, ctx.Err()
	case answer := <-answers:
		found, _ := answer.Val.(loaded)
		if mine || unavailable(answer.Err) {
			return found.result(answer.Err)
		}
		if e := found.entry; e != nil && s.trusted(e, s.since(time.Now())) {
			if row, u := e.copy(); row.Live(&u, now) == nil {
				return row, u, nil
			}
		}
	}
	found, err := s.read(ctx, k, ask)
	return found.result(err)
}

// A loaded answer is an entry, or the session that the backend returned with a refusal.
type loaded struct {
	entry *entry
	row   backends.Session
}

func (l loaded) result(err error) (backends.Session, backends.User, error) {
	if err != nil {
		return l.row, backends.User{}, err
	}
	row, u := l.entry.copy()
	return row, u, nil
}

// read asks the backend and remembers a session that lives.
func (s *Store) read(ctx context.Context, k key, ask reading) (loaded, error) {
	// All of this before the question: what changes after it may be missing in the answer.
	e := &entry{stamp: s.stamps.now.Load(), hearing: s.feed.Load().connection, read: s.since(time.Now())}
	row, u, err := ask(ctx)
	if err != nil {
		return loaded{row: row}, err
	}
	e.user, e.ofUser, e.ofID = &u, s.placeOfUser(u.ID), s.placeOfID(row.ID)
	e.session.Store(&row)
	to := keyOf(row.ID)
	s.table.Set(to, e)
	if k != to {
		s.table.Set(k, &link{to: to, authenticatedAt: row.AuthenticatedAt.UnixMicro()})
	}
	return loaded{entry: e}, nil
}

// unavailable reports whether err says nothing about the session.
func unavailable(err error) bool {
	return err != nil && !errors.Is(err, backends.ErrNotFound) && !errors.Is(err, backends.ErrNotLive)
}
