package cache

import (
	"hash/maphash"
	"sync/atomic"
)

// Stamps say when something was last changed. Names share their places, so that the stamps
// take the same room whatever there is; a change of another name in the same place has the
// effect that what is remembered is read again.
//
// Time is a counter: a change makes it one later. What was read at a time is good if no stamp
// of its names is later. It is the counter from before the reading that counts, so a change
// that comes while something is being read is never lost.
type stamps struct {
	seed   maphash.Seed
	now    atomic.Uint64
	all    atomic.Uint64
	places [places]atomic.Uint64
}

const places = 1 << 16

// A place is where the stamp of a name is.
type place uint32

func newStamps() *stamps { return &stamps{seed: maphash.MakeSeed()} }

func (s *stamps) of(name string) place { return place(maphash.String(s.seed, name) % places) }

// change stamps what is at the place.
func (s *stamps) change(at place) { later(&s.places[at], s.now.Add(1)) }

// changeAll stamps everything.
func (s *stamps) changeAll() { later(&s.all, s.now.Add(1)) }

func later(stamp *atomic.Uint64, to uint64) {
	for {
		was := stamp.Load()
		if was >= to || stamp.CompareAndSwap(was, to) {
			return
		}
	}
}

// changedSince reports whether one of the places has been stamped since.
func (s *stamps) changedSince(then uint64, a, b place) bool {
	return s.all.Load() > then || s.places[a].Load() > then || s.places[b].Load() > then
}
