package proof_test

import "time"

// again presents the token before the current one, as a client does that lost an answer or
// shares the token with others. It gets the current one: for as long as that is not in use, and
// then until the given time at least, zero if it is not in use. It reports false if the session has
// ended.
func (p *player) again(own *proof, at *process, former string, until time.Time, what string) bool {
	j := own.jar.copy()
	j.putBack(former)
	a := p.m.exchange(own, at, j, former)
	sure := until.IsZero() || a.asked.end.Before(until)
	if a.status != 200 && !sure { // a slow machine
		p.m.mu.Lock()
		own.session.ends = append(own.session.ends, &deed{what: theft, by: at, span: a.asked})
		p.m.mu.Unlock()
	}
	if !p.m.judgeExchange(own, a, what) {
		p.drop(own)
		return false
	}
	p.m.same(a, j.refreshToken(), own.jar.refreshToken(), own)
	p.rotated.end = a.asked.end // it may be as new as that now
	return true
}

// replay presents a refresh token that has just been replaced.
func (p *player) replay(own *proof, at *process) {
	if own.session.way == byCookie {
		return
	}
	if former, ok := p.rotate(own, at); ok {
		p.again(own, pick(p.dice, p.m.f.processes), former, time.Time{}, "replayed")
	}
}

// chain has three processes of one client refresh one after the other: n to n+1, n+1, and n
// again. All have the same token then.
func (p *player) chain(own *proof) {
	if own.session.way == byCookie {
		return
	}
	at := p.dice.Perm(len(p.m.f.processes))
	former, ok := p.rotate(own, p.m.f.processes[at[0]])
	if !ok {
		return
	}
	until := p.rotated.begin.Add(grace - slack)
	if p.dice.IntN(2) == 0 && p.look(own, p.m.f.processes[at[0]]).status != 200 {
		return
	}
	if p.refresh(own, p.m.f.processes[at[1]]) || len(p.own) == 0 {
		return // the machine was so slow that the token was old enough
	}
	p.again(own, p.m.f.processes[at[2]], former, until, "refreshed in a chain")
}

// lose has the answer to a refresh get lost, and the client go on: at once, or when it has
// been offline for longer than everything that has to do with refresh tokens but the session
// itself. It goes on with what it has, and when one of its tabs has refreshed, so does another
// that does not know of that yet.
func (p *player) lose(own *proof, at *process) {
	if own.session.way == byCookie {
		return
	}
	p.rotatable()
	former := own.jar.refreshToken()
	for range 1 + p.dice.IntN(2) {
		a, _ := p.m.exchangeAt(own, at, "/lost", own.jar.copy(), former)
		p.m.mu.Lock()
		own.session.perhapsActive(a.asked)
		p.m.mu.Unlock()
	}
	offline := p.dice.IntN(3) > 0
	if offline {
		<-time.After(grace + 2*slack)
	}
	if own.session.way == byBrowser && p.look(own, at).status != 200 {
		p.drop(own)
		return
	}
	until := time.Now().Add(overlap/2 - slack)
	lost := own.session.lost
	if !p.refresh(own, at) {
		return
	}
	p.rotated.begin = lost
	if p.look(own, at).status != 200 {
		return
	}
	what := "lost, and asked again"
	if offline {
		what = "lost, offline, and asked again"
	}
	p.again(own, pick(p.dice, p.m.f.processes), former, until, what)
}
