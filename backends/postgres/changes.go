package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

// A position is where a reading of the changes ended: on which start of which server, and which
// transactions it could see.
type position struct{ server, snapshot string }

// mostChanges is how many changes a reading names. If there are more, anything may have changed.
const mostChanges = 10_000

// What was invisible in a snapshot was in progress then, or had not begun. So a reading neither
// waits for a transaction that stays open, of any database, nor misses one that commits late,
// and reads no other rows. It is the statement's own snapshot that the next reading goes on from.
//
// Kept: nothing has been removed that was invisible in the former snapshot. ORDER BY makes sure
// of the index. No row at all: the tables are those of another server, from whose dump this one was
// restored, and tell of transactions that have not begun here.
const changesSQL = `
SELECT extract(epoch FROM pg_postmaster_start_time()) || ' ' || k.id, pg_current_snapshot()::text,
	COALESCE(pg_snapshot_xmax($1::text::pg_snapshot) >= pg_snapshot_xmax(k.swept) AND NOT EXISTS (
		SELECT FROM pg_snapshot_xip($1::text::pg_snapshot) x WHERE pg_visible_in_snapshot(x, k.swept)), false),
	ARRAY (
		(SELECT user_id FROM {changes} WHERE xid >= pg_snapshot_xmax($1::text::pg_snapshot) ORDER BY xid LIMIT $2::bigint)
		UNION ALL
		(SELECT user_id FROM {changes} WHERE xid = ANY (ARRAY (SELECT pg_snapshot_xip($1::text::pg_snapshot))) ORDER BY xid LIMIT $2::bigint))
FROM {kept} k
WHERE pg_snapshot_xmax(k.mark) <= pg_snapshot_xmax(pg_current_snapshot())
	AND NOT EXISTS (SELECT FROM {changes} WHERE xid >= pg_snapshot_xmax(pg_current_snapshot()))`

// changesSince returns the users that have changed since from, or an empty one if any may have,
// and where to go on from. The zero position is now.
func (s *Store) changesSince(ctx context.Context, from position) (users []string, next position, err error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	var kept bool
	snapshot := pgtype.Text{String: from.snapshot, Valid: from.snapshot != ""}
	read := func(q querier) error {
		return q.QueryRow(ctx, s.sql.changes, snapshot, mostChanges+1).Scan(&next.server, &next.snapshot, &kept, &users)
	}
	err = s.read(ctx, read)
	if errors.Is(err, pgx.ErrNoRows) { // the server crashed, or is another one
		if _, err = s.pool.Exec(ctx, s.sql.keepAnew); err == nil {
			err = read(s.pool)
		}
	}
	switch {
	case err != nil:
		return nil, from, err
	case from == position{}:
		return nil, next, nil
	case !kept || next.server != from.server || len(users) > mostChanges:
		return []string{""}, next, nil
	}
	return users, next, nil
}

// changesRetention is how long a change can be read, at least.
const changesRetention = 5 * time.Minute

const (
	// The new ID makes each reader forget what it remembers.
	keepAnewSQL = `
WITH gone AS (
	DELETE FROM {changes} WHERE xid >= pg_snapshot_xmax(pg_current_snapshot())
)
INSERT INTO {kept} DEFAULT VALUES ON CONFLICT (one_row) DO UPDATE
SET id = EXCLUDED.id, swept = EXCLUDED.swept, mark = EXCLUDED.mark, marked_at = EXCLUDED.marked_at`

	// Two statements: who reads must see that a change may be missing before it is.
	markSQL = `
UPDATE {kept} SET swept = mark, mark = pg_current_snapshot(), marked_at = $1::timestamptz
WHERE marked_at <= $2::timestamptz`

	// All that swept could see, and not all below its end: a transaction that was in progress
	// becomes visible later.
	sweepChangesSQL = `
WITH gone AS (
	DELETE FROM {changes} WHERE ctid = ANY (ARRAY (
		SELECT c.ctid FROM {changes} c
		WHERE c.xid >= $1::text::xid8 AND c.xid < pg_snapshot_xmax((SELECT swept FROM {kept}))
			AND pg_visible_in_snapshot(c.xid, (SELECT swept FROM {kept}))
		ORDER BY c.xid LIMIT 10000 FOR UPDATE SKIP LOCKED))
	RETURNING xid::text::bigint AS xid
)
SELECT COALESCE(max(xid), 0)::text FROM gone`
)

// sweepChanges removes changes that every reader has seen that read within changesRetention. One
// that has not must forget all it remembers.
func (s *Store) sweepChanges(ctx context.Context, now time.Time) error {
	if _, err := s.pool.Exec(ctx, s.sql.mark, at(now), at(now.Add(-changesRetention))); err != nil {
		return failed("sweep changes", err)
	}
	for last := "0"; ; {
		if err := s.pool.QueryRow(ctx, s.sql.sweepChanges, last).Scan(&last); err != nil {
			return failed("sweep changes", err)
		}
		if last == "0" {
			return nil
		}
	}
}
