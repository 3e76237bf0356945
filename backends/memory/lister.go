package memory

import (
	"context"
	"time"

	"github.com/inga-auth/inga/backends"
)

var _ backends.SessionLister = (*Store)(nil)

// List implements [backends.SessionLister]. It costs what the user's own sessions cost.
func (m *Store) List(ctx context.Context, now time.Time, userID string) ([]backends.Session, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	a, ok := m.accounts.find(userID)
	if !ok {
		return nil, nil
	}
	a.mu.RLock()
	defer a.mu.RUnlock()
	return a.list(now), nil
}

// RevokeUser implements [backends.SessionLister]. It costs what the user's own sessions cost.
func (m *Store) RevokeUser(ctx context.Context, now time.Time, userID, except string, why backends.Reason) (n int, err error) {
	if err := why.Validate(); err != nil {
		return 0, err
	}
	err = m.withAccount(ctx, userID, func(a *account) error {
		n = a.end(now, except, why)
		m.feed.changed(a.id)
		return nil
	})
	return n, ignoreNotFound(err)
}

// RevokeAll implements [backends.SessionLister]. It ends the sessions of one user at a time:
// when ctx ends, those of some users have ended and those of others have not.
func (m *Store) RevokeAll(ctx context.Context, now time.Time, why backends.Reason) (int, error) {
	if err := why.Validate(); err != nil {
		return 0, err
	}
	n := 0
	for a := range m.accounts.all {
		if err := ctx.Err(); err != nil {
			return n, err
		}
		a.mu.Lock()
		n += a.end(now, "", why)
		m.feed.changed(a.id)
		a.mu.Unlock()
	}
	return n, ctx.Err()
}
