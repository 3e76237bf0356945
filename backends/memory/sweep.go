package memory

import (
	"context"
	"time"
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
