package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// The tables are walked like that of the sessions; see sweep.go.
const (
	sizeSQL = `SELECT pg_relation_size($1::text::regclass) / current_setting('block_size')::bigint`

	sweepClaimsSQL = `
DELETE FROM {claims} WHERE ctid = ANY (ARRAY (
	SELECT ctid FROM {claims}
	WHERE ctid >= $2::text::tid AND ctid < $3::text::tid AND expires_at <= $1::timestamptz
	FOR UPDATE SKIP LOCKED))`

	sweepAttemptsSQL = `
DELETE FROM {attempts} WHERE ctid = ANY (ARRAY (
	SELECT ctid FROM {attempts}
	WHERE ctid >= $2::text::tid AND ctid < $3::text::tid AND ends_at <= $1::timestamptz
	FOR UPDATE SKIP LOCKED))`
)

// sweepNames removes the claims and attempts that counted for nothing at the cutoff.
func (s *Store) sweepNames(ctx context.Context, cutoff time.Time) error {
	for _, t := range []struct{ table, sql string }{
		{"claims", s.sql.sweepClaims},
		{"attempts", s.sql.sweepAttempts},
	} {
		var pages int64
		if err := s.pool.QueryRow(ctx, sizeSQL, pgx.Identifier{s.schema, t.table}.Sanitize()).Scan(&pages); err != nil {
			return failed("sweep "+t.table, err)
		}
		for page := int64(0); page < pages; page += sweepPages {
			if err := ctx.Err(); err != nil {
				return err
			}
			if _, err := s.pool.Exec(ctx, t.sql, cutoff, tid(page), tid(page+sweepPages)); err != nil {
				return failed("sweep "+t.table, err)
			}
		}
	}
	return nil
}
