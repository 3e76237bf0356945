package backendtest

import (
	"sync/atomic"
	"time"

	"github.com/inga-auth/inga/backends"
)

func claimsPromises() []promise {
	return []promise{
		{"a name goes to the first claim, and to no other", nameIsClaimed},
		{"of simultaneous claims one gets the name", nameIsClaimedOnce},
		{"a name may be claimed again at the end of its claim, and no sooner", claimEnds},
		{"a name may be claimed until the last year that is valid", claimLasts},
		{"a claim that is refused changes nothing", refusedClaim},
		{"a claim that has ended when it is made gets nothing", endedClaim},
		{"a claim without a name or with a year that cannot be is a mistake, and claims nothing", invalidClaims},
		{"a clock that is less than the retention fast sweeps no claim that holds", sweptClaims},
		{"a context that has ended claims nothing", claimWithoutContext},
	}
}

// jti is the name of something that is used once.
func jti(id string) backends.NameHash { return backends.HashName("jti", id) }

// claim fails the test unless the answer is want.
func (t *tester) claim(name backends.NameHash, now, until time.Time, want bool) {
	t.Helper()
	got, err := t.Store.(backends.Claims).Claim(t.ctx, now, name, until)
	if err != nil || got != want {
		t.Errorf("Claim at %v: %v, error %v; want %v", now.Sub(at(0)), got, err, want)
	}
}

func nameIsClaimed(t *tester) {
	t.claim(jti("1"), at(0), at(time.Minute), true)
	t.claim(jti("1"), at(0), at(time.Minute), false)
	t.claim(jti("1"), at(30*time.Second), at(time.Hour), false)
	t.claim(jti("2"), at(0), at(time.Minute), true)
	t.claim(backends.HashName("code", "1"), at(0), at(time.Minute), true)
}

func nameIsClaimedOnce(t *tester) {
	for i := range rounds {
		name, now := jti("1"), at(time.Duration(i)*time.Minute) // when the former claim ends
		var claimed atomic.Int32
		together(nTimes(50, func() {
			ok, err := t.Store.(backends.Claims).Claim(t.ctx, now, name, now.Add(time.Minute))
			if err != nil {
				t.Errorf("Claim: %v", err)
			}
			if ok {
				claimed.Add(1)
			}
		})...)
		if n := claimed.Load(); n != 1 {
			t.Fatalf("%d claims got the name, want 1", n)
		}
	}
}

func claimEnds(t *tester) {
	t.claim(jti("1"), at(0), at(time.Minute), true)
	t.claim(jti("1"), at(time.Minute-tick), at(time.Hour), false)
	t.claim(jti("1"), at(time.Minute), at(time.Hour), true)
	t.claim(jti("1"), at(time.Hour-tick), at(2*time.Hour), false)
}

func claimLasts(t *tester) {
	last := time.Date(9999, time.December, 31, 23, 59, 59, 0, time.UTC)
	t.claim(jti("1"), at(0), last, true)
	t.claim(jti("1"), at(time.Hour), last, false)
}

func refusedClaim(t *tester) {
	t.claim(jti("1"), at(0), at(time.Minute), true)
	t.claim(jti("1"), at(1), at(time.Hour), false)
	t.claim(jti("1"), at(1), at(2*time.Second), false)
	t.claim(jti("1"), at(3*time.Second), at(time.Hour), false)
	t.claim(jti("1"), at(time.Minute), at(time.Hour), true)
}

func endedClaim(t *tester) {
	t.claim(jti("1"), at(0), at(0), false)
	t.claim(jti("1"), at(time.Minute), at(0), false)
	t.claim(jti("1"), at(0), at(tick), true)
}

func invalidClaims(t *tester) {
	for what, c := range map[string]struct {
		name  backends.NameHash
		until time.Time
	}{
		"no name":        {backends.NameHash{}, at(time.Minute)},
		"no end":         {jti("1"), time.Time{}},
		"the year 10000": {jti("1"), time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)},
	} {
		ok, err := t.Store.(backends.Claims).Claim(t.ctx, at(0), c.name, c.until)
		if t.mistaken(what, err); ok {
			t.Errorf("%s: claimed", what)
		}
	}
	t.claim(jti("1"), at(0), at(time.Minute), true)
}

func sweptClaims(t *tester) {
	if !supports[backends.Sweeper](t) {
		t.Skip("the store is no Sweeper")
	}
	t.claim(jti("1"), at(0), at(time.Minute), true)
	t.sweep(at(time.Minute+retention-tick), 0)
	t.claim(jti("1"), at(time.Minute-tick), at(time.Hour), false)
	t.sweep(at(time.Minute+retention), 0)
	t.claim(jti("1"), at(time.Minute), at(time.Hour), true)
}

func claimWithoutContext(t *tester) {
	ok, err := t.Store.(backends.Claims).Claim(ended(t.ctx), at(0), jti("1"), at(time.Minute))
	if t.aboutTheStore("Claim", err); ok {
		t.Error("claimed")
	}
	t.claim(jti("1"), at(0), at(time.Minute), true)
}
