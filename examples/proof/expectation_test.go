package proof_test

import "time"

// An expectation is what an answer may be. Why says why it must be a refusal.
type expectation struct {
	pass, refusal bool
	why           string
}

// refuse is for a reason for which the answer must be a refusal.
func (e *expectation) refuse(why string) {
	if !e.pass {
		why = "several reasons" // none of which the refusal shows to be heeded
	}
	e.pass, e.refusal, e.why = false, true, why
}

// expects returns what a process may answer to a request with the proof. With lag 0 the
// answer comes from the database.
func (m *model) expects(p *proof, at *process, asked span, lag time.Duration) expectation {
	e := expectation{pass: true}
	s := p.session
	all := m.touching(p, asked)
	for _, t := range all {
		e.refusal = true
		if t.sure && t.holds(knower(t.deed, all, at), asked, lag) {
			e.refuse(t.what + map[bool]string{true: ", here", false: ", elsewhere"}[at == t.by])
		}
	}
	e.time("idle", asked, s.lives, s.expired, s.settled())
	e.time("absolute", asked, s.started.begin.Add(s.absolute-s.early()), s.started.end.Add(s.absolute), s.settled())
	if !p.good.IsZero() {
		e.time("token expired", asked, p.good, p.bad, true)
	}
	e.refusal = e.refusal || s.doubtful
	return e
}

// and returns what an answer may be to a request to which both apply.
func (e expectation) and(other expectation) expectation {
	both := expectation{pass: e.pass && other.pass, refusal: e.refusal || other.refusal, why: e.why}
	switch {
	case e.pass:
		both.why = other.why
	case !other.pass:
		both.why = "several reasons"
	}
	return both
}

// A touch is a deed that ends a session, or makes a proof useless, perhaps or for sure.
type touch struct {
	*deed
	sure bool
}

// touching returns what may have ended the session, or the proof, when a request ended.
func (m *model) touching(p *proof, asked span) (all []touch) {
	add := func(d *deed, perhaps, sure bool) {
		if perhaps && d.mayHold(asked) {
			all = append(all, touch{d, sure})
		}
	}
	for _, d := range p.session.ends {
		add(d, true, true)
	}
	if p.replaced != nil {
		add(p.replaced, true, true)
	}
	for _, list := range [][]*deed{p.session.account.ends, m.ends} {
		for _, d := range list {
			perhaps, sure := p.session.touches(d)
			add(d, perhaps, sure)
		}
	}
	return all
}

// knower is the process as which at knows of the deed. The one that did it knows at once; but
// if it found that somebody else had just ended the session, it has done nothing, and knows of
// that like all others.
func knower(d *deed, all []touch, at *process) *process {
	for _, other := range all {
		if d.lazy && other.deed != d && (!d.over() || other.begin.Before(d.end)) {
			return nil
		}
	}
	return at
}

// slack is what the clocks of two processes may differ.
const slack = 5*time.Millisecond + 2*skew

// skew is by how much the clock of one process is ahead, and that of another behind.
const skew = 40 * time.Millisecond

// time weighs a deadline that lies between the two times; the later one only if that is sure.
func (e *expectation) time(what string, asked span, from, until time.Time, sure bool) {
	if asked.end.After(from.Add(-slack)) {
		e.refusal = true
	}
	if sure && asked.begin.After(until.Add(slack)) {
		e.refuse(what)
	}
}
