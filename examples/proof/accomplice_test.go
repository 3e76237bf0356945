package proof_test

import "math/rand/v2"

// An accomplice knows the password and has a session, and is about to authenticate again, and to
// log in: the password was verified, and it is being changed.
type accomplice struct {
	*player
	knows word
}

// newAccomplice returns nil if it could not log in, or if its login would end other sessions.
func newAccomplice(m *model, a *account, r *rand.Rand) *accomplice {
	p := newPlayer(m, a, r.Uint64())
	if p.single() {
		return nil
	}
	p.login(pick(r, m.f.processes), nil)
	if len(p.own) == 0 {
		return nil
	}
	w, ok := m.prove(a, pick(r, m.f.processes))
	if !ok {
		return nil
	}
	return &accomplice{p, w}
}

// goOn is when the password has been changed: what was verified is worth nothing.
func (c *accomplice) goOn() {
	own, at := c.own[0], pick(c.dice, c.m.f.processes)
	c.m.reauthenticate(own, c.m.begin(&deed{what: "authenticated again", by: at}), c.knows)
	c.m.tallied("the former password, to authenticate again")
	way := pick(c.dice, []string{byCookie, byToken, byBrowser})
	o, a := at.loginAs(newJar(), way, c.account.name, c.knows, "")
	c.m.loggedIn(c.account, c.knows, policies[0], way, o, a, nil)
	c.m.tallied("the former password, to log in")
	c.logout(own, at)
}
