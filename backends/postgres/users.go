package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/inga-auth/inga/backends"
)

// users are the users in the store's own table.
type users struct{ store *Store }

var (
	_ backends.UserStore = (*Store)(nil)
	_ backends.Users     = users{}
)

// Users implements [backends.UserStore]. Where Config.Users names a table or view of the
// application, which is not ours to write to, all methods of what it returns fail with an
// error that wraps [errors.ErrUnsupported].
func (s *Store) Users() backends.Users {
	if !s.ownUsers {
		return backends.NoUsers(fmt.Errorf("postgres: the users are in the table or view that Config.Users names: %w", errors.ErrUnsupported))
	}
	return users{s}
}

// live returns the session and its user, if the session is live at now. One that is refused because
// of its user ends, so that it does not live again when the user is enabled or restored.
func (s *Store) live(ctx context.Context, now time.Time, f *found) (backends.Session, backends.User, error) {
	found, u, err := f.live(now)
	if errors.Is(err, backends.ErrUserGone) || errors.Is(err, backends.ErrUserDisabled) {
		if _, failure := s.pool.Exec(ctx, s.sql.revoke, at(now), found.ID, string(backends.ReasonUser)); failure != nil {
			return found, backends.User{}, failed("end session", failure)
		}
	}
	return found, u, err
}

const createUserSQL = `
INSERT INTO {users} (id, name, password_hash, roles, disabled)
VALUES ($1::text, NULLIF($2::text, ''), $3::text, $4::text[], $5::boolean)`

// CreateUser implements [backends.Users].
func (u users) CreateUser(ctx context.Context, n backends.User, passwordHash string) error {
	if err := errors.Join(n.Validate(), backends.ValidPasswordHash(passwordHash)); err != nil {
		return err
	}
	_, err := u.store.exec(ctx, u.store.sql.createUser, n.ID, n.Name, passwordHash, notNull(n.Roles), n.Disabled)
	return failed("create user", err)
}

const userByNameSQL = `
SELECT u.id, {user}, u.password_hash FROM {users} u WHERE u.name = $1::text`

// UserByName implements [backends.Users].
func (u users) UserByName(ctx context.Context, name string) (backends.User, string, error) {
	if !backends.ValidText(name) {
		return backends.User{}, "", backends.ErrNotFound
	}
	var (
		found backends.User
		hash  string
	)
	ctx, cancel := u.store.bound(ctx)
	defer cancel()
	err := u.store.read(ctx, func(q querier) error {
		return q.QueryRow(ctx, u.store.sql.userByName, name).
			Scan(&found.ID, &found.Name, &found.Roles, &found.Disabled, &found.Version, &hash)
	})
	if err != nil {
		return backends.User{}, "", failed("find user", err)
	}
	found.Roles = nilIfEmpty(found.Roles)
	return found, hash, nil
}

const listUsersSQL = `
SELECT u.id, {user} FROM {users} u WHERE u.id > $1::text ORDER BY u.id LIMIT $2::bigint`

// ListUsers implements [backends.Users]. IDs are ordered by their bytes.
func (u users) ListUsers(ctx context.Context, after string, limit int) ([]backends.User, error) {
	if after != "" && !backends.ValidText(after) {
		return nil, fmt.Errorf("%w: after is %.80q, want the ID of a user", backends.ErrInvalidArgument, after)
	}
	if limit <= 0 {
		return nil, nil
	}
	ctx, cancel := u.store.bound(ctx)
	defer cancel()
	var list []backends.User
	err := u.store.read(ctx, func(q querier) (err error) {
		rows, _ := q.Query(ctx, u.store.sql.listUsers, after, limit)
		list, err = pgx.CollectRows(rows, func(r pgx.CollectableRow) (backends.User, error) {
			var found backends.User
			err := r.Scan(&found.ID, &found.Name, &found.Roles, &found.Disabled, &found.Version)
			found.Roles = nilIfEmpty(found.Roles)
			return found, err
		})
		return err
	})
	return list, failed("list users", err)
}

// DEFAULT is the next version of the whole table: not even a user who was deleted and created
// again has the same version twice.
const setPasswordSQL = `
UPDATE {users} SET password_hash = $2::text, version = DEFAULT
WHERE id = $1::text AND ($3::bigint = 0 OR version = $3::bigint)`

// SetPassword implements [backends.Users].
func (u users) SetPassword(ctx context.Context, now time.Time, userID string, version int64, passwordHash, except string) (int, error) {
	if err := backends.ValidPasswordHash(passwordHash); err != nil {
		return 0, err
	}
	ctx, cancel := u.store.bound(ctx)
	defer cancel()
	ended, err := u.change(ctx, userID, u.store.sql.setPassword, []any{userID, passwordHash, version}, func(tx pgx.Tx) (int, error) {
		return u.store.revokeUser(ctx, tx, now, userID, except, backends.ReasonCredentials)
	})
	if version != 0 && errors.Is(err, backends.ErrNotFound) {
		if _, err = u.store.FindUser(ctx, userID); err == nil {
			err = backends.ErrConflict
		}
	}
	return ended, err
}

const rehashSQL = `
WITH rehashed AS (
	UPDATE {users} SET password_hash = $3::text WHERE id = $1::text AND password_hash = $2::text
)
SELECT EXISTS (SELECT FROM {users} WHERE id = $1::text)`

// Rehash implements [backends.Users].
func (u users) Rehash(ctx context.Context, userID, old, passwordHash string) error {
	if err := errors.Join(backends.ValidPasswordHash(old), backends.ValidPasswordHash(passwordHash)); err != nil {
		return err
	}
	if !backends.ValidText(userID) {
		return backends.ErrNotFound
	}
	var exists bool
	ctx, cancel := u.store.bound(ctx)
	defer cancel()
	err := u.store.pool.QueryRow(ctx, u.store.sql.rehash, userID, old, passwordHash).Scan(&exists)
	if err == nil && !exists {
		return backends.ErrNotFound
	}
	return failed("rehash", err)
}

const setRolesSQL = `
UPDATE {users} SET roles = $2::text[], version = DEFAULT WHERE id = $1::text`

// SetRoles implements [backends.Users].
func (u users) SetRoles(ctx context.Context, userID string, roles []string) error {
	if err := backends.ValidRoles(roles); err != nil {
		return err
	}
	if !backends.ValidText(userID) {
		return backends.ErrNotFound
	}
	tag, err := u.store.exec(ctx, u.store.sql.setRoles, userID, notNull(roles))
	if err == nil && tag.RowsAffected() == 0 {
		return backends.ErrNotFound
	}
	if err == nil {
		u.store.subscribers.Call(userID)
	}
	return failed("set roles", err)
}

const setDisabledSQL = `
UPDATE {users} SET disabled = $2::boolean, version = DEFAULT WHERE id = $1::text`

// SetDisabled implements [backends.Users].
func (u users) SetDisabled(ctx context.Context, now time.Time, userID string, disabled bool) error {
	_, err := u.change(ctx, userID, u.store.sql.setDisabled, []any{userID, disabled}, func(tx pgx.Tx) (int, error) {
		if !disabled {
			return 0, nil
		}
		return u.store.revokeUser(ctx, tx, now, userID, "", backends.ReasonUser)
	})
	return err
}

const deleteUserSQL = `DELETE FROM {users} WHERE id = $1::text`

// DeleteUser implements [backends.Users].
func (u users) DeleteUser(ctx context.Context, now time.Time, userID string) error {
	_, err := u.change(ctx, userID, u.store.sql.deleteUser, []any{userID}, func(tx pgx.Tx) (int, error) {
		return u.store.revokeUser(ctx, tx, now, userID, "", backends.ReasonUser)
	})
	return err
}

// change changes a user by the first statement and their sessions by the second, in one
// transaction.
//
// Why not one statement with two parts, as elsewhere: both would see the database as it was
// when the statement began. A login that committed while the first part waited for its lock
// on the user would be missed by the second, and live on with the old password. The second of
// two statements sees what has been committed by then: the first holds the user, so no login
// is under way, and the second sees every session.
func (u users) change(ctx context.Context, userID, sql string, args []any, sessions func(pgx.Tx) (int, error)) (int, error) {
	if !backends.ValidText(userID) {
		return 0, backends.ErrNotFound
	}
	ctx, cancel := u.store.bound(ctx)
	defer cancel()
	ended := 0
	err := pgx.BeginTxFunc(ctx, u.store.pool, readCommitted, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, sql, args...)
		if err != nil {
			return fmt.Errorf("change user: %w", err)
		}
		if tag.RowsAffected() == 0 {
			return backends.ErrNotFound
		}
		ended, err = sessions(tx)
		return err
	})
	if errors.Is(err, backends.ErrNotFound) {
		return 0, backends.ErrNotFound
	}
	if err != nil {
		return 0, failed("change user", err)
	}
	u.store.subscribers.Call(userID)
	return ended, nil
}
