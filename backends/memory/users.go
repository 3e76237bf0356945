package memory

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/inga-auth/inga/backends"
)

var _ backends.Users = (*Store)(nil)

// CreateUser implements [backends.Users].
func (m *Store) CreateUser(ctx context.Context, u backends.User, passwordHash string) error {
	if err := errors.Join(ctx.Err(), validText("ID", u.ID), validText("Name", u.Name), validText("Roles", u.Roles...)); err != nil {
		return err
	}
	// Gone until both keys are taken, for those who find it earlier and wait for its lock.
	a := &account{user: u.Clone(), password: passwordHash, gone: true}
	a.user.Version = m.version.Add(1)
	a.mu.Lock()
	defer a.mu.Unlock()
	if !m.accounts.add(u.ID, a) {
		return backends.ErrConflict
	}
	if !m.names.add(u.Name, a) {
		m.accounts.remove(u.ID)
		return backends.ErrConflict
	}
	a.gone = false
	return nil
}

// UserByName implements [backends.Users].
func (m *Store) UserByName(ctx context.Context, name string) (backends.User, string, error) {
	if err := ctx.Err(); err != nil {
		return backends.User{}, "", err
	}
	a, ok := m.names.find(name)
	if !ok {
		return backends.User{}, "", backends.ErrNotFound
	}
	a.mu.RLock()
	defer a.mu.RUnlock()
	if a.gone {
		return backends.User{}, "", backends.ErrNotFound
	}
	return a.user.Clone(), a.password, nil
}

// ListUsers implements [backends.Users]. The order is that of bytes. It looks at every
// user once, whatever the limit.
func (m *Store) ListUsers(ctx context.Context, after string, limit int) ([]backends.User, error) {
	if after != "" {
		if err := validText("after", after); err != nil {
			return nil, err
		}
	}
	if limit <= 0 {
		return nil, ctx.Err()
	}
	var first []*account
	for a := range m.accounts.all {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if a.user.ID > after && a.exists() {
			first = append(first, a)
		}
		if len(first)-limit >= limit {
			first = smallest(first, limit)
		}
	}
	first = smallest(first, limit)
	users := make([]backends.User, len(first))
	for i, a := range first {
		users[i] = a.snapshot()
	}
	return users, ctx.Err()
}

// smallest returns the limit accounts with the smallest IDs, in their order.
func smallest(as []*account, limit int) []*account {
	slices.SortFunc(as, func(x, y *account) int { return cmp.Compare(x.user.ID, y.user.ID) })
	return as[:min(limit, len(as))]
}

func (a *account) exists() bool {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return !a.gone
}

func (a *account) snapshot() backends.User {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return a.user.Clone()
}

// SetPassword implements [backends.Users].
func (m *Store) SetPassword(ctx context.Context, now time.Time, userID string, version int64, passwordHash, except string) (ended int, err error) {
	stale := false
	err = m.change(ctx, userID, func(a *account) {
		if stale = version != 0 && version != a.user.Version; stale {
			return
		}
		a.password = passwordHash
		a.user.Version = m.version.Add(1)
		ended = a.end(now, except, backends.ReasonCredentials)
	})
	if stale {
		return 0, backends.ErrConflict
	}
	return ended, err
}

// Rehash implements [backends.Users].
func (m *Store) Rehash(ctx context.Context, userID, old, passwordHash string) error {
	return m.change(ctx, userID, func(a *account) {
		if a.password == old {
			a.password = passwordHash
		}
	})
}

// SetRoles implements [backends.Users]. It refuses a role that is not
// [backends.ValidText].
func (m *Store) SetRoles(ctx context.Context, userID string, roles []string) error {
	if err := validText("Roles", roles...); err != nil {
		return err
	}
	return m.change(ctx, userID, func(a *account) {
		a.user.Roles = slices.Clone(roles)
		a.user.Version = m.version.Add(1)
	})
}

// SetDisabled implements [backends.Users].
func (m *Store) SetDisabled(ctx context.Context, now time.Time, userID string, disabled bool) error {
	return m.change(ctx, userID, func(a *account) {
		a.user.Disabled = disabled
		a.user.Version = m.version.Add(1)
		if disabled {
			a.end(now, "", backends.ReasonUser)
		}
	})
}

// DeleteUser implements [backends.Users].
func (m *Store) DeleteUser(ctx context.Context, now time.Time, userID string) error {
	return m.change(ctx, userID, func(a *account) {
		a.end(now, "", backends.ReasonUser)
		a.gone = true
		m.accounts.remove(a.user.ID)
		m.names.remove(a.user.Name)
		if len(a.rows) > 0 {
			m.graves.add(a, a)
		}
	})
}

// change calls f with the account of an existing user, locked.
func (m *Store) change(ctx context.Context, userID string, f func(*account)) error {
	a, err := m.account(ctx, userID)
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.gone {
		return backends.ErrNotFound
	}
	f(a)
	m.feed.changed(a.user.ID)
	return nil
}

func validText(field string, texts ...string) error {
	for _, s := range texts {
		if !backends.ValidText(s) {
			return fmt.Errorf("memory: User.%s has %.40q, want 1 to 255 bytes of UTF-8 without control characters", field, s)
		}
	}
	return nil
}
