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
)

// A Store keeps sessions in PostgreSQL. Each method is one statement, except where its
// comment says why it is more. See the package doc.
type Store struct {
	pool     *pgxpool.Pool
	timeout  time.Duration
	listen   *pgx.ConnConfig // nil: as the pool connects
	schema   string
	sessions string // the quoted name of the table
	ownUsers bool   // the users are in our own table
	vouches  bool   // all changes of users are announced
	sql      statements
}

var (
	_ backends.Store     = (*Store)(nil)
	_ backends.Directory = (*Store)(nil)
	_ backends.Sweeper   = (*Store)(nil)
)

// On our own users table {lock} is FOR SHARE. Whoever disables a user or changes their
// password holds the row until its sessions have ended as well; so this statement either
// waits and sees the new version, or is waited for and its session is ended too. Somebody
// else's view cannot be locked: {turn} is a lock on the user's ID, for which the triggers of
// the application wait; see end_sessions in the migrations, and confirm.
const createSQL = `
WITH {turn} u AS (
	SELECT u.disabled IS NOT FALSE AS disabled, u.version::bigint AS version
	FROM {users} u {my_turn} WHERE u.id = $1::text {lock}
), created AS (
	INSERT INTO {sessions} (user_id, id, secret_hash, kind, ip, user_agent, label, amr,
		created_at, authenticated_at, last_seen_at, idle_timeout, renewal_interval,
		idle_deadline, absolute_deadline, refresh_generation,
		refresh_rotated_at, refresh_seen_at)
	SELECT $1::text, $3::text, $4::bytea, $5::text, $6::text, $7::text, $8::text, $9::text[],
		$10::timestamptz, $11::timestamptz, $12::timestamptz, $13::bigint, $14::bigint,
		LEAST($15::timestamptz, $16::timestamptz), $16::timestamptz, $17::bigint,
		$18::timestamptz, $19::timestamptz
	FROM u WHERE NOT u.disabled AND ($2::bigint = 0 OR u.version = $2::bigint)
	RETURNING id
), replaced AS (
	UPDATE {sessions} SET ended_at = $20::timestamptz, ended_reason = $22::text
	WHERE id = $21::text AND user_id = $1::text AND ended_at IS NULL AND EXISTS (SELECT FROM created)
	RETURNING idle_deadline > $20::timestamptz AND absolute_deadline > $20::timestamptz AS was_live
)
SELECT u.disabled, EXISTS (SELECT FROM created), EXISTS (SELECT FROM replaced WHERE was_live) FROM u`

// Create implements [backends.Store]. Text that PostgreSQL cannot keep, or that is longer
// than [backends.NewClient] makes it, is an error.
//
// With a limit it is a transaction of some statements; see admission.go.
func (s *Store) Create(ctx context.Context, now time.Time, n backends.Session, h backends.SecretHash, a backends.Admission) (ended []string, err error) {
	if !backends.ValidText(n.UserID) {
		return nil, backends.ErrNotFound
	}
	if err := storable(&n); err != nil {
		return nil, err
	}
	if !backends.ValidID(a.Replaces) {
		a.Replaces = "" // no session has it
	}
	ctx, cancel := s.bound(ctx)
	defer cancel()
	if a.Limit != nil {
		ended, err = s.createWithin(ctx, now, n, h, a)
	} else {
		ended, err = s.create(ctx, s.pool, now, n, h, a)
	}
	if err == nil && !s.ownUsers {
		err = s.confirm(ctx, n.ID, a.UserVersion)
	}
	return ended, err
}

func (s *Store) create(ctx context.Context, q querier, now time.Time, n backends.Session, h backends.SecretHash, a backends.Admission) (ended []string, err error) {
	var disabled, created, replaced bool
	err = q.QueryRow(ctx, s.sql.create, n.UserID, a.UserVersion,
		n.ID, nullHash(h), string(n.Kind), n.Client.IP, n.Client.UserAgent, n.Client.Label, notNull(n.AMR),
		at(n.CreatedAt), at(n.AuthenticatedAt), at(n.LastSeenAt),
		n.IdleTimeout.Microseconds(), n.RenewalInterval.Microseconds(),
		at(n.IdleDeadline), at(n.AbsoluteDeadline), n.Refresh.Generation,
		null(n.Refresh.RotatedAt), null(n.Refresh.SeenAt),
		at(now), a.Replaces, string(backends.ReasonReplaced),
	).Scan(&disabled, &created, &replaced)
	switch {
	case err != nil:
		return nil, failed("create session", err)
	case disabled:
		return nil, backends.ErrUserDisabled
	case !created:
		return nil, backends.ErrConflict
	case replaced:
		return []string{a.Replaces}, nil
	}
	return nil, nil
}

const confirmSQL = `
DELETE FROM {sessions} s WHERE s.id = $1::text AND NOT EXISTS (
	SELECT FROM {users} u
	WHERE u.id = s.user_id AND u.disabled IS FALSE AND ($2::bigint = 0 OR u.version::bigint = $2::bigint))`

// confirm takes a new session back if its user has changed meanwhile. Somebody else's view
// cannot be locked, so it is looked at again now that the session can be seen by others: a
// change from before is noticed here, and whoever makes one later finds the session.
func (s *Store) confirm(ctx context.Context, id string, userVersion int64) error {
	tag, err := s.pool.Exec(ctx, s.sql.confirm, id, userVersion)
	if err != nil {
		return failed("create session", err)
	}
	if tag.RowsAffected() > 0 {
		return backends.ErrConflict
	}
	return nil
}

// bound bounds what a call may take, waiting for a connection included: an answer that comes
// later than that is for a client who has gone.
func (s *Store) bound(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, s.timeout)
}

const (
	findSQL = `
SELECT {columns}, u.id IS NOT NULL, COALESCE({name}, ''),
	COALESCE(array_remove(u.roles::text[], NULL), '{}'), u.disabled IS NOT FALSE, COALESCE(u.version::bigint, 0)
FROM {sessions} s LEFT JOIN {users} u ON u.id = s.user_id
WHERE `
	findBySecretSQL = `s.secret_hash = $1::bytea`
	findByIDSQL     = `s.id = $1::text`
)

// FindBySecret implements [backends.Store].
func (s *Store) FindBySecret(ctx context.Context, now time.Time, h backends.SecretHash) (backends.Session, backends.User, error) {
	if h == (backends.SecretHash{}) {
		return backends.Session{}, backends.User{}, backends.ErrNotFound
	}
	return s.find(ctx, now, s.sql.findBySecret, h[:])
}

// FindByID implements [backends.Store].
func (s *Store) FindByID(ctx context.Context, now time.Time, id string) (backends.Session, backends.User, error) {
	if !backends.ValidID(id) {
		return backends.Session{}, backends.User{}, backends.ErrNotFound
	}
	return s.find(ctx, now, s.sql.findByID, id)
}

// FindUser implements [backends.Store].
func (s *Store) FindUser(ctx context.Context, userID string) (backends.User, error) {
	if !backends.ValidText(userID) {
		return backends.User{}, backends.ErrNotFound
	}
	ctx, cancel := s.bound(ctx)
	defer cancel()
	return findUser(ctx, s.pool, s.sql.user, userID)
}

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

// SKIP LOCKED: of requests that arrive together one extends, and the others need not wait
// for its commit to learn that they have not.
//
// No upsert here, nor anywhere: a renewal that races a logout must lose.
const extendSQL = `
UPDATE {sessions} SET
	last_seen_at = GREATEST(last_seen_at, $1::timestamptz),
	idle_deadline = GREATEST(idle_deadline, LEAST($3::timestamptz, absolute_deadline))
WHERE id = (
	SELECT s.id FROM {sessions} s
	WHERE s.id = $2::text AND {live}
		AND s.last_seen_at + s.renewal_interval * interval '1 microsecond' <= $1::timestamptz
	FOR NO KEY UPDATE OF s SKIP LOCKED)`

// Extend implements [backends.Store].
func (s *Store) Extend(ctx context.Context, now time.Time, id string, until time.Time) (bool, error) {
	if !backends.ValidID(id) {
		return false, nil
	}
	tag, err := s.exec(ctx, s.sql.extend, at(now), id, at(until))
	if err != nil {
		return false, failed("extend session", err)
	}
	return tag.RowsAffected() > 0, nil
}

const reauthenticateSQL = `
UPDATE {sessions} s SET secret_hash = $4::bytea, amr = $5::text[],
	authenticated_at = $6::timestamptz, last_seen_at = $7::timestamptz,
	idle_timeout = $8::bigint, renewal_interval = $9::bigint,
	idle_deadline = LEAST($10::timestamptz, $11::timestamptz), absolute_deadline = $11::timestamptz,
	refresh_generation = $12::bigint, refresh_rotated_at = $13::timestamptz, refresh_seen_at = $14::timestamptz
WHERE s.id = $2::text AND s.authenticated_at = $3::timestamptz AND {live}`

// Reauthenticate implements [backends.Store]. A next that another session has is
// [backends.ErrConflict].
func (s *Store) Reauthenticate(ctx context.Context, now time.Time, n backends.Session, former time.Time, next backends.SecretHash) error {
	if !backends.ValidID(n.ID) {
		return backends.ErrNotFound
	}
	if err := storable(&n); err != nil {
		return err
	}
	tag, err := s.exec(ctx, s.sql.reauthenticate, at(now), n.ID, at(former), nullHash(next), notNull(n.AMR),
		at(n.AuthenticatedAt), at(n.LastSeenAt), n.IdleTimeout.Microseconds(), n.RenewalInterval.Microseconds(),
		at(n.IdleDeadline), at(n.AbsoluteDeadline),
		n.Refresh.Generation, null(n.Refresh.RotatedAt), null(n.Refresh.SeenAt))
	if err != nil {
		return failed("reauthenticate", err)
	}
	if tag.RowsAffected() == 0 {
		return backends.ErrNotFound
	}
	return nil
}

// An expired session is marked as well, though that is not reported: to a server whose
// clock is behind it may still be live.
const revokeSQL = `
UPDATE {sessions} SET ended_at = $1::timestamptz, ended_reason = $3::text
WHERE id = $2::text AND ended_at IS NULL
RETURNING idle_deadline > $1::timestamptz AND absolute_deadline > $1::timestamptz`

// Revoke implements [backends.Store].
func (s *Store) Revoke(ctx context.Context, now time.Time, id string, why backends.Reason) (bool, error) {
	if !backends.ValidID(id) {
		return false, nil
	}
	var ended bool
	ctx, cancel := s.bound(ctx)
	defer cancel()
	err := s.pool.QueryRow(ctx, s.sql.revoke, at(now), id, string(why)).Scan(&ended)
	if err = failed("revoke session", err); errors.Is(err, backends.ErrNotFound) {
		return false, nil
	}
	return ended, err
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
