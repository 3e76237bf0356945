package storetest

import "testing"

// This file is by itself because the tests of backends/redis put another one in its place.

// Each runs the test on memory and on a real Postgres, and on either through a cache, with
// the users of [AddUsers].
func Each(t *testing.T, test func(t *testing.T, s Store)) {
	t.Run("memory", func(t *testing.T) { test(t, Memory(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, postgresWithUsers(t)) })
	EachCached(t, test)
}

// EachCached is [Each] through a cache only.
func EachCached(t *testing.T, test func(t *testing.T, s Store)) {
	t.Run("memory, cached", func(t *testing.T) { test(t, Cached(t, Memory(t))) })
	t.Run("postgres, cached", func(t *testing.T) { test(t, Cached(t, postgresWithUsers(t))) })
}
