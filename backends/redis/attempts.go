package redis

import (
	"context"
	"time"

	"github.com/inga-auth/inga/backends"
)

// Attempt implements [backends.Attempts]. It reads, decides with [backends.TakeTurns], and writes if
// nothing has changed meanwhile; otherwise it begins again. A try that is refused writes nothing, so
// in a crowd each round gives at least one turn, of which there are few.
func (s *Store) Attempt(ctx context.Context, now time.Time, budgets ...backends.Budget) error {
	return s.count(ctx, now, budgets, func(has []backends.Tries) ([]backends.Tries, error) {
		return backends.TakeTurns(now, budgets, has)
	})
}

// Succeed implements [backends.Attempts].
func (s *Store) Succeed(ctx context.Context, now time.Time, budgets ...backends.Budget) error {
	return s.count(ctx, now, budgets, func(has []backends.Tries) ([]backends.Tries, error) {
		left := make([]backends.Tries, len(has))
		for i, t := range has {
			if budgets[i].Shared && t.Count > 1 {
				left[i] = backends.Tries{Count: t.Count - 1, Last: t.Last, End: t.End.Add(-budgets[i].Forget)}
			}
		}
		return left, nil
	})
}

// count replaces what is stored of the budgets by what next makes of it, in one step.
func (s *Store) count(ctx context.Context, now time.Time, budgets []backends.Budget, next func([]backends.Tries) ([]backends.Tries, error)) error {
	if err := backends.ValidBudgets(budgets); err != nil {
		return err
	}
	ctx, cancel := s.bound(ctx)
	defer cancel()
	keys := make([]string, len(budgets))
	for i, b := range budgets {
		keys[i] = s.keys.tries(b.Name)
	}
	for {
		rows, err := s.client.Do(ctx, s.client.B().Mget().Key(keys...).Build()).AsStrSlice()
		if err != nil {
			return failed("read attempts", err)
		}
		has := make([]backends.Tries, len(rows))
		for i, r := range rows {
			has[i] = tries(r)
		}
		left, err := next(has)
		if err != nil {
			return err
		}
		var args []string
		for i, t := range left {
			args = append(args, rows[i], encodeTries(t), lasting(t.End.Sub(now)))
		}
		answer, err := s.run(ctx, call{s.scripts["swap"], keys, args})
		if err != nil || number(answer, 0) == 1 {
			return failed("count attempts", err)
		}
	}
}

// tries reads what is stored, empty for nothing.
func tries(row string) backends.Tries {
	if row == "" {
		return backends.Tries{}
	}
	c := cursor{rest: row}
	return backends.Tries{Count: int(c.number()), Last: c.time(), End: c.time()}
}

func encodeTries(t backends.Tries) string {
	if t.Count == 0 {
		return ""
	}
	return string(appendTimes(appendNumbers(nil, int64(t.Count)), t.Last, t.End))
}
