package proof_test

import "time"

const theft = "theft"

// rotatable returns when the current refresh token is so old that it is replaced.
func (p *player) rotatable() { <-time.After(time.Until(p.rotated.end.Add(grace + slack))) }

// rotate replaces the current refresh token, and returns the former one. ok is false if the
// session has ended.
func (p *player) rotate(own *proof, at *process) (former string, ok bool) {
	p.rotatable()
	former = own.jar.refreshToken()
	return former, p.refresh(own, at)
}

// steal has a thief present a refresh token that was replaced twice; or once, when its successor
// has been in use and both overlap and leeway are over. The session ends: at all processes at the
// same time, in half of the cases.
func (p *player) steal(own *proof, at *process) {
	if own.session.way == byCookie {
		return
	}
	thief := own.jar.copy()
	stolen, ok := p.rotate(own, at)
	if ok && p.dice.IntN(2) == 0 {
		_, ok = p.rotate(own, at)
	}
	if !ok || p.look(own, at).status != 200 { // so that the process remembers the session, and the token is seen
		return
	}
	<-time.After(grace + slack)
	thief.putBack(stolen)
	by := p.m.f.processes
	if p.dice.IntN(2) == 0 {
		by = []*process{at}
	}
	d := &deed{what: theft, by: at}
	d.begin = time.Now()
	each(by, func(other *process) {
		a := p.m.exchange(own, other, thief.copy(), stolen)
		p.m.must(a, own.session.refusal(), own)
	})
	d.end = time.Now()
	p.m.robbed(own, d)
	p.drop(own)
	p.look(own, at)
	p.lookLater(own)
}

// robbed writes down a theft that was refused.
func (m *model) robbed(own *proof, d *deed) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.expects(&proof{session: own.session}, d.by, d.span, 0)
	own.session.stolen = !e.refusal // nothing else can have ended it
	own.session.ends = append(own.session.ends, d)
}
