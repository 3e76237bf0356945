package tokentest

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/eventtest"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/middleware"
)

// A Spy sees what reaches a store, and may refuse to pass it on.
type Spy struct {
	storetest.Store
	mu     sync.Mutex
	asked  []string
	refuse []string
}

// NewSpy returns a spy before the store.
func NewSpy(s storetest.Store) *Spy { return &Spy{Store: s} }

func (s *Spy) see(method string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, method)
	if slices.Contains(s.refuse, method) {
		return storetest.ErrDown
	}
	return nil
}

// Take returns the methods that were called since the last time.
func (s *Spy) Take() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	asked := s.asked
	s.asked = nil
	return asked
}

// Fail makes the methods fail that are named, and only those.
func (s *Spy) Fail(methods ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = methods
}

// Create implements [backends.Store].
func (s *Spy) Create(ctx context.Context, now time.Time, n backends.Session, h backends.SecretHash, o backends.CreateOptions) ([]string, error) {
	if err := s.see("Create"); err != nil {
		return nil, err
	}
	return s.Store.Create(ctx, now, n, h, o)
}

// Find implements [backends.Store].
func (s *Spy) Find(ctx context.Context, now time.Time, id string, h backends.SecretHash) (backends.Session, backends.User, error) {
	if err := s.see("Find"); err != nil {
		return backends.Session{}, backends.User{}, err
	}
	return s.Store.Find(ctx, now, id, h)
}

// FindUser implements [backends.UserFinder].
func (s *Spy) FindUser(ctx context.Context, userID string) (backends.User, error) {
	if err := s.see("FindUser"); err != nil {
		return backends.User{}, err
	}
	return s.Store.FindUser(ctx, userID)
}

// Extend implements [backends.Store].
func (s *Spy) Extend(ctx context.Context, now time.Time, id string) (time.Time, bool, error) {
	if err := s.see("Extend"); err != nil {
		return time.Time{}, false, err
	}
	return s.Store.Extend(ctx, now, id)
}

// Reauthenticate implements [backends.Store].
func (s *Spy) Reauthenticate(ctx context.Context, now time.Time, n backends.Session, next backends.SecretHash, o backends.ReauthenticateOptions) error {
	if err := s.see("Reauthenticate"); err != nil {
		return err
	}
	return s.Store.Reauthenticate(ctx, now, n, next, o)
}

// Revoke implements [backends.Store].
func (s *Spy) Revoke(ctx context.Context, now time.Time, id string, why backends.Reason) (bool, error) {
	if err := s.see("Revoke"); err != nil {
		return false, err
	}
	return s.Store.Revoke(ctx, now, id, why)
}

// Rotate implements [backends.Rotator].
func (s *Spy) Rotate(ctx context.Context, now time.Time, id string, h backends.SecretHash, n int64, g backends.Grace) (backends.Session, backends.User, backends.Rotation, error) {
	if err := s.see("Rotate"); err != nil {
		return backends.Session{}, backends.User{}, backends.Refused, err
	}
	return s.Store.Rotate(ctx, now, id, h, n, g)
}

// MarkSeen implements [backends.Rotator].
func (s *Spy) MarkSeen(ctx context.Context, now time.Time, id string, n int64) error {
	if err := s.see("MarkSeen"); err != nil {
		return err
	}
	return s.Store.MarkSeen(ctx, now, id, n)
}

// A Journal keeps the events.
type Journal struct{ eventtest.Trail }

// Use has the events of the sessions kept.
func (j *Journal) Use(c *Config) { c.Events = j.Hook }

// Want fails the test unless there were so many events of refreshes.
func (j *Journal) Want(t testing.TB, refreshed, replayed, theft int) {
	t.Helper()
	if a, b, c := j.Count(middleware.EventRefreshed), j.Count(middleware.EventReplayed), j.Count(middleware.EventTheft); a != refreshed || b != replayed || c != theft {
		t.Errorf("events: %d refreshed, %d replayed, %d theft; want %d, %d, %d", a, b, c, refreshed, replayed, theft)
	}
}
