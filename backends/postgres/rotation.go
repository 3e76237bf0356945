package postgres

import (
	"context"
	"time"

	"github.com/inga-auth/inga/backends"
)

var _ backends.Rotator = (*Store)(nil)

// The row is locked first: whoever waited for another rotation of it then sees what that
// one left, and not what there was when the statement began. What is returned is the row as
// it was found; the two updates exclude each other, and decide as Session.Rotation does.
const rotateSQL = `
WITH s AS (
	SELECT {columns}, u.id IS NOT NULL AS has_user, COALESCE({name}, '') AS user_name,
		COALESCE(array_remove(u.roles::text[], NULL), '{}') AS user_roles,
		u.disabled IS NOT FALSE AS user_disabled, COALESCE(u.version::bigint, 0) AS user_version
	FROM {sessions} s LEFT JOIN {users} u ON u.id = s.user_id
	WHERE s.id = $2::text AND s.secret_hash = $3::bytea
	FOR NO KEY UPDATE OF s
), live AS (
	SELECT *, refresh_generation - $4::bigint AS age FROM s
	WHERE $4::bigint >= 1 AND ended_at IS NULL AND has_user AND NOT user_disabled
		AND idle_deadline > $1::timestamptz AND absolute_deadline > $1::timestamptz
), rotated AS (
	UPDATE {sessions} t SET
		refresh_generation = live.refresh_generation + 1,
		refresh_rotated_at = $1::timestamptz,
		refresh_seen_at = NULL,
		last_seen_at = GREATEST(t.last_seen_at, $1::timestamptz),
		idle_deadline = GREATEST(t.idle_deadline, LEAST(t.absolute_deadline,
			$1::timestamptz + t.idle_timeout * interval '1 microsecond'))
	FROM live WHERE t.id = live.id AND live.age = 0
), stolen AS (
	UPDATE {sessions} t SET ended_at = $1::timestamptz, ended_reason = $7::text
	FROM live WHERE t.id = live.id AND live.age > 0 AND NOT (live.age = 1 AND COALESCE(
		$1::timestamptz < live.refresh_rotated_at + $5::bigint * interval '1 microsecond' OR
		live.refresh_seen_at IS NULL AND
		$1::timestamptz < live.refresh_rotated_at + $6::bigint * interval '1 microsecond', false))
)
SELECT * FROM s`

// Rotate implements [backends.Rotator].
func (s *Store) Rotate(ctx context.Context, now time.Time, id string, h backends.SecretHash, n int64, g backends.Grace) (backends.Session, backends.User, backends.Rotation, error) {
	if !backends.ValidID(id) || h == (backends.SecretHash{}) {
		return backends.Session{}, backends.User{}, backends.Refused, backends.ErrNotFound
	}
	now = at(now)
	found, u, err := s.find(ctx, now, s.sql.rotate, now, id, h[:], n,
		g.Overlap.Microseconds(), g.Unseen.Microseconds(), string(backends.ReasonTheft))
	if err != nil {
		return found, u, backends.Refused, err
	}
	rotation := found.Rotation(now, n, g)
	switch rotation {
	case backends.Refused:
		return backends.Session{}, backends.User{}, rotation, backends.ErrNotFound
	case backends.Rotated:
		found.Rotate(now)
	case backends.Stolen:
		found.Ended = backends.Ended{At: now, Reason: backends.ReasonTheft}
	}
	return found, u, rotation, nil
}

const markSeenSQL = `
UPDATE {sessions} SET refresh_seen_at = $1::timestamptz
WHERE id = $2::text AND refresh_generation = $3::bigint AND refresh_seen_at IS NULL`

// MarkSeen implements [backends.Rotator].
func (s *Store) MarkSeen(ctx context.Context, now time.Time, id string, n int64) error {
	if !backends.ValidID(id) {
		return nil
	}
	_, err := s.exec(ctx, s.sql.markSeen, at(now), id, n)
	return failed("mark as seen", err)
}
