package proof_test

import (
	"fmt"
	"strings"
	"time"
)

// What the model knows of the past is guarded by the lock of the [model].

// A deed is what somebody had a process do that changes what others are answered. Between its
// begin and its end nobody knows whether it has been done.
type deed struct {
	what string
	by   *process
	span      // end is zero while it is under way
	void bool // it was refused, and has changed nothing

	lazy     bool   // it does nothing to a session that has ended already
	except   string // the session that it does not end
	password int    // the number of the password that it sets
	yes      bool   // what it sets: a role, or that a user is disabled
}

func (d *deed) over() bool { return !d.end.IsZero() }

// mayHold reports whether it may have been done when a request ended.
func (d *deed) mayHold(asked span) bool { return !d.void && d.begin.Before(asked.end) }

// holds reports whether it must be known at a process to which a request came: at once where
// it was done, and everywhere else after the lag.
func (d *deed) holds(at *process, asked span, lag time.Duration) bool {
	if at == d.by {
		lag = 0
	}
	return !d.void && d.over() && asked.begin.After(d.end.Add(lag))
}

// An account is a user, with what was done to it, in its order. Only logins may overlap.
type account struct {
	name string

	roles     []*deed // yes: an administrator
	states    []*deed // yes: disabled
	passwords []*deed
	ends      []*deed // of sessions, by any of the above and otherwise
	sessions  []*session
	answers   int // to its clients so far
}

// A session is what the model knows of one.
type session struct {
	id, way  string
	account  *account
	opened   span
	password int     // with which it was opened
	ends     []*deed // of this one alone
	proof    *proof  // of its client

	idle, interval, absolute time.Duration
	started                  span // when its user authenticated last

	lives   time.Time // until then for sure, by its idle deadline
	expired time.Time // from then on for sure
	lost    time.Time // when the refresh token may have been replaced, unknown to the client; or zero
	flights []flight

	stolen   bool // a thief was found for sure
	shared   bool // tabs share its cookies now
	doubtful bool // a tab was so slow that another may have undone what it did
}

// touches says whether a deed that ends the sessions of a user ends this one: perhaps, and for
// sure.
func (s *session) touches(d *deed) (perhaps, sure bool) {
	switch {
	case d.void, d.except == s.id, d.over() && s.opened.begin.After(d.end):
		return false, false
	case s.opened.end.Before(d.begin):
		return true, true
	case d.password > 0:
		// A login with the former password that was let in all the same is ended as well; one
		// with the new password has come later.
		return d.password > s.password, d.password > s.password
	case d.what == disabling && d.over():
		// Whoever was let in before the user was disabled for sure was let in before that.
		return true, s.opened.end.Before(d.end)
	}
	return true, false
}

const disabling = "disabled"

// early is by how much the session may end before its absolute deadline: no access token lives
// past that, and its expiry is a whole second.
func (s *session) early() time.Duration {
	if s.way == byToken {
		return time.Second
	}
	return 0
}

// A proof is what a client presents for a session.
type proof struct {
	session  *session
	jar      *jar
	replaced *deed // by authenticating again; nil if it was not

	// Only a token expires by itself: in cookies there is the refresh token as well.
	good, bad time.Time // good until, and bad from then on
	fixed     bool      // and it is not renewed: it is a token that has a successor
	mixed     bool      // the cookies may have come in the wrong order

	refused map[*process]time.Time // by whom, and when first

	buried time.Time // when it got into the drawer
	late   int       // uses since, after the lag
}

// values says which values of a list of deeds a process may act by.
func values(list []*deed, at *process, asked span, lag time.Duration) (may map[bool]bool) {
	may = map[bool]bool{}
	for _, d := range list {
		if d.holds(at, asked, lag) {
			may = map[bool]bool{}
		}
		if d.mayHold(asked) {
			may[d.yes] = true
		}
	}
	return may
}

// history tells what is known of the session, in milliseconds since the beginning.
func (m *model) history(p *proof) string {
	s := p.session
	var b strings.Builder
	fmt.Fprintf(&b, "(0 is %s) session %s of %s, by %s, opened %s, started %s, with password %d, idle %v, absolute %v, lives until %s, expired at %s, %d in flight",
		m.began.Format("05.000"), s.id, s.account.name, s.way, m.at(s.opened), m.at(s.started), s.password, s.idle, s.absolute, m.when(s.lives), m.when(s.expired), len(s.flights))
	if p.replaced != nil {
		fmt.Fprintf(&b, "; proof replaced %s", m.tell(p.replaced))
	}
	if !p.good.IsZero() {
		fmt.Fprintf(&b, "; token good until %s, bad from %s", m.when(p.good), m.when(p.bad))
	}
	for what, list := range map[string][]*deed{"ended": s.ends, "user ended": s.account.ends, "all ended": m.ends, "role": s.account.roles} {
		for _, d := range list[max(0, len(list)-4):] {
			fmt.Fprintf(&b, "\n\t\t%s: %s", what, m.tell(d))
		}
	}
	return b.String()
}

func (m *model) tell(d *deed) string {
	return fmt.Sprintf("%s at %s %s void=%v yes=%v except=%s password=%d", d.what, d.by.name, m.at(d.span), d.void, d.yes, d.except, d.password)
}

func (m *model) at(s span) string { return m.when(s.begin) + "–" + m.when(s.end) }

func (m *model) when(t time.Time) string {
	if t.IsZero() {
		return "?"
	}
	return fmt.Sprintf("%.1f", float64(t.Sub(m.began))/1e6)
}
