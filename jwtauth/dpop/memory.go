package dpop

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/inga-auth/inga/backends"
)

// maxRemembered is how many proofs a process remembers at most: about 100 MB. Only clients whose token
// was good, or who log in, can fill it.
const maxRemembered = 1 << 20

var errFull = errors.New("dpop: too many proofs to remember")

// A memory is Claims of one process. Names go in two maps: the older one is dropped when all in it are
// over, and the newer one takes its place.
type memory struct {
	limit        int // of names
	mu           sync.Mutex
	older, newer map[backends.NameHash]time.Time // until when they are claimed
	olderEnds    time.Time                       // the last of all in older
	newerEnds    time.Time
}

var _ backends.Claims = (*memory)(nil)

func newMemory(limit int) *memory {
	return &memory{limit: limit, newer: make(map[backends.NameHash]time.Time)}
}

// Claim implements [backends.Claims].
func (m *memory) Claim(_ context.Context, now time.Time, name backends.NameHash, until time.Time) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !now.Before(m.olderEnds) {
		m.older, m.newer = m.newer, make(map[backends.NameHash]time.Time)
		m.olderEnds, m.newerEnds = m.newerEnds, time.Time{}
	}
	switch {
	case !until.After(now), now.Before(m.older[name]), now.Before(m.newer[name]):
		return false, nil
	case len(m.older)+len(m.newer) >= m.limit:
		return false, errFull // and not a proof that is taken twice
	}
	m.newer[name] = until
	if until.After(m.newerEnds) {
		m.newerEnds = until
	}
	return true, nil
}
