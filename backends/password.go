package backends

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"math"
	"runtime"

	"golang.org/x/crypto/argon2"
)

// MaxPassword is the length in bytes of the longest password. NIST SP 800-63B-4 asks for
// at least 64 characters; without a limit, a login is a way to have much text hashed.
const MaxPassword = 1024

// ErrPasswordLength: the password is empty, or longer than [MaxPassword].
var ErrPasswordLength = fmt.Errorf("backends: password is empty or longer than %d bytes", MaxPassword)

// A PasswordConfig says how much work a password hash is. The zero value is argon2id with
// the first parameters that the OWASP Password Storage Cheat Sheet gives for little
// memory: 19 MiB, two passes, one thread.
type PasswordConfig struct {
	// Memory in KiB, and Time in passes over it. Memory is 7168 to 262144, and Memory
	// times Time at least 35840, which is the least of OWASP's recommendations, and at
	// most 1048576. Default: 19456 and 2.
	Memory int
	Time   int

	// Parallelism is the number of threads that one hash uses, up to 64. Default: 1.
	Parallelism int

	// Concurrency is how many passwords are hashed at once; the others wait. It bounds
	// what a flood of logins costs. Default: GOMAXPROCS.
	Concurrency int
}

// The most that a hash may cost, one that is configured and one that is found in a row:
// whoever can write a row must not be able to exhaust the memory of the server.
const (
	maxMemory  = 1 << 18 // KiB
	maxWork    = 1 << 20 // KiB, memory times passes
	maxThreads = 64
)

const (
	minMemory = 7168     // KiB
	minWork   = 5 * 7168 // KiB, memory times passes
)

// Passwords hashes and verifies passwords with argon2id (RFC 9106). Its methods may be
// called concurrently.
//
// The bytes of a password are hashed as they are given. An application that lets people
// type more than ASCII should normalize them (NFC) first, the same way each time.
type Passwords struct {
	cost  cost
	slots chan struct{}
}

// NewPasswords returns Passwords with the costs of c, or all mistakes of c, joined.
func NewPasswords(c PasswordConfig) (*Passwords, error) {
	c = c.withDefaults()
	if err := c.validate(); err != nil {
		return nil, err
	}
	return &Passwords{
		cost:  cost{memory: uint32(c.Memory), time: uint32(c.Time), threads: uint8(c.Parallelism)},
		slots: make(chan struct{}, c.Concurrency),
	}, nil
}

func (c PasswordConfig) withDefaults() PasswordConfig {
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

func (c PasswordConfig) validate() error {
	var errs []error
	between := func(field string, got, low, high int) bool {
		ok := low <= got && got <= high
		if !ok {
			errs = append(errs, fmt.Errorf("backends: PasswordConfig.%s is %d, want %d to %d", field, got, low, high))
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

// Hash returns the hash of a password in PHC string format, with a random salt:
//
//	$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>
//
// Errors: [ErrPasswordLength], or ctx's while it waits for its turn.
func (p *Passwords) Hash(ctx context.Context, password string) (string, error) {
	if !hashable(password) {
		return "", ErrPasswordLength
	}
	h := p.blank()
	_, _ = rand.Read(h.salt) // never fails: it ends the program instead
	key, err := p.derive(ctx, password, h)
	if err != nil {
		return "", err
	}
	h.key = key
	return h.String(), nil
}

// Verify reports whether the password is the one that was hashed to phc, and if so,
// whether the hash should be replaced: it was made with less memory or time than are
// configured now, or with a shorter salt or key. See [Users].Rehash.
//
// With the phc "", of a user who does not exist or has no password, and with a password
// that Hash would refuse, it does the same work and answers false. A row with other costs
// than the configured takes another time, until its user has logged in once.
//
// Errors say nothing about the password: phc is malformed or asks for too much work, or
// ctx ended before it was this call's turn.
func (p *Passwords) Verify(ctx context.Context, phc, password string) (ok, rehash bool, err error) {
	h, possible := p.blank(), phc != ""
	if phc != "" {
		if h, err = parsePHC(phc); err != nil {
			return false, false, err
		}
	}
	if !hashable(password) {
		password, possible = "", false
	}
	key, err := p.derive(ctx, password, h)
	if err != nil {
		return false, false, err
	}
	ok = subtle.ConstantTimeCompare(key, h.key) == 1 && possible
	return ok, ok && h.weakerThan(p.blank()), nil
}

func hashable(password string) bool { return 0 < len(password) && len(password) <= MaxPassword }

// blank is a hash of nothing at the configured cost.
func (p *Passwords) blank() phcHash {
	return phcHash{cost: p.cost, salt: make([]byte, saltSize), key: make([]byte, keySize)}
}

// derive does the work, when it is its turn.
func (p *Passwords) derive(ctx context.Context, password string, h phcHash) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("backends: hashing a password: %w", err)
	}
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-ctx.Done():
		return nil, fmt.Errorf("backends: waiting to hash a password: %w", ctx.Err())
	}
	return argon2.IDKey([]byte(password), h.salt, h.time, h.memory, h.threads, uint32(len(h.key))), nil
}
