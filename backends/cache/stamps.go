package cache

import (
	"hash/maphash"
	"sync/atomic"
)

// Stamps record when something last changed. Their time is a counter that each event moves on:
// a change, a reading, a connection of the feed.
//
// A reading is outdated if one of its names has a later stamp. A reading takes its number before
// it begins, so a change that is noticed meanwhile is not lost.
//
// Names share places, so that the stamps take the same memory however many names there are. A
// change of another name in the same place costs a reading.
type stamps struct {
	seed   maphash.Seed
	clock  atomic.Uint64
	all    atomic.Uint64
	places [1 << 16]atomic.Uint64
}

// A place is the index of the stamp of a name.
type place uint16

func newStamps() *stamps { return &stamps{seed: maphash.MakeSeed()} }

// Users and sessions have stamps of their own, although a user may have the ID of a session.
func (s *stamps) ofUser(id string) place    { return place(maphash.String(s.seed, "user "+id)) }
func (s *stamps) ofSession(id string) place { return place(maphash.String(s.seed, "session "+id)) }

// next returns the number of an event that begins now.
func (s *stamps) next() uint64 { return s.clock.Add(1) }

func (s *stamps) change(at place) { advance(&s.places[at], s.next()) }

func (s *stamps) changeAll() { advance(&s.all, s.next()) }

func advance(stamp *atomic.Uint64, to uint64) {
	for {
		was := stamp.Load()
		if was >= to || stamp.CompareAndSwap(was, to) {
			return
		}
	}
}

// changedSince reports whether one of the places has changed since then.
func (s *stamps) changedSince(then uint64, a, b place) bool {
	return s.all.Load() > then || s.places[a].Load() > then || s.places[b].Load() > then
}
