package foreign

import (
	"context"
	"time"
)

// A flight is a fetch under way.
type flight struct {
	number uint64
	at     time.Time
	kid    string        // for which the ration was spent, or ""
	done   chan struct{} // closed at its end
	err    error         // set before that
}

// begin starts a fetch. Other requests wait for it too, so it must not end with the request that
// caused it.
func (c *keyCache) begin(ctx context.Context, kid string) *flight {
	c.begun++
	f := &flight{number: c.begun, at: time.Now(), kid: kid, done: make(chan struct{})}
	c.flight = f
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), fetchTimeout)
	go func() {
		defer cancel()
		keys, err := c.source.fetch(ctx)
		if err != nil {
			c.log(ctx, err)
		}
		c.land(f, keys, err)
	}()
	return f
}

// land replaces the set as a whole: a key that is no longer in it is no longer accepted.
func (c *keyCache) land(f *flight, keys []publicKey, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.flight, c.failure, f.err = nil, err, err
	if err != nil {
		c.failed = time.Now()
	} else {
		set := &keySet{keys, f.number, f.at}
		c.current.Store(set)
		if set.has(f.kid) {
			c.whole = c.whole.Add(-unknownEvery) // the kid was not junk
		}
	}
	close(f.done)
}

func (f *flight) wait(ctx context.Context) error {
	select {
	case <-f.done:
		return f.err
	case <-ctx.Done():
		return ctx.Err()
	}
}
