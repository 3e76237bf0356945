package proof_test

import (
	"sync"
	"time"
)

// exchange presents a refresh token: one of the player, or that in the cookie of the jar.
func (m *model) exchange(p *proof, at *process, j *jar, token string) *answer {
	m.enter(p.session)
	var a *answer
	if p.session.way == byBrowser {
		a = at.send("POST", "/refresh", j, nil)
	} else {
		a = at.send("POST", "/token", j, form("grant_type", "refresh_token", "refresh_token", token))
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	p.session.inFlight--
	return a
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
// the overlap is replaced, and that is activity; a newer one is not.
func (m *model) refreshed(p *proof, a *answer, made span, rotated bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p.issued(a.asked)
	switch {
	case !rotated && a.asked.begin.After(made.end.Add(overlap+tick)):
		m.disagree(a, "another refresh token", m.history(p))
	case rotated && a.asked.end.Before(made.begin.Add(overlap-tick)):
		m.disagree(a, "the same refresh token", m.history(p))
	case rotated:
		m.count("rotated")
		p.session.active(a.asked, 0)
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
	own.session.active(made, own.session.interval)
}

// rotatable returns when the current refresh token is older than the overlap.
func (p *player) rotatable() { <-time.After(time.Until(p.rotated.end.Add(overlap + tick))) }

// replay presents a refresh token that has just been replaced, as a client does that lost the
// answer. It gets the successor again, however late: the successor is not in use yet.
func (p *player) replay(own *proof, at *process) {
	if own.session.way != byToken {
		return
	}
	p.rotatable()
	if !p.refresh(own, at) {
		return
	}
	n := len(p.tokens)
	j := own.jar.copy()
	a := p.m.exchange(own, pick(p.dice, p.m.f.processes), j, p.tokens[n-2])
	if !p.m.judgeExchange(own, a, "replayed") {
		p.drop(own)
		return
	}
	p.m.same(a, j.refresh, p.tokens[n-1], own)
}

// steal presents a refresh token that two others have replaced; or its predecessor, when both have
// been in use and the overlap is over. The session ends.
func (p *player) steal(own *proof, at *process) {
	if own.session.way != byToken {
		return
	}
	back := 1 + p.dice.IntN(2)
	for range back {
		p.rotatable()
		if !p.refresh(own, at) {
			return
		}
	}
	if p.look(own, at).status != 200 { // so that the process remembers the session, and the token is seen
		return
	}
	p.rotatable()
	d := p.m.begin(&deed{what: "theft", by: at}, &own.session.ends)
	a := p.m.exchange(own, at, own.jar.copy(), p.tokens[len(p.tokens)-1-back])
	p.m.finish(d, a, own.session.refusal())
	p.m.must(a, own.session.refusal(), own)
	p.drop(own)
	p.look(own, at)
}
