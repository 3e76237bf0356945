package cache

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"
	"golang.org/x/sync/singleflight"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/recall"
	"github.com/inga-auth/inga/internal/subscribers"
)

// A Store caches the sessions of a backend. It has all optional contracts of package backends;
// methods of those that the backend lacks fail with an error that wraps
// [errors.ErrUnsupported]. Those that it passes on as they are, such as Attempt, Claim, List, Value,
// FindUser and Sweep, are in no list of its methods. All may be called concurrently.
//
// Only what [Store.Find] returns is cached: the answers of List, Value, FindUser and the methods
// of Users are the backend's.
type Store struct {
	backend backends.Store
	optional
	maxLag, maxAge int64
	base           time.Time // where moments count from

	table       *otter.Cache[recall.ID, *entry]
	stamps      *stamps
	feed        atomic.Pointer[feedConn]
	flights     singleflight.Group
	subscribers subscribers.Table
}

var (
	_ backends.Store         = (*Store)(nil)
	_ backends.Rotator       = (*Store)(nil)
	_ backends.SessionLister = (*Store)(nil)
	_ backends.Sweeper       = (*Store)(nil)
	_ backends.Values        = (*Store)(nil)
	_ backends.Binder        = (*Store)(nil)
	_ backends.Claims        = (*Store)(nil)
	_ backends.Attempts      = (*Store)(nil)
	_ backends.Feed          = (*Store)(nil)
	_ backends.Subscriber    = (*Store)(nil)
	_ backends.UserFinder    = (*Store)(nil)
	_ backends.UserStore     = (*Store)(nil)
)

// Unwrap returns the backend, for [backends.Supports].
func (s *Store) Unwrap() backends.Store { return s.backend }

// Changes invalidate even if the backend returns an error: it may have made the change and lost
// only the answer.

// Create implements [backends.Store].
func (s *Store) Create(ctx context.Context, now time.Time, n backends.Session, h backends.SecretHash, o backends.CreateOptions) ([]string, error) {
	ended, err := s.backend.Create(ctx, now, n, h, o)
	if len(ended) > 0 || err != nil && (o.Replaces != "" || o.Limit != nil) {
		s.changedUser(n.UserID)
	}
	return ended, err
}

// Extend implements [backends.Store].
func (s *Store) Extend(ctx context.Context, now time.Time, id string) (time.Time, bool, error) {
	k, _ := recall.ParseID(id)
	was, _ := s.table.GetIfPresent(k)
	until, ok, err := s.backend.Extend(ctx, now, id)
	if !ok {
		s.forget(id) // it has ended, or another process was faster
		return until, false, err
	}
	if was != nil {
		s.replace(k, func(e *entry) *entry {
			// A later reading knows of the extension, or of an authentication that undid it.
			if e.stamp != was.stamp {
				return nil
			}
			return e.extended(now, until)
		})
	}
	return until, true, err
}

// Reauthenticate implements [backends.Store].
func (s *Store) Reauthenticate(ctx context.Context, now time.Time, n backends.Session, next backends.SecretHash, o backends.ReauthenticateOptions) error {
	defer s.changedSession(n.ID)
	return s.backend.Reauthenticate(ctx, now, n, next, o)
}

// Revoke implements [backends.Store].
func (s *Store) Revoke(ctx context.Context, now time.Time, id string, why backends.Reason) (bool, error) {
	ended, err := s.backend.Revoke(ctx, now, id, why)
	if !ended && err == nil {
		s.forget(id) // it ended before, perhaps unnoticed
		return false, nil
	}
	s.changedSession(id)
	return ended, err
}

// Rotate implements [backends.Rotator].
func (s *Store) Rotate(ctx context.Context, now time.Time, id string, h backends.SecretHash, n int64, g backends.Grace) (backends.Session, backends.User, backends.Rotation, error) {
	row, u, rotation, err := s.optional.Rotate(ctx, now, id, h, n, g)
	switch rotation {
	case backends.Stolen:
		s.changedSession(id)
	case backends.Replayed:
	default: // rotated, or an error after which it may be
		s.forget(id)
	}
	return row, u, rotation, err
}

// MarkSeen implements [backends.Rotator].
func (s *Store) MarkSeen(ctx context.Context, now time.Time, id string, n int64) error {
	defer s.forget(id)
	return s.optional.MarkSeen(ctx, now, id, n)
}

// Bind implements [backends.Binder].
func (s *Store) Bind(ctx context.Context, now time.Time, id string, b backends.Binding) (bool, error) {
	bound, err := s.optional.Bind(ctx, now, id, b)
	if !bound && err == nil {
		s.forget(id) // it has ended, or was bound before, perhaps unnoticed
		return false, nil
	}
	s.changedSession(id)
	return bound, err
}

// Proved implements [backends.Binder].
func (s *Store) Proved(ctx context.Context, now time.Time, id, thumbprint string) error {
	defer s.forget(id)
	return s.optional.Proved(ctx, now, id, thumbprint)
}

// RevokeUser implements [backends.SessionLister].
func (s *Store) RevokeUser(ctx context.Context, now time.Time, userID, except string, why backends.Reason) (int, error) {
	defer s.changedUser(userID)
	return s.optional.RevokeUser(ctx, now, userID, except, why)
}

// RevokeAll implements [backends.SessionLister].
func (s *Store) RevokeAll(ctx context.Context, now time.Time, why backends.Reason) error {
	defer s.changedUser("")
	return s.optional.RevokeAll(ctx, now, why)
}

// forget has a session read again before it is believed.
func (s *Store) forget(id string) { s.stamps.change(s.stamps.ofSession(id)) }

// changedUser invalidates a user and their sessions, or everything if the ID is empty.
func (s *Store) changedUser(id string) {
	if id == "" {
		s.stamps.changeAll()
	} else {
		s.stamps.change(s.stamps.ofUser(id))
	}
	s.subscribers.Call(id)
}

// changedSession invalidates a session. If it is not cached its user is not known, and all
// subscribers are called.
func (s *Store) changedSession(id string) {
	s.forget(id)
	k, _ := recall.ParseID(id)
	user := ""
	if e, _ := s.table.GetIfPresent(k); e != nil {
		user = e.UserID()
	}
	s.subscribers.Call(user)
}

// Subscribe implements [backends.Subscriber]. f is called for changes that are made through s,
// and for those that the feed reports while [Store.Follow] runs. It is called while the
// subscriptions are locked: it must call neither the store nor stop.
func (s *Store) Subscribe(userID string, f func()) (stop func()) {
	return s.subscribers.Subscribe(userID, f)
}
