package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/inga-auth/inga/backends"
)

const (
	// A statement of its own: the next one then sees what those have committed who had the
	// lock before. It is a lock of the transaction, as in migrate.go.
	lockUserSQL = `SELECT pg_advisory_xact_lock(hashtextextended({schema} || ' ' || $1::text, 0))`

	userSQL = `
SELECT {name}, COALESCE(array_remove(u.roles::text[], NULL), '{}'), u.disabled IS NOT FALSE, COALESCE(u.version::bigint, 0)
FROM {users} u WHERE u.id = $1::text `

	// The one that is replaced is locked as well, though it ends with the next statement: all
	// who end several sessions lock them in one order; see directory.go.
	supersedeSQL = `
WITH mine AS (
	SELECT id FROM {sessions}
	WHERE id = ANY ($3::text[] || $4::text) AND ended_at IS NULL
	ORDER BY id FOR NO KEY UPDATE
)
UPDATE {sessions} s SET ended_at = $1::timestamptz, ended_reason = $2::text
FROM mine WHERE s.id = mine.id AND s.id <> $4::text`
)

// createWithin is create for a user who may have so many sessions only. Logins of one user
// take turns, at whatever process, so that each counts what the others have left.
func (s *Store) createWithin(ctx context.Context, now time.Time, n backends.Session, h backends.SecretHash, a backends.Admission) ([]string, error) {
	var superseded, replaced []string
	err := pgx.BeginTxFunc(ctx, s.pool, readCommitted, func(tx pgx.Tx) (err error) {
		superseded, err = s.makeRoom(ctx, tx, now, n, a)
		if err == nil {
			replaced, err = s.create(ctx, tx, now, n, h, a)
		}
		return err
	})
	switch {
	case err == nil:
		return slices.Concat(replaced, superseded), nil
	case isVerdict(err):
		return nil, err
	}
	return nil, fmt.Errorf("postgres: create session: %w", err)
}

func findUser(ctx context.Context, q querier, sql, userID string) (backends.User, error) {
	u := backends.User{ID: userID}
	if err := q.QueryRow(ctx, sql, userID).Scan(&u.Name, &u.Roles, &u.Disabled, &u.Version); err != nil {
		return backends.User{}, failed("find user", err)
	}
	u.Roles = nilIfEmpty(u.Roles)
	return u, nil
}

// makeRoom ends the sessions of the user that are too many with one more.
func (s *Store) makeRoom(ctx context.Context, tx pgx.Tx, now time.Time, n backends.Session, a backends.Admission) ([]string, error) {
	if _, err := tx.Exec(ctx, s.sql.lockUser, n.UserID); err != nil {
		return nil, err
	}
	u, err := findUser(ctx, tx, s.sql.user+s.sql.lock, n.UserID)
	if err != nil {
		return nil, err
	}
	live, err := s.list(ctx, tx, now, n.UserID)
	if err != nil {
		return nil, err
	}
	live = slices.DeleteFunc(live, func(s backends.Session) bool { return s.ID == a.Replaces })
	superseded, err := a.Limit(u).Evict(live, n.Kind)
	if err != nil || len(superseded) == 0 {
		return nil, err
	}
	_, err = tx.Exec(ctx, s.sql.supersede, at(now), string(backends.ReasonSuperseded), superseded, a.Replaces)
	return superseded, err
}

// isVerdict reports whether err is about the user or the session.
func isVerdict(err error) bool {
	for _, verdict := range []error{backends.ErrNotFound, backends.ErrNotLive, backends.ErrConflict, backends.ErrLimit} {
		if errors.Is(err, verdict) {
			return true
		}
	}
	return false
}
