package foreign

import "hash/maphash"

// A question is whether a key exists that was unknown when a token named it.
type question struct {
	begun uint64 // how many fetches had begun when it was first asked
}

// maxQuestions is how many are remembered.
const maxQuestions = 4096

// questions has the most recent ones. The names that clients send are stored as hashes with a
// secret seed, so that they take the same room whatever their length, and no client can make one
// question collide with another.
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
