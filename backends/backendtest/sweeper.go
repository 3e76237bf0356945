package backendtest

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/inga-auth/inga/backends"
)

func sweeperPromises() []promise {
	return []promise{
		{"a row that expired is kept for the retention, and then removed", expiredIsSwept},
		{"a row that was ended is kept for the retention, and then removed", revokedIsSwept},
		{"what was removed was never there", sweptIsUnknown},
		{"a live session is never removed", liveIsKept},
		{"a clock that is five minutes fast removes no live session", fastClock},
		{"sessions of deleted users are removed like all others", orphansAreSwept},
		{"several sweepers at once remove each row once", eachRowOnce},
		{"sweeping an empty store removes nothing", nothingToSweep},
		{"a sweep whose context has ended stops and says so", sweepWithoutContext},
	}
}

// retention is typed here and not taken from backends: changing it changes a promise.
const retention = time.Hour

func (t *tester) sweep(now time.Time, want int) {
	t.Helper()
	n, err := t.Store.(backends.Sweeper).Sweep(t.ctx, now)
	if err != nil || n != want {
		t.Errorf("Sweep at %v: %d, error %v; want %d", now.Sub(at(0)), n, err, want)
	}
}

func expiredIsSwept(t *tester) {
	o := t.begun()
	t.sweep(at(idle), 0)
	t.sweep(at(idle+retention-tick), 0)
	t.same(t.over(o, at(idle+retention-tick), backends.ErrExpired), o.Session)
	t.sweep(at(idle+retention), 1)
	t.unknown(o)
	t.sweep(at(idle+retention), 0)
}

func revokedIsSwept(t *tester) {
	o := session(t.user("ann"), at(0))
	o.IdleDeadline, o.AbsoluteDeadline = at(100*time.Hour), at(100*time.Hour)
	t.create(o)
	t.revoke(o, at(time.Minute), true)
	t.sweep(at(time.Minute+retention-tick), 0)
	t.over(o, at(time.Minute+retention-tick), backends.ErrRevoked)
	t.sweep(at(time.Minute+retention), 1)
	t.unknown(o)
}

func sweptIsUnknown(t *tester) {
	o := t.begun()
	t.revoke(o, at(0), true)
	t.sweep(at(retention), 1)
	t.unknown(o)
	t.notExtended(o, at(interval))
	t.revoke(o, at(0), false)
	t.reauthenticate(o.again(at(tick)), at(tick), at(0), backends.ErrNotFound)
	t.unknown(o)
}

func liveIsKept(t *tester) {
	ann := t.user("ann")
	dead, live, extended := t.open(ann, at(0)), session(ann, at(0)), t.open(ann, at(0))
	live.IdleDeadline, live.AbsoluteDeadline = at(24*time.Hour), at(24*time.Hour)
	t.create(live)
	t.extend(extended, at(idle-tick), at(2*idle-tick))
	t.sweep(at(idle+retention), 1)
	t.unknown(dead)
	t.unchanged(live, at(idle+retention))
	t.over(extended, at(2*idle), backends.ErrExpired)
	t.revoke(live, at(idle+retention), true)
	t.sweep(at(2*idle+retention), 1)
	t.unknown(extended)
	t.over(live, at(2*idle+retention), backends.ErrRevoked)
}

func fastClock(t *tester) {
	o := t.begun()
	t.sweep(at(5*time.Minute), 0)
	t.sweep(at(idle+5*time.Minute), 0)
	t.live(o, at(idle-tick))
}

func orphansAreSwept(t *tester) {
	o := t.begun()
	t.DropUser(t.T, "ann")
	bobs := t.open(t.user("bob"), at(idle))
	t.sweep(at(idle+retention), 1)
	t.unknown(o)
	t.over(bobs, at(2*idle), backends.ErrExpired)
}

func eachRowOnce(t *tester) {
	// Any number of processes may sweep at once. There are more rows than a batch is likely to hold.
	const rows = 1100
	ann := t.user("ann")
	bystander := t.open(ann, at(idle))
	var next atomic.Int32
	together(nTimes(8, func() {
		for next.Add(1) <= rows {
			o := session(ann, at(0))
			if err := t.tryCreate(o, backends.CreateOptions{}); err != nil {
				t.Errorf("Create: %v", err)
				return
			}
		}
	})...)
	var removed atomic.Int64
	together(nTimes(4, func() {
		n, err := t.Store.(backends.Sweeper).Sweep(t.ctx, at(idle+retention))
		if err != nil {
			t.Errorf("Sweep: %v", err)
		}
		removed.Add(int64(n))
	})...)
	// A sweeper may skip what another one holds, so a last one looks again.
	n, err := t.Store.(backends.Sweeper).Sweep(t.ctx, at(idle+retention))
	if total := int(removed.Load()) + n; total != rows || err != nil {
		t.Errorf("%d rows removed in all, error %v; want %d", total, err, rows)
	}
	t.over(bystander, at(2*idle), backends.ErrExpired)
}

func nothingToSweep(t *tester) {
	t.sweep(at(0), 0)
	t.user("ann")
	t.sweep(at(10000*time.Hour), 0)
}

func sweepWithoutContext(t *tester) {
	o := t.begun()
	n, err := t.Store.(backends.Sweeper).Sweep(ended(t.ctx), at(idle+retention))
	if n != 0 || !errors.Is(err, context.Canceled) {
		t.Errorf("Sweep: %d, error %v; want 0 and context.Canceled", n, err)
	}
	t.over(o, at(idle), backends.ErrExpired)
}
