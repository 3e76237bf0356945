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

// FindUser implements [backends.UserFinder].
func (m *Store) FindUser(ctx context.Context, userID string) (u backends.User, err error) {
	err = m.withAccount(ctx, m.accounts, userID, func(a *account) error {
		u = a.user()
		return nil
	})
	return u, err
}

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
func (m users) UserByName(ctx context.Context, name string) (u backends.User, passwordHash string, err error) {
	err = m.store.withAccount(ctx, m.store.names, name, func(a *account) error {
		u, passwordHash = a.user(), a.password
		return nil
	})
	return u, passwordHash, err
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
	var first []backends.User
	for a := range m.store.accounts.all {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		a.mu.RLock()
		if a.id > after && !a.gone {
			first = append(first, a.user())
		}
		a.mu.RUnlock()
		if len(first)-limit >= limit {
			first = smallest(first, limit)
		}
	}
	return smallest(first, limit), ctx.Err()
}

// smallest returns the limit users with the smallest IDs, in their order.
func smallest(us []backends.User, limit int) []backends.User {
	slices.SortFunc(us, func(x, y backends.User) int { return cmp.Compare(x.ID, y.ID) })
	return us[:min(limit, len(us))]
}

// SetPassword implements [backends.Users].
func (m users) SetPassword(ctx context.Context, now time.Time, userID string, version int64, passwordHash, except string) (ended int, err error) {
	if err := backends.ValidPasswordHash(passwordHash); err != nil {
		return 0, err
	}
	err = m.store.withAccount(ctx, m.store.accounts, userID, func(a *account) error {
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
	return m.store.withAccount(ctx, m.store.accounts, userID, func(a *account) error {
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
	return m.store.withAccount(ctx, m.store.accounts, userID, func(a *account) error {
		a.User.SetRoles(roles)
		m.store.renewed(a)
		return nil
	})
}

// SetDisabled implements [backends.Users].
func (m users) SetDisabled(ctx context.Context, now time.Time, userID string, disabled bool) error {
	return m.store.withAccount(ctx, m.store.accounts, userID, func(a *account) error {
		if a.Disabled = disabled; disabled {
			a.end(now, "", backends.ReasonUser)
		}
		m.store.renewed(a)
		return nil
	})
}

// DeleteUser implements [backends.Users].
func (m users) DeleteUser(ctx context.Context, now time.Time, userID string) error {
	return m.store.withAccount(ctx, m.store.accounts, userID, func(a *account) error {
		a.end(now, "", backends.ReasonUser)
		a.gone = true
		m.store.accounts.remove(a.id)
		m.store.names.remove(a.name)
		m.store.feed.changed(a.id)
		return nil
	})
}

// renewed gives the account another version and reports the change.
func (m *Store) renewed(a *account) {
	a.Version = m.version.Add(1)
	m.feed.changed(a.id)
}
