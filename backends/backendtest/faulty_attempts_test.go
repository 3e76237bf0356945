package backendtest_test

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/memory"
)

type racyClaim struct {
	*memory.Store
	gap *pair
}

func (f racyClaim) Claim(ctx context.Context, now time.Time, name backends.NameHash, until time.Time) (bool, error) {
	both := f.gap.meet() // saw it free
	ok, err := f.Store.Claim(ctx, now, name, until)
	return ok || both, err
}

type endlessClaim struct{ *memory.Store }

func (f endlessClaim) Claim(ctx context.Context, now time.Time, name backends.NameHash, until time.Time) (bool, error) {
	return f.Store.Claim(ctx, now, name, until.Add(time.Microsecond))
}

type lastClaim struct{ *memory.Store }

func (f lastClaim) Claim(ctx context.Context, now time.Time, name backends.NameHash, until time.Time) (bool, error) {
	ok, err := f.Store.Claim(ctx, now, name, until)
	if !ok {
		_, err = f.Store.Claim(ctx, now.Add(1000*time.Hour), name, now.Add(1001*time.Hour))
	}
	return ok, err
}

type countsRefused struct{ *memory.Store }

func (f countsRefused) Attempt(ctx context.Context, now time.Time, budgets ...backends.Budget) error {
	err := f.Store.Attempt(ctx, now, budgets...)
	var refused *backends.WaitError
	if errors.As(err, &refused) {
		_ = f.Store.Attempt(ctx, now.Add(refused.Wait), budgets...)
	}
	return err
}

type oneByOne struct{ *memory.Store }

func (f oneByOne) Attempt(ctx context.Context, now time.Time, budgets ...backends.Budget) error {
	for _, b := range budgets {
		if err := f.Store.Attempt(ctx, now, b); err != nil {
			return err
		}
	}
	return nil
}

type losesACount struct {
	*memory.Store
	calls atomic.Int32
}

func (f *losesACount) Attempt(ctx context.Context, now time.Time, budgets ...backends.Budget) error {
	err := f.Store.Attempt(ctx, now, budgets...)
	if err == nil && f.calls.Add(1)%2 == 0 {
		b := budgets[0]
		b.Shared = true
		return f.Store.Succeed(ctx, now, b)
	}
	return err
}

type sharesNothing struct{ *memory.Store }

func (f sharesNothing) Succeed(ctx context.Context, now time.Time, budgets ...backends.Budget) error {
	for i := range budgets {
		budgets[i].Shared = false
	}
	return f.Store.Succeed(ctx, now, budgets...)
}

type forgetsNothing struct{ *memory.Store }

func (forgetsNothing) Succeed(context.Context, time.Time, ...backends.Budget) error { return nil }

type trustsBudgets struct{ *memory.Store }

func (f trustsBudgets) Attempt(ctx context.Context, now time.Time, budgets ...backends.Budget) error {
	if err := f.Store.Attempt(ctx, now, budgets...); !errors.Is(err, backends.ErrInvalidArgument) {
		return err
	}
	return nil
}
