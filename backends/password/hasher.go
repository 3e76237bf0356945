package password

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/inga-auth/inga/backends"
)

// MaxLength is the length in bytes of the longest password. NIST SP 800-63B-4 asks for at
// least 64 characters. Without a limit, a login could make the server hash any amount of text.
const MaxLength = 1024

// ErrLength: the password is empty, or longer than [MaxLength]. The application tells the user. Package
// middleware answers it with 422.
var ErrLength error = unacceptable(fmt.Sprintf("password: empty or longer than %d bytes", MaxLength))

// A Hasher hashes and verifies passwords. [New] makes one. Its methods may be called
// concurrently.
//
// The bytes of a password are hashed as they are given. An application that lets people type
// more than ASCII should normalize them (NFC) first, the same way each time.
type Hasher struct {
	cost     cost
	slots    chan struct{}
	attempts backends.Attempts // nil: none are counted
	refuse   func(context.Context, string) error
}

// errNotMade is for the zero Hasher, whose hashing would wait for ever, and nil.
var errNotMade = fmt.Errorf("%w: password: this Hasher is not from New", backends.ErrInvalidArgument)

func (h *Hasher) made() bool { return h != nil && h.slots != nil }

// New returns a Hasher with the costs of c, or all mistakes of c, joined.
func New(c Config) (*Hasher, error) {
	c = c.withDefaults()
	if err := c.validate(); err != nil {
		return nil, err
	}
	return &Hasher{
		cost:  cost{memory: uint32(c.Memory), time: uint32(c.Time), threads: uint8(c.Parallelism)},
		slots: make(chan struct{}, c.Concurrency), attempts: c.Attempts, refuse: c.Refuse,
	}, nil
}

// Hash returns the argon2id hash of a new password in PHC string format, with a random salt:
//
//	$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>
//
// Errors: [ErrLength], [ErrCommon], those of Config.Refuse, or ctx's if it ended before this call's
// turn.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	if !h.made() {
		return "", errNotMade
	}
	if !hashable(password) {
		return "", ErrLength
	}
	if err := h.permit(ctx, password); err != nil {
		return "", err
	}
	return h.hash(ctx, password)
}

// hash is Hash for a password that a user has already.
func (h *Hasher) hash(ctx context.Context, password string) (string, error) {
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
	if !h.made() {
		return false, false, errNotMade
	}
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
