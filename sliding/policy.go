package sliding

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/inga-auth/inga/middleware"
)

// A Policy says how long a session lives.
//
// Idle and Absolute are required: a session that never ends cannot be configured. The zero
// Policy is refused by whoever is given it.
type Policy struct {
	// Idle is how long a session lives without activity: the idle timeout of OWASP, the
	// inactivity timeout of NIST. At least a second.
	Idle time.Duration

	// Absolute is how long a session lives at all since its user authenticated, whatever
	// renews it. At least Idle.
	Absolute time.Duration

	// Interval is the time in which activity is counted once: a session that is used all
	// the time costs one write in each. An idle session may therefore end up to Interval
	// earlier than Idle after its last request, and never later.
	//
	// Default: a tenth of Idle, but a second at least, or half of Idle if that is less. Less
	// than Idle.
	Interval time.Duration
}

var _ middleware.Policy = Policy{}

// The presets are the limits of NIST SP 800-63B-4 for its three authentication assurance
// levels (sections 2.1.3, 2.2.3 and 2.3.3). AAL1 has no inactivity timeout of its own, so
// idle and absolute are the same there.

// AAL1 is 30 days.
func AAL1() Policy { return Policy{Idle: 30 * 24 * time.Hour, Absolute: 30 * 24 * time.Hour} }

// AAL2 is 24 hours, and one hour without activity.
func AAL2() Policy { return Policy{Idle: time.Hour, Absolute: 24 * time.Hour} }

// AAL3 is 12 hours, and 15 minutes without activity.
func AAL3() Policy { return Policy{Idle: 15 * time.Minute, Absolute: 12 * time.Hour} }

// Validate returns all mistakes of the policy, joined, each naming its field.
func (p Policy) Validate() error {
	var errs []error
	if p.Idle < time.Second {
		errs = append(errs, fmt.Errorf("sliding: Policy.Idle is %v, want at least 1s", p.Idle))
	}
	if p.Absolute <= 0 {
		errs = append(errs, fmt.Errorf("sliding: Policy.Absolute is %v, want more than 0: there is no forever", p.Absolute))
	} else if p.Absolute < p.Idle {
		errs = append(errs, fmt.Errorf("sliding: Policy.Absolute is %v, want at least Policy.Idle, which is %v", p.Absolute, p.Idle))
	}
	if p.Interval < 0 || p.Interval > 0 && p.Interval >= p.Idle {
		errs = append(errs, fmt.Errorf("sliding: Policy.Interval is %v, want less than Policy.Idle, which is %v", p.Interval, p.Idle))
	}
	return errors.Join(errs...)
}

// String says what the policy amounts to and where it is laxer than NIST SP 800-63B-4 asks:
// what ASVS 5.0, requirement 7.1.1, wants written down. Log it at start-up.
func (p Policy) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "idle %v, absolute %v, counted every %v", p.Idle, p.Absolute, p.interval())
	for _, level := range []struct {
		name  string
		limit Policy
	}{{"AAL1", AAL1()}, {"AAL2", AAL2()}, {"AAL3", AAL3()}} {
		if p.Idle <= level.limit.Idle && p.Absolute <= level.limit.Absolute {
			fmt.Fprintf(&b, "; within %s", level.name)
		} else {
			fmt.Fprintf(&b, "; beyond %s (idle %v, absolute %v)", level.name, level.limit.Idle, level.limit.Absolute)
		}
	}
	return b.String()
}

// Begin returns the lifetime of a session whose user authenticated at now.
func (p Policy) Begin(now time.Time) middleware.Lifetime {
	l := middleware.Lifetime{
		Idle:             p.Idle,
		Interval:         p.interval(),
		LastSeen:         now,
		AbsoluteDeadline: now.Add(p.Absolute),
	}
	l.IdleDeadline = idleDeadline(l, now)
	return l
}

func (p Policy) interval() time.Duration {
	if p.Interval > 0 {
		return p.Interval
	}
	// An idle timeout of a second or two must still slide, so half of it is the most.
	return min(max(p.Idle/10, time.Second), p.Idle/2)
}

// Due reports whether activity at now is to be counted for a session that stands at l, and
// the idle deadline that it earns: a pure function. Nothing is due for a session that is
// over, or that has no lifetime of ours.
func Due(l middleware.Lifetime, now time.Time) (until time.Time, due bool) {
	if l.Idle <= 0 || now.Before(l.LastSeen.Add(l.Interval)) {
		return time.Time{}, false
	}
	if !now.Before(l.IdleDeadline) || !now.Before(l.AbsoluteDeadline) {
		return time.Time{}, false
	}
	return idleDeadline(l, now), true
}

// idleDeadline is min(now+idle, absolute): the second half is what keeps a session from
// living for ever by being used.
func idleDeadline(l middleware.Lifetime, now time.Time) time.Time {
	if until := now.Add(l.Idle); until.Before(l.AbsoluteDeadline) {
		return until
	}
	return l.AbsoluteDeadline
}
