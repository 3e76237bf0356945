package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/subscribers"
)

// A Store keeps sessions in PostgreSQL. Each method is one statement, except where its
// comment says why it is more. It is safe for concurrent use. See the package doc.
type Store struct {
	pool     *pgxpool.Pool
	timeout  time.Duration
	listen   *pgx.ConnConfig // nil: as the pool connects
	schema   string
	sessions string // the quoted name of the table
	ownUsers bool   // the users are in this package's table
	vouches  bool   // triggers announce all changes of users
	sql      statements
	steps    []string // the SQL of each version of the schema

	subscribers subscribers.Table
}

var (
	_ backends.Store      = (*Store)(nil)
	_ backends.UserFinder = (*Store)(nil)
	_ backends.Subscriber = (*Store)(nil)
)

const findSQL = `
SELECT {columns}, u.id IS NOT NULL, {user}
FROM {sessions} s LEFT JOIN {users} u ON u.id = s.user_id
WHERE s.id = $1::text AND ($2::bytea IS NULL OR s.secret_hash = $2::bytea)`

// Find implements [backends.Store].
func (s *Store) Find(ctx context.Context, now time.Time, id string, h backends.SecretHash) (backends.Session, backends.User, error) {
	if !backends.ValidID(id) {
		return backends.Session{}, backends.User{}, backends.ErrNotFound
	}
	return s.find(ctx, now, s.sql.find, id, nullHash(h))
}

// find returns the session and user that the statement finds, if the session is live at now.
func (s *Store) find(ctx context.Context, now time.Time, sql string, args ...any) (backends.Session, backends.User, error) {
	var (
		r    row
		u    backends.User
		user *backends.User // nil if there is none
		has  bool
	)
	ctx, cancel := s.bound(ctx)
	defer cancel()
	err := s.pool.QueryRow(ctx, sql, args...).Scan(r.targets(&has, &u.Name, &u.Roles, &u.Disabled, &u.Version)...)
	if err != nil {
		return backends.Session{}, backends.User{}, failed("find session", err)
	}
	found := r.session()
	if has {
		u.ID, u.Roles = found.UserID, nilIfEmpty(u.Roles)
		user = &u
	}
	if err := found.Live(user, now); err != nil {
		return found, backends.User{}, err
	}
	return found, u, nil
}

const userSQL = `SELECT {user} FROM {users} u WHERE u.id = $1::text `

// FindUser implements [backends.UserFinder].
func (s *Store) FindUser(ctx context.Context, userID string) (backends.User, error) {
	if !backends.ValidText(userID) {
		return backends.User{}, backends.ErrNotFound
	}
	ctx, cancel := s.bound(ctx)
	defer cancel()
	return findUser(ctx, s.pool, s.sql.user, userID)
}

func findUser(ctx context.Context, q querier, sql, userID string) (backends.User, error) {
	u := backends.User{ID: userID}
	if err := q.QueryRow(ctx, sql, userID).Scan(&u.Name, &u.Roles, &u.Disabled, &u.Version); err != nil {
		return backends.User{}, failed("find user", err)
	}
	u.Roles = nilIfEmpty(u.Roles)
	return u, nil
}

// SKIP LOCKED: of requests that arrive together one extends, and the others need not wait
// for its commit to learn that they have not.
//
// No upsert here, nor anywhere: a renewal that races a logout must lose.
const extendSQL = `
UPDATE {sessions} t SET {touch}
WHERE t.id = (
	SELECT s.id FROM {sessions} s
	WHERE s.id = $2::text AND {live}
		AND s.last_seen_at + s.renewal_interval * interval '1 microsecond' <= $1::timestamptz
	FOR NO KEY UPDATE OF s SKIP LOCKED)
RETURNING t.idle_deadline`

// Extend implements [backends.Store].
func (s *Store) Extend(ctx context.Context, now time.Time, id string) (time.Time, bool, error) {
	if !backends.ValidID(id) {
		return time.Time{}, false, nil
	}
	ctx, cancel := s.bound(ctx)
	defer cancel()
	var deadline time.Time
	switch err := s.pool.QueryRow(ctx, s.sql.extend, at(now), id).Scan(&deadline); {
	case errors.Is(err, pgx.ErrNoRows):
		return time.Time{}, false, nil
	case err != nil:
		return time.Time{}, false, failed("extend session", err)
	}
	return deadline.UTC(), true, nil
}

// An expired session is marked as well, though that is not reported: to a server whose
// clock is behind it may still be live.
const revokeSQL = `
UPDATE {sessions} SET ended_at = $1::timestamptz, ended_reason = $3::text
WHERE id = $2::text AND ended_at IS NULL
RETURNING user_id, idle_deadline > $1::timestamptz AND absolute_deadline > $1::timestamptz`

// Revoke implements [backends.Store].
func (s *Store) Revoke(ctx context.Context, now time.Time, id string, why backends.Reason) (bool, error) {
	if err := why.Validate(); err != nil {
		return false, err
	}
	if !backends.ValidID(id) {
		return false, nil
	}
	ctx, cancel := s.bound(ctx)
	defer cancel()
	var (
		userID string
		ended  bool
	)
	switch err := s.pool.QueryRow(ctx, s.sql.revoke, at(now), id, string(why)).Scan(&userID, &ended); {
	case errors.Is(err, pgx.ErrNoRows):
		return false, nil
	case err != nil:
		return false, failed("revoke session", err)
	}
	s.subscribers.Call(userID)
	return ended, nil
}

// bound bounds what a call may take, waiting for a connection included: an answer that comes
// later than that is for a client who has gone.
func (s *Store) bound(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, s.timeout)
}

// A querier is a pool or a transaction.
type querier interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// exec sends a statement that returns no rows.
func (s *Store) exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	return s.pool.Exec(ctx, sql, args...)
}

// failed translates the error of a statement. What it returns never holds an argument of
// the statement; pgx leaves those out.
func failed(what string, err error) error {
	var pgErr *pgconn.PgError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, pgx.ErrNoRows):
		return backends.ErrNotFound
	case errors.As(err, &pgErr) && pgErr.Code == uniqueViolation:
		// Not wrapped: its detail quotes the row.
		return backends.ErrConflict
	}
	return fmt.Errorf("postgres: %s: %w", what, err)
}

const uniqueViolation = "23505"

// Subscribe implements [backends.Subscriber]. A Store observes the changes that it makes itself
// and, while [Store.Watch] runs, all others. f is called while the subscriptions are locked: it
// must call neither the Store nor stop.
func (s *Store) Subscribe(userID string, f func()) (stop func()) {
	return s.subscribers.Subscribe(userID, f)
}
