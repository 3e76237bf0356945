package postgres

import (
	"context"
	"time"

	"github.com/inga-auth/inga/backends"
)

var _ backends.Claims = (*Store)(nil)

// Of calls at the same time the others wait for the first, and then find what it has written.
const claimSQL = `
INSERT INTO {claims} AS c (name, expires_at) VALUES ($2::bytea, $3::timestamptz)
ON CONFLICT (name) DO UPDATE SET expires_at = EXCLUDED.expires_at WHERE c.expires_at <= $1::timestamptz`

// Claim implements [backends.Claims].
func (s *Store) Claim(ctx context.Context, now time.Time, name backends.NameHash, until time.Time) (bool, error) {
	if err := backends.ValidClaim(name, until); err != nil {
		return false, err
	}
	if !at(until).After(at(now)) {
		return false, ctx.Err()
	}
	tag, err := s.exec(ctx, s.sql.claim, at(now), name[:], at(until))
	if err != nil {
		return false, failed("claim", err)
	}
	return tag.RowsAffected() == 1, nil
}
