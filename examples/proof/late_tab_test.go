package proof_test

import "time"

// late has one tab wait for an answer while another logs out, logs in, authenticates again or
// refreshes. Then the answer comes, and the browser takes its cookies.
func (p *player) late(own *proof, at *process) {
	if own.session.way == byToken {
		return
	}
	if own.session.way == byBrowser && p.dice.IntN(2) == 0 {
		<-time.After(own.session.interval + slack) // so that the answer brings a new access cookie
	}
	held := p.m.visit(own, at, pick(p.dice, []string{"/page", "/own?beside=1", "/slow?for=20ms"}), own.jar.copy())
	if held.outcome() == refused {
		p.drop(own)
		return
	}
	if has(held, accessCookie) {
		p.m.tallied("late, and it brought a cookie")
	}
	elsewhere := pick(p.dice, p.m.f.processes)
	switch p.dice.IntN(4) {
	case 0:
		p.logoutBefore(own, elsewhere, held)
		p.m.tallied("late, after a logout")
	case 1:
		p.loginBy(elsewhere, own, own.session.way, pick(p.dice, policies))
		p.keepLate(held, "late, after a login")
	case 2:
		p.reauthenticate(own, elsewhere)
		p.keepLate(held, "late, after authenticating again")
	default:
		if own.session.way == byBrowser {
			if _, ok := p.rotate(own, elsewhere); ok {
				p.keepLate(held, "late, after a refresh")
			}
		}
	}
}

func has(a *answer, cookie string) bool {
	j := newJar()
	j.keep(a)
	return j.cookies[cookie] != ""
}

// keepLate has the browser take the cookies of an answer after those of its own session, which is
// good all the same.
func (p *player) keepLate(held *answer, what string) {
	if len(p.own) == 0 {
		return
	}
	own := p.own[0]
	own.jar.keep(held)
	own.mixed = true
	for _, at := range p.m.f.processes {
		if p.look(own, at).status != 200 {
			p.drop(own)
			return
		}
	}
	p.m.tallied(what)
}

// logoutBefore logs out in a tab, and then an answer comes in another. Nothing in the browser opens
// anything, anywhere.
func (p *player) logoutBefore(own *proof, at *process, held *answer) {
	browser := own.jar.copy()
	d := p.m.begin(&deed{what: "logged out", by: at, lazy: own.session.way == byCookie}, &own.session.ends)
	a := at.send("POST", "/logout/"+own.session.way, browser, nil)
	p.m.finish(d, a, 200)
	p.m.must(a, 200, own)
	p.drop(own)
	browser.keep(held)
	for _, other := range p.m.f.processes {
		p.m.must(p.m.visit(&proof{session: own.session, jar: browser}, other, "/page", browser), 401, own)
	}
}

// lateRefresh is late for the answer to a refresh, before which the browser logged out. It brings a
// cookie that opens what has ended.
func (p *player) lateRefresh(own *proof, at *process) {
	if own.session.way != byBrowser {
		return
	}
	p.rotatable()
	tab := own.jar.copy()
	a := p.m.exchange(own, at, tab, "")
	if !p.m.judgeExchange(own, a, "refreshed") {
		p.drop(own)
		return
	}
	p.m.mu.Lock()
	own.session.rotated(a.asked)
	p.m.mu.Unlock()
	p.logout(own, pick(p.dice, p.m.f.processes))
	own.jar.adopt(tab) // it is in the drawer now
	for _, other := range p.m.f.processes {
		p.look(own, other)
	}
	p.m.tallied("late refresh, after a logout")
}

// poll logs in, and polls a passive page until the session has ended: polling does not keep it
// alive.
func (p *player) poll(own *proof, at *process) {
	p.drop(own)
	p.loginBy(at, nil, own.session.way, soonIdle)
	if len(p.own) == 0 {
		return
	}
	own = p.own[0]
	for until := p.m.expiry(own.session).Add(2 * slack); time.Now().Before(until); {
		p.m.visit(own, pick(p.dice, p.m.f.processes), "/poll", own.jar)
		<-time.After(between(p.dice, 0, 200*time.Millisecond))
	}
	for _, at := range p.m.f.processes {
		p.m.must(p.m.visit(own, at, "/poll", own.jar), 401, own)
	}
	p.drop(own)
	p.m.tallied("polled to the end")
}
