package backendtest

import (
	"time"

	"github.com/inga-auth/inga/backends"
)

func clockPromises() []promise {
	return []promise{
		{"the idle deadline is the first instant at which a session is over", idleDeadline},
		{"the absolute deadline is the first instant at which a session is over", absoluteDeadline},
		{"each session has limits of its own", ownLimits},
		{"a clock that jumps by five minutes ends no session", jumpEndsNothing},
		{"a session that was ended stays so whatever the clock says", endedAtAnyTime},
	}
}

func idleDeadline(t *tester) {
	o := t.begun()
	t.live(o, at(idle-tick))
	t.over(o, at(idle), backends.ErrExpired)
	t.over(o, at(idle+tick), backends.ErrExpired)
	t.over(o, at(1000*time.Hour), backends.ErrExpired)
}

func absoluteDeadline(t *tester) {
	o := session(t.user("ann"), at(0))
	o.IdleTimeout, o.IdleDeadline = absolute, at(absolute)
	t.create(o)
	t.live(o, at(absolute-tick))
	t.over(o, at(absolute), backends.ErrExpired)
	t.over(o, at(absolute+tick), backends.ErrExpired)
}

func ownLimits(t *tester) {
	// An administrator's fifteen minutes beside a phone's thirty days.
	ann := t.user("ann")
	admin, phone := session(ann, at(0)), session(ann, at(0))
	admin.IdleDeadline, admin.AbsoluteDeadline = at(15*time.Minute), at(12*time.Hour)
	phone.IdleDeadline, phone.AbsoluteDeadline = at(30*24*time.Hour), at(90*24*time.Hour)
	t.create(admin)
	t.create(phone)
	t.over(admin, at(15*time.Minute), backends.ErrExpired)
	t.live(phone, at(30*24*time.Hour-tick))
	t.over(phone, at(30*24*time.Hour), backends.ErrExpired)
}

func jumpEndsNothing(t *tester) {
	o := t.begun()
	for _, now := range []time.Time{at(0), at(5 * time.Minute), at(0), at(-5 * time.Minute), at(0)} {
		t.live(o, now)
	}
	t.notExtended(o, at(-5*time.Minute))
	t.live(o, at(idle-tick))
}

func endedAtAnyTime(t *tester) {
	o := t.begun()
	t.revoke(o, at(5*time.Minute), true)
	for _, d := range []time.Duration{0, 5 * time.Minute, -5 * time.Minute, -24 * time.Hour, time.Minute, absolute} {
		t.over(o, at(d), backends.ErrRevoked)
		t.notExtended(o, at(d))
		t.revoke(o, at(d), false)
	}
	// Nor does it matter that an application forgot to say what time it is.
	forgotten := t.open("ann", at(0))
	t.revoke(forgotten, time.Time{}, true)
	t.over(forgotten, at(0), backends.ErrRevoked)
	t.notExtended(forgotten, at(interval))
	t.revoke(forgotten, at(0), false)
}
