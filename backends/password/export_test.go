package password

// What the tests of package password_test see and other packages do not.

// Parsed is what the parsers read from a hash.
type Parsed struct {
	Spelling     string // of the hash, written again
	Memory, Time uint32 // of argon2id
	Cost         string // of bcrypt
}

// Parse reads a hash.
func Parse(s string) (Parsed, error) {
	d, err := parse(s)
	switch d := d.(type) {
	case argon2idHash:
		return Parsed{Spelling: d.String(), Memory: d.memory, Time: d.time}, err
	case bcryptHash:
		return Parsed{Spelling: string(d), Cost: string(d[4:6])}, err
	}
	return Parsed{}, err
}

// Occupy takes one of the slots in which passwords are hashed, until release.
func (h *Hasher) Occupy() (release func()) {
	h.slots <- struct{}{}
	return func() { <-h.slots }
}
