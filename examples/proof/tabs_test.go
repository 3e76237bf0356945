package proof_test

import (
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"
)

// tabs has five tabs of one browser at work at the same time. They share its cookies. One of
// them waits for a page that takes longer than an access token lives; meanwhile the others ask
// for pages, whose answers are cut, changed or lost, and refresh.
func (p *player) tabs(own *proof) {
	if own.session.way == byToken {
		return
	}
	const count = 5
	p.m.share(own.session, true)
	began := time.Now()
	var loaded, ended atomic.Bool
	var tabs [count]*rand.Rand
	for i := range tabs {
		tabs[i] = rand.New(rand.NewPCG(p.dice.Uint64(), 0))
	}
	each(tabs[:], func(dice *rand.Rand) {
		if dice == tabs[0] {
			if p.m.visit(own, pick(dice, p.m.f.processes), slowPage(), own.jar).outcome() == refused {
				ended.Store(true)
			}
			loaded.Store(true)
			return
		}
		for !loaded.Load() && !ended.Load() {
			if p.tab(own, dice) == refused {
				ended.Store(true)
			}
			<-time.After(between(dice, 0, 200*time.Millisecond))
		}
	})
	p.m.share(own.session, false)
	if ended.Load() {
		p.drop(own)
		return
	}
	p.remember(own, span{began, time.Now()})
	p.rotated.end = time.Now() // also if it is the same token
	p.m.tallied("five tabs")
}

// slowPage takes as much longer than an access token lives as 50 seconds do if it lives for 30.
func slowPage() string { return fmt.Sprintf("/slow?for=%v", accessTTL()*5/3) }

// The pages that tabs ask for.
var tabPages = []string{
	"/page", "/page", "/poll", "/own", "/own?beside=1", "/cut", "/cut?for=1h", "/cut?for=1h", "/cut/all?for=1h", "/panic", "/panic?begun=1",
}

// tab does one thing in a tab.
func (p *player) tab(own *proof, dice *rand.Rand) outcome {
	at := pick(dice, p.m.f.processes)
	if own.session.way == byBrowser && dice.IntN(4) == 0 {
		return p.refreshInTab(own, at, pick(dice, []string{"", "", "/lost"}))
	}
	return p.m.visit(own, at, pick(dice, tabPages), own.jar).outcome()
}

// refreshInTab refreshes beside other tabs. Whether the token is replaced is up to when they did.
func (p *player) refreshInTab(own *proof, at *process, where string) outcome {
	s := own.session
	a, f := p.m.exchangeAt(own, at, where, own.jar, "")
	p.m.mu.Lock()
	defer p.m.mu.Unlock()
	s.perhapsActive(a.asked)
	if a.status == 0 && where != "" {
		p.m.count("lost in a tab")
		return unknown
	}
	// By then another one may have been answered later and arrived before.
	s.doubtful = s.doubtful || a.asked.length() > overlap/2-slack
	e := p.m.expects(&proof{session: s}, at, a.asked, 0)
	e.overtaken(s, f, a)
	p.m.judge(own, a, e, a.status == 200, s.refusal())
	if a.status != 200 {
		return refused
	}
	p.m.count("refreshed in a tab")
	return letPass
}
