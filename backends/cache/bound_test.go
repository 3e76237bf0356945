package cache_test

import (
	"runtime"
	"testing"

	"github.com/inga-auth/inga/backends/cache"
)

func TestThereAreNeverMoreEntriesThanMaxEntries(t *testing.T) {
	const most = 1000
	s := newCache(t, &crowd{}, func(c *cache.Config) { c.MaxEntries = most })
	fill(t, s, 20*most)
	if n := s.Items(); n > most || n < most/2 {
		t.Errorf("%d entries, want at most %d, and not far from that", n, most)
	}
}

func TestWhatIsRememberedTakesNoMoreMemoryThanMaxBytes(t *testing.T) {
	const most = 16 << 20
	before := heap()
	s := newCache(t, &crowd{}, func(c *cache.Config) { c.MaxBytes = most })
	fill(t, s, 100_000) // 140 MB, if it remembered them all
	taken := heap() - before
	runtime.KeepAlive(s)
	if taken > most+most/8 || taken < most/2 {
		t.Errorf("%d bytes, want at most %d and what the table itself needs, and not far from that", taken, most)
	}
}
