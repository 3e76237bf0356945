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
	ownUsers bool // the users are in this package's table
	vouches  bool // triggers announce all changes of users
	sql      statements
	steps    []string // the SQL of each version of the schema

	lookups     lookups
	subscribers subscribers.Table
}

var (
	_ backends.Store      = (*Store)(nil)
	_ backends.UserFinder = (*Store)(nil)
	_ backends.Subscriber = (*Store)(nil)
)

const findSQL = `
SELECT {found}
FROM {found_tables}
WHERE s.id = $1::text AND ($2::bytea IS NULL OR s.secret_hash = $2::bytea)`

// Find implements [backends.Store]. Look-ups that wait at the same time share a statement; see
// batch.go.
func (s *Store) Find(ctx context.Context, now time.Time, id string, h backends.SecretHash) (backends.Session, backends.User, error) {
	if !backends.ValidID(id) {
		return backends.Session{}, backends.User{}, backends.ErrNotFound
	}
	ctx, cancel := s.bound(ctx)
	defer cancel()
	f, err := s.lookups.find(ctx, id, nullHash(h))
	if err != nil {
		return backends.Session{}, backends.User{}, failed("find session", err)
	}
	return s.live(ctx, now, f)
}

func (s *Store) findAlone(ctx context.Context, id string, hash []byte) (f *found, err error) {
	err = s.read(ctx, func(q querier) error {
		f = &found{}
		return q.QueryRow(ctx, s.sql.find, id, hash).Scan(f.targets()...)
	})
	return f, err
}

const userSQL = `SELECT {user} FROM {users} u WHERE u.id = $1::text `

// FindUser implements [backends.UserFinder].
func (s *Store) FindUser(ctx context.Context, userID string) (u backends.User, err error) {
	if !backends.ValidText(userID) {
		return backends.User{}, backends.ErrNotFound
	}
	ctx, cancel := s.bound(ctx)
	defer cancel()
	err = s.read(ctx, func(q querier) error {
		u, err = findUser(ctx, q, s.sql.user, userID)
		return err
	})
	return u, err
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
UPDATE {sessions} s SET {touch}
WHERE s.id = (
	SELECT s.id FROM {sessions} s
	WHERE s.id = $2::text AND {live}
		AND s.last_seen_at + s.renewal_interval * interval '1 microsecond' <= $1::timestamptz
	FOR NO KEY UPDATE OF s SKIP LOCKED)
RETURNING s.idle_deadline`

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
UPDATE {sessions} s SET ended_at = $1::timestamptz, ended_reason = $3::text
WHERE s.id = $2::text AND {not_ended}
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
	return fmt.Errorf("%w: postgres: %s: %w", backends.ErrUnavailable, what, err)
}

const uniqueViolation = "23505"

// Subscribe implements [backends.Subscriber]. A Store observes the changes that it makes itself
// and, while [Store.Watch] runs, all others. f is called while the subscriptions are locked: it
// must call neither the Store nor stop.
func (s *Store) Subscribe(userID string, f func()) (stop func()) {
	return s.subscribers.Subscribe(userID, f)
}
