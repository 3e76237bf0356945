package backends

// What the tests of package backends_test see and nobody else does.

// CanonicalPHC parses s and spells it again.
func CanonicalPHC(s string) (canonical string, memory, time uint32, err error) {
	h, err := parsePHC(s)
	return h.String(), h.memory, h.time, err
}

// Occupy takes one of the slots in which passwords are hashed, until release.
func (p *Passwords) Occupy() (release func()) {
	p.slots <- struct{}{}
	return func() { <-p.slots }
}
