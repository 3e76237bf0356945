package backends_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/inga-auth/inga/backends"
)

// sweeper writes down when it was asked, and fails when told to.
type sweeper struct {
	begun time.Time
	at    []time.Duration
	err   error
}

func (s *sweeper) Sweep(_ context.Context, now time.Time) (int, error) {
	s.at = append(s.at, now.Sub(s.begun))
	return len(s.at), s.err
}

func TestSweepRunsUntilItsContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sweeper{begun: time.Now()}
		ctx, cancel := context.WithTimeout(t.Context(), 35*time.Minute)
		defer cancel()
		var removed []int
		err := backends.Sweep(ctx, s, 10*time.Minute, func(n int, err error) {
			removed = append(removed, n)
			if err != nil {
				t.Errorf("reported %v, want no error", err)
			}
		})
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(s.begun) != 35*time.Minute {
			t.Errorf("ended after %v with %v, want 35m with the context's error", time.Since(s.begun), err)
		}
		if want := []time.Duration{10 * time.Minute, 20 * time.Minute, 30 * time.Minute}; !slices.Equal(s.at, want) {
			t.Errorf("swept at %v, want %v", s.at, want)
		}
		if want := []int{1, 2, 3}; !slices.Equal(removed, want) {
			t.Errorf("reported %v, want %v", removed, want)
		}
	})
}

func TestAFailedSweepIsReportedAndTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down := errors.New("connection refused")
		s := &sweeper{begun: time.Now(), err: down}
		ctx, cancel := context.WithTimeout(t.Context(), 25*time.Minute)
		defer cancel()
		var errs []error
		_ = backends.Sweep(ctx, s, 10*time.Minute, func(_ int, err error) { errs = append(errs, err) })
		if !slices.Equal(errs, []error{down, down}) {
			t.Errorf("reported %v, want the failure twice", errs)
		}
	})
}

func TestSweepNeedsNoReport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sweeper{begun: time.Now()}
		ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
		defer cancel()
		_ = backends.Sweep(ctx, s, 10*time.Minute, nil)
		if len(s.at) != 1 {
			t.Errorf("swept %d times, want once", len(s.at))
		}
	})
}

func TestSweepWithoutAnIntervalIsAMistakeAndNoPanic(t *testing.T) {
	for _, every := range []time.Duration{0, -time.Second} {
		s := &sweeper{}
		if err := backends.Sweep(t.Context(), s, every, nil); !errors.Is(err, backends.ErrInvalidArgument) || len(s.at) != 0 {
			t.Errorf("every %v: %v after %d sweeps, want ErrInvalidArgument after none", every, err, len(s.at))
		}
	}
}
