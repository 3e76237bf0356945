package foreign

import (
	"context"
	"hash/maphash"
	"log/slog"
	"time"
)

// A flight is a fetch under way.
type flight struct {
	done chan struct{} // closed at its end
	err  error         // set before that
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

func (f *flight) wait(ctx context.Context) error {
	select {
	case <-f.done:
		return f.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// A question is whether a key exists that was unknown when a token named it: how many fetches
// had begun when it was first asked.
type question uint64

// minQuestions is how many are remembered at least, and at most twice as many.
const minQuestions = 4096

// questions has the most recent ones. The names that clients send are stored as hashes with a
// secret seed, so that they take the same room whatever their length, and no client can make one
// question collide with another.
type questions struct {
	seed           maphash.Seed
	recent, before map[uint64]question
}

func newQuestions() questions {
	return questions{seed: maphash.MakeSeed(), recent: make(map[uint64]question)}
}

func (qs *questions) find(hash uint64) (question, bool) {
	q, ok := qs.recent[hash]
	if !ok {
		q, ok = qs.before[hash]
	}
	return q, ok
}

func (qs *questions) put(hash uint64, q question) {
	if len(qs.recent) >= minQuestions {
		qs.before, qs.recent = qs.recent, make(map[uint64]question)
	}
	qs.recent[hash] = q
}
