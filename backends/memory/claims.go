package memory

import (
	"context"
	"time"

	"github.com/inga-auth/inga/backends"
)

var _ backends.Claims = (*Store)(nil)

// Claim implements [backends.Claims].
func (m *Store) Claim(ctx context.Context, now time.Time, name backends.NameHash, until time.Time) (bool, error) {
	if err := backends.ValidClaim(name, until); err != nil {
		return false, err
	}
	if err := ctx.Err(); err != nil {
		return false, err
	}
	n, end := now.UnixMicro(), until.UnixMicro()
	return end > n && m.claims.put(name, end, func(claimed int64) bool { return claimed > n }), nil
}
