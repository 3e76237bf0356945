package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/inga-auth/inga/backends"
)

var _ backends.SessionLister = (*Store)(nil)

// The user is looked up by the parameter and not by s.user_id, so that it happens once, by
// the index, however many users there are.
const mineSQL = `
FROM {sessions} s
WHERE s.user_id = $2::text AND {open} AND EXISTS (SELECT FROM {users} u WHERE u.id = $2::text AND u.disabled IS FALSE)
`

const pageSQL = `AND (s.last_seen_at, s.id) < ($3::timestamptz, $4::text)
ORDER BY s.last_seen_at DESC, s.id DESC LIMIT $5::integer`

// List implements [backends.SessionLister].
func (s *Store) List(ctx context.Context, now time.Time, userID string, p backends.Page) ([]backends.Session, string, error) {
	seen, id, limit, err := p.Start()
	if err != nil || !backends.ValidText(userID) {
		return nil, "", err
	}
	ctx, cancel := s.bound(ctx)
	defer cancel()
	rows, err := s.pool.Query(ctx, s.sql.list, at(now), userID, at(seen), id, limit+1)
	if err != nil {
		return nil, "", failed("list sessions", err)
	}
	list, err := pgx.CollectRows(rows, func(found pgx.CollectableRow) (backends.Session, error) {
		var r row
		err := found.Scan(r.targets()...)
		return r.session(), err
	})
	if err != nil {
		return nil, "", failed("list sessions", err)
	}
	return p.Cut(list)
}

// Neither a disabled user nor an expired row is left out: where the application keeps the
// users, one that is enabled again must not bring back what was ended. Only what was live by
// its deadlines is counted.
//
// The rows are locked in one order, so that two such statements cannot deadlock.
const (
	revokeUserSQL = `
WITH mine AS (
	SELECT id FROM {sessions}
	WHERE user_id = $3::text AND id <> $4::text AND ended_at IS NULL
	ORDER BY id FOR NO KEY UPDATE
)` + endMineSQL
	revokeAllSQL = `
WITH mine AS (
	SELECT id FROM {sessions}
	WHERE ended_at IS NULL
	ORDER BY id FOR NO KEY UPDATE
)` + endMineSQL
	endMineSQL = `, ended AS (
	UPDATE {sessions} s SET ended_at = $1::timestamptz, ended_reason = $2::text
	FROM mine WHERE s.id = mine.id
	RETURNING s.idle_deadline > $1::timestamptz AND s.absolute_deadline > $1::timestamptz AS was_live
)
SELECT count(*) FROM ended WHERE was_live`
)

// RevokeUser implements [backends.SessionLister].
func (s *Store) RevokeUser(ctx context.Context, now time.Time, userID, except string, why backends.Reason) (int, error) {
	if err := why.Validate(); err != nil {
		return 0, err
	}
	if !backends.ValidText(userID) {
		return 0, nil
	}
	ctx, cancel := s.bound(ctx)
	defer cancel()
	n, err := s.revokeUser(ctx, s.pool, now, userID, except, why)
	if err == nil {
		s.subscribers.Call(userID)
	}
	return n, err
}

func (s *Store) revokeUser(ctx context.Context, q querier, now time.Time, userID, except string, why backends.Reason) (int, error) {
	if !backends.ValidID(except) {
		except = "" // no session has it
	}
	var n int
	err := q.QueryRow(ctx, s.sql.revokeUser, at(now), string(why), userID, except).Scan(&n)
	return n, failed("revoke sessions", err)
}

// RevokeAll implements [backends.SessionLister]. Config.Timeout does not bound it.
func (s *Store) RevokeAll(ctx context.Context, now time.Time, why backends.Reason) error {
	if err := why.Validate(); err != nil {
		return err
	}
	var n int
	err := s.pool.QueryRow(ctx, s.sql.revokeAll, at(now), string(why)).Scan(&n)
	if err == nil {
		s.subscribers.Call("")
	}
	return failed("revoke sessions", err)
}
