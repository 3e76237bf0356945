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

// stayed reports whether the answer to a refresh is that the tokens are new and stay.
func (s *session) stayed(a *answer) bool {
	return s.way == byBrowser && a.status == 200 && len(a.header.Values("Set-Cookie")) == 0
}

// judgeExchange looks whether the answer to a refresh token may be. The database is asked, so
// there is no lag, and it does not matter when the access token expires; but for tokens that
// stay, of which nobody asks it.
func (m *model) judgeExchange(p *proof, a *answer, what string) (ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	lag := time.Duration(0)
	if p.session.stayed(a) {
		lag = modelLag()
	}
	e := m.expects(&proof{session: p.session}, a.by, a.asked, lag)
	m.judge(p, a, e, a.status == 200, p.session.refusal())
	if a.status != 200 {
		m.count("refresh refused")
		return false
	}
	if p.session.stayed(a) {
		what = "new, and stayed"
	}
	m.count(what)
	return true
}

// refresh exchanges the current refresh token.
func (p *player) refresh(own *proof, at *process) {
	if own.session.way == byCookie {
		return
	}
	former := own.copy()
	a := p.m.exchange(own, at, own.jar, former.jar.refresh)
	if !p.m.judgeExchange(own, a, "refreshed") {
		p.drop(own)
		return
	}
	if own.session.stayed(a) {
		return
	}
	p.m.renewed(own, a, 0)
	p.remember(own, a.asked)
	p.keepSome(former)
}

// renewed is what a refresh does to the session and to its proof.
func (m *model) renewed(p *proof, a *answer, interval time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p.session.active(a.asked, interval)
	p.issued(a.asked)
}

// refreshAtOnce presents one refresh token at all processes at the same time. All get the same
// successor.
func (p *player) refreshAtOnce(own *proof) {
	if own.session.way == byCookie {
		return
	}
	var mu sync.Mutex
	var first, last *jar
	var made span
	refused := false
	former := own.jar.copy()
	each(p.m.f.processes, func(at *process) {
		j := former.copy()
		a := p.m.exchange(own, at, j, former.refresh)
		ok := p.m.judgeExchange(own, a, "refreshed at once")
		mu.Lock()
		defer mu.Unlock()
		if !ok {
			refused = true
			return
		}
		if own.session.stayed(a) {
			return
		}
		if first == nil {
			first = j
		}
		last, made = j, made.with(a.asked)
		p.m.same(a, j.refresh+j.cookies[refreshCookie], first.refresh+first.cookies[refreshCookie], own)
	})
	if refused {
		p.drop(own)
		return
	}
	if last == nil {
		return
	}
	own.jar.adopt(last)
	p.m.renewed(own, &answer{asked: made}, own.session.interval)
	p.remember(own, made)
}

// replay presents a refresh token that has just been replaced, as who lost the answer does, and
// gets its successor again.
func (p *player) replay(own *proof, at *process) {
	n := len(p.tokens)
	if n < 2 || time.Since(p.rotated.begin) > overlap/2 {
		return
	}
	d := p.m.begin(&deed{what: "theft", by: at}, &own.session.ends)
	j := own.jar.copy()
	a := p.m.exchange(own, at, j, p.tokens[n-2])
	// Nothing is wrong with it in that time.
	p.m.finish(d, a)
	if a.asked.end.After(p.rotated.begin.Add(overlap)) {
		p.m.finish(d, a, own.session.refusal())
	}
	if !p.m.judgeExchange(own, a, "replayed") {
		p.drop(own)
		return
	}
	p.m.same(a, j.refresh, p.tokens[n-1], own)
}

// steal presents a refresh token that was replaced before the last one. The session ends.
func (p *player) steal(own *proof, at *process) {
	if own.session.way != byToken {
		return
	}
	for len(p.tokens) < 3 {
		if p.refresh(own, at); len(p.own) == 0 {
			return
		}
	}
	p.look(own, at) // so that the process remembers the session
	d := p.m.begin(&deed{what: "theft", by: at}, &own.session.ends)
	a := p.m.exchange(own, at, own.jar.copy(), p.tokens[len(p.tokens)-3])
	p.m.finish(d, a, own.session.refusal())
	p.m.must(a, own.session.refusal(), own)
	p.drop(own)
	p.look(own, at)
}
