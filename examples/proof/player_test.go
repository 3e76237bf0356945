package proof_test

import (
	"encoding/json"
	"math/rand/v2"
	"net/url"
	"sync"
	"time"

	"github.com/inga-auth/inga/sliding"
)

// A player is a client of one user. It has one session at a time, and a drawer with proofs of
// sessions that it had.
type player struct {
	m       *model
	account *account
	dice    *rand.Rand

	own    []*proof // none or one
	drawer []*proof

	tokens  []string // refresh tokens of the own session, the current one last
	rotated span     // when the last of them was made
}

const drawerSize = 16

func newPlayer(m *model, a *account, seed uint64) *player {
	return &player{m: m, account: a, dice: rand.New(rand.NewPCG(seed, 0))}
}

func (p *player) play(stop chan struct{}) {
	for {
		p.act(pick(p.dice, p.m.f.processes))
		select {
		case <-stop:
			return
		case <-time.After(between(p.dice, 0, 80*time.Millisecond)):
		}
	}
}

// act does one thing at a process.
func (p *player) act(at *process) {
	if len(p.own) == 0 {
		p.login(at, nil)
		return
	}
	own := p.own[0]
	switch n := p.dice.IntN(230); {
	case n >= 224:
		p.tabs(own)
	case n >= 214:
		p.late(own, at)
	case n >= 212:
		p.lateRefresh(own, at)
	case n >= 208:
		p.lose(own, at)
	case n >= 204:
		p.chain(own)
	case n >= 202:
		p.poll(own, at)
	case n < 80:
		p.use(own, at)
	case n < 135:
		p.useOld(at)
	case n < 143:
		p.burst(own)
	case n < 162:
		p.refresh(own, at)
	case n < 168:
		p.refreshAtOnce(own)
	case n < 174:
		p.replay(own, at)
	case n < 177:
		p.steal(own, at)
	case n < 185:
		p.look(own, at)
		p.reauthenticate(own, at)
	case n < 189:
		p.look(own, at)
		p.logout(own, at)
	case n < 191:
		p.wrongLogin(at)
	case n < 196:
		p.rest(own)
	default:
		p.look(own, at)
		p.login(at, own)
	}
}

// use asks for a page. A session that is refused is given up.
func (p *player) use(own *proof, at *process) {
	path := pick(p.dice, []string{"/page", "/page", "/admin"})
	former := own.copy()
	if a := p.m.visit(own, at, path, own.jar); a.status == 401 {
		p.drop(own)
		return
	}
	if own.jar.copy().access != former.jar.access {
		p.keepSome(former)
	}
}

// burst asks all processes at the same time, as the parts of a page do.
func (p *player) burst(own *proof) {
	var mu sync.Mutex
	refused := false
	former := own.jar.copy()
	each(p.m.f.processes, func(at *process) {
		j := former.copy()
		a := p.m.visit(own, at, "/page", j)
		mu.Lock()
		defer mu.Unlock()
		refused = refused || a.status == 401
		if j.access != former.access {
			own.jar.adopt(j)
		}
	})
	if refused {
		p.drop(own)
	}
}

// rest leaves a session alone until it has expired.
func (p *player) rest(own *proof) {
	if own.session.idle > time.Minute {
		return
	}
	<-time.After(time.Until(p.m.expiry(own.session)) + 2*slack)
	for _, at := range p.m.f.processes {
		p.m.visit(own, at, "/page", own.jar)
	}
	p.drop(own)
}

// The policies of sessions: long, soon idle, and soon over.
var policies = []sliding.Policy{
	{Idle: time.Hour, Absolute: 12 * time.Hour},
	{Idle: time.Hour, Absolute: 12 * time.Hour},
	{Idle: time.Hour, Absolute: 12 * time.Hour},
	soonIdle,
	{Idle: 3 * time.Second, Absolute: 3 * time.Second, Interval: time.Second},
}

var soonIdle = sliding.Policy{Idle: 1500 * time.Millisecond, Absolute: time.Hour, Interval: 300 * time.Millisecond}

func policyText(p sliding.Policy) string {
	text, _ := json.Marshal(p) // durations only
	return string(text)
}

// logout ends the own session.
func (p *player) logout(own *proof, at *process) {
	d := p.m.begin(&deed{what: "logged out", by: at, lazy: own.session.way == byCookie}, &own.session.ends)
	a := at.send("POST", "/logout/"+own.session.way, own.jar.copy(), nil)
	p.m.finish(d, a, 200)
	p.m.must(a, 200, own)
	p.drop(own)
	p.look(own, at)
}

// reauthenticate has the user prove again who they are. The former proof is of no use then.
func (p *player) reauthenticate(own *proof, at *process) {
	w, ok := p.m.prove(p.account, pick(p.dice, p.m.f.processes))
	if !ok {
		return
	}
	former := own.copy()
	former.replaced = p.m.begin(&deed{what: "authenticated again", by: at})
	for _, pr := range p.drawer { // tokens of the session that have not expired
		if pr.session == own.session && (pr.replaced == nil || pr.replaced.void) {
			pr.replaced = former.replaced
		}
	}
	if a := p.m.reauthenticate(own, former.replaced, w); a.status != 200 {
		return
	}
	p.tokens = nil
	p.remember(own, former.replaced.span)
	p.bury(former)
	p.look(former, at)
}

// look looks at a page: before something is done to a proof, so that the process remembers the
// session, and right after it.
func (p *player) look(pr *proof, at *process) *answer {
	return p.m.visit(pr, at, "/page", pr.present())
}

// lookLater looks at a page at all processes when all must know what was done to the proof.
func (p *player) lookLater(pr *proof) {
	<-time.After(modelLag())
	for _, at := range p.m.f.processes {
		p.look(pr, at)
	}
}

func form(kv ...string) url.Values {
	v := url.Values{}
	for i := 0; i < len(kv); i += 2 {
		v.Set(kv[i], kv[i+1])
	}
	return v
}
