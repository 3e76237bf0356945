package memory

import (
	"cmp"
	"context"
	"time"

	"github.com/inga-auth/inga/backends"
)

var _ backends.SessionLister = (*Store)(nil)

// List implements [backends.SessionLister]. A page costs what all of the user's sessions cost.
func (m *Store) List(ctx context.Context, now time.Time, userID string, p backends.Page) ([]backends.Session, string, error) {
	if err := ctx.Err(); err != nil {
		return nil, "", err
	}
	var live []backends.Session
	if a, ok := m.accounts.find(userID); ok {
		a.mu.RLock()
		live = a.live(now)
		a.mu.RUnlock()
	}
	return p.Cut(live)
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

// RevokeAll implements [backends.SessionLister]. It ends the sessions of one user at a time,
// and once it has begun ctx does not stop it.
func (m *Store) RevokeAll(ctx context.Context, now time.Time, why backends.Reason) error {
	if err := cmp.Or(why.Validate(), ctx.Err()); err != nil {
		return err
	}
	for a := range m.accounts.all {
		a.mu.Lock()
		a.end(now, "", why)
		m.feed.changed(a.id)
		a.mu.Unlock()
	}
	return nil
}
