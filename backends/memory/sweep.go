package memory

import (
	"context"
	"time"

	"github.com/inga-auth/inga/backends"
)

var _ backends.Sweeper = (*Store)(nil)

// batch is how many rows are looked at while their owner is locked.
const batch = 256

// Sweep implements [backends.Sweeper]. It looks at every session, a batch of one user's at a
// time, and never holds a lock for longer than that takes. One sweep runs at a time: others
// wait for it, or until their context ends.
func (m *Store) Sweep(ctx context.Context, now time.Time) (int, error) {
	select {
	case m.sweeping <- struct{}{}:
		defer func() { <-m.sweeping }()
	case <-ctx.Done():
		return 0, ctx.Err()
	}
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
	m.sweepNames(now.Add(-backends.Retention))
	return n, ctx.Err()
}

// sweepNames removes the claims and attempts that counted for nothing at the cutoff.
func (m *Store) sweepNames(cutoff time.Time) {
	m.claims.removeIf(func(until int64) bool { return until <= cutoff.UnixMicro() })
	m.attempts.sweep(cutoff)
}

func (m *Store) sweep(ctx context.Context, now time.Time, a *account) (int, error) {
	n := 0
	for at := &a.rows; at != nil; {
		if err := ctx.Err(); err != nil {
			return n, err
		}
		var removed int
		at, removed = m.sweepBatch(now, a, at)
		n += removed
	}
	return n, nil
}

// sweepBatch removes the dead rows of the batch that begins at at, a link of the list of a. It
// returns the link where the next batch begins, or nil after the last row.
//
// The link stays a part of the list while the account is unlocked between two batches: only a
// sweep removes rows, and no other one runs. New rows are put before the first.
func (m *Store) sweepBatch(now time.Time, a *account, at **row) (next **row, removed int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for range batch {
		r := *at
		if r == nil {
			return nil, removed
		}
		if s := r.Lifetime(); !s.Dead(now) {
			at = &r.next
			continue
		}
		m.sessions.remove(r.id)
		*at = r.next
		m.drop(r)
		removed++
	}
	return at, removed
}

// forget forgets a deleted user whose last row was swept.
func (m *Store) forget(a *account) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	if a.rows == nil {
		m.graves.remove(a)
	}
}
