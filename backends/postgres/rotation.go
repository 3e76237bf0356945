package postgres

import (
	"context"
	"time"

	"github.com/inga-auth/inga/backends"
)

var _ backends.Rotator = (*Store)(nil)

// What rotates is one update, whose conditions are those of backends.Session.Rotation; a missing
// time of rotation is long ago. Any other verdict is made in Go, of the row as the statement
// found it, which is returned with false.
const (
	rotateSQL = `
WITH rotated AS (
	UPDATE {sessions} s SET {touch},
		refresh_generation = s.refresh_generation + 1, refresh_rotated_at = $1::timestamptz, refresh_seen_at = NULL
	FROM {users} u
	WHERE s.id = $2::text AND s.secret_hash = $3::bytea AND s.refresh_generation = $4::bigint AND $4::bigint >= 1
		AND COALESCE($1::timestamptz >= s.refresh_rotated_at + $5::bigint * interval '1 microsecond', true)
		AND {open} AND u.id = s.user_id AND u.disabled IS FALSE
	RETURNING {columns}, true, {user}
)
SELECT *, true FROM rotated UNION ALL
SELECT {found}, false FROM {found_tables}
WHERE s.id = $2::text AND s.secret_hash = $3::bytea AND NOT EXISTS (SELECT FROM rotated)`

	stolenSQL = `
UPDATE {sessions} s SET ended_at = $1::timestamptz, ended_reason = $4::text
WHERE s.id = $2::text AND s.secret_hash = $3::bytea AND {not_ended}`
)

// Rotate implements [backends.Rotator]. It is one statement, and a second one for a stolen token
// or one that had to wait for another change of its session: that is looked at anew.
func (s *Store) Rotate(ctx context.Context, now time.Time, id string, h backends.SecretHash, n int64, g backends.Grace) (backends.Session, backends.User, backends.Rotation, error) {
	if !backends.ValidID(id) || h.IsZero() {
		return backends.Session{}, backends.User{}, backends.Refused, backends.ErrNotFound
	}
	now = at(now)
	ctx, cancel := s.bound(ctx)
	defer cancel()
	for ctx.Err() == nil {
		var f found
		var rotated bool
		err := s.pool.QueryRow(ctx, s.sql.rotate, now, id, h[:], n, ceil(g.Overlap)).Scan(append(f.targets(), &rotated)...)
		if err != nil {
			return backends.Session{}, backends.User{}, backends.Refused, failed("rotate", err)
		}
		found, u, err := f.live(now)
		if err != nil {
			return found, u, backends.Refused, err
		}
		if rotated {
			return found, u, backends.Rotated, nil
		}
		switch verdict := found.Rotation(now, n, g); verdict {
		case backends.Refused:
			return backends.Session{}, backends.User{}, verdict, backends.ErrNotFound
		case backends.Replayed:
			return found, u, verdict, nil
		case backends.Stolen:
			tag, err := s.pool.Exec(ctx, s.sql.stolen, now, id, h[:], string(backends.ReasonTheft))
			if err != nil {
				return backends.Session{}, backends.User{}, backends.Refused, failed("rotate", err)
			}
			if tag.RowsAffected() == 1 {
				found.Ended = backends.Ended{At: now, Reason: backends.ReasonTheft}
				s.subscribers.Call(found.UserID)
				return found, u, verdict, nil
			}
		}
	}
	return backends.Session{}, backends.User{}, backends.Refused, failed("rotate", ctx.Err())
}

// ceil is d in microseconds, rounded up: a whole number of them is at least d exactly if it
// is at least that.
func ceil(d time.Duration) int64 {
	us := d.Microseconds()
	if time.Duration(us)*time.Microsecond < d {
		us++
	}
	return us
}

const markSeenSQL = `
UPDATE {sessions} SET refresh_seen_at = $1::timestamptz
WHERE id = $2::text AND refresh_generation = $3::bigint AND refresh_seen_at IS NULL`

// MarkSeen implements [backends.Rotator].
func (s *Store) MarkSeen(ctx context.Context, now time.Time, id string, n int64) error {
	if !backends.ValidID(id) || n < 1 {
		return nil // no session has it
	}
	_, err := s.exec(ctx, s.sql.markSeen, at(now), id, n)
	return failed("mark as seen", err)
}
