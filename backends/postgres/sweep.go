package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/inga-auth/inga/backends"
)

var _ backends.Sweeper = (*Store)(nil)

// The table is walked in its physical order, so many pages in each statement: every page is
// read once, in order, however the rows died, and that needs no index. The obvious one, on
// the idle deadline, would make every touch of a session write to it.
//
// SKIP LOCKED: simultaneous sweepers share the work instead of waiting for each other.
const (
	sweepPages = 128

	pagesSQL = `SELECT pg_relation_size($1::text::regclass) / current_setting('block_size')::bigint`

	// backends.Session.Dead; $1 is now less backends.Retention.
	sweepSQL = `
WITH dead AS (
	DELETE FROM {sessions} WHERE ctid = ANY (ARRAY (
		SELECT ctid FROM {sessions}
		WHERE ctid >= $2::text::tid AND ctid < $3::text::tid
			AND (ended_at <= $1::timestamptz OR idle_deadline <= $1::timestamptz)
		FOR UPDATE SKIP LOCKED))
	RETURNING id
), their_values AS (
	DELETE FROM {values} WHERE session_id = ANY (ARRAY (SELECT id FROM dead))
)
SELECT count(*) FROM dead`
)

// Sweep implements [backends.Sweeper]. It reads the table once, a megabyte at a time, so a
// few times an hour is often enough.
func (s *Store) Sweep(ctx context.Context, now time.Time) (int, error) {
	var pages int64
	if err := s.pool.QueryRow(ctx, s.sql.pages, s.sessions).Scan(&pages); err != nil {
		return 0, failed("sweep", err)
	}
	cutoff := at(now.Add(-backends.Retention))
	removed := 0
	for page := int64(0); page < pages; page += sweepPages {
		if err := ctx.Err(); err != nil {
			return removed, err
		}
		var n int
		if err := s.pool.QueryRow(ctx, s.sql.sweep, cutoff, tid(page), tid(page+sweepPages)).Scan(&n); err != nil {
			return removed, failed("sweep", err)
		}
		removed += n
	}
	return removed, s.sweepNames(ctx, cutoff)
}

// tid is the place of the first row in a page.
func tid(page int64) string { return fmt.Sprintf("(%d,0)", page) }
