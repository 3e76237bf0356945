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
	var list []backends.Session
	err = s.read(ctx, func(q querier) (err error) {
		rows, _ := q.Query(ctx, s.sql.list, at(now), userID, at(seen), id, limit+1)
		list, err = pgx.CollectRows(rows, func(found pgx.CollectableRow) (backends.Session, error) {
			var r row
			err := found.Scan(r.targets()...)
			return r.session(), err
		})
		return err
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
// Everything that ends several sessions of a user waits for {turn_alone} first: two such
// statements that met the rows in different orders would deadlock.
const revokeUserSQL = `
WITH turn AS MATERIALIZED (
	{turn_alone}
), ended AS (
	UPDATE {sessions} s SET ended_at = $2::timestamptz, ended_reason = $3::text
	FROM turn WHERE s.user_id = $1::text AND s.id <> $4::text AND {not_ended}
	RETURNING s.idle_deadline > $2::timestamptz AND s.absolute_deadline > $2::timestamptz AS was_live
)
SELECT count(*) FROM ended WHERE was_live`

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
	err := q.QueryRow(ctx, s.sql.revokeUser, userID, at(now), string(why), except).Scan(&n)
	return n, failed("revoke sessions", err)
}

// Of two at the same time one ends the epoch, and the other has nothing to do: each session
// that began before either of them is in it, or in an earlier one.
const revokeAllSQL = `
INSERT INTO {epochs} (epoch, ended_at, ended_reason)
SELECT COALESCE(max(epoch), -1) + 1, $1::timestamptz, $2::text FROM {epochs}
ON CONFLICT (epoch) DO NOTHING`

// RevokeAll implements [backends.SessionLister]. It writes one row, however many sessions there
// are.
func (s *Store) RevokeAll(ctx context.Context, now time.Time, why backends.Reason) error {
	if err := why.Validate(); err != nil {
		return err
	}
	_, err := s.exec(ctx, s.sql.revokeAll, at(now), string(why))
	if err == nil {
		s.subscribers.Call("")
	}
	return failed("revoke sessions", err)
}
