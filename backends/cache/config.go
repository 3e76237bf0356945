package cache

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/inga-auth/inga/backends"
)

// A Backend is a store that can be cached: all contracts of package backends but that of
// users. backends/memory and backends/postgres are.
type Backend interface {
	backends.Store
	backends.Rotator
	backends.Directory
	backends.Sweeper
	backends.Values
	backends.Feed
}

// Config is what [New] needs. Store is required.
type Config struct {
	Store Backend

	// MaxLag is by when at the latest a change made elsewhere holds here, whatever breaks:
	// 50 milliseconds to a minute. Default: 5 seconds.
	MaxLag time.Duration

	// MaxEntries and MaxBytes bound what is remembered: both hold. A session takes an entry,
	// and another for each credential that names it. Default: 300 000 and 128 MiB.
	MaxEntries int
	MaxBytes   int
}

const (
	minLag = 50 * time.Millisecond
	maxLag = time.Minute

	minEntries = 16
	maxEntries = 1 << 30
)

// New returns a Store around c.Store. It remembers each session for MaxLag, until somebody
// calls [Store.Follow]. The error joins all mistakes, each naming its field.
func New(c Config) (*Store, error) {
	c.MaxLag = cmp.Or(c.MaxLag, 5*time.Second)
	c.MaxEntries = cmp.Or(c.MaxEntries, 300_000)
	c.MaxBytes = cmp.Or(c.MaxBytes, 128<<20)
	if err := errors.Join(c.mistakes()...); err != nil {
		return nil, err
	}
	s := &Store{backend: c.Store, maxLag: c.MaxLag, base: time.Now(), stamps: newStamps()}
	s.feed.Store(&hearing{})
	// Every item weighs at least so much that MaxEntries of them weigh MaxBytes.
	least := uint32((c.MaxBytes + c.MaxEntries - 1) / c.MaxEntries)
	table, err := otter.New(&otter.Options[key, item]{
		MaximumWeight: uint64(c.MaxBytes),
		Weigher:       func(_ key, i item) uint32 { return max(least, i.size()) },
		Executor:      func(do func()) { do() }, // no goroutine that nobody asked for
	})
	if err != nil {
		return nil, fmt.Errorf("cache: %w", err)
	}
	s.table = table
	return s, nil
}

func (c Config) mistakes() []error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("cache: Config."+format, args...)) }
	if c.Store == nil {
		bad("Store is nil, want a backend")
	}
	if c.MaxLag < minLag || c.MaxLag > maxLag {
		bad("MaxLag is %v, want %v to %v", c.MaxLag, minLag, maxLag)
	}
	if c.MaxEntries < minEntries || c.MaxEntries > maxEntries {
		bad("MaxEntries is %d, want %d to %d", c.MaxEntries, minEntries, maxEntries)
	}
	if least := minEntries * entrySize; c.MaxBytes < least || c.MaxBytes/max(c.MaxEntries, 1) > maxWeight {
		bad("MaxBytes is %d, want at least %d, and at most %d for an entry", c.MaxBytes, least, maxWeight)
	}
	return errs
}

// maxWeight keeps the weight of an item in its type.
const maxWeight = 1 << 30
