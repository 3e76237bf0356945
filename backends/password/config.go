package password

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/nilcheck"
)

// A Config says how much work a password hash is, which passwords are refused, and where tries are
// counted. The zero value is argon2id with the parameters that the OWASP Password Storage Cheat
// Sheet gives first: 19 MiB, two passes, one thread.
type Config struct {
	// Memory in KiB, 7168 to 262144. Default, if Time is 0 too: 19456.
	Memory int

	// Time is the number of passes over Memory. Memory times Time is at least 35840, which is
	// the least that OWASP recommends, and at most 1048576. Default, if Memory is 0 too: 2.
	Time int

	// Parallelism is the number of threads that one hash uses, up to 64. Default: 1.
	Parallelism int

	// Concurrency is how many passwords are hashed at once. The others wait. Default:
	// GOMAXPROCS.
	Concurrency int

	// Attempts, if not nil, counts and slows tries in [Hasher.VerifyUser]. It is the store. Without
	// it anyone may guess as fast as the server hashes.
	Attempts backends.Attempts

	// Refuse, if not nil, is asked about each new password that the built-in list of common ones
	// does not have: it returns [ErrCommon] for one that no user may choose, or why it could not
	// find out. [List.Refuse] is one such function; another may ask for breached passwords.
	Refuse func(ctx context.Context, password string) error
}

// The most that a hash may cost, whether configured or found in a row: a row must not be able
// to exhaust the server.
const (
	maxMemory  = 1 << 18 // KiB
	maxWork    = 1 << 20 // KiB, memory times passes
	maxThreads = 64
)

const (
	minMemory = 7168     // KiB
	minWork   = 5 * 7168 // KiB, memory times passes
)

func (c Config) withDefaults() Config {
	if c.Memory == 0 && c.Time == 0 {
		c.Memory, c.Time = 19456, 2
	}
	if c.Parallelism == 0 {
		c.Parallelism = 1
	}
	if c.Concurrency == 0 {
		c.Concurrency = runtime.GOMAXPROCS(0)
	}
	return c
}

func (c Config) validate() error {
	var errs []error
	between := func(field string, got, low, high int) bool {
		ok := low <= got && got <= high
		if !ok {
			errs = append(errs, fmt.Errorf("password: Config.%s is %d, want %d to %d", field, got, low, high))
		}
		return ok
	}
	if between("Memory", c.Memory, minMemory, maxMemory) {
		between("Time", c.Time, (minWork+c.Memory-1)/c.Memory, maxWork/c.Memory)
	}
	between("Parallelism", c.Parallelism, 1, maxThreads)
	between("Concurrency", c.Concurrency, 1, math.MaxInt32)
	if store, ok := c.Attempts.(backends.Store); c.Attempts != nil && (nilcheck.IsNil(c.Attempts) || ok && !backends.Supports[backends.Attempts](store)) {
		errs = append(errs, fmt.Errorf("password: Config.Attempts is a %T that is nil, or around a store that counts no attempts", c.Attempts))
	}
	return errors.Join(errs...)
}
