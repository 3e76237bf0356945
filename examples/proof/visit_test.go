package proof_test

import (
	"fmt"
	"net/http"
	"slices"
	"time"
)

// visit asks a process for a page with what is in the jar, a copy of the proof's or that
// itself, and looks whether the answer may be.
func (m *model) visit(p *proof, at *process, path string, j *jar) *answer {
	f := m.enter(p.session, !passive(path), false)
	a := at.send(methodFor(path), path, j, nil)

	m.mu.Lock()
	defer m.mu.Unlock()
	p.session.leave(f)
	got := a.outcome()
	if got == unknown {
		m.count("let pass or not: the answer was replaced")
		p.session.perhapsActive(a.asked)
		return a
	}
	e := m.expects(p, at, a.asked, modelLag())
	e.overtaken(p.session, f, a)
	m.judge(p, a, e, got == letPass, 401)
	if got == letPass {
		m.judgeShown(p, a)
	}
	m.judgeAgain(p, a, got == letPass)
	return a
}

// judgeShown is for an answer of a page: what it shows, what it brings, and what it does to the
// session.
func (m *model) judgeShown(p *proof, a *answer) {
	if a.shown() || a.status == 403 {
		m.judgeRole(p, a)
	}
	for _, c := range (&http.Response{Header: a.header}).Cookies() {
		if c.Name == refreshCookie {
			m.disagree(a, "the refresh token to stay", m.history(p))
		}
	}
	if a.status != 403 && !passive(a.path) {
		p.session.active(a.asked, p.session.interval)
	}
	if a.header.Get("Access-Token") != "" && !p.fixed {
		p.issued(a.asked)
	}
	m.count("page " + a.path)
}

const (
	accessCookie  = "__Host-access"
	refreshCookie = "__Host-refresh"
)

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
func (m *model) judgeRole(p *proof, a *answer) {
	has := a.status == 200
	if a.path != "/admin" {
		id, err := a.identity()
		s := p.session
		if err != nil || id.Subject != s.account.name || id.SessionID != s.id {
			m.disagree(a, "the identity of the session", m.history(p))
			return
		}
		// A guard that asks for a recent authentication must see the latest.
		if p.replaced == nil && !p.mixedAt(a.asked) && id.AuthTime.Before(s.started.begin.Add(-slack).Truncate(time.Second)) {
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

// mixedAt reports whether the access cookie may be from before its user authenticated again, and
// the process not know that yet.
func (p *proof) mixedAt(asked span) bool {
	return p.mixed && asked.begin.Before(p.session.started.end.Add(modelLag()))
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
	s.perhapsActive(asked)
}

// perhapsActive is for a request that may have been let pass.
func (s *session) perhapsActive(asked span) {
	if t := asked.end.Add(s.idle); t.After(s.expired) {
		s.expired = t
	}
}

// issued is until when a token is good that came with an answer. Its times are whole seconds.
func (p *proof) issued(asked span) {
	if p.session.way != byToken {
		return
	}
	p.good = asked.begin.Add(accessTTL()) // the leeway is no promise
	if over := p.session.started.begin.Add(p.session.absolute - p.session.early()); over.Before(p.good) {
		p.good = over
	}
	p.bad = asked.end.Add(accessTTL() + time.Second + leeway)
}

// rotated is activity that came with another refresh token: the answer to an earlier refresh may
// have been lost, and then it was that one.
func (s *session) rotated(asked span) {
	if !s.lost.IsZero() {
		asked.begin, s.lost = s.lost, time.Time{}
	}
	s.active(asked, 0)
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
func (m *model) reauthenticate(p *proof, d *deed, w word) *answer {
	s := p.session
	f := m.enter(s, true, false)
	a := d.by.send("POST", "/reauthenticate/"+s.way, p.jar, form(w.form(s.account.name)...))
	m.finish(d, a, 200)

	m.mu.Lock()
	defer m.mu.Unlock()
	s.leave(f)
	// It may have been done the first time, and the new secret is lost with the answer.
	s.doubtful = s.doubtful || a.again
	m.judge(p, a, m.expects(p, d.by, a.asked, 0).and(m.expectsLogin(s.account, w, a)), a.status == 200, 401)
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
