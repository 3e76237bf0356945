package memory

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/record"
)

var (
	_ backends.UserStore  = (*Store)(nil)
	_ backends.UserFinder = (*Store)(nil)
)

// Users implements [backends.UserStore].
func (m *Store) Users() backends.Users { return users{m} }

// users are the users of a store.
type users struct{ store *Store }

// CreateUser implements [backends.Users].
func (m users) CreateUser(ctx context.Context, u backends.User, passwordHash string) error {
	if err := errors.Join(ctx.Err(), u.Validate(), backends.ValidPasswordHash(passwordHash)); err != nil {
		return err
	}
	// Gone until both keys are taken, for a method that finds it before and waits for its lock.
	a := &account{id: strings.Clone(u.ID), name: strings.Clone(u.Name), password: strings.Clone(passwordHash), User: record.NewUser(&u), gone: true}
	a.Version = m.store.version.Add(1)
	a.mu.Lock()
	defer a.mu.Unlock()
	if !m.store.accounts.add(a.id, a) {
		return backends.ErrConflict
	}
	if a.name != "" && !m.store.names.add(a.name, a) {
		m.store.accounts.remove(a.id)
		return backends.ErrConflict
	}
	a.gone = false
	return nil
}

// UserByName implements [backends.Users].
func (m users) UserByName(ctx context.Context, name string) (backends.User, string, error) {
	return m.store.user(ctx, m.store.names, name)
}

// ListUsers implements [backends.Users]. The order is that of bytes. It looks at every
// user once, whatever the limit.
func (m users) ListUsers(ctx context.Context, after string, limit int) ([]backends.User, error) {
	if after != "" && !backends.ValidText(after) {
		return nil, fmt.Errorf("%w: after is %.80q, want the ID of a user", backends.ErrInvalidArgument, after)
	}
	if limit <= 0 {
		return nil, ctx.Err()
	}
	var first []*account
	for a := range m.store.accounts.all {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if a.id > after && a.exists() {
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
	slices.SortFunc(as, func(x, y *account) int { return cmp.Compare(x.id, y.id) })
	return as[:min(limit, len(as))]
}

// SetPassword implements [backends.Users].
func (m users) SetPassword(ctx context.Context, now time.Time, userID string, version int64, passwordHash, except string) (ended int, err error) {
	if err := backends.ValidPasswordHash(passwordHash); err != nil {
		return 0, err
	}
	err = m.store.withAccount(ctx, userID, func(a *account) error {
		if version != 0 && version != a.Version {
			return backends.ErrConflict
		}
		a.password = strings.Clone(passwordHash)
		ended = a.end(now, except, backends.ReasonCredentials)
		m.store.renewed(a)
		return nil
	})
	return ended, err
}

// Rehash implements [backends.Users].
func (m users) Rehash(ctx context.Context, userID, old, passwordHash string) error {
	if err := errors.Join(backends.ValidPasswordHash(old), backends.ValidPasswordHash(passwordHash)); err != nil {
		return err
	}
	return m.store.withAccount(ctx, userID, func(a *account) error {
		if a.password == old {
			a.password = strings.Clone(passwordHash)
		}
		return nil
	})
}

// SetRoles implements [backends.Users].
func (m users) SetRoles(ctx context.Context, userID string, roles []string) error {
	if err := backends.ValidRoles(roles); err != nil {
		return err
	}
	return m.store.withAccount(ctx, userID, func(a *account) error {
		a.User.SetRoles(roles)
		m.store.renewed(a)
		return nil
	})
}

// SetDisabled implements [backends.Users].
func (m users) SetDisabled(ctx context.Context, now time.Time, userID string, disabled bool) error {
	return m.store.withAccount(ctx, userID, func(a *account) error {
		if a.Disabled = disabled; disabled {
			a.end(now, "", backends.ReasonUser)
		}
		m.store.renewed(a)
		return nil
	})
}

// DeleteUser implements [backends.Users].
func (m users) DeleteUser(ctx context.Context, now time.Time, userID string) error {
	return m.store.withAccount(ctx, userID, func(a *account) error {
		a.end(now, "", backends.ReasonUser)
		a.gone = true
		m.store.accounts.remove(a.id)
		m.store.names.remove(a.name)
		if a.rows != nil {
			m.store.graves.add(a, a)
		}
		m.store.feed.changed(a.id)
		return nil
	})
}

// renewed gives the account another version and reports the change.
func (m *Store) renewed(a *account) {
	a.Version = m.version.Add(1)
	m.feed.changed(a.id)
}

// withAccount calls f with the account of an existing user, locked.
func (m *Store) withAccount(ctx context.Context, userID string, f func(*account) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	a, ok := m.accounts.find(userID)
	if !ok {
		return backends.ErrNotFound
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.gone {
		return backends.ErrNotFound
	}
	return f(a)
}

// user returns the user under the key of the index, and their password hash.
func (m *Store) user(ctx context.Context, in *index[string, *account], key string) (backends.User, string, error) {
	if err := ctx.Err(); err != nil {
		return backends.User{}, "", err
	}
	a, ok := in.find(key)
	if !ok {
		return backends.User{}, "", backends.ErrNotFound
	}
	a.mu.RLock()
	defer a.mu.RUnlock()
	if a.gone {
		return backends.User{}, "", backends.ErrNotFound
	}
	return a.user(), a.password, nil
}
