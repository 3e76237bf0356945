package redis

import (
	"context"
	"strconv"
	"time"

	"github.com/inga-auth/inga/backends"
)

// Claim implements [backends.Claims]. With Config.Confirm, a claim that too few replicas have is an
// error: after a failover the name might be claimed again.
func (s *Store) Claim(ctx context.Context, now time.Time, name backends.NameHash, until time.Time) (bool, error) {
	if err := backends.ValidClaim(name, until); err != nil {
		return false, err
	}
	ctx, cancel := s.bound(ctx)
	defer cancel()
	if until.UnixMicro() <= now.UnixMicro() {
		return false, ctx.Err()
	}
	answer, err := s.end(ctx, call{s.scripts["claim"], []string{s.keys.claim(name)}, []string{
		strconv.FormatInt(now.UnixMicro(), 10), strconv.FormatInt(until.UnixMicro(), 10), lasting(until.Sub(now)),
	}})
	return err == nil && number(answer, 0) == 1, failed("claim", err)
}

// lasting is how long a key is kept that counts for so long: longer, for a server whose clock is
// behind.
func lasting(d time.Duration) string {
	// In milliseconds first: what is left until a year far ahead is the longest duration there is.
	return strconv.FormatInt(max(d, 0).Milliseconds()+backends.Retention.Milliseconds(), 10)
}
