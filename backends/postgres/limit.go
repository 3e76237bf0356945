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
	// A statement of its own: the next one then sees what the former holders of the lock have
	// committed. It is a lock of the transaction, as in migrate.go.
	lockUserSQL = `SELECT pg_advisory_xact_lock(hashtextextended({schema} || ' ' || $1::text, 0))`

	// The session that is replaced is locked as well, though it ends with the next statement:
	// everything that ends several sessions locks them in one order; see list.go.
	supersedeSQL = `
WITH mine AS (
	SELECT id FROM {sessions}
	WHERE id = ANY ($3::text[] || $4::text) AND ended_at IS NULL
	ORDER BY id FOR NO KEY UPDATE
)
UPDATE {sessions} s SET ended_at = $1::timestamptz, ended_reason = $2::text
FROM mine WHERE s.id = mine.id AND s.id <> $4::text
RETURNING s.id`
)

// createWithin is create for a user whose sessions are limited. Logins of one user take
// turns, whatever process they are in, so that each counts what the others have left.
func (s *Store) createWithin(ctx context.Context, now time.Time, n backends.Session, h backends.SecretHash, o backends.CreateOptions) ([]string, error) {
	var superseded, replaced []string
	err := pgx.BeginTxFunc(ctx, s.pool, readCommitted, func(tx pgx.Tx) (err error) {
		superseded, err = s.makeRoom(ctx, tx, now, n, o)
		if err == nil {
			replaced, err = s.create(ctx, tx, now, n, h, o)
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

// makeRoom ends the sessions of the user that are too many with one more.
func (s *Store) makeRoom(ctx context.Context, tx pgx.Tx, now time.Time, n backends.Session, o backends.CreateOptions) ([]string, error) {
	if _, err := tx.Exec(ctx, s.sql.lockUser, n.UserID); err != nil {
		return nil, err
	}
	u, err := findUser(ctx, tx, s.sql.user+s.sql.lock, n.UserID)
	switch {
	case err != nil:
		return nil, err
	case u.Disabled:
		return nil, backends.ErrUserDisabled
	case o.UserVersion != 0 && o.UserVersion != u.Version:
		return nil, backends.ErrConflict
	}
	rows, err := tx.Query(ctx, s.sql.candidates, at(now), n.UserID)
	if err != nil {
		return nil, err
	}
	// [backends.Limit.Evict] looks at these two columns only.
	live, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (s backends.Session, err error) {
		err = r.Scan(&s.ID, (*string)(&s.Kind))
		return s, err
	})
	if err != nil {
		return nil, err
	}
	live = slices.DeleteFunc(live, func(s backends.Session) bool { return s.ID == o.Replaces })
	superseded, err := o.Limit(u).Evict(live, n.Kind)
	if err != nil || len(superseded) == 0 {
		return nil, err
	}
	rows, err = tx.Query(ctx, s.sql.supersede, at(now), string(backends.ReasonSuperseded), superseded, o.Replaces)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string]) // others may have ended some of them meanwhile
}

// isVerdict reports whether err is about the user, the session or the arguments.
func isVerdict(err error) bool {
	return slices.ContainsFunc([]error{
		backends.ErrNotFound, backends.ErrNotLive, backends.ErrConflict, backends.ErrLimit, backends.ErrInvalidArgument,
	}, func(verdict error) bool { return errors.Is(err, verdict) })
}
