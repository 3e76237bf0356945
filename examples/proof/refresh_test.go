package proof_test

import (
	"sync"
)

// exchange presents a refresh token: one of the player, or that in the cookie of the jar.
func (m *model) exchange(p *proof, at *process, j *jar, token string) *answer {
	a, _ := m.exchangeAt(p, at, "", j, token)
	return a
}

// exchangeAt is exchange at /lost, for an answer that never arrives, or at "".
func (m *model) exchangeAt(p *proof, at *process, where string, j *jar, token string) (a *answer, f flight) {
	f = m.enter(p.session, true, true)
	if p.session.way == byBrowser {
		a = at.send("POST", where+"/refresh", j, nil)
	} else {
		a = at.send("POST", where+"/token", j, form("grant_type", "refresh_token", "refresh_token", token))
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	p.session.leave(f)
	if where != "" && p.session.lost.IsZero() {
		p.session.lost = a.asked.begin
	}
	return a, f
}

// refusal is the status of a refresh token that is not good: at the token endpoint that of
// RFC 6749, section 5.2.
func (s *session) refusal() int {
	if s.way == byBrowser {
		return 401
	}
	return 400
}

// judgeExchange looks whether the answer to a refresh token may be. The database is asked, so
// there is no lag, and it does not matter when the access token expires.
func (m *model) judgeExchange(p *proof, a *answer, what string) (ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.expects(&proof{session: p.session}, a.by, a.asked, 0)
	m.judge(p, a, e, a.status == 200, p.session.refusal())
	if a.status != 200 {
		m.count("refresh refused")
		return false
	}
	m.count(what)
	return true
}

// refresh exchanges the current refresh token. It reports whether it got another one, which it
// does unless the current one is new.
func (p *player) refresh(own *proof, at *process) (rotated bool) {
	if own.session.way == byCookie {
		return false
	}
	former := own.copy()
	a := p.m.exchange(own, at, own.jar, former.jar.refresh)
	if !p.m.judgeExchange(own, a, "refreshed") {
		p.drop(own)
		return false
	}
	p.keepSome(former)
	made := p.rotated
	rotated = p.remember(own, a.asked)
	p.m.refreshed(own, a, made, rotated)
	return rotated
}

// refreshed is what a refresh does to the session and to its proof. A token that is older than
// overlap and leeway is replaced, and that is activity; one that is newer than the overlap is not.
func (m *model) refreshed(p *proof, a *answer, made span, rotated bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p.issued(a.asked)
	switch {
	case !rotated && a.asked.begin.After(made.end.Add(grace+slack)):
		m.disagree(a, "another refresh token", m.history(p))
	case rotated && a.asked.end.Before(made.begin.Add(overlap-slack)):
		m.disagree(a, "the same refresh token", m.history(p))
	case rotated:
		m.count("rotated")
		p.session.rotated(a.asked)
	default:
		m.count("kept")
	}
}

// refreshAtOnce presents one refresh token at all processes at the same time. All get the same
// one back.
func (p *player) refreshAtOnce(own *proof) {
	if own.session.way == byCookie {
		return
	}
	p.rotatable()
	var mu sync.Mutex
	var got []*jar
	var made span
	former := own.jar.copy()
	each(p.m.f.processes, func(at *process) {
		j := former.copy()
		a := p.m.exchange(own, at, j, former.refresh)
		ok := p.m.judgeExchange(own, a, "refreshed at once")
		mu.Lock()
		defer mu.Unlock()
		if !ok {
			return
		}
		got, made = append(got, j), made.with(a.asked)
		p.m.same(a, j.refreshToken(), got[0].refreshToken(), own)
	})
	if len(got) < len(p.m.f.processes) {
		p.drop(own)
		return
	}
	own.jar.adopt(got[0])
	rotated := p.remember(own, made)
	p.m.mu.Lock()
	defer p.m.mu.Unlock()
	own.issued(made)
	if !rotated {
		p.m.disagree(&answer{by: p.m.f.processes[0], asked: made}, "another refresh token", p.m.history(own))
	}
	own.session.rotated(made)
}
