package backendtest_test

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/backendtest"
)

// Store is a complete store: the five methods over two maps. Its application keeps the users.
type Store struct {
	mu       sync.Mutex
	users    map[string]backends.User
	sessions map[string]*row
}

type row struct {
	backends.Session
	secret backends.SecretHash
}

var _ backends.Store = (*Store)(nil)

// find returns the row, its user and the error that Find promises. s.mu is held.
func (s *Store) find(ctx context.Context, now time.Time, id string, h backends.SecretHash) (*row, backends.User, error) {
	r := s.sessions[id]
	switch {
	case ctx.Err() != nil:
		return &row{}, backends.User{}, ctx.Err()
	case r == nil, !h.IsZero() && h != r.secret:
		return &row{}, backends.User{}, backends.ErrNotFound
	}
	u, ok := s.users[r.UserID]
	if !ok {
		return r, u, r.refuse(r.Live(nil, now), now)
	}
	return r, clone(u), r.refuse(r.Live(&u, now), now)
}

// refuse ends a session that is not live because of its user, who may come back.
func (r *row) refuse(why error, now time.Time) error {
	if errors.Is(why, backends.ErrUserDisabled) || errors.Is(why, backends.ErrUserGone) {
		r.Ended = backends.Ended{At: now.UTC(), Reason: backends.ReasonUser}
	}
	return why
}

func (s *Store) Find(ctx context.Context, now time.Time, id string, h backends.SecretHash) (backends.Session, backends.User, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, u, err := s.find(ctx, now, id, h)
	return r.Clone(), u, err
}

func (s *Store) Create(ctx context.Context, now time.Time, n backends.Session, h backends.SecretHash, o backends.CreateOptions) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := cmp.Or(ctx.Err(), n.Validate()); err != nil {
		return nil, err
	}
	u, ok := s.users[n.UserID]
	switch {
	case !ok:
		return nil, backends.ErrNotFound
	case u.Disabled:
		return nil, backends.ErrUserDisabled
	case o.UserVersion != 0 && o.UserVersion != u.Version, s.sessions[n.ID] != nil:
		return nil, backends.ErrConflict
	}
	var live []backends.Session
	for _, r := range s.sessions {
		if r.UserID == u.ID && r.ID != o.Replaces && r.Live(&u, now) == nil {
			live = append(live, r.Session)
		}
	}
	slices.SortFunc(live, func(a, b backends.Session) int { return b.LastSeenAt.Compare(a.LastSeenAt) })
	var limit backends.Limit
	if o.Limit != nil && n.Actor == (backends.Actor{}) {
		limit = o.Limit(clone(u))
	}
	ended, err := limit.Evict(live, n.Kind)
	if err != nil {
		return nil, err
	}
	for _, id := range ended {
		s.sessions[id].Ended = backends.Ended{At: now.UTC(), Reason: backends.ReasonSuperseded}
	}
	if r := s.sessions[o.Replaces]; r != nil && r.UserID == u.ID && r.Live(&u, now) == nil {
		r.Ended = backends.Ended{At: now.UTC(), Reason: backends.ReasonReplaced}
		ended = append(ended, r.ID)
	}
	s.sessions[n.ID] = &row{inUTC(n), h}
	return ended, nil
}

func (s *Store) Extend(ctx context.Context, now time.Time, id string) (time.Time, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, _, err := s.find(ctx, now, id, backends.SecretHash{})
	if err != nil || !r.Due(now) {
		return time.Time{}, false, ctx.Err()
	}
	r.Touch(now.UTC())
	return r.IdleDeadline, true, nil
}

func (s *Store) Reauthenticate(ctx context.Context, now time.Time, n backends.Session, next backends.SecretHash, o backends.ReauthenticateOptions) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := cmp.Or(ctx.Err(), n.Validate()); err != nil {
		return err
	}
	r, u, err := s.find(ctx, now, n.ID, backends.SecretHash{})
	switch {
	case !n.AuthenticatedAt.After(o.Former):
		return backends.ErrInvalidArgument
	case err != nil || !r.AuthenticatedAt.Equal(o.Former):
		return backends.ErrNotFound
	case o.UserVersion != 0 && o.UserVersion != u.Version:
		return backends.ErrConflict
	}
	n.UserID, n.Kind, n.Client, n.CreatedAt, n.Actor = r.UserID, r.Kind, r.Client, r.CreatedAt, r.Actor
	*r = row{inUTC(n), next}
	return nil
}

// A session that has expired is marked too, so that it stays over when a clock is set back.
func (s *Store) Revoke(ctx context.Context, now time.Time, id string, why backends.Reason) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := cmp.Or(ctx.Err(), why.Validate()); err != nil {
		return false, err
	}
	r, _, err := s.find(ctx, now, id, backends.SecretHash{})
	if r.Ended.At.IsZero() {
		r.Ended = backends.Ended{At: now.UTC(), Reason: why}
	}
	return err == nil, nil
}

// change is for the application: it changes the users.
func (s *Store) change(do func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	do()
}

func clone(u backends.User) backends.User {
	u.Roles = slices.Clone(u.Roles)
	return u
}

// inUTC returns a copy of s whose times are in UTC.
func inUTC(s backends.Session) backends.Session {
	s = s.Clone()
	r, b := &s.Refresh, &s.Binding
	for _, at := range []*time.Time{&s.CreatedAt, &s.AuthenticatedAt, &s.LastSeenAt, &s.IdleDeadline, &s.AbsoluteDeadline, &r.RotatedAt, &r.SeenAt, &b.BoundAt, &b.ProvedAt} {
		*at = at.UTC()
	}
	return s
}

// Put this test in a file of its own, with a name that ends in _test.go.
func Example() {
	TestStore := func(t *testing.T) {
		backendtest.Run(t, func(*testing.T) backendtest.Harness {
			s := &Store{users: map[string]backends.User{}, sessions: map[string]*row{}}
			return backendtest.Harness{
				Store:    s,
				PutUser:  func(_ testing.TB, u backends.User) { s.change(func() { s.users[u.ID] = u }) },
				DropUser: func(_ testing.TB, id string) { s.change(func() { delete(s.users, id) }) },
			}
		})
	}
	_ = TestStore
}
