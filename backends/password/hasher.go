package password

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math"
	"runtime"
)

// A Config says how much work a password hash is. The zero value is argon2id with the
// parameters that the OWASP Password Storage Cheat Sheet gives first: 19 MiB, two passes, one
// thread.
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
}

// The least that may be configured, and the most that a hash may cost, whether configured or
// found in a row: a row must not be able to exhaust the server. Work is memory times passes.
const (
	minMemory, maxMemory = 7168, 1 << 18     // KiB
	minWork, maxWork     = 5 * 7168, 1 << 20 // KiB
	maxThreads           = 64
)

func (c Config) withDefaults() Config {
	if c.Memory == 0 && c.Time == 0 {
		c.Memory, c.Time = 19456, 2
	}
	c.Parallelism = cmp.Or(c.Parallelism, 1)
	c.Concurrency = cmp.Or(c.Concurrency, runtime.GOMAXPROCS(0))
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
	return errors.Join(errs...)
}

// MaxLength is the length in bytes of the longest password. NIST SP 800-63B-4 asks for at
// least 64 characters. Without a limit, a login could make the server hash any amount of text.
const MaxLength = 1024

// ErrLength: the password is empty, or longer than [MaxLength]. The application tells the user:
// to a guard's Refuse it would be an outage.
var ErrLength = fmt.Errorf("password: empty or longer than %d bytes", MaxLength)

// A Hasher hashes and verifies passwords. [New] makes one. Its methods may be called
// concurrently.
//
// The bytes of a password are hashed as they are given. An application that lets people type
// more than ASCII should normalize them (NFC) first, the same way each time.
type Hasher struct {
	cost  cost
	slots chan struct{}
}

// New returns a Hasher with the costs of c, or all mistakes of c, joined.
func New(c Config) (*Hasher, error) {
	c = c.withDefaults()
	if err := c.validate(); err != nil {
		return nil, err
	}
	return &Hasher{
		cost:  cost{memory: uint32(c.Memory), time: uint32(c.Time), threads: uint8(c.Parallelism)},
		slots: make(chan struct{}, c.Concurrency),
	}, nil
}

// Hash returns the argon2id hash of a password in PHC string format, with a random salt:
//
//	$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>
//
// Errors: [ErrLength], or ctx's if it ended before this call's turn.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	if !hashable(password) {
		return "", ErrLength
	}
	made := h.blank()
	// crypto/rand.Read never returns an error: it ends the program instead.
	_, _ = rand.Read(made.salt)
	if err := h.work(ctx, func() { made.key = made.derive(password) }); err != nil {
		return "", err
	}
	return made.String(), nil
}

// Verify reports whether hash was made from the password, and if so, whether it should be
// replaced: it is a bcrypt hash, or was made with less memory, fewer passes, or a shorter salt
// or key than those of Hash. See [Users].Rehash.
//
// With the hash "", of a user who does not exist or has no password, and with a password that
// Hash would refuse, it does the work all the same and returns false.
//
// Errors say nothing about the password: [ErrScheme], [ErrMalformedHash], or ctx's if it ended
// before this call's turn.
func (h *Hasher) Verify(ctx context.Context, hash, password string) (ok, rehash bool, err error) {
	var stored digest = h.blank()
	if hash != "" {
		if stored, err = parse(hash); err != nil {
			return false, false, err
		}
	}
	possible := hash != "" && hashable(password)
	if !possible {
		password = ""
	}
	err = h.work(ctx, func() { ok = stored.matches(password) && possible })
	return ok, ok && stored.outdated(password, h.blank()), err
}

func hashable(password string) bool { return 0 < len(password) && len(password) <= MaxLength }

// blank is a hash of nothing at the configured cost.
func (h *Hasher) blank() argon2idHash {
	return argon2idHash{cost: h.cost, salt: make([]byte, saltSize), key: make([]byte, keySize)}
}

// work runs f when a slot is free.
func (h *Hasher) work(ctx context.Context, f func()) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("password: hashing: %w", err)
	}
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
		f()
		return nil
	case <-ctx.Done():
		return fmt.Errorf("password: waiting to hash: %w", ctx.Err())
	}
}
