package cache

import "time"

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
