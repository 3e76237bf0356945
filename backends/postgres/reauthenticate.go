package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/inga-auth/inga/backends"
)

// The user is locked first, as in createSQL, so that a change of the password is either seen
// here or waits for this statement. Then the session is locked, so that the condition on it
// holds for the row as it is by then.
//
// A view of the application cannot be locked, and needs no turn here: a change of the user
// that ends the session meets it in its row.
const reauthenticateSQL = `
WITH u AS (
	SELECT u.version::bigint AS version FROM {users} u
	WHERE u.id = (SELECT user_id FROM {sessions} WHERE id = $2::text) AND u.disabled IS FALSE {lock}
), wanted AS (
	SELECT s.id, s.user_id, COALESCE($4::bigint = 0 OR u.version = $4::bigint, false) AS same_version
	FROM {sessions} s CROSS JOIN u
	WHERE s.id = $2::text AND s.authenticated_at = $3::timestamptz AND {open}
	FOR NO KEY UPDATE OF s
), renewed AS (
	UPDATE {sessions} s SET secret_hash = $5::bytea, amr = $6::text[],
		authenticated_at = $7::timestamptz, last_seen_at = $8::timestamptz,
		idle_timeout = $9::bigint, renewal_interval = $10::bigint,
		idle_deadline = $11::timestamptz, absolute_deadline = $12::timestamptz,
		refresh_generation = $13::bigint, refresh_rotated_at = $14::timestamptz, refresh_seen_at = $15::timestamptz,
		key_algorithm = NULLIF($16::text, ''), key_thumbprint = NULLIF($17::text, ''), key_jwk = NULLIF($18::text, ''),
		bound_at = $19::timestamptz, proved_at = $20::timestamptz
	FROM wanted WHERE s.id = wanted.id AND wanted.same_version
)
SELECT user_id, same_version FROM wanted`

// Reauthenticate implements [backends.Store].
func (s *Store) Reauthenticate(ctx context.Context, now time.Time, n backends.Session, next backends.SecretHash, o backends.ReauthenticateOptions) error {
	if err := errors.Join(n.Validate(), later(n.AuthenticatedAt, o.Former)); err != nil {
		return err
	}
	ctx, cancel := s.bound(ctx)
	defer cancel()
	var (
		userID      string
		sameVersion bool
	)
	err := s.pool.QueryRow(ctx, s.sql.reauthenticate, at(now), n.ID, at(o.Former), o.UserVersion, nullHash(next), notNull(n.AMR),
		at(n.AuthenticatedAt), at(n.LastSeenAt), n.IdleTimeout.Microseconds(), n.RenewalInterval.Microseconds(),
		at(n.IdleDeadline), at(n.AbsoluteDeadline),
		n.Refresh.Generation, null(n.Refresh.RotatedAt), null(n.Refresh.SeenAt),
		n.Binding.Algorithm, n.Binding.Thumbprint, n.Binding.Key, null(n.Binding.BoundAt), null(n.Binding.ProvedAt)).Scan(&userID, &sameVersion)
	switch {
	case err != nil:
		return failed("reauthenticate", err)
	case !sameVersion:
		return backends.ErrConflict
	}
	s.subscribers.Call(userID)
	return nil
}

// later checks that a session is authenticated after its former authentication, as the column
// keeps both.
func later(authenticated, former time.Time) error {
	if at(authenticated).After(at(former)) {
		return nil
	}
	return fmt.Errorf("%w: Session.AuthenticatedAt is %v, want a time after ReauthenticateOptions.Former %v",
		backends.ErrInvalidArgument, authenticated, former)
}
