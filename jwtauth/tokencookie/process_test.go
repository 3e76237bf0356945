package tokencookie_test

import (
	"testing"
	"time"

	"github.com/inga-auth/inga/backends/cache"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/internal/tokentest"
)

func TestARefreshCookieThatAnotherProcessReplacedProvesTheSession(t *testing.T) {
	// No feed reports rotations, so this process still has the former generation in its cache.
	s := storetest.Memory(t)
	forLong := func(c *cache.Config) { c.MaxLag, c.MaxAge = time.Minute, time.Hour }
	here := newBrowser(t, storetest.Cached(t, s, forLong), tokentest.Eager)
	there := newBrowser(t, storetest.Cached(t, s, forLong), tokentest.Eager)
	here.Login("1")
	there.Jar = here.Copy().Jar
	there.Status("GET", "/me", 200)
	for range 3 {
		rotate(t, here)
		there.Jar = here.Copy().Jar
		there.Expire()
		for range 3 { // and remembers the session
			there.Status("GET", "/me", 200)
		}
	}
	rotate(t, there)
	here.Jar = there.Copy().Jar
	here.Status("GET", "/me", 200)
}
