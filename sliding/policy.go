package sliding

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/inga-auth/inga/middleware"
)

// A Policy says how long a session lives. Idle and Absolute are required: there is no way to
// configure a session that never ends. A Policy is a value and safe for concurrent use.
type Policy struct {
	// Idle is how long a session lives without activity: the idle timeout of OWASP, the
	// inactivity timeout of NIST. At least a second.
	Idle time.Duration

	// Absolute is how long a session lives at most, counted from when its user authenticated, no
	// matter how much it is used. At least Idle, and at most 100 years.
	Absolute time.Duration

	// Interval is the time in which activity is recorded at most once. A session may therefore end
	// up to Interval earlier than Idle after its last request, and never later. Less than Idle.
	//
	// It is also the precision of "last seen" in lists of devices, and of which session a limit
	// ends first: for a session of months, a tenth of Idle is long, and a day may be better.
	//
	// Default: a tenth of Idle, but at least a second, or half of Idle if that is less.
	Interval time.Duration
}

var _ middleware.Policy = Policy{}

// maxAbsolute is longer than any session, and keeps deadlines far from overflowing.
const maxAbsolute = 100 * 365 * 24 * time.Hour

// AAL1 is 30 days: NIST SP 800-63B-4, section 2.1.3. The level has no inactivity timeout of its
// own, so Idle is as long.
func AAL1() Policy { return Policy{Idle: 30 * 24 * time.Hour, Absolute: 30 * 24 * time.Hour} }

// AAL2 is 24 hours, and one hour without activity: NIST SP 800-63B-4, section 2.2.3.
func AAL2() Policy { return Policy{Idle: time.Hour, Absolute: 24 * time.Hour} }

// AAL3 is 12 hours, and 15 minutes without activity: NIST SP 800-63B-4, section 2.3.3.
func AAL3() Policy { return Policy{Idle: 15 * time.Minute, Absolute: 12 * time.Hour} }

// Validate reports all mistakes in the policy, joined, each naming its field.
func (p Policy) Validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("sliding: Policy."+format, args...)) }
	if p.Idle < time.Second {
		bad("Idle is %v, want at least 1s", p.Idle)
	}
	switch {
	case p.Absolute <= 0:
		bad("Absolute is %v, want more than 0: there is no forever", p.Absolute)
	case p.Absolute > maxAbsolute:
		bad("Absolute is %v, want at most %v", p.Absolute, maxAbsolute)
	case p.Absolute < p.Idle:
		bad("Absolute is %v, want at least Policy.Idle, which is %v", p.Absolute, p.Idle)
	}
	if p.Interval < 0 || p.Interval > 0 && p.Interval >= p.Idle {
		bad("Interval is %v, want less than Policy.Idle, which is %v", p.Interval, p.Idle)
	}
	return errors.Join(errs...)
}

// String describes the policy and where it is laxer than the levels of NIST SP 800-63B-4, which
// ASVS 5.0, requirement 7.1.1, wants documented. Log it at start-up.
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

// Timeouts implements [middleware.Policy].
func (p Policy) Timeouts() middleware.Timeouts {
	return middleware.Timeouts{Idle: p.Idle, Absolute: p.Absolute, Interval: p.interval()}
}

func (p Policy) interval() time.Duration {
	if p.Interval > 0 {
		return p.Interval
	}
	// Never more than half of Idle, so that an idle timeout of a second or two still slides.
	return min(max(p.Idle/10, time.Second), p.Idle/2)
}

// Due reports whether activity at now should be recorded for a session with the lifetime l: its
// interval has passed and it has not ended. For the zero Lifetime, of an identity without a
// session, nothing is due.
func Due(l middleware.Lifetime, now time.Time) bool {
	return l.Idle > 0 && !now.Before(l.LastSeen.Add(l.Interval)) &&
		now.Before(l.IdleDeadline) && now.Before(l.AbsoluteDeadline)
}
