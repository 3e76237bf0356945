package backendtest

import (
	"errors"
	"sync/atomic"
	"time"

	"github.com/inga-auth/inga/backends"
)

func attemptsPromises() []promise {
	return []promise{
		{"the first tries are free, then each waits twice as long, up to the longest wait", tryWaits},
		{"after the total no try is allowed until all are forgotten", tryTotal},
		{"a try that is refused does not count and makes no wait longer", refusedTry},
		{"of simultaneous tries as many get a turn as are free", tryCrowd},
		{"of simultaneous tries with several budgets as many get a turn as all have", tryCrowdOfBudgets},
		{"a try that one budget refuses takes no turn from the others", tryOfAll},
		{"a success makes the budget whole again", successForgets},
		{"a success gives one turn back to a shared budget", successShared},
		{"each time that passes without a try one is forgotten", tryForgotten},
		{"each name is counted by itself", tryOfOneName},
		{"a clock that is behind makes no wait shorter", tryBehind},
		{"budgets that are not valid are a mistake, and count nothing", invalidBudgets},
		{"a clock that is less than the retention fast sweeps no try that counts", sweptTries},
		{"a context that has ended counts nothing", tryWithoutContext},
	}
}

// budget returns one of three free tries, then waits of 1, 2, 4, 4, 4 seconds, and eight in all.
func budget(name string) backends.Budget {
	return backends.Budget{
		Name: backends.HashName("test", name),
		Free: 3, Wait: time.Second, MaxWait: 4 * time.Second, Total: 8, Forget: time.Minute,
	}
}

// try fails the test unless the try at now has to wait for want, 0 if it gets its turn.
func (t *tester) try(now time.Time, want time.Duration, budgets ...backends.Budget) {
	t.Helper()
	err := t.Store.(backends.Attempts).Attempt(t.ctx, now, budgets...)
	if want == 0 && err == nil {
		return
	}
	var refused *backends.WaitError
	if !errors.As(err, &refused) || !errors.Is(err, backends.ErrTooManyAttempts) || refused.Wait != want {
		t.Errorf("Attempt at %v: %v, want a wait of %v", now.Sub(at(0)), err, want)
	}
}

// use takes n turns at now.
func (t *tester) use(n int, now time.Time, budgets ...backends.Budget) {
	t.Helper()
	for range n {
		t.try(now, 0, budgets...)
	}
}

func (t *tester) succeed(now time.Time, budgets ...backends.Budget) {
	t.Helper()
	t.ok("Succeed", t.Store.(backends.Attempts).Succeed(t.ctx, now, budgets...))
}

func tryWaits(t *tester) {
	b := budget("ann")
	t.use(3, at(0), b)
	now := at(0)
	for _, wait := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 4 * time.Second, 4 * time.Second} {
		t.try(now, wait, b)
		t.try(now.Add(wait-tick), tick, b)
		now = now.Add(wait)
		t.try(now, 0, b)
	}
}

func tryTotal(t *tester) {
	b := budget("ann")
	t.use(3, at(0), b)
	for _, s := range []time.Duration{1, 3, 7, 11, 15} {
		t.try(at(s*time.Second), 0, b)
	}
	// Eight tries, a minute each.
	t.try(at(15*time.Second), 8*time.Minute, b)
	t.try(at(5*time.Minute), 3*time.Minute+15*time.Second, b)
	t.try(at(8*time.Minute+15*time.Second-tick), tick, b)
	t.use(3, at(8*time.Minute+15*time.Second), b)
	t.try(at(8*time.Minute+15*time.Second), time.Second, b)
}

func refusedTry(t *tester) {
	b := budget("ann")
	t.use(3, at(0), b)
	for range 20 {
		t.try(at(500*time.Millisecond), 500*time.Millisecond, b)
	}
	t.try(at(time.Second), 0, b)
	t.try(at(time.Second), 2*time.Second, b)
}

// crowdOfTries returns how many of fifty simultaneous tries at now get a turn. Every other one
// names its budgets in the opposite order.
func (t *tester) crowdOfTries(now time.Time, budgets ...backends.Budget) int {
	t.Helper()
	var admitted, n atomic.Int32
	together(nTimes(50, func() {
		mine := append([]backends.Budget{}, budgets...)
		if n.Add(1)%2 == 0 {
			mine[0], mine[len(mine)-1] = mine[len(mine)-1], mine[0]
		}
		switch err := t.Store.(backends.Attempts).Attempt(t.ctx, now, mine...); {
		case err == nil:
			admitted.Add(1)
		case !errors.Is(err, backends.ErrTooManyAttempts):
			t.Errorf("Attempt: %v", err)
		}
	})...)
	return int(admitted.Load())
}

func tryCrowd(t *tester) {
	b := budget("ann")
	for range rounds {
		if n := t.crowdOfTries(at(0), b); n != 3 {
			t.Fatalf("%d of 50 tries got a turn, want 3", n)
		}
		if n := t.crowdOfTries(at(time.Second), b); n != 1 {
			t.Fatalf("%d of 50 tries got a turn after the first wait, want 1", n)
		}
		t.succeed(at(time.Second), b)
	}
}

func tryCrowdOfBudgets(t *tester) {
	account, device, address := budget("ann"), budget("device"), budget("address")
	account.Free, address.Free = 5, 7
	for range rounds {
		if n := t.crowdOfTries(at(0), account, device, address); n != 3 {
			t.Fatalf("%d of 50 tries got a turn, want 3", n)
		}
		if n := t.crowdOfTries(at(0), address, account); n != 2 {
			t.Fatalf("%d of 50 tries got a turn from the rest, want 2", n)
		}
		if n := t.crowdOfTries(at(0), address); n != 2 {
			t.Fatalf("%d of 50 tries got a turn from the last, want 2", n)
		}
		t.succeed(at(0), device, address, account)
	}
}

func tryOfAll(t *tester) {
	ann, bob := budget("ann"), budget("bob")
	t.use(3, at(0), ann)
	t.use(1, at(0), bob)
	for range 5 {
		t.try(at(0), time.Second, bob, ann)
		t.try(at(0), time.Second, ann, bob)
	}
	t.use(2, at(0), bob)
	t.try(at(time.Second), 0, ann)
	t.try(at(time.Second), 2*time.Second, ann, bob) // the longer of the two waits
	t.try(at(time.Second), 2*time.Second, bob, ann)
	t.try(at(time.Second), 0, bob)
}

func successForgets(t *tester) {
	b := budget("ann")
	t.succeed(at(0), b) // of nothing
	t.use(3, at(0), b)
	t.try(at(0), time.Second, b)
	t.succeed(at(0), b)
	t.use(3, at(0), b)
	t.try(at(0), time.Second, b)
}

func successShared(t *tester) {
	b := budget("address")
	b.Shared = true
	t.succeed(at(0), b) // of nothing
	for range 5 {
		t.try(at(0), 0, b)
		t.succeed(at(0), b)
	}
	t.use(2, at(0), b)
	t.try(at(0), 0, b)
	t.succeed(at(0), b)
	t.try(at(0), 0, b)
	t.try(at(0), time.Second, b)
	t.succeed(at(0), b)
	t.succeed(at(0), b)
	t.use(2, at(0), b)
	t.try(at(0), time.Second, b)
}

func tryForgotten(t *tester) {
	b := budget("ann")
	t.use(3, at(0), b)
	t.try(at(time.Second), 0, b)
	// Four tries. After a minute there are three, so one of them has to be waited for.
	t.try(at(time.Minute+time.Second), 0, b)
	t.try(at(time.Minute+time.Second), 2*time.Second, b)
	// After two minutes two of the four are left, and one try is free.
	t.try(at(3*time.Minute+time.Second), 0, b)
	t.try(at(3*time.Minute+time.Second), time.Second, b)
	// Three minutes forget three.
	t.use(3, at(6*time.Minute+time.Second), b)
	t.try(at(6*time.Minute+time.Second), time.Second, b)
}

func tryOfOneName(t *tester) {
	t.use(3, at(0), budget("ann"))
	t.use(3, at(0), budget("Ann"))
	t.succeed(at(0), budget("Ann"))
	t.try(at(0), time.Second, budget("ann"))
}

func tryBehind(t *tester) {
	b := budget("ann")
	t.use(2, at(0), b)
	t.try(at(-time.Minute), 0, b)
	t.try(at(-time.Minute), time.Minute+time.Second, b)
	t.try(at(0), time.Second, b)
	t.try(at(time.Second), 0, b)
}

func invalidBudgets(t *tester) {
	b := budget("ann")
	many := make([]backends.Budget, 9)
	for i := range many {
		many[i] = budget(string(rune('a' + i)))
	}
	with := func(change func(*backends.Budget)) []backends.Budget {
		changed := b
		change(&changed)
		return []backends.Budget{changed}
	}
	for what, budgets := range map[string][]backends.Budget{
		"none":                  nil,
		"nine":                  many,
		"one name twice":        {b, b},
		"no name":               with(func(b *backends.Budget) { b.Name = backends.NameHash{} }),
		"none free":             with(func(b *backends.Budget) { b.Free = 0 }),
		"no wait":               with(func(b *backends.Budget) { b.Wait = 0 }),
		"a shorter longest one": with(func(b *backends.Budget) { b.MaxWait = b.Wait - 1 }),
		"no more than are free": with(func(b *backends.Budget) { b.Total = b.Free }),
		"too many in all":       with(func(b *backends.Budget) { b.Total = 1025 }),
		"forgotten too soon":    with(func(b *backends.Budget) { b.Forget = b.MaxWait - 1 }),
		"hardly forgotten":      with(func(b *backends.Budget) { b.Forget = 31*24*time.Hour + 1 }),
	} {
		t.mistaken("Attempt, "+what, t.Store.(backends.Attempts).Attempt(t.ctx, at(0), budgets...))
		t.mistaken("Succeed, "+what, t.Store.(backends.Attempts).Succeed(t.ctx, at(0), budgets...))
	}
	t.use(3, at(0), b)
}

func sweptTries(t *tester) {
	if !supports[backends.Sweeper](t) {
		t.Skip("the store is no Sweeper")
	}
	b := budget("ann")
	t.use(3, at(0), b)
	t.sweep(at(3*time.Minute+retention-tick), 0)
	t.try(at(0), time.Second, b)
	t.sweep(at(3*time.Minute+retention), 0)
	t.use(3, at(3*time.Minute), b)
	t.try(at(3*time.Minute), time.Second, b)
}

func tryWithoutContext(t *tester) {
	b := budget("ann")
	for range 3 {
		t.aboutTheStore("Attempt", t.Store.(backends.Attempts).Attempt(ended(t.ctx), at(0), b))
	}
	t.use(3, at(0), b)
	t.aboutTheStore("Succeed", t.Store.(backends.Attempts).Succeed(ended(t.ctx), at(0), b))
	t.try(at(0), time.Second, b)
}
