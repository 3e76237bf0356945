package foreign

import "hash/maphash"

// A question is about a key that was unknown when a token brought its name.
type question struct {
	begun uint64 // how many fetches had begun when it was asked first
}

// maxQuestions is how many are remembered.
const maxQuestions = 4096

// questions are those that were asked last. What clients send is in it as a hash with a seed
// that nobody knows, so that it takes the same room whatever they send, and nobody can make
// one question look like another.
type questions struct {
	seed   maphash.Seed
	byHash map[uint64]question
	order  []uint64 // a ring, once it is full
	oldest int
}

func newQuestions() questions {
	return questions{seed: maphash.MakeSeed(), byHash: make(map[uint64]question)}
}

func (qs *questions) hash(name [2]string) uint64 { return maphash.Comparable(qs.seed, name) }

func (qs *questions) find(hash uint64) (question, bool) {
	q, ok := qs.byHash[hash]
	return q, ok
}

// put forgets the oldest question if there are too many.
func (qs *questions) put(hash uint64, q question) {
	if _, known := qs.byHash[hash]; !known {
		if len(qs.order) < maxQuestions {
			qs.order = append(qs.order, hash)
		} else {
			delete(qs.byHash, qs.order[qs.oldest])
			qs.order[qs.oldest] = hash
			qs.oldest = (qs.oldest + 1) % maxQuestions
		}
	}
	qs.byHash[hash] = q
}
