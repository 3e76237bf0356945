package memory

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/inga-auth/inga/backends"
)

var _ backends.Attempts = (*Store)(nil)

const (
	// maxNames is how many names have their tries counted: some 50 MiB.
	maxNames = 1 << 18
	// sample is how many names are looked at to choose one that is forgotten.
	sample = 16
)

// attempts has one lock: a call has several names, and the work that follows it, of hashing a
// password, takes ten thousand times as long.
type attempts struct {
	mu    sync.Mutex
	tries map[backends.NameHash]backends.Tries
}

// Attempt implements [backends.Attempts]. Tries are counted for 262 144 names at most. Then a new
// name takes the place of another, of 16 chosen at random the one with the fewest tries. So
// names that are made up push out one another, and the few accounts that are under attack stay.
func (m *Store) Attempt(ctx context.Context, now time.Time, budgets ...backends.Budget) error {
	return m.withTries(ctx, budgets, func(a *attempts) error {
		has := make([]backends.Tries, len(budgets))
		for i, b := range budgets {
			has[i] = a.tries[b.Name]
		}
		taken, err := backends.TakeTurns(now, budgets, has)
		for i := range taken {
			a.set(budgets[i].Name, taken[i])
		}
		return err
	})
}

// Succeed implements [backends.Attempts].
func (m *Store) Succeed(ctx context.Context, _ time.Time, budgets ...backends.Budget) error {
	return m.withTries(ctx, budgets, func(a *attempts) error {
		for _, b := range budgets {
			t := a.tries[b.Name]
			if !b.Shared || t.Count <= 1 {
				delete(a.tries, b.Name)
				continue
			}
			t.Count, t.End = t.Count-1, t.End.Add(-b.Forget)
			a.tries[b.Name] = t
		}
		return nil
	})
}

// withTries calls f with the attempts locked.
func (m *Store) withTries(ctx context.Context, budgets []backends.Budget, f func(*attempts) error) error {
	if err := backends.ValidBudgets(budgets); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	m.attempts.mu.Lock()
	defer m.attempts.mu.Unlock()
	return f(&m.attempts)
}

func (a *attempts) set(name backends.NameHash, t backends.Tries) {
	if _, known := a.tries[name]; !known && len(a.tries) >= maxNames {
		delete(a.tries, a.least())
	}
	a.tries[name] = t
}

// least returns the name with the fewest tries in a sample. A map is walked from a place that is
// random.
func (a *attempts) least() (least backends.NameHash) {
	n, fewest := 0, 0
	for name, t := range a.tries {
		if n == 0 || t.Count < fewest {
			least, fewest = name, t.Count
		}
		if n++; n == sample {
			break
		}
	}
	return least
}

func (a *attempts) sweep(cutoff time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	maps.DeleteFunc(a.tries, func(_ backends.NameHash, t backends.Tries) bool { return !cutoff.Before(t.End) })
}
