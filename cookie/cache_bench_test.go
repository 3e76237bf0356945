package cookie_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/inga-auth/inga/backends/cache"
	"github.com/inga-auth/inga/internal/bench"
	"github.com/inga-auth/inga/internal/storetest"
)

// BenchmarkCachedRequest is a guarded request whose session and cookie the cache remembers,
// beside a look-up written by hand: find the cookie, hash it, look into a sharded
// map, put into the context.
func BenchmarkCachedRequest(b *testing.B) {
	for _, sessions := range bench.Sizes() {
		b.Run(fmt.Sprintf("sessions=%d", sessions), func(b *testing.B) {
			c := newCookies(b, storetest.Cached(b, storetest.Memory(b), roomy))
			ours := guarded(b, c)
			for range sessions {
				request(ours, loggedIn(b, c))() // for the cache to remember
			}
			value := loggedIn(b, c)
			byHand := bench.NewSessions(sessions, value).Handler(sessionOf, nothing)
			b.Run("inga", func(b *testing.B) { serve(b, ours, value) })
			b.Run("hand", func(b *testing.B) { serve(b, byHand, value) })
			b.Run("ratio", func(b *testing.B) { bench.Ratio(b, 200, request(ours, value), request(byHand, value)) })
		})
	}
}

// BenchmarkCachedRequestOfManyRoles is the same for a user with few roles, and with many: each
// request has a copy of them.
func BenchmarkCachedRequestOfManyRoles(b *testing.B) {
	for _, n := range []int{2, 64} {
		b.Run(fmt.Sprintf("roles=%d", n), func(b *testing.B) {
			h, value := ofRoles(b, n)
			serve(b, h, value)
		})
	}
}

// ofRoles returns a guard that remembers the session of the value, whose user has so many roles.
func ofRoles(t testing.TB, n int) (h http.Handler, value string) {
	t.Helper()
	m := storetest.Memory(t)
	var roles []string
	for i := range n {
		roles = append(roles, fmt.Sprintf("role-%d", i))
	}
	if err := m.Users().SetRoles(context.Background(), "2", roles); err != nil {
		t.Fatal(err)
	}
	c := newCookies(t, storetest.Cached(t, m))
	return guarded(t, c), loggedIn(t, c)
}

func roomy(c *cache.Config) { c.MaxEntries, c.MaxBytes = 10_000_000, 8<<30 }

func sessionOf(r *http.Request) (string, bool) {
	c, err := r.Cookie("__Host-session")
	if err != nil {
		return "", false
	}
	return c.Value, true
}

func TestACachedRequestAllocatesThreeTimesHoweverManyRoles(t *testing.T) {
	for _, roles := range []int{0, 2, 64} {
		h, value := ofRoles(t, roles)
		r, w := httptest.NewRequest("GET", "/", nil), httptest.NewRecorder()
		r.AddCookie(&http.Cookie{Name: "__Host-session", Value: value})
		n := testing.AllocsPerRun(1000, func() {
			clear(w.Header())
			h.ServeHTTP(w, r)
		})
		if n > 3 || w.Code != 200 {
			t.Errorf("%d roles: %v allocations and status %d, want at most 3 and 200", roles, n, w.Code)
		}
	}
}
