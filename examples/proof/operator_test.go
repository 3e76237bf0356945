package proof_test

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"time"
)

// An operator does to one user what operators do, at one process after the other, one thing at
// a time.
type operator struct {
	m       *model
	account *account
	dice    *rand.Rand
}

func newOperator(m *model, a *account, r *rand.Rand) *operator {
	return &operator{m: m, account: a, dice: r}
}

func (o *operator) operate(stop chan struct{}) {
	acts := []func(*process){o.roles, o.roles, o.roles, o.revokeUser, o.revokeOne, o.revokeOne, o.disable, o.password}
	for o.m.answers(&o.account.answers, 20+o.dice.IntN(100), stop) {
		pick(o.dice, acts)(pick(o.dice, o.m.f.processes))
	}
}

// do has a process do a deed, which must succeed.
func (o *operator) do(d *deed, method, path string, form url.Values, lists ...*[]*deed) {
	o.m.begin(d, lists...)
	a := d.by.send(method, "/operate/users/"+o.account.name+path, nil, form)
	o.m.finish(d, a, 200)
	if a.status != 200 {
		o.m.mu.Lock()
		defer o.m.mu.Unlock()
		o.m.disagree(a, "200", "an operator's deed")
	}
}

func (o *operator) roles(at *process) {
	d := &deed{what: "role", by: at, yes: o.dice.IntN(2) == 0}
	roles := user
	if d.yes {
		roles += " " + admin
	}
	o.do(d, "POST", "/roles", url.Values{"roles": {roles}}, &o.account.roles)
}

func (o *operator) revokeUser(at *process) {
	o.do(&deed{what: "user revoked", by: at}, "DELETE", "/sessions", nil, &o.account.ends)
}

func (o *operator) revokeOne(at *process) {
	if s := o.someSession(); s != nil {
		o.do(&deed{what: "revoked", by: at}, "DELETE", "/sessions/"+s.id, nil, &s.ends)
		o.lookLater(s)
	}
}

// lookLater asks all processes for a page with the proof of a session, when all must know that it
// has ended. It does not where it may live: its client may be getting another proof meanwhile.
func (o *operator) lookLater(s *session) {
	<-time.After(modelLag())
	for _, at := range o.m.f.processes {
		if pr := o.m.over(s, at); pr != nil {
			o.m.visit(pr, at, "/page", pr.jar.copy())
		}
	}
}

// over returns the proof of the session if the process must refuse it from now on.
func (m *model) over(s *session, at *process) *proof {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	if s.proof == nil || m.expects(s.proof, at, span{now, now}, modelLag()).pass {
		return nil
	}
	return s.proof
}

// someSession returns one of the last few, dead or alive; nil if there was none yet.
func (o *operator) someSession() *session {
	o.m.mu.Lock()
	defer o.m.mu.Unlock()
	all := o.account.sessions
	if len(all) == 0 {
		return nil
	}
	return pick(o.dice, all[max(0, len(all)-4):])
}

func (o *operator) disable(at *process) {
	s := o.someSession()
	d := &deed{what: disabling, by: at, yes: true}
	o.do(d, "POST", "/disabled", url.Values{"disabled": {"true"}}, &o.account.states, &o.account.ends)
	w, elsewhere := word{number: o.m.word(o.account)}, pick(o.dice, o.m.f.processes)
	answer, a := elsewhere.loginAs(newJar(), byCookie, o.account.name, w, "")
	o.m.loggedIn(o.account, w, policies[0], byCookie, answer, a, nil) // which it must not be
	<-time.After(between(o.dice, 0, 300*time.Millisecond))
	d = &deed{what: "enabled", by: pick(o.dice, o.m.f.processes)}
	o.do(d, "POST", "/disabled", url.Values{"disabled": {"false"}}, &o.account.states)
	if s != nil {
		o.lookLater(s)
	}
}

func (o *operator) password(at *process) {
	d := &deed{what: "password", by: at, password: len(o.account.passwords)}
	if s := o.someSession(); s != nil && o.dice.IntN(2) == 0 {
		d.except = s.id
	}
	c := newAccomplice(o.m, o.account, o.dice)
	if c != nil {
		d.except = c.own[0].session.id
	}
	form := url.Values{"password": {wordOf(d.password)}, "except": {d.except}}
	o.do(d, "POST", "/password", form, &o.account.passwords, &o.account.ends)
	if c != nil {
		c.goOn()
	}
	if s := o.someSession(); s != nil {
		o.lookLater(s)
	}
}

// wordOf returns the password with the number.
func wordOf(n int) string {
	if n == 0 {
		return password
	}
	return fmt.Sprintf("%s %d", password, n)
}

// answers waits until n more answers have been counted, and reports false if it is to stop.
// By that there is as much between two deeds on a slow machine as on a fast one.
func (m *model) answers(counted *int, n int, stop chan struct{}) bool {
	for until := -1; ; {
		m.mu.Lock()
		now := *counted
		m.mu.Unlock()
		if until < 0 {
			until = now + n
		}
		if now >= until {
			return true
		}
		select {
		case <-stop:
			return false
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// endAll ends everybody's sessions once in a while.
func (m *model) endAll(r *rand.Rand, stop chan struct{}) {
	for m.answers(&m.answered, 1500+r.IntN(1500), stop) {
		d := m.begin(&deed{what: "all revoked", by: pick(r, m.f.processes)}, &m.ends)
		a := d.by.send("DELETE", "/operate/sessions", nil, nil)
		m.finish(d, a, 200)
		if a.status != 200 {
			m.mu.Lock()
			m.disagree(a, "200", "the end of all sessions")
			m.mu.Unlock()
		}
	}
}
