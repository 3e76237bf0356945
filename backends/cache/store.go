package cache

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"
	"golang.org/x/sync/singleflight"

	"github.com/inga-auth/inga/backends"
)

// A Store remembers what its backend has answered. Everything that it does not remember, and
// every change, is a call of the backend. See the package doc.
type Store struct {
	backend Backend
	maxLag  time.Duration
	base    time.Time // from which the store counts

	table  *otter.Cache[key, item]
	stamps *stamps
	feed   atomic.Pointer[hearing]

	connections atomic.Uint64 // of the feed, so far

	flights singleflight.Group
	calls   callbacks
}

var (
	_ Backend           = (*Store)(nil)
	_ backends.Recaller = (*Store)(nil)
	_ backends.Notifier = (*Store)(nil)
)

// Two kinds of name are stamped, and a user may be called like a session.
func (s *Store) placeOfUser(id string) place { return s.stamps.of("user " + id) }
func (s *Store) placeOfID(id string) place   { return s.stamps.of("session " + id) }

// changedUser forgets a user and their sessions.
func (s *Store) changedUser(id string) {
	s.stamps.change(s.placeOfUser(id))
	s.calls.call(id)
}

// changedSession forgets a session.
func (s *Store) changedSession(id string) {
	s.stamps.change(s.placeOfID(id))
	if i, _ := s.table.GetIfPresent(keyOf(id)); i != nil {
		if e, ok := i.(*entry); ok {
			s.calls.call(e.user.ID)
		}
	}
}

func (s *Store) changedAll() {
	s.stamps.changeAll()
	s.calls.callAll()
}

// What follows forgets even if the backend returns an error: it may have done what it was
// asked, and lost only the answer.

// Create implements [backends.Store].
func (s *Store) Create(ctx context.Context, now time.Time, n backends.Session, h backends.SecretHash, a backends.Admission) ([]string, error) {
	ended, err := s.backend.Create(ctx, now, n, h, a)
	if len(ended) > 0 || err != nil && (a.Replaces != "" || a.Limit != nil) {
		s.changedUser(n.UserID)
	}
	return ended, err
}

// Extend implements [backends.Store].
func (s *Store) Extend(ctx context.Context, now time.Time, id string, until time.Time) (bool, error) {
	ok, err := s.backend.Extend(ctx, now, id, until)
	if !ok {
		// Another process was faster, or the session has ended: look again.
		s.stamps.change(s.placeOfID(id))
		return false, err
	}
	if i, _ := s.table.GetIfPresent(keyOf(id)); i != nil {
		if e, isEntry := i.(*entry); isEntry {
			e.extended(now, until)
		}
	}
	return true, err
}

// Reauthenticate implements [backends.Store].
func (s *Store) Reauthenticate(ctx context.Context, now time.Time, n backends.Session, former time.Time, next backends.SecretHash) error {
	defer s.changedSession(n.ID)
	return s.backend.Reauthenticate(ctx, now, n, former, next)
}

// Revoke implements [backends.Store].
func (s *Store) Revoke(ctx context.Context, now time.Time, id string, why backends.Reason) (bool, error) {
	defer s.changedSession(id)
	return s.backend.Revoke(ctx, now, id, why)
}

// Rotate implements [backends.Rotator].
func (s *Store) Rotate(ctx context.Context, now time.Time, id string, h backends.SecretHash, n int64, g backends.Grace) (backends.Session, backends.User, backends.Rotation, error) {
	row, u, rotation, err := s.backend.Rotate(ctx, now, id, h, n, g)
	switch rotation {
	case backends.Stolen:
		s.changedSession(id)
	case backends.Rotated, backends.Refused:
		s.stamps.change(s.placeOfID(id))
	}
	return row, u, rotation, err
}

// MarkSeen implements [backends.Rotator].
func (s *Store) MarkSeen(ctx context.Context, now time.Time, id string, n int64) error {
	defer s.stamps.change(s.placeOfID(id))
	return s.backend.MarkSeen(ctx, now, id, n)
}

// List implements [backends.Directory]. Nothing of it is remembered.
func (s *Store) List(ctx context.Context, now time.Time, userID string) ([]backends.Session, error) {
	return s.backend.List(ctx, now, userID)
}

// RevokeUser implements [backends.Directory].
func (s *Store) RevokeUser(ctx context.Context, now time.Time, userID, except string, why backends.Reason) (int, error) {
	defer s.changedUser(userID)
	return s.backend.RevokeUser(ctx, now, userID, except, why)
}

// RevokeAll implements [backends.Directory].
func (s *Store) RevokeAll(ctx context.Context, now time.Time, why backends.Reason) (int, error) {
	defer s.changedAll()
	return s.backend.RevokeAll(ctx, now, why)
}

// Sweep implements [backends.Sweeper].
func (s *Store) Sweep(ctx context.Context, now time.Time) (int, error) {
	return s.backend.Sweep(ctx, now)
}

// SetValue implements [backends.Values].
func (s *Store) SetValue(ctx context.Context, now time.Time, id, name string, value []byte) error {
	return s.backend.SetValue(ctx, now, id, name, value)
}

// Value implements [backends.Values]. Nothing of it is remembered.
func (s *Store) Value(ctx context.Context, now time.Time, id, name string) ([]byte, error) {
	return s.backend.Value(ctx, now, id, name)
}

// TakeValue implements [backends.Values].
func (s *Store) TakeValue(ctx context.Context, now time.Time, id, name string) ([]byte, error) {
	return s.backend.TakeValue(ctx, now, id, name)
}

// Watch implements [backends.Feed]: it is the backend's. See [Store.Follow] for the cache's
// own use of it.
func (s *Store) Watch(ctx context.Context, every time.Duration, l backends.Listener) error {
	return s.backend.Watch(ctx, every, l)
}
