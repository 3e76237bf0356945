package proof_test

import (
	"math"
	"slices"
	"time"
)

// bury puts a proof into the drawer.
func (p *player) bury(pr *proof) {
	pr.buried = time.Now()
	p.drawer = append(p.drawer, pr)
	if len(p.drawer) > drawerSize {
		i := p.dice.IntN(drawerSize)
		p.drawer = append(p.drawer[:i], p.drawer[i+1:]...)
	}
}

// drop is bury for the own one.
func (p *player) drop(pr *proof) {
	p.own, p.tokens = nil, nil
	p.bury(pr)
}

// keepSome buries some of the tokens that have a successor: they are as good as they were,
// until they expire.
func (p *player) keepSome(former *proof) {
	if former.session.way == byToken && p.dice.IntN(2) == 0 {
		former.fixed = true
		p.bury(former)
	}
}

// present returns what to send of the proof, and where to keep what comes back.
func (pr *proof) present() *jar {
	if pr.fixed {
		return pr.jar.copy()
	}
	return pr.jar
}

// copy returns what will be the former proof.
func (pr *proof) copy() *proof {
	return &proof{session: pr.session, jar: pr.jar.copy(), replaced: pr.replaced, good: pr.good, bad: pr.bad}
}

// useOld asks for a page with something from the drawer: what has just got there, what has been
// there for longer than the lag and was used least since, or anything.
func (p *player) useOld(at *process) {
	if len(p.drawer) == 0 {
		return
	}
	pr := pick(p.dice, p.drawer)
	switch p.dice.IntN(4) {
	case 0:
		pr = p.drawer[len(p.drawer)-1]
	case 1:
		expired := func(pr *proof) bool { return pr.fixed && time.Now().After(pr.bad) }
		if i := slices.IndexFunc(p.drawer, expired); i >= 0 {
			pr = p.drawer[i]
		}
	case 2:
		pr = slices.MinFunc(p.drawer, func(a, b *proof) int { return a.visits() - b.visits() })
	}
	if time.Since(pr.buried) > modelLag() {
		pr.late++
	}
	p.m.visit(pr, at, pick(p.dice, []string{"/page", "/admin"}), pr.present())
	p.look(pr, pick(p.dice, p.m.f.processes))
}

// visits is how often the proof was used when it had been in the drawer for longer than the
// lag, and more than anything if it has not.
func (pr *proof) visits() int {
	if time.Since(pr.buried) <= modelLag() {
		return math.MaxInt
	}
	return pr.late
}
