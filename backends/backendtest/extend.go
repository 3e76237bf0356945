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
		{"each session is extended by its own idle timeout", ownTimeout},
		{"activity counts at most once in the session's own interval", onceInAnInterval},
		{"any number of requests in an interval are one write", manyRequests},
		{"no session outlives its absolute deadline, whatever renews it", neverPastAbsolute},
		{"extending moves nothing back", nothingMovesBack},
		{"any sequence of extensions follows the rule", anySequence},
		{"a session is not extended from its deadline on", expiredIsNotExtended},
		{"a session that was ended is not extended by a request that found it live", requestInFlight},
		{"what is unknown is not extended, and no row comes of it", unknownIsNotExtended},
		{"of simultaneous extensions exactly one counts", oneExtension},
		{"a logout wins over renewals in flight", logoutBeatsRenewal},
		{"a renewal that races a shorter policy does not outlast it", shorterPolicyBeatsRenewal},
		{"Extend with a context that has ended fails and extends nothing", extendWithoutContext},
	}
}

func extendMoves(t *tester) {
	o, other := t.begun(), t.open("ann", at(0))
	t.extend(o, at(2*interval), at(2*interval+idle))
	o.LastSeenAt, o.IdleDeadline = at(2*interval), at(2*interval+idle)
	t.unchanged(o, at(2*interval))
	t.live(o, at(2*interval+idle-tick))
	t.over(o, at(2*interval+idle), backends.ErrExpired)
	t.same(t.over(other, at(idle), backends.ErrExpired), other.Session)
}

func ownTimeout(t *tester) {
	ann := t.user("ann")
	admin, phone := session(ann, at(0)), session(ann, at(0))
	admin.IdleTimeout, admin.IdleDeadline = 2*time.Minute, at(2*time.Minute)
	phone.IdleTimeout, phone.IdleDeadline, phone.AbsoluteDeadline = 30*24*time.Hour, at(30*24*time.Hour), at(90*24*time.Hour)
	t.create(admin)
	t.create(phone)
	t.extend(admin, at(time.Minute), at(3*time.Minute))
	t.extend(phone, at(time.Minute), at(30*24*time.Hour+time.Minute))
	t.over(admin, at(3*time.Minute), backends.ErrExpired)
	t.live(phone, at(30*24*time.Hour))
}

func onceInAnInterval(t *tester) {
	slow := t.begun()
	quick := session("ann", at(0))
	quick.RenewalInterval = time.Second
	t.create(quick)
	t.notExtended(quick, at(time.Second-tick))
	t.extend(quick, at(time.Second), at(idle+time.Second))
	t.notExtended(quick, at(2*time.Second-tick))
	t.extend(quick, at(2*time.Second), at(idle+2*time.Second))
	t.notExtended(slow, at(2*time.Second))
	t.notExtended(slow, at(interval-tick))
	t.extend(slow, at(interval), at(idle+interval))
	t.notExtended(slow, at(interval))
}

func manyRequests(t *tester) {
	// The interval begins with the request that counted.
	o := t.begun()
	const begin, requests = interval + time.Second, 200
	n := 0
	for i := range requests {
		_, ok, err := t.Store.Extend(t.ctx, at(begin+time.Duration(i)*interval/requests), o.ID)
		t.ok("Extend", err)
		if ok {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d of %d extensions in an interval counted, want 1", n, requests)
	}
	if s, _ := t.live(o, at(begin)); !s.LastSeenAt.Equal(at(begin)) {
		t.Errorf("last seen at %v, want %v", s.LastSeenAt.Sub(at(0)), begin)
	}
	t.extend(o, at(begin+interval), at(begin+interval+idle))
}

func neverPastAbsolute(t *tester) {
	o := t.begun()
	for now := idle / 2; now < absolute; now += idle / 2 {
		t.extend(o, at(now), at(min(now+idle, absolute)))
		s, _ := t.live(o, at(now))
		if !s.AbsoluteDeadline.Equal(at(absolute)) || !s.AuthenticatedAt.Equal(at(0)) {
			t.Fatalf("absolute deadline %v, authenticated at %v; activity moves neither", s.AbsoluteDeadline, s.AuthenticatedAt)
		}
	}
	t.extend(o, at(absolute-tick), at(absolute))
	t.live(o, at(absolute-tick))
	t.over(o, at(absolute), backends.ErrExpired)
	t.notExtended(o, at(absolute))
}

func nothingMovesBack(t *tester) {
	// The first deadline is later than the idle timeout would put it.
	o := session(t.user("ann"), at(0))
	o.IdleDeadline = at(2 * idle)
	t.create(o)
	t.extend(o, at(2*interval), at(2*idle))
	for _, now := range []time.Duration{interval, 0, -5 * time.Minute} {
		t.notExtended(o, at(now))
	}
	o.LastSeenAt = at(2 * interval)
	t.unchanged(o, at(2*interval))
}

func anySequence(t *tester) {
	// The clock jumps. Session.Touch has tests of its own, so the rule is spelled out here.
	random := rand.New(rand.NewPCG(2031, 5))
	o := t.begun()
	for range 100 {
		now := at(time.Duration(-5+random.IntN(75)) * time.Minute)
		live := now.Before(o.IdleDeadline) && now.Before(o.AbsoluteDeadline)
		if !live || now.Sub(o.LastSeenAt) < interval {
			t.notExtended(o, now)
			continue
		}
		o.LastSeenAt = now
		if until := now.Add(idle); until.After(o.IdleDeadline) {
			o.IdleDeadline = until
		}
		if o.IdleDeadline.After(at(absolute)) {
			o.IdleDeadline = at(absolute)
		}
		t.extend(o, now, o.IdleDeadline)
		t.unchanged(o, now)
	}
}

func expiredIsNotExtended(t *tester) {
	o := t.begun()
	t.notExtended(o, at(idle))
	t.notExtended(o, at(idle+time.Hour))
	t.same(t.over(o, at(idle), backends.ErrExpired), o.Session)
	t.extend(o, at(idle-tick), at(2*idle-tick))
}

func requestInFlight(t *tester) {
	o := t.begun()
	t.live(o, at(interval)) // the request begins
	t.revoke(o, at(interval+time.Second), true)
	t.notExtended(o, at(interval))
	t.notExtended(o, at(2*interval))
	s := t.over(o, at(interval), backends.ErrRevoked)
	if !s.LastSeenAt.Equal(at(0)) || !s.IdleDeadline.Equal(at(idle)) {
		t.Errorf("last seen %v, idle deadline %v; the late request changed the row", s.LastSeenAt, s.IdleDeadline)
	}
}

func unknownIsNotExtended(t *tester) {
	o := session(t.user("ann"), at(0))
	t.notExtended(o, at(interval))
	t.unknown(o)
	for what, id := range notID() {
		if _, ok, err := t.Store.Extend(t.ctx, at(interval), id); ok || err != nil {
			t.Errorf("%s: %v, error %v; want false and no error", what, ok, err)
		}
	}
}

func oneExtension(t *tester) {
	o := t.begun()
	for i := range rounds {
		now := at(time.Duration(i+1) * interval)
		var counted atomic.Int32
		together(nTimes(8, func() {
			_, ok, err := t.Store.Extend(t.ctx, now, o.ID)
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
	ann := t.user("ann")
	for range rounds {
		o := t.open(ann, at(0))
		renew := t.renew(o, at(interval))
		together(renew, renew, func() { t.revoke(o, at(interval), true) }, renew, renew)
		t.over(o, at(interval), backends.ErrRevoked)
		t.notExtended(o, at(3*interval))
	}
}

func shorterPolicyBeatsRenewal(t *tester) {
	ann := t.user("ann")
	for range rounds {
		o := t.open(ann, at(0))
		next := o.again(at(interval))
		next.IdleTimeout, next.IdleDeadline = time.Minute, at(interval+time.Minute)
		renew := t.renew(o, at(interval))
		together(renew, renew, func() { t.reauthenticate(next, at(interval), at(0), nil) }, renew, renew)
		t.unchanged(next, at(interval))
		t.over(next, at(interval+time.Minute), backends.ErrExpired)
	}
}

func extendWithoutContext(t *tester) {
	o := t.begun()
	_, _, err := t.Store.Extend(ended(t.ctx), at(interval), o.ID)
	t.aboutTheStore("Extend", err)
	t.unchanged(o, at(interval))
}
