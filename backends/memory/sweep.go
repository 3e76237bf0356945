package memory

import (
	"context"
	"time"

	"github.com/inga-auth/inga/backends"
)

// Sweep implements [backends.Sweeper]. It looks at every session, and locks one at a time.
func (m *Store) Sweep(ctx context.Context, now time.Time) (int, error) {
	n := 0
	for r := range m.sessions.all {
		if err := ctx.Err(); err != nil {
			return n, err
		}
		if m.sweep(r, now) {
			n++
		}
	}
	m.sweepNames(now.Add(-backends.Retention))
	return n, ctx.Err()
}

func (m *Store) sweep(r *row, now time.Time) bool {
	a := r.owner.Load()
	if a == nil {
		return false // another sweep was faster
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if r.owner.Load() != a {
		return false
	}
	if s := r.Lifetime(); !s.Dead(now) {
		return false
	}
	m.sessions.remove(r.id)
	a.remove(r)
	m.pool.give(r)
	return true
}

// sweepNames removes the claims and attempts that counted for nothing at the cutoff.
func (m *Store) sweepNames(cutoff time.Time) {
	m.claims.removeIf(func(until int64) bool { return until <= cutoff.UnixMicro() })
	m.attempts.sweep(cutoff)
}
