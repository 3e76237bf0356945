package postgres

import (
	"context"
	"time"

	"github.com/inga-auth/inga/backends"
)

var _ backends.Rotator = (*Store)(nil)

// The row is locked first: a statement that has waited for another rotation then sees what
// that one left, and not the row from when the statement began. The row is returned as it was
// found. The three updates exclude each other, and decide as backends.Session.Rotation does. A
// missing time of rotation is long ago.
const rotateSQL = `
WITH s AS (
	SELECT {columns}, u.id IS NOT NULL AS has_user, {user}
	FROM {sessions} s LEFT JOIN {users} u ON u.id = s.user_id
	WHERE s.id = $2::text AND s.secret_hash = $3::bytea
	FOR NO KEY UPDATE OF s
), presented AS (
	SELECT s.id, s.refresh_generation - $4::bigint AS behind, s.refresh_seen_at IS NULL AS unseen,
		COALESCE($1::timestamptz >= s.refresh_rotated_at + $5::bigint * interval '1 microsecond', true) AS past_grace,
		COALESCE($1::timestamptz >= s.refresh_rotated_at + $7::bigint * interval '1 microsecond', true) AS past_half
	FROM s WHERE $4::bigint >= 1 AND s.has_user AND NOT s.user_disabled AND {open}
), rotated AS (
	UPDATE {sessions} t SET {touch},
		refresh_generation = t.refresh_generation + 1, refresh_rotated_at = $1::timestamptz, refresh_seen_at = NULL
	FROM presented p WHERE t.id = p.id AND p.behind = 0 AND p.past_grace
), recovered AS (
	UPDATE {sessions} t SET refresh_rotated_at = $1::timestamptz
	FROM presented p WHERE t.id = p.id AND p.behind = 1 AND p.unseen AND p.past_half
), stolen AS (
	UPDATE {sessions} t SET ended_at = $1::timestamptz, ended_reason = $6::text
	FROM presented p WHERE t.id = p.id AND (p.behind > 1 OR p.behind = 1 AND NOT p.unseen AND p.past_grace)
)
SELECT * FROM s`

// Rotate implements [backends.Rotator].
func (s *Store) Rotate(ctx context.Context, now time.Time, id string, h backends.SecretHash, n int64, g backends.Grace) (backends.Session, backends.User, backends.Rotation, error) {
	if !backends.ValidID(id) || h.IsZero() {
		return backends.Session{}, backends.User{}, backends.Refused, backends.ErrNotFound
	}
	now = at(now)
	found, u, err := s.find(ctx, now, s.sql.rotate, now, id, h[:], n,
		ceil(g.Overlap+g.Skew), string(backends.ReasonTheft), ceil(g.Overlap/2))
	if err != nil {
		return found, u, backends.Refused, err
	}
	rotation := found.Rotation(now, n, g)
	switch rotation {
	case backends.Refused:
		return backends.Session{}, backends.User{}, rotation, backends.ErrNotFound
	case backends.Rotated:
		found.Rotate(now)
	case backends.Recovered:
		found.Recover(now)
	case backends.Stolen:
		found.Ended = backends.Ended{At: now, Reason: backends.ReasonTheft}
		s.subscribers.Call(found.UserID)
	}
	return found, u, rotation, nil
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
