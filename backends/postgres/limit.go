package postgres

import (
	"cmp"
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

	// Not ordered: a login that is refused needs no more than the first that make it too many.
	candidatesSQL = `AND s.actor_id IS NULL AND s.id <> $3::text AND ($4::text = '' OR s.kind = $4::text) LIMIT NULLIF($5::integer, 0)`

	supersedeSQL = `
UPDATE {sessions} s SET ended_at = $1::timestamptz, ended_reason = $2::text
FROM unnest($3::text[]) AS too_many (id) WHERE s.id = too_many.id AND {not_ended}
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

// makeRoom ends the sessions of the user that are too many with one more, and returns them.
func (s *Store) makeRoom(ctx context.Context, tx pgx.Tx, now time.Time, n backends.Session, o backends.CreateOptions) ([]string, error) {
	// The user before the turn, as a change of the user takes them; see users.go and list.go.
	u, err := findUser(ctx, tx, s.sql.user+s.sql.lock, n.UserID)
	switch {
	case err != nil:
		return nil, err
	case u.Disabled:
		return nil, backends.ErrUserDisabled
	case o.UserVersion != 0 && o.UserVersion != u.Version:
		return nil, backends.ErrConflict
	}
	if _, err := tx.Exec(ctx, s.sql.lockUser, n.UserID); err != nil {
		return nil, err
	}
	limit := o.Limit(u)
	if err := limit.Validate(); err != nil || limit == (backends.Limit{Refuse: limit.Refuse}) {
		return nil, err
	}
	live, err := s.candidates(ctx, tx, now, n, o.Replaces, limit)
	if err != nil {
		return nil, err
	}
	superseded, err := limit.Evict(live, n.Kind)
	if err != nil || len(superseded) == 0 || !s.ownUsers {
		return superseded, err // those of the application's users end with confirm
	}
	rows, _ := tx.Query(ctx, s.sql.supersede, at(now), string(backends.ReasonSuperseded), superseded)
	return pgx.CollectRows(rows, pgx.RowTo[string]) // others may have ended some of them meanwhile
}

// candidates returns what [backends.Limit.Evict] looks at: of the live sessions those that count,
// the most recently seen first.
func (s *Store) candidates(ctx context.Context, tx pgx.Tx, now time.Time, n backends.Session, replaces string, l backends.Limit) ([]backends.Session, error) {
	kind, most := "", 0 // no bound: all that are too many end
	if l.Total == 0 {
		kind = string(n.Kind)
	}
	if l.Refuse {
		most = cmp.Or(l.Total, l.PerKind)
	}
	rows, _ := tx.Query(ctx, s.sql.candidates, at(now), n.UserID, replaces, kind, most)
	live, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (s backends.Session, err error) {
		err = r.Scan(&s.ID, (*string)(&s.Kind), &s.LastSeenAt)
		return s, err
	})
	slices.SortFunc(live, func(a, b backends.Session) int { return b.LastSeenAt.Compare(a.LastSeenAt) })
	return live, err
}

// isVerdict reports whether err is about the user, the session or the arguments.
func isVerdict(err error) bool {
	return slices.ContainsFunc([]error{
		backends.ErrNotFound, backends.ErrNotLive, backends.ErrConflict, backends.ErrLimit, backends.ErrInvalidArgument,
	}, func(verdict error) bool { return errors.Is(err, verdict) })
}
