package postgres

import (
	"context"
	"time"

	"github.com/inga-auth/inga/backends"
)

// On this package's own users table {lock} is FOR SHARE. A change of the user's password, or
// disabling the user, holds the row until the user's sessions have ended as well. So this
// statement either waits and sees the new version, or is waited for, and its session ends too.
//
// A view of the application cannot be locked. There {turn} is a lock on the user's ID, for
// which the application's triggers wait; see end_sessions in the migrations, and confirm.
const createSQL = `
WITH {turn} u AS (
	SELECT u.disabled IS NOT FALSE AS disabled, u.version::bigint AS version
	FROM {users} u {my_turn} WHERE u.id = $1::text {lock}
), created AS (
	INSERT INTO {sessions} (user_id, id, secret_hash, kind, ip, user_agent, label, amr,
		created_at, authenticated_at, last_seen_at, idle_timeout, renewal_interval,
		idle_deadline, absolute_deadline, refresh_generation,
		refresh_rotated_at, refresh_seen_at,
		actor_id, actor_session, actor_version, key_algorithm, key_thumbprint, key_jwk, bound_at, proved_at, epoch)
	SELECT $1::text, $3::text, $4::bytea, $5::text, $6::text, $7::text, $8::text, $9::text[],
		$10::timestamptz, $11::timestamptz, $12::timestamptz, $13::bigint, $14::bigint,
		$15::timestamptz, $16::timestamptz, $17::bigint,
		$18::timestamptz, $19::timestamptz,
		NULLIF($23::text, ''), NULLIF($24::text, ''), NULLIF($25::bigint, 0),
		NULLIF($26::text, ''), NULLIF($27::text, ''), NULLIF($28::text, ''), $29::timestamptz, $30::timestamptz, (SELECT COALESCE(max(epoch), -1) + 1 FROM {epochs})
	FROM u WHERE NOT u.disabled AND ($2::bigint = 0 OR u.version = $2::bigint)
	RETURNING id
), replaced AS (
	UPDATE {sessions} s SET ended_at = $20::timestamptz, ended_reason = $22::text
	WHERE s.id = $21::text AND s.user_id = $1::text AND {not_ended} AND EXISTS (SELECT FROM created)
	RETURNING idle_deadline > $20::timestamptz AND absolute_deadline > $20::timestamptz AS was_live
)
SELECT u.disabled, EXISTS (SELECT FROM created), EXISTS (SELECT FROM replaced WHERE was_live) FROM u`

// Create implements [backends.Store]. With a limit it is a transaction; see limit.go. A login that
// a change of one of the application's own users overtakes is taken back, and what it was to end
// lives on.
func (s *Store) Create(ctx context.Context, now time.Time, n backends.Session, h backends.SecretHash, o backends.CreateOptions) (ended []string, err error) {
	if err := n.Validate(); err != nil {
		return nil, err
	}
	if !backends.ValidID(o.Replaces) {
		o.Replaces = "" // no session has it
	}
	ctx, cancel := s.bound(ctx)
	defer cancel()
	if o.Limit != nil && n.Actor == (backends.Actor{}) {
		ended, err = s.createWithin(ctx, now, n, h, o)
	} else {
		ended, err = s.create(ctx, s.pool, now, n, h, o)
	}
	if err == nil && !s.ownUsers {
		ended, err = s.confirm(ctx, now, &n, o, ended)
	}
	if len(ended) > 0 {
		s.subscribers.Call(n.UserID)
	}
	return ended, err
}

func (s *Store) create(ctx context.Context, q querier, now time.Time, n backends.Session, h backends.SecretHash, o backends.CreateOptions) (ended []string, err error) {
	var disabled, created, replaced bool
	replaces := o.Replaces
	if !s.ownUsers {
		replaces = "" // by confirm
	}
	err = q.QueryRow(ctx, s.sql.create, n.UserID, o.UserVersion,
		n.ID, nullHash(h), string(n.Kind), address(n.Client.IP), n.Client.UserAgent, n.Client.Label, notNull(n.AMR),
		at(n.CreatedAt), at(n.AuthenticatedAt), at(n.LastSeenAt),
		n.IdleTimeout.Microseconds(), n.RenewalInterval.Microseconds(),
		at(n.IdleDeadline), at(n.AbsoluteDeadline), n.Refresh.Generation,
		null(n.Refresh.RotatedAt), null(n.Refresh.SeenAt),
		at(now), replaces, string(backends.ReasonReplaced),
		n.Actor.UserID, n.Actor.SessionID, n.Actor.UserVersion,
		n.Binding.Algorithm, n.Binding.Thumbprint, n.Binding.Key, null(n.Binding.BoundAt), null(n.Binding.ProvedAt),
	).Scan(&disabled, &created, &replaced)
	switch {
	case err != nil:
		return nil, failed("create session", err)
	case disabled:
		return nil, backends.ErrUserDisabled
	case !created:
		return nil, backends.ErrConflict
	case replaced:
		return []string{o.Replaces}, nil
	}
	return nil, nil
}

const confirmSQL = `
WITH same AS (
	SELECT FROM {users} u
	WHERE u.id = $1::text AND u.disabled IS FALSE AND ($2::bigint = 0 OR u.version::bigint = $2::bigint)
), taken_back AS (
	DELETE FROM {sessions} WHERE id = $3::text AND NOT EXISTS (SELECT FROM same)
), replaced AS (
	UPDATE {sessions} s SET ended_at = $4::timestamptz, ended_reason = $6::text
	WHERE s.id = $5::text AND s.user_id = $1::text AND {not_ended} AND EXISTS (SELECT FROM same)
	RETURNING idle_deadline > $4::timestamptz AND absolute_deadline > $4::timestamptz AS was_live
), turn AS MATERIALIZED (
	SELECT CASE WHEN cardinality($7::text[]) > 0 THEN ({turn_alone}) END
), superseded AS (
	UPDATE {sessions} s SET ended_at = $4::timestamptz, ended_reason = $8::text
	FROM turn WHERE s.id = ANY ($7::text[]) AND {not_ended} AND EXISTS (SELECT FROM same)
	RETURNING s.id
)
SELECT EXISTS (SELECT FROM same), EXISTS (SELECT FROM replaced WHERE was_live), ARRAY (SELECT id FROM superseded)`

// confirm ends the session that the new one replaces and those that it supersedes, or takes the new
// one back if its user has changed meanwhile. A view of the application cannot be locked, so it is
// read again now that others can see the session: an earlier change is noticed here, and a later one
// finds the session.
func (s *Store) confirm(ctx context.Context, now time.Time, n *backends.Session, o backends.CreateOptions, superseded []string) (ended []string, err error) {
	var same, replaced bool
	err = s.pool.QueryRow(ctx, s.sql.confirm, n.UserID, o.UserVersion, n.ID, at(now), o.Replaces, string(backends.ReasonReplaced),
		notNull(superseded), string(backends.ReasonSuperseded)).Scan(&same, &replaced, &ended)
	switch {
	case err != nil:
		return nil, failed("create session", err)
	case replaced:
		return append([]string{o.Replaces}, ended...), nil
	case same:
		return nilIfEmpty(ended), nil
	}
	switch u, err := findUser(ctx, s.pool, s.sql.user, n.UserID); {
	case err != nil:
		return nil, err
	case u.Disabled:
		return nil, backends.ErrUserDisabled
	}
	return nil, backends.ErrConflict
}
