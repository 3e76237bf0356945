package backends

import (
	"math"
	"time"
)

// Tries are what a store remembers under the name of a [Budget]. The zero value is that of a name
// that is not stored. Stores keep them in a row, and decide with [TakeTurns].
type Tries struct {
	Count int       // how many are counted
	Last  time.Time // when the last one was
	End   time.Time // when all are forgotten; from then on the row counts for nothing
}

// TakeTurns decides about a try at now with the budgets, of which has[i] is what is stored for the
// budget i. It returns what to store instead, or a [WaitError], and then nothing changes. A store
// reads, calls it and writes in one atomic step.
func TakeTurns(now time.Time, budgets []Budget, has []Tries) ([]Tries, error) {
	now = now.Round(0).UTC().Truncate(time.Microsecond) // as stores keep it
	var wait time.Duration
	for i := range budgets {
		wait = max(wait, budgets[i].next(now, has[i]).Sub(now))
	}
	if wait > 0 {
		return nil, &WaitError{Wait: wait}
	}
	taken := make([]Tries, len(budgets))
	for i := range budgets {
		taken[i] = budgets[i].take(now, has[i])
	}
	return taken, nil
}

// next returns when the next try is allowed: now, or later.
func (b *Budget) next(now time.Time, t Tries) time.Time {
	at := t.Last
	switch n := b.remembered(now, t); {
	case n < b.Free:
		return now
	case b.Total > 0 && n >= b.Total:
		at = t.End
	default:
		at = at.Add(b.delay(n))
	}
	if at.Before(now) {
		return now
	}
	return at
}

// delay returns how long after the try n, counted from 1, the next one is allowed.
func (b *Budget) delay(n int) time.Duration {
	doublings := n - b.Free
	if doublings > 62 || b.Wait > math.MaxInt64>>doublings {
		return b.MaxWait
	}
	return min(b.Wait<<doublings, b.MaxWait)
}

// remembered returns how many tries are not forgotten at now.
func (b *Budget) remembered(now time.Time, t Tries) int {
	switch {
	case !now.Before(t.End):
		return 0
	case b.Total > 0 && t.Count >= b.Total, now.Before(t.Last):
		return t.Count
	}
	return t.Count - int(min(now.Sub(t.Last)/b.Forget, time.Duration(t.Count)))
}

// take counts a try at now.
func (b *Budget) take(now time.Time, t Tries) Tries {
	n := min(b.remembered(now, t)+1, maxTries)
	if now.Before(t.Last) && now.Before(t.End) {
		now = t.Last // of another server, whose clock is ahead
	}
	return Tries{Count: n, Last: now, End: now.Add(time.Duration(n) * b.Forget)}
}
