// Package bench helps benchmarks: it has the same work written by hand, without a framework, as a
// baseline to measure ours against, and reports the ratio.
package bench

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

// Sizes returns the numbers of sessions to run a benchmark with, which show whether its cost
// grows with them. With -short there is only a small one: the benchmark should run at all.
func Sizes() []int {
	if testing.Short() {
		return []int{1_000}
	}
	return []int{1_000, 1_000_000}
}

// Ratio reports how much longer ours takes than the baseline: the median of many short turns of
// so many calls, taken alternately, so that other load on the machine affects both alike.
func Ratio(b *testing.B, turn int, ours, baseline func()) {
	timed := func(do func()) float64 {
		begin := time.Now()
		for range turn {
			do()
		}
		return float64(time.Since(begin))
	}
	var ratios []float64
	for b.Loop() {
		ratios = append(ratios, timed(ours)/timed(baseline))
	}
	slices.Sort(ratios)
	b.ReportMetric(ratios[len(ratios)/2], "ours/floor")
}

// Request returns a function that has h answer r. It may be called again and again, but not
// concurrently.
func Request(h http.Handler, r *http.Request) func() {
	w := httptest.NewRecorder()
	return func() {
		clear(w.Header())
		h.ServeHTTP(w, r)
	}
}

// Sessions is the baseline of a session store: a sharded map from the SHA-256 of a credential to
// a row. It is safe for concurrent use.
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

// NewSessions returns n sessions, one of which the credential opens.
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

// Handler is the baseline of a guard with a cache: it takes the credential from the request,
// hashes it, looks it up, and puts the row into the context.
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
