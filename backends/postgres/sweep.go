package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/inga-auth/inga/backends"
)

var _ backends.Sweeper = (*Store)(nil)

// A sequential scan finds the pages with dead rows. Where the table is larger than a quarter of
// shared_buffers, PostgreSQL reads it through a few buffers of its own, and what requests need
// stays in memory. Only the pages that were found are then read as others are. An index would
// find the rows sooner, but one on the idle deadline would make every touch of a session write
// to it.
//
// The turn is one of a statement: behind a pooler the next one may have another connection. A
// sweeper that does not get it stops: the one that has it finds the same pages. SKIP LOCKED: a
// request may hold a row.
const (
	// sweepPages is how many pages one statement takes at most, and sweepGap how many between two
	// with dead rows are taken along.
	sweepPages, sweepGap = 128, 8

	sweepTurnSQL = `pg_try_advisory_xact_lock(hashtextextended('inga sweep ' || {schema}, 0))`

	// deadSQL is backends.Session.Dead for a session s; $1 is now less backends.Retention.
	deadSQL = `(s.ended_at <= $1::timestamptz OR s.idle_deadline <= $1::timestamptz
	OR s.epoch IN (SELECT epoch FROM {epochs} WHERE ended_at <= $1::timestamptz))`

	pagesSQL = `
SELECT CASE WHEN {sweep_turn} THEN ARRAY (
	SELECT DISTINCT (s.ctid::text::point)[0]::bigint AS page FROM {sessions} s WHERE {dead} ORDER BY page
) END`

	sweepSQL = `
WITH turn AS MATERIALIZED (
	SELECT {sweep_turn} AS mine
), dead AS (
	DELETE FROM {sessions} WHERE (SELECT mine FROM turn) AND ctid = ANY (ARRAY (
		SELECT s.ctid FROM {sessions} s
		WHERE s.ctid >= $2::text::tid AND s.ctid < $3::text::tid AND {dead}
		FOR UPDATE OF s SKIP LOCKED))
	RETURNING id
), their_values AS (
	DELETE FROM {values} WHERE session_id = ANY (ARRAY (SELECT id FROM dead))
)
SELECT mine, (SELECT count(*) FROM dead) FROM turn`
)

// Sweep implements [backends.Sweeper]. It reads the table once, so a few times an hour is often
// enough. Of several processes one sweeps at a time, and the others return at once.
func (s *Store) Sweep(ctx context.Context, now time.Time) (int, error) {
	cutoff := at(now.Add(-backends.Retention))
	var pages []int64 // nil if it is not our turn
	err := s.pool.QueryRow(ctx, s.sql.pages, cutoff).Scan(&pages)
	if err != nil || pages == nil {
		return 0, failed("sweep", err)
	}
	removed := 0
	for len(pages) > 0 {
		if err := ctx.Err(); err != nil {
			return removed, err
		}
		k := run(pages)
		var mine bool
		var n int
		err := s.pool.QueryRow(ctx, s.sql.sweep, cutoff, tid(pages[0]), tid(pages[k-1]+1)).Scan(&mine, &n)
		if err != nil || !mine {
			return removed, failed("sweep", err)
		}
		removed += n
		pages = pages[k:]
	}
	return removed, s.sweepChanges(ctx, now)
}

// run returns how many of the first pages one statement takes.
func run(pages []int64) int {
	k := 1
	for k < len(pages) && pages[k]-pages[k-1] <= sweepGap && pages[k]-pages[0] < sweepPages {
		k++
	}
	return k
}

// tid is the place of the first row in a page.
func tid(page int64) string { return fmt.Sprintf("(%d,0)", page) }
