package cache_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends/cache"
)

func TestThereAreNeverMoreSessionsThanMaxEntries(t *testing.T) {
	const most = 1000
	s := newCache(t, &crowd{}, func(c *cache.Config) { c.MaxEntries = most })
	fill(t, s, 20*most, true)
	if n := s.Entries(); n > most || n < most/2 {
		t.Errorf("%d entries, want at most %d, and not far from that", n, most)
	}
}

func TestTheSessionsTakeNoMoreMemoryThanMaxBytes(t *testing.T) {
	const most, empty = 4 << 20, 1 << 20
	for what, tokens := range map[string]bool{"cookies": false, "cookies and tokens": true} {
		before := inUse()
		s := newCache(t, &crowd{}, func(c *cache.Config) { c.MaxBytes = most })
		fill(t, s, 20_000, tokens) // more than twice as much
		taken := inUse() - before
		runtime.KeepAlive(s)
		if taken > most+empty || taken < most/2 {
			t.Errorf("%s: %d bytes, want at most %d and %d for the empty table, and not far from that", what, taken, most, empty)
		}
	}
}

func TestTheDefaultBoundsHoldAQuarterOfAMillionSessions(t *testing.T) {
	s := newCache(t, &crowd{})
	fill(t, s, 100, false)
	if weight, most := s.Weight(), s.MaxWeight(); most > 128<<20 || weight*2500 > most {
		t.Errorf("100 sessions weigh %d, want at most a 2500th of what all may, which is %d and at most 128 MiB", weight, most)
	}
}

// Remembered credentials are part of a session and count.
func TestCredentialsWeigh(t *testing.T) {
	s := newCache(t, &crowd{})
	fill(t, s, 1, false)
	var weights []uint64
	for kind := range byte(6) {
		weights = append(weights, s.Weight())
		row, _, _ := s.Find(t.Context(), time.Now(), stringOf(0), hashOf(0))
		s.Remember(idOf(0), row.AuthenticatedAt, digestOf(0, kind), &note{}, 300)
	}
	for i, w := range weights[1:] {
		more := w - weights[i]
		if i < 3 && (more < 300 || more > 400) || i == 3 && more != 300 || i > 3 && more != 0 {
			t.Errorf("credential %d weighs %d", i+2, more)
		}
	}
}

func inUse() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
