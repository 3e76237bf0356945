// Package floor is what benchmarks stand on: the same work, done by hand as somebody would who
// needs no more than that, and the ratio of ours to it.
package floor

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"hash/maphash"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"
)

// Sizes are the numbers of sessions that a benchmark is run with, to see whether what it
// measures grows with them. With -short it is only seen whether the benchmark runs.
func Sizes() []int {
	if testing.Short() {
		return []int{1_000}
	}
	return []int{1_000, 1_000_000}
}

// Ratio reports how much longer ours takes than the floor: the median of many short turns,
// one after the other, so that whatever else the machine does hits both alike.
func Ratio(b *testing.B, turn int, ours, floor func()) {
	timed := func(do func()) float64 {
		begin := time.Now()
		for range turn {
			do()
		}
		return float64(time.Since(begin))
	}
	var ratios []float64
	for b.Loop() {
		ratios = append(ratios, timed(ours)/timed(floor))
	}
	slices.Sort(ratios)
	b.ReportMetric(ratios[len(ratios)/2], "ours/floor")
}

// Request returns a function that has h answer r, over and over.
func Request(h http.Handler, r *http.Request) func() {
	w := httptest.NewRecorder()
	return func() {
		clear(w.Header())
		h.ServeHTTP(w, r)
	}
}

// Sessions are kept by hand: a sharded map from the SHA-256 of a credential to a row.
type Sessions struct {
	seed   maphash.Seed
	shards [64]struct {
		mu   sync.RWMutex
		rows map[[32]byte]*row
	}
}

type row struct {
	user    string
	roles   []string
	expires time.Time
}

type contextKey struct{}

// NewSessions returns so many sessions, one of which the credential opens.
func NewSessions(n int, credential string) *Sessions {
	s := &Sessions{seed: maphash.MakeSeed()}
	for i := range s.shards {
		s.shards[i].rows = map[[32]byte]*row{}
	}
	for range n - 1 {
		s.add(rand.Text())
	}
	s.add(credential)
	return s
}

func (s *Sessions) add(credential string) {
	k := sha256.Sum256([]byte(credential))
	s.shards[s.shard(k)].rows[k] = &row{"2", []string{"user", "admin"}, time.Now().Add(time.Hour)}
}

func (s *Sessions) shard(k [32]byte) int {
	return int(maphash.Comparable(s.seed, k) % uint64(len(s.shards)))
}

// Handler is a cached look-up: take the credential from the request, hash it, look it up, put
// what was found into the context.
func (s *Sessions) Handler(credential func(*http.Request) (string, bool), next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, ok := credential(r)
		if !ok {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		k := sha256.Sum256([]byte(c))
		shard := &s.shards[s.shard(k)]
		shard.mu.RLock()
		found := shard.rows[k]
		shard.mu.RUnlock()
		if found == nil || time.Now().After(found.expires) {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Add("Vary", "Cookie, Authorization")
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), contextKey{}, found)))
	})
}
