package foreign

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/inga-auth/inga/internal/bearer"
	"github.com/inga-auth/inga/internal/jose"
	"github.com/inga-auth/inga/middleware"
)

const (
	// refreshAfter is the age of the keys at which a request starts a fetch without waiting for
	// it, and waitAfter the age at which it waits. So a key that the issuer withdraws is accepted
	// for waitAfter at most, unless the issuer cannot be reached.
	refreshAfter = 5 * time.Minute
	waitAfter    = 10 * time.Minute

	// retryAfter is how long after a failed fetch the next one may begin.
	retryAfter = 10 * time.Second

	// unknownEvery is how often unknown keys may cause a fetch. See keyCache.spend.
	unknownEvery = time.Minute
)

// A keyCache has the keys of one issuer as last fetched.
//
// A token can have any kid, and an unknown kid may be junk, or that of the key with which the
// issuer began to sign a second ago. Only a fetch can tell, and senders of junk would decide how
// many there are. So fetches for unknown kids are rationed, and when the ration is spent the
// answer is 503 for a moment, and not 401: clients log out at a 401, and the issuer may be
// rotating its keys.
type keyCache struct {
	*source

	current atomic.Pointer[keySet] // nil until one was fetched

	mu      sync.Mutex
	flight  *flight // nil unless a fetch is under way
	begun   uint64  // fetches so far
	failure error   // of the last fetch
	failed  time.Time
	whole   time.Time // when the ration will be whole again
	asked   questions
}

func newKeyCache(c Config) *keyCache { return &keyCache{source: newSource(c), asked: newQuestions()} }

// verify returns nil if a key of the issuer signed the token.
func (c *keyCache) verify(ctx context.Context, h jose.Header, p jose.Parts) error {
	sig, err := jose.Decode(p.Signature)
	if err != nil {
		return bearer.Invalid(err)
	}
	set, err := c.usable(ctx)
	if err != nil {
		return err
	}
	if err = set.verify(h, p.Signed, sig); !errors.Is(err, errUnknownKey) {
		return err
	}
	// The loop ends: each time around the set is a newer one, and a set that is newer than the
	// question answers it.
	q, again := c.ask(h.Kid, p)
	for errors.Is(err, errUnknownKey) {
		f, refusal := c.fetchFor(ctx, set, h.Kid, q, again)
		if refusal != nil {
			return refusal
		}
		if failure := f.wait(ctx); failure != nil {
			return unavailable(failure)
		}
		set = c.current.Load()
		err = set.verify(h, p.Signed, sig)
	}
	return err
}

// usable returns a set that may be used, and fetches it if necessary.
func (c *keyCache) usable(ctx context.Context) (*keySet, error) {
	set := c.current.Load()
	if set.age() < refreshAfter {
		return set, nil
	}
	f, failure := c.refresh(ctx)
	if age := set.age(); age < waitAfter || age < c.MaxAge && failure != nil {
		return set, nil
	}
	if f != nil {
		failure = f.wait(ctx)
	}
	if err := ctx.Err(); err != nil {
		return nil, unavailable(err) // the wait may have ended for this reason only
	}
	if set = c.current.Load(); set.age() < c.MaxAge {
		return set, nil // the previous one if the fetch failed
	}
	return nil, unavailable(failure)
}

// refresh returns the fetch that is under way, which it begins if necessary, or nil if it is too
// early to try again; and why the last one failed, if it did.
func (c *keyCache) refresh(ctx context.Context) (*flight, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.flight == nil && !c.resting() && c.current.Load().age() >= refreshAfter {
		c.begin(ctx, "")
	}
	return c.flight, c.failure
}

// ask records that a token with an unknown key has come, and reports whether the same question
// was asked before and is open, or was answered recently. Each token without a kid is a question
// of its own.
func (c *keyCache) ask(kid string, p jose.Parts) (q question, again bool) {
	name := [2]string{kid, ""}
	if kid == "" {
		name[1] = p.Signature
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	hash := maphash.Comparable(c.asked.seed, name)
	set := c.current.Load()
	q, again = c.asked.find(hash)
	if again && (!set.answers(q) || set.age() < unknownEvery) {
		return q, true
	}
	q = question(c.begun)
	c.asked.put(hash, q)
	return q, false
}

// fetchFor returns the fetch that will answer the question, or a part of it: the one that is
// under way, or a new one if the ration allows. It is nil if there is a newer set already.
// [middleware.ErrInvalidCredentials] means that the key does not exist, and
// [middleware.ErrUnavailable] that this is undecided.
func (c *keyCache) fetchFor(ctx context.Context, set *keySet, kid string, q question, again bool) (*flight, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.current.Load() != set:
		return nil, nil
	case set.answers(q):
		return nil, errUnknownKey
	case c.flight != nil:
		return c.flight, nil
	case c.resting():
		return nil, unavailable(c.failure)
	case !c.spend(again):
		return nil, unavailable(errors.New("kid is unknown, and too many were asked for to ask again"))
	}
	return c.begin(ctx, kid), nil
}

// spend takes a fetch for an unknown key from the ration, and reports whether one was left. The
// ration is one in each unknownEvery, and one in reserve. The reserve is for a question that is
// asked again: by a client that retries after a 503, and by all clients if the key is real. Junk
// that differs every time never uses it, and junk that repeats has been answered.
//
// In n minutes, junk thus causes at most n+1 fetches, and n if its kids do not repeat. A fetch
// answers for all kids, so a good token waits for unknownEvery at most.
func (c *keyCache) spend(again bool) bool {
	now := time.Now()
	missing := c.whole.Sub(now)
	if missing > 0 && !again || missing > unknownEvery {
		return false
	}
	c.whole = now.Add(max(missing, 0) + unknownEvery)
	return true
}

// begin starts a fetch, with the ration if for a kid. Other requests wait for it too, so it must
// not end with the request that caused it.
func (c *keyCache) begin(ctx context.Context, kid string) *flight {
	c.begun++
	set, f := &keySet{number: c.begun, at: time.Now()}, &flight{done: make(chan struct{})}
	c.flight = f
	go func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), fetchTimeout)
		defer cancel()
		if set.keys, f.err = c.fetch(ctx); f.err != nil {
			c.Logger.LogAttrs(ctx, slog.LevelWarn, "keys of an issuer not fetched",
				slog.String("issuer", c.Issuer), slog.Any("error", f.err))
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		defer close(f.done)
		if errors.Is(f.err, errUnusable) && c.current.Load() != nil {
			f.err = nil // it is an answer, and the keys that we could use are not in it any more
		}
		c.flight, c.failure, c.failed = nil, f.err, time.Now()
		if f.err != nil {
			return
		}
		// As a whole: a key that is no longer in the set is no longer accepted.
		c.current.Store(set)
		if set.has(kid) {
			c.whole = c.whole.Add(-unknownEvery) // the kid was not junk
		}
	}()
	return f
}

// resting reports whether it is too early after a failure to try again.
func (c *keyCache) resting() bool {
	return c.failure != nil && time.Since(c.failed) < retryAfter
}

// unavailable does not wrap err: no error of an http.RoundTripper is a verdict on the credential.
func unavailable(err error) error {
	return fmt.Errorf("%w: keys of the issuer: %v", middleware.ErrUnavailable, err)
}
