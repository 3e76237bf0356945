package memory

import (
	"hash/maphash"
	"maps"
	"sync"
)

// An index finds a value by its key. It is split into shards with a lock each, so that
// requests for different keys seldom wait for each other: even a read lock is a write to
// memory that all processors share. The locks are leaves, held for one access to a map.
type index[K comparable, V any] struct {
	hash   func(K) uint64
	shards [64]shard[K, V]
}

type shard[K comparable, V any] struct {
	mu sync.RWMutex
	m  map[K]V
	_  [32]byte // a cache line for each lock
}

func newIndex[K comparable, V any](hash func(K) uint64) *index[K, V] {
	x := &index[K, V]{hash: hash}
	for i := range x.shards {
		x.shards[i].m = make(map[K]V)
	}
	return x
}

// hashed returns a hash for keys that a client may have chosen.
func hashed[K comparable]() func(K) uint64 {
	seed := maphash.MakeSeed()
	return func(k K) uint64 { return maphash.Comparable(seed, k) }
}

func (x *index[K, V]) shard(k K) *shard[K, V] {
	return &x.shards[x.hash(k)%uint64(len(x.shards))]
}

func (x *index[K, V]) find(k K) (V, bool) {
	s := x.shard(k)
	s.mu.RLock()
	v, ok := s.m[k]
	s.mu.RUnlock()
	return v, ok
}

// add adds v and reports true, or does nothing if the key is taken.
func (x *index[K, V]) add(k K, v V) bool {
	s := x.shard(k)
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, taken := s.m[k]; taken {
		return false
	}
	s.m[k] = v
	return true
}

// put stores v under k and reports true, or does nothing if stays reports true for what is there.
func (x *index[K, V]) put(k K, v V, stays func(V) bool) bool {
	s := x.shard(k)
	s.mu.Lock()
	defer s.mu.Unlock()
	if was, taken := s.m[k]; taken && stays(was) {
		return false
	}
	s.m[k] = v
	return true
}

// removeIf removes the values for which dead reports true, a shard at a time.
func (x *index[K, V]) removeIf(dead func(V) bool) {
	for i := range x.shards {
		s := &x.shards[i]
		s.mu.Lock()
		maps.DeleteFunc(s.m, func(_ K, v V) bool { return dead(v) })
		s.mu.Unlock()
	}
}

func (x *index[K, V]) remove(k K) {
	s := x.shard(k)
	s.mu.Lock()
	delete(s.m, k)
	s.mu.Unlock()
}

// all yields every value that is there from the beginning to the end of the loop. The body
// runs without a lock, because it locks accounts, and a method that has an account locked may
// wait for the shard: the values of one shard at a time are copied.
func (x *index[K, V]) all(yield func(V) bool) {
	for i := range x.shards {
		for _, v := range x.shards[i].values() {
			if !yield(v) {
				return
			}
		}
	}
}

func (s *shard[K, V]) values() []V {
	s.mu.RLock()
	defer s.mu.RUnlock()
	vs := make([]V, 0, len(s.m))
	for _, v := range s.m {
		vs = append(vs, v)
	}
	return vs
}
