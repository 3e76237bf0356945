package cookie_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/inga-auth/inga/backends/cache"
	"github.com/inga-auth/inga/internal/floor"
	"github.com/inga-auth/inga/internal/storetest"
)

// BenchmarkCachedRequest is a guarded request whose session and cookie the cache remembers,
// beside a look-up that somebody wrote by hand: find the cookie, hash it, look into a sharded
// map, put into the context.
func BenchmarkCachedRequest(b *testing.B) {
	for _, sessions := range floor.Sizes() {
		b.Run(fmt.Sprintf("sessions=%d", sessions), func(b *testing.B) {
			c := newSessions(b, storetest.Cache(b, storetest.Memory(b), roomy))
			ours := guarded(b, c)
			for range sessions {
				request(ours, loggedIn(b, c))() // for the cache to remember
			}
			value := loggedIn(b, c)
			byHand := floor.NewSessions(sessions, value).Handler(sessionOf, nothing)
			b.Run("inga", func(b *testing.B) { serve(b, ours, value) })
			b.Run("hand", func(b *testing.B) { serve(b, byHand, value) })
			b.Run("ratio", func(b *testing.B) { floor.Ratio(b, 200, request(ours, value), request(byHand, value)) })
		})
	}
}

func roomy(c *cache.Config) { c.MaxEntries, c.MaxBytes = 10_000_000, 8<<30 }

func sessionOf(r *http.Request) (string, bool) {
	c, err := r.Cookie("__Host-session")
	if err != nil {
		return "", false
	}
	return c.Value, true
}

func TestACachedRequestAllocatesFourTimes(t *testing.T) {
	c := newSessions(t, storetest.Cache(t, storetest.Memory(t)))
	r, w := httptest.NewRequest("GET", "/", nil), httptest.NewRecorder()
	r.AddCookie(&http.Cookie{Name: "__Host-session", Value: loggedIn(t, c)})
	h := guarded(t, c)
	n := testing.AllocsPerRun(1000, func() {
		clear(w.Header())
		h.ServeHTTP(w, r)
	})
	if n > 4 || w.Code != 200 {
		t.Errorf("%v allocations and status %d, want at most 4 and 200", n, w.Code)
	}
}
