package cache

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/nilcheck"
	"github.com/inga-auth/inga/internal/recall"
)

// Config configures [New]. Store is required.
type Config struct {
	// Store is the backend. Methods of the cache that need an optional contract of package
	// backends fail if Store does not have it.
	Store backends.Store

	// MaxLag bounds how long a change made by another process can go unnoticed while the feed
	// works or is known not to: 50 milliseconds to a minute. Default: 5 seconds.
	MaxLag time.Duration

	// MaxAge bounds how long a session is believed since it was read, whatever the feed says:
	// MaxLag to an hour. Default: a minute.
	MaxAge time.Duration

	// MaxEntries and MaxBytes bound the cached sessions, with the credentials that are remembered
	// for them. Both hold. Texts that sessions usually share are kept once and not counted: user
	// agent, label, AMR and the list of roles. Where each session has its own, they add their
	// length to each entry: for a user agent and a label 640 bytes at most.
	// Default: 300 000 sessions and 128 MiB.
	MaxEntries int
	MaxBytes   int
}

const (
	minLag = 50 * time.Millisecond
	maxLag = time.Minute
	maxAge = time.Hour

	minEntries = 16
	maxEntries = 1 << 30
	maxWeight  = 1 << 30 // of one entry, so that it fits its type
)

// New returns a cache of c.Store. Until [Store.Follow] runs, it believes a session for MaxLag.
// The error joins all mistakes, each naming its field.
func New(c Config) (*Store, error) {
	c.MaxLag = cmp.Or(c.MaxLag, 5*time.Second)
	c.MaxAge = cmp.Or(c.MaxAge, time.Minute)
	c.MaxEntries = cmp.Or(c.MaxEntries, 300_000)
	c.MaxBytes = cmp.Or(c.MaxBytes, 128<<20)
	if err := errors.Join(c.mistakes()...); err != nil {
		return nil, err
	}
	s := &Store{backend: c.Store, optional: optionalOf(c.Store), maxLag: int64(c.MaxLag), maxAge: int64(c.MaxAge), base: time.Now(), stamps: newStamps()}
	s.feed.Store(&feedConn{})
	// Each entry weighs so much at least that MaxEntries of them weigh MaxBytes.
	least := uint32((c.MaxBytes + c.MaxEntries - 1) / c.MaxEntries)
	table, err := otter.New(&otter.Options[recall.ID, *entry]{
		MaximumWeight: uint64(c.MaxBytes),
		Weigher:       func(_ recall.ID, e *entry) uint32 { return max(least, e.weight()) },
		Executor:      func(do func()) { do() }, // instead of a goroutine
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
	if nilcheck.IsNil(c.Store) {
		bad("Store is nil, want a backend")
	}
	if c.MaxLag < minLag || c.MaxLag > maxLag {
		bad("MaxLag is %v, want %v to %v", c.MaxLag, minLag, maxLag)
	}
	if c.MaxAge < c.MaxLag || c.MaxAge > maxAge {
		bad("MaxAge is %v, want MaxLag, which is %v, to %v", c.MaxAge, c.MaxLag, maxAge)
	}
	if c.MaxEntries < minEntries || c.MaxEntries > maxEntries {
		bad("MaxEntries is %d, want %d to %d", c.MaxEntries, minEntries, maxEntries)
	}
	if least := minEntries * entrySize; c.MaxBytes < least || c.MaxBytes/max(c.MaxEntries, 1) > maxWeight {
		bad("MaxBytes is %d, want at least %d, and at most %d for a session", c.MaxBytes, least, maxWeight)
	}
	return errs
}
