package proof_test

import (
	"fmt"
	"strings"

	"github.com/inga-auth/inga/sliding"
)

// login opens a session. With an own one in the same kind of cookie, that one is sent along
// and replaced; otherwise it is left as it is.
func (p *player) login(at *process, own *proof) {
	p.loginBy(at, own, pick(p.dice, []string{byCookie, byToken, byBrowser}), pick(p.dice, policies))
}

func (p *player) loginBy(at *process, own *proof, way string, policy sliding.Policy) {
	j := newJar()
	var ending []*deed
	if own != nil {
		if own.session.way == way && way != byToken {
			j = own.jar.copy()
			ending = append(ending, p.m.begin(&deed{what: "replaced", by: at, lazy: true}, &own.session.ends))
		}
		p.drop(own)
	}
	if p.single() {
		ending = append(ending, p.m.begin(&deed{what: "superseded", by: at, lazy: true}, &p.account.ends))
	}
	w := word{number: p.m.word(p.account)}
	o, a := at.loginAs(j, way, p.account.name, w, policyText(policy))
	if s := p.m.loggedIn(p.account, w, policy, way, o, a, ending); s != nil {
		pr := p.m.proves(s, j)
		p.own = []*proof{pr}
		p.remember(pr, a.asked)
		if own != nil {
			p.look(own, at)
		}
		if own != nil && len(ending) > 0 && p.dice.IntN(2) == 0 {
			p.lookLater(own)
		}
	}
}

func (p *player) single() bool { return strings.HasPrefix(p.account.name, single) }

// word returns the number of the password that was set last, or is being set.
func (m *model) word(a *account) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(a.passwords) - 1
}

// wrongLogin tries the password that was set before the last.
func (p *player) wrongLogin(at *process) {
	w := word{number: p.m.word(p.account) - 1}
	if w.number < 0 || p.single() {
		return // a login that succeeds ends others
	}
	o, a := at.loginAs(newJar(), byCookie, p.account.name, w, "")
	p.m.loggedIn(p.account, w, policies[0], byCookie, o, a, nil)
}

// loggedIn looks whether the answer to a login may be. It returns the session, if there is
// one; the deeds are what the login did to others.
func (m *model) loggedIn(a *account, w word, policy sliding.Policy, way string, o opened, got *answer, ending []*deed) *session {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, d := range ending {
		d.void, d.except, d.end = got.status != 200, o.Session, got.asked.end
	}
	e := m.expectsLogin(a, w, got)
	switch {
	case got.status == 200 && !e.pass:
		m.disagree(got, "401: "+e.why, fmt.Sprintf("%s with password %d", a.name, w.number))
	case got.status == 200:
		m.count("logged in")
	case got.status != 401 || !e.refusal:
		m.disagree(got, "to be let in", m.passwordsOf(a, w.number))
	case e.pass:
		m.count("login open: refused")
	default:
		m.count("login refused: " + e.why)
	}
	if got.status != 200 {
		return nil
	}
	s := newSession(a, policy, way, o.Session, got.asked)
	s.password = w.number
	a.sessions = append(a.sessions, s)
	return s
}

// proves returns the proof of a session that has just begun.
func (m *model) proves(s *session, j *jar) *proof {
	m.mu.Lock()
	defer m.mu.Unlock()
	s.proof = &proof{session: s, jar: j}
	s.proof.issued(s.opened)
	return s.proof
}

func newSession(a *account, policy sliding.Policy, way, id string, opened span) *session {
	s := &session{
		id: id, way: way, account: a, opened: opened, started: opened,
		idle: policy.Idle, absolute: policy.Absolute, interval: policy.Timeouts().Interval,
	}
	if way != byCookie {
		s.interval = min(s.interval, accessTTL()/2)
	}
	s.active(opened, 0)
	return s
}

// expectsLogin is for a login with the password of that number. The database is asked, so
// there is no lag. A login that a change of the user overtakes may be refused, whatever it is.
func (m *model) expectsLogin(a *account, w word, got *answer) expectation {
	asked := got.asked
	e := expectation{pass: true}
	if disabled := values(a.states, got.by, asked, 0); disabled[true] {
		e.refusal = true
		if !disabled[false] {
			e.refuse(disabling)
		}
	}
	for _, later := range a.passwords[w.number+1:] {
		e.refusal = e.refusal || later.mayHold(asked)
		if later.holds(got.by, asked, 0) {
			e.refuse("password")
		}
	}
	began := asked.begin
	if !w.since.IsZero() {
		began = w.since
	}
	for _, list := range [][]*deed{a.roles, a.states, a.passwords} {
		for _, d := range list {
			e.refusal = e.refusal || d.mayHold(asked) && !(d.over() && d.end.Before(began))
		}
	}
	return e
}

func (m *model) passwordsOf(a *account, word int) string {
	text := fmt.Sprintf("%s with password %d", a.name, word)
	for _, d := range append(a.passwords[max(0, len(a.passwords)-3):], a.states[max(0, len(a.states)-3):]...) {
		text += "\n\t\t" + m.tell(d)
	}
	return text
}

// remember is what a player does with the tokens of an answer. It reports whether the refresh token
// is a new one.
func (p *player) remember(own *proof, made span) bool {
	token := own.jar.refreshToken()
	if token == "" || len(p.tokens) > 0 && token == p.tokens[len(p.tokens)-1] {
		return false
	}
	p.tokens, p.rotated = append(p.tokens, token), made
	return true
}
