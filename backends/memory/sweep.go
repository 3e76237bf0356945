package memory

import (
	"context"
	"math"
	"time"

	"github.com/inga-auth/inga/backends"
)

var _ backends.Sweeper = (*Store)(nil)

// batch is how many rows are looked at while their owner is locked.
const batch = 256

// Sweep implements [backends.Sweeper]. It looks at every session, a batch of one user's
// at a time, and never holds a lock for longer than that takes.
func (m *Store) Sweep(ctx context.Context, now time.Time) (int, error) {
	n := 0
	for a := range m.accounts.all {
		removed, err := m.sweep(ctx, now, a)
		if n += removed; err != nil {
			return n, err
		}
	}
	for a := range m.graves.all {
		removed, err := m.sweep(ctx, now, a)
		if n += removed; err != nil {
			return n, err
		}
		m.forget(a)
	}
	return n, ctx.Err()
}

func (m *Store) sweep(ctx context.Context, now time.Time, a *account) (int, error) {
	n := 0
	for end := math.MaxInt; end > 0; {
		if err := ctx.Err(); err != nil {
			return n, err
		}
		var removed int
		end, removed = m.sweepBatch(now, a, end)
		n += removed
	}
	return n, nil
}

// sweepBatch looks at the batch of rows before end, and returns where it began.
//
// Downwards: a row that fills a hole comes from the end of the list, where the sweep has
// been, so that it misses none although others change the list between two batches.
func (m *Store) sweepBatch(now time.Time, a *account, end int) (begin, removed int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	end = min(end, len(a.rows))
	begin = max(end-batch, 0)
	for i := end - 1; i >= begin; i-- {
		if r := a.rows[i]; r.dead(now) {
			m.drop(r)
			removed++
		}
	}
	return begin, removed
}

// drop takes a row out of every index. Its owner is locked.
func (m *Store) drop(r *row) {
	m.sessions.remove(r.id)
	if !none(r.secret) {
		m.secrets.remove(r.secret)
	}
	r.owner.release(r)
}

// forget forgets a deleted user whose last row was swept.
func (m *Store) forget(a *account) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	if len(a.rows) == 0 {
		m.graves.remove(a)
	}
}
