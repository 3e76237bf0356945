package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/inga-auth/inga/backends"
)

var _ backends.Rotator = (*Store)(nil)

// Its conditions are those under which backends.Session.Rotation says Rotated; a missing time of
// rotation is long ago.
const rotateSQL = `
UPDATE {sessions} s SET {touch},
	refresh_generation = s.refresh_generation + 1, refresh_rotated_at = $1::timestamptz, refresh_seen_at = NULL
FROM {users} u
WHERE s.id = $2::text AND s.secret_hash = $3::bytea AND s.refresh_generation = $4::bigint AND $4::bigint >= 1
	AND COALESCE($1::timestamptz >= s.refresh_rotated_at + $5::bigint * interval '1 microsecond', true)
	AND {open} AND u.id = s.user_id AND u.disabled IS FALSE
RETURNING {columns}, true, {user}`

// The conditions are those of backends.Recovered.
const recoverSQL = `
UPDATE {sessions} s SET refresh_rotated_at = $1::timestamptz
WHERE s.id = $2::text AND s.secret_hash = $3::bytea AND s.refresh_generation = $4::bigint + 1 AND s.refresh_seen_at IS NULL
	AND COALESCE($1::timestamptz >= s.refresh_rotated_at + $5::bigint * interval '1 microsecond', true) AND {open}`

const stolenSQL = `
UPDATE {sessions} s SET ended_at = $1::timestamptz, ended_reason = $4::text
WHERE s.id = $2::text AND s.secret_hash = $3::bytea AND {not_ended}`

// Rotate implements [backends.Rotator]. What rotates is one statement. If it finds nothing to do
// another one reads the session, to say why.
//
// Why not one statement with two parts: the part that is not needed costs half as much as the
// other, and after the first has waited for a change the second would not see it.
func (s *Store) Rotate(ctx context.Context, now time.Time, id string, h backends.SecretHash, n int64, g backends.Grace) (backends.Session, backends.User, backends.Rotation, error) {
	if !backends.ValidID(id) || h.IsZero() {
		return backends.Session{}, backends.User{}, backends.Refused, backends.ErrNotFound
	}
	ctx, cancel := s.bound(ctx)
	defer cancel()
	now = at(now)
	for {
		f, rotated, err := s.rotate(ctx, now, id, h, n, g)
		if err != nil {
			return backends.Session{}, backends.User{}, backends.Refused, failed("rotate", err)
		}
		found, u, err := s.live(ctx, now, f)
		switch verdict := found.Rotation(now, n, g); {
		case err != nil:
			return found, u, backends.Refused, err
		case rotated:
			return found, u, backends.Rotated, nil
		case verdict == backends.Refused:
			return backends.Session{}, backends.User{}, verdict, backends.ErrNotFound
		case verdict == backends.Replayed:
			return found, u, verdict, nil
		case verdict == backends.Recovered:
			tag, err := s.pool.Exec(ctx, s.sql.recover, now, id, h[:], n, ceil(g.Overlap/2))
			if err != nil {
				return backends.Session{}, backends.User{}, backends.Refused, failed("rotate", err)
			} else if tag.RowsAffected() > 0 {
				found.Recover(now)
				return found, u, verdict, nil
			}
		case verdict == backends.Stolen:
			if ok, err := s.endStolen(ctx, now, id, h); err != nil {
				return backends.Session{}, backends.User{}, backends.Refused, err
			} else if ok {
				found.Ended = backends.Ended{At: now, Reason: backends.ReasonTheft}
				s.subscribers.Call(found.UserID)
				return found, u, verdict, nil
			}
		}
		// The session has changed between two statements: look again.
	}
}

// rotate returns the session as it is after a rotation, or as it is if nothing rotates.
func (s *Store) rotate(ctx context.Context, now time.Time, id string, h backends.SecretHash, n int64, g backends.Grace) (f *found, rotated bool, err error) {
	f = &found{}
	err = s.pool.QueryRow(ctx, s.sql.rotate, now, id, h[:], n, ceil(g.Overlap+g.Skew)).Scan(f.targets()...)
	if errors.Is(err, pgx.ErrNoRows) {
		f, err = s.lookups.find(ctx, id, h[:])
		return f, false, err
	}
	return f, true, err
}

// endStolen reports whether this call ended the session, and it still had the secret.
func (s *Store) endStolen(ctx context.Context, now time.Time, id string, h backends.SecretHash) (bool, error) {
	tag, err := s.pool.Exec(ctx, s.sql.stolen, now, id, h[:], string(backends.ReasonTheft))
	return tag.RowsAffected() > 0, failed("rotate", err)
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
