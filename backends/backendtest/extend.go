package backendtest

import (
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/inga-auth/inga/backends"
)

func extendPromises() []promise {
	return []promise{
		{"activity moves the last-seen time and the idle deadline, and nothing else", extendMoves},
		{"activity counts at most once in the session's own interval", onceInAnInterval},
		{"a thousand requests in an interval are one write", thousandRequests},
		{"no session outlives its absolute deadline, whatever renews it", neverPastAbsolute},
		{"extending moves nothing back", nothingMovesBack},
		{"any sequence of extensions follows the rule", anySequence},
		{"a session is not extended from its deadline on", expiredIsNotExtended},
		{"a session that was ended is not extended by a request that found it live", requestInFlight},
		{"what is unknown is not extended, and no row comes of it", unknownIsNotExtended},
		{"of simultaneous extensions exactly one counts", oneExtension},
		{"a logout wins over renewals in flight", logoutBeatsRenewal},
		{"Extend with a context that has ended fails and extends nothing", extendWithoutContext},
	}
}

func extendMoves(t *tester) {
	o, other := t.begun(), t.open("ann", at(0))
	t.extend(o, at(2*interval), at(2*interval+idle), true)
	s, _ := t.live(o, at(2*interval))
	o.LastSeenAt, o.IdleDeadline = at(2*interval), at(2*interval+idle)
	t.same(s, o.Session)
	t.live(o, at(2*interval+idle-tick))
	t.over(o, at(2*interval+idle), backends.ErrExpired)
	t.same(t.over(other, at(idle), backends.ErrExpired), other.Session)
}

func onceInAnInterval(t *tester) {
	// Promise 5, TL-6.
	slow := t.begun()
	quick := session("ann", at(0))
	quick.RenewalInterval = time.Second
	t.create(quick)
	t.extend(quick, at(time.Second-tick), at(idle), false)
	t.extend(quick, at(time.Second), at(idle+time.Second), true)
	t.extend(quick, at(2*time.Second-tick), at(idle+2*time.Second), false)
	t.extend(quick, at(2*time.Second), at(idle+2*time.Second), true)
	t.extend(slow, at(2*time.Second), at(idle+2*time.Second), false)
	t.extend(slow, at(interval-tick), at(idle+interval), false)
	t.extend(slow, at(interval), at(idle+interval), true)
	t.extend(slow, at(interval), at(idle+interval), false)
}

func thousandRequests(t *tester) {
	// Promise 5, TL-6: the interval begins with the request that counted.
	o := t.begun()
	begin, n := interval+time.Second, 0
	for i := range 1000 {
		now := at(begin + time.Duration(i)*interval/1000)
		ok, err := t.Store.Extend(t.ctx, now, o.ID, now.Add(idle))
		if err != nil {
			t.Fatalf("Extend: %v", err)
		}
		if ok {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d of 1000 extensions in an interval counted, want 1", n)
	}
	s, _ := t.live(o, at(begin))
	if !s.LastSeenAt.Equal(at(begin)) {
		t.Errorf("last seen at %v, want %v", s.LastSeenAt.Sub(at(0)), begin)
	}
	t.extend(o, at(begin+interval), at(begin+interval+idle), true)
}

func neverPastAbsolute(t *tester) {
	// Promise 4, TL-2, TL-3.
	o := t.begun()
	for now := idle / 2; now < absolute; now += idle / 2 {
		t.extend(o, at(now), at(now+idle), true)
		s, _ := t.live(o, at(now))
		if want := at(min(now+idle, absolute)); !s.IdleDeadline.Equal(want) {
			t.Errorf("idle deadline %v, want %v", s.IdleDeadline, want)
		}
		if !s.AbsoluteDeadline.Equal(at(absolute)) || !s.AuthenticatedAt.Equal(at(0)) {
			t.Fatalf("absolute deadline %v, authenticated at %v; activity moves neither", s.AbsoluteDeadline, s.AuthenticatedAt)
		}
	}
	t.extend(o, at(absolute-tick), at(1000*absolute), true)
	t.live(o, at(absolute-tick))
	t.over(o, at(absolute), backends.ErrExpired)
	t.extend(o, at(absolute), at(2*absolute), false)
}

func nothingMovesBack(t *tester) {
	// TL-3, TL-13.
	o := t.begun()
	t.extend(o, at(2*interval), at(interval), true)
	s, _ := t.live(o, at(2*interval))
	if !s.IdleDeadline.Equal(at(idle)) || !s.LastSeenAt.Equal(at(2*interval)) {
		t.Errorf("idle deadline %v, last seen %v; want %v, %v", s.IdleDeadline, s.LastSeenAt, at(idle), at(2*interval))
	}
	for _, now := range []time.Duration{interval, 0, -5 * time.Minute} {
		t.extend(o, at(now), at(now+idle), false)
	}
	s, _ = t.live(o, at(2*interval))
	if !s.LastSeenAt.Equal(at(2 * interval)) {
		t.Errorf("last seen %v, want %v", s.LastSeenAt, at(2*interval))
	}
}

func anySequence(t *tester) {
	// TL-3, TL-13: clocks that jump, and deadlines that nobody would ask for.
	random := rand.New(rand.NewPCG(2031, 5))
	minutes := func(low, high int) time.Time { return at(time.Duration(low+random.IntN(high-low)) * time.Minute) }
	o := t.begun()
	for range 100 {
		now, until := minutes(-5, 70), minutes(-100, 100)
		live := now.Before(o.IdleDeadline) && now.Before(o.AbsoluteDeadline)
		due := live && now.Sub(o.LastSeenAt) >= interval
		t.extend(o, now, until, due)
		if due {
			o.LastSeenAt = now
		}
		if due && until.After(o.IdleDeadline) {
			o.IdleDeadline = until
		}
		if o.IdleDeadline.After(at(absolute)) {
			o.IdleDeadline = at(absolute)
		}
		s, _, _ := t.Store.FindByID(t.ctx, now, o.ID)
		t.same(s, o.Session)
	}
}

func expiredIsNotExtended(t *tester) {
	o := t.begun()
	t.extend(o, at(idle), at(2*idle), false)
	t.extend(o, at(idle+time.Hour), at(2*idle+time.Hour), false)
	t.same(t.over(o, at(idle), backends.ErrExpired), o.Session)
	t.extend(o, at(idle-tick), at(2*idle), true)
}

func requestInFlight(t *tester) {
	// Promise 3, LO-5.
	o := t.begun()
	t.live(o, at(interval)) // the request begins
	t.revoke(o, at(interval+time.Second), true)
	t.extend(o, at(interval), at(interval+idle), false)
	t.extend(o, at(2*interval), at(2*interval+idle), false)
	s := t.over(o, at(interval), backends.ErrRevoked)
	if !s.LastSeenAt.Equal(at(0)) || !s.IdleDeadline.Equal(at(idle)) {
		t.Errorf("last seen %v, idle deadline %v; the late request changed the row", s.LastSeenAt, s.IdleDeadline)
	}
}

func unknownIsNotExtended(t *tester) {
	t.user("ann")
	o := session("ann", at(0))
	t.extend(o, at(interval), at(interval+idle), false)
	t.unknown(o)
	for what, id := range notText() {
		if ok, err := t.Store.Extend(t.ctx, at(interval), id, at(interval+idle)); ok || err != nil {
			t.Errorf("%s: %v, error %v; want false and no error", what, ok, err)
		}
	}
}

func oneExtension(t *tester) {
	// Promise 5, TL-6.
	o := t.begun()
	for i := range rounds {
		now := at(time.Duration(i+1) * interval)
		var counted atomic.Int32
		together(nTimes(8, func() {
			ok, err := t.Store.Extend(t.ctx, now, o.ID, now.Add(idle))
			if err != nil {
				t.Errorf("Extend: %v", err)
			}
			if ok {
				counted.Add(1)
			}
		})...)
		if counted.Load() != 1 {
			t.Fatalf("%d of 8 simultaneous extensions counted, want 1", counted.Load())
		}
	}
}

func logoutBeatsRenewal(t *tester) {
	// Promise 3, LO-5.
	ann := t.user("ann")
	for range rounds {
		o := t.open(ann, at(0))
		renew := func() {
			if _, err := t.Store.Extend(t.ctx, at(interval), o.ID, at(interval+idle)); err != nil {
				t.Errorf("Extend: %v", err)
			}
		}
		together(renew, renew, func() { t.revoke(o, at(interval), true) }, renew, renew)
		t.over(o, at(interval), backends.ErrRevoked)
		t.extend(o, at(3*interval), at(3*interval+idle), false)
	}
}

func extendWithoutContext(t *tester) {
	o := t.begun()
	_, err := t.Store.Extend(ended(t.ctx), at(interval), o.ID, at(interval+idle))
	t.aboutTheStore("Extend", err)
	s, _ := t.live(o, at(interval))
	t.same(s, o.Session)
}
