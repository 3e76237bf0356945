package jwtauth_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/inga-auth/inga/backends/cache"
	"github.com/inga-auth/inga/internal/bench"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/internal/tokentest"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/middleware"
)

// BenchmarkCachedRequest is a guarded request whose session and token the cache remembers, so
// that no signature is computed, beside a look-up written by hand: cut the token
// off the header, hash it, look into a sharded map, put into the context.
func BenchmarkCachedRequest(b *testing.B) {
	for _, sessions := range []int{1_000, 100_000} {
		b.Run(fmt.Sprintf("sessions=%d", sessions), func(b *testing.B) {
			store := storetest.Cached(b, storetest.Memory(b), func(c *cache.Config) { c.MaxEntries, c.MaxBytes = 10_000_000, 8<<30 })
			others := tokentest.New(b, store)
			for range sessions {
				bench.Request(guardedBy(b, others), tokentest.Presented(loggedIn(b, others)))() // for the cache to remember
			}
			for _, a := range algorithms {
				tokens := tokentest.New(b, store, tokentest.WithKeys(tokentest.Keys(b)[a.method.Alg()]))
				token := loggedIn(b, tokens)
				ours := guardedBy(b, tokens)
				hand := bench.NewSessions(sessions, token).Handler(tokenOf, nothing)
				b.Run(a.method.Alg()+"/inga", func(b *testing.B) { serve(b, ours, token) })
				b.Run(a.method.Alg()+"/hand", func(b *testing.B) { serve(b, hand, token) })
				b.Run(a.method.Alg()+"/ratio", func(b *testing.B) {
					bench.Ratio(b, 200, bench.Request(ours, tokentest.Presented(token)), bench.Request(hand, tokentest.Presented(token)))
				})
			}
		})
	}
}

func loggedIn(b testing.TB, tokens *jwtauth.Tokens) string {
	response, err := tokentest.Login(b, tokens, "2")
	if err != nil {
		b.Fatal(err)
	}
	return response.AccessToken
}

func guardedBy(b testing.TB, tokens *jwtauth.Tokens) http.Handler {
	guard, err := middleware.New(middleware.Config{Authenticator: tokens})
	if err != nil {
		b.Fatal(err)
	}
	return guard.Handler(nothing)
}

func tokenOf(r *http.Request) (string, bool) {
	return strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
}

func TestACachedRequestAllocatesTheSameForEveryAlgorithm(t *testing.T) {
	store := storetest.Cached(t, storetest.Memory(t))
	for _, a := range algorithms {
		tokens := tokentest.New(t, store, tokentest.WithKeys(tokentest.Keys(t)[a.method.Alg()]))
		r, w := tokentest.Presented(loggedIn(t, tokens)), httptest.NewRecorder()
		h := guardedBy(t, tokens)
		n := testing.AllocsPerRun(1000, func() {
			clear(w.Header())
			h.ServeHTTP(w, r)
		})
		if n > 3 || w.Code != 200 {
			t.Errorf("%s: %v allocations and status %d, want at most 3 and 200", a.method.Alg(), n, w.Code)
		}
	}
}
