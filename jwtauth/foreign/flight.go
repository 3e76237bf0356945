package foreign

import (
	"context"
	"hash/maphash"
)

// A flight is a fetch under way.
type flight struct {
	done chan struct{} // closed at its end
	err  error         // set before that
}

// wait waits for the end of the fetch, if there is one.
func (f *flight) wait(ctx context.Context) error {
	if f == nil {
		return nil
	}
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
