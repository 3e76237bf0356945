package proof_test

import (
	"fmt"
	"slices"
	"time"
)

// visit asks a process for a page with what is in the jar, a copy of the proof's or that
// itself, and looks whether the answer may be.
func (m *model) visit(p *proof, at *process, path string, j *jar) *answer {
	m.enter(p.session)
	before := j.copy()
	a := at.send("GET", path, j, nil)
	after := j.copy()

	m.mu.Lock()
	defer m.mu.Unlock()
	p.session.inFlight--
	passed := a.status == 200 || a.status == 403 && path == "/admin"
	m.judge(p, a, m.expects(p, at, a.asked, modelLag()), passed, 401)
	if passed {
		m.judgeRole(p, a, path)
	}
	m.judgeAgain(p, a, passed)
	if after.cookies[refreshCookie] != before.cookies[refreshCookie] {
		m.disagree(a, "the refresh token to stay", m.history(p))
	}
	if a.status == 200 {
		p.session.active(a.asked, p.session.interval)
	}
	if after.access != before.access && !p.fixed {
		p.issued(a.asked)
	}
	return a
}

const refreshCookie = "__Host-refresh"

func (m *model) enter(s *session) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s.inFlight++
}

// judge compares an answer with what it may be. It is called with the lock held.
func (m *model) judge(p *proof, a *answer, e expectation, passed bool, refusal int) {
	m.answered++
	p.session.account.answers++
	switch {
	case passed && !e.pass:
		m.disagree(a, fmt.Sprintf("%d: %s", refusal, e.why), m.history(p))
	case passed && e.refusal:
		m.count("open: let pass")
	case passed:
		m.count("let pass")
	case a.status != refusal:
		m.disagree(a, fmt.Sprintf("an answer or %d", refusal), m.history(p))
	case !e.refusal:
		m.disagree(a, "to be let pass", m.history(p))
	case e.pass:
		m.count("open: refused")
	default:
		m.count("refused: " + e.why)
	}
}

// judgeRole looks whether the process may think of the user what it does.
func (m *model) judgeRole(p *proof, a *answer, path string) {
	has := a.status == 200
	if path == "/page" {
		id, err := a.identity()
		s := p.session
		if err != nil || id.Subject != s.account.name || id.SessionID != s.id {
			m.disagree(a, "the identity of the session", m.history(p))
			return
		}
		// A guard that asks for a recent authentication must see the latest.
		if p.replaced == nil && id.AuthTime.Before(s.started.begin.Truncate(time.Second)) {
			m.disagree(a, fmt.Sprintf("an authentication not before %v, and it is of %v", s.started.begin, id.AuthTime), m.history(p))
		}
		has = slices.Contains(id.Roles, admin)
	}
	may := values(p.session.account.roles, a.by, a.asked, modelLag())
	switch {
	case !may[has]:
		m.disagree(a, fmt.Sprintf("administrator: %v", !has), m.history(p))
	case len(may) > 1:
		m.count("role open")
	case has:
		m.count("role held")
	default:
		m.count("role refused")
	}
}

// judgeAgain counts what is let pass by a process that has refused it before. The bound allows
// that, and it should not be.
func (m *model) judgeAgain(p *proof, a *answer, passed bool) {
	first, before := p.refused[a.by]
	switch {
	case passed && before && a.asked.begin.After(first):
		m.count("let pass after a refusal")
	case a.status == 401 && !before:
		if p.refused == nil {
			p.refused = map[*process]time.Time{}
		}
		p.refused[a.by] = a.asked.end
	}
}

// active moves the idle deadline as a request that was let pass does: it may have been counted
// up to an interval before. One that was answered only when the session may have expired shows
// nothing: it may have been let pass before that and counted too late.
func (s *session) active(asked span, interval time.Duration) {
	sure := interval == 0 || asked.end.Before(s.lives)
	if t := asked.begin.Add(s.idle - interval); sure && t.After(s.lives) {
		s.lives = t
	}
	if t := asked.end.Add(s.idle); t.After(s.expired) {
		s.expired = t
	}
}

// issued is until when a token is good that came with an answer. Its times are whole seconds.
func (p *proof) issued(asked span) {
	if p.session.way != byToken {
		return
	}
	p.good = asked.begin.Add(accessTTL())
	if over := p.session.started.begin.Add(p.session.absolute - p.session.early()); over.Before(p.good) {
		p.good = over
	}
	p.bad = asked.end.Add(accessTTL() + time.Second)
}

// expiry is when the session has ended for sure, if nobody uses it.
func (m *model) expiry(s *session) time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	if over := s.started.end.Add(s.absolute); over.Before(s.expired) {
		return over
	}
	return s.expired
}

// reauthenticate is a deed by which the session has another proof, which the jar then has.
func (m *model) reauthenticate(p *proof, d *deed) *answer {
	s := p.session
	m.enter(s)
	a := d.by.send("POST", "/reauthenticate/"+s.way, p.jar, nil)
	m.finish(d, a, 200)

	m.mu.Lock()
	defer m.mu.Unlock()
	s.inFlight--
	m.judge(p, a, m.expects(p, d.by, a.asked, 0), a.status == 200, 401)
	if a.status == 200 {
		m.count("authenticated again")
		s.started = a.asked
		s.active(a.asked, 0)
		p.issued(a.asked)
	}
	return a
}

// must is for answers that can only be one.
func (m *model) must(a *answer, status int, p *proof) {
	if a.status != status {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.disagree(a, fmt.Sprint(status), m.history(p))
	}
}

// same looks whether two answers brought the same refresh token.
func (m *model) same(a *answer, token, other string, p *proof) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if token != other {
		m.disagree(a, "the same refresh token as at another process", m.history(p))
	}
}
