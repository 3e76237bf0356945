package cache

import (
	"hash/maphash"
	"sync/atomic"
	"time"
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

// A moment is a time on both clocks, in nanoseconds: the monotonic one, which nothing sets, and
// the wall clock, which goes on while the machine sleeps.
type moment struct{ monotonic, wall int64 }

func (s *Store) moment(t time.Time) moment {
	return moment{int64(t.Sub(s.base)), t.UnixNano()}
}

// since returns how long ago then was: the larger of what the clocks say.
func (m moment) since(then moment) int64 {
	return max(m.monotonic-then.monotonic, m.wall-then.wall)
}

// trusted reports whether e may be believed at the time at. It may if no change is known, and
// any unknown one is at most maxLag old: because e is no older, or because the feed has since
// reported all changes up to a time that is no older. It never is for longer than maxAge.
func (s *Store) trusted(e *entry, at moment) bool {
	// The state of the feed before the stamps: if the feed reported a change and that it is up to
	// date between the two, the stamps would be too old for what the feed vouches for.
	feed := s.feed.Load()
	if age := at.since(e.read); age > s.maxAge || age > s.maxLag && !(feed.covers(e) && at.since(feed.upToDate) <= s.maxLag) {
		return false
	}
	return !s.stamps.changedSince(e.stamp, e.ofUser, e.ofID)
}
