package backends_test

import (
	"testing"

	"github.com/inga-auth/inga/backends"
)

// Stores that have some contracts. Nothing calls their methods.
type (
	plain    struct{ backends.Store }
	sweeping struct {
		backends.Store
		backends.Sweeper
	}
	// wrapping has one contract and shows what it wraps.
	wrapping struct {
		backends.Store
		backends.Sweeper
		inner backends.Store
	}
	// bare has none and shows what it wraps.
	bare struct {
		backends.Store
		inner backends.Store
	}
)

func (w wrapping) Unwrap() backends.Store { return w.inner }
func (b bare) Unwrap() backends.Store     { return b.inner }

// heard notices changes by itself.
type heard struct{ bare }

func (heard) Subscribe(string, func()) (stop func()) { return func() {} }

func TestAStoreThatNoticesChangesIsASubscriberWhateverItWraps(t *testing.T) {
	for what, row := range map[string]struct {
		s    backends.Store
		want bool
	}{
		"around one that is none":    {heard{bare{inner: plain{}}}, true},
		"around nothing":             {heard{}, true},
		"without it, around one":     {bare{inner: heard{}}, false},
		"without it, around nothing": {bare{}, false},
	} {
		if got := backends.Supports[backends.Subscriber](row.s); got != row.want {
			t.Errorf("%s: %v, want %v", what, got, row.want)
		}
	}
}

func TestAStoreSupportsAContractIfAllThatItWrapsDo(t *testing.T) {
	for what, row := range map[string]struct {
		s    backends.Store
		want bool
	}{
		"no store":                        {nil, false},
		"without it":                      {plain{}, false},
		"with it":                         {sweeping{}, true},
		"around one with it":              {wrapping{inner: sweeping{}}, true},
		"around one without it":           {wrapping{inner: plain{}}, false},
		"around nothing":                  {wrapping{}, false},
		"twice around one with it":        {wrapping{inner: wrapping{inner: sweeping{}}}, true},
		"twice around one without it":     {wrapping{inner: wrapping{inner: plain{}}}, false},
		"without it, around one with it":  {bare{inner: sweeping{}}, false},
		"around one that hides it by one": {wrapping{inner: bare{inner: sweeping{}}}, false},
	} {
		if got := backends.Supports[backends.Sweeper](row.s); got != row.want {
			t.Errorf("%s: %v, want %v", what, got, row.want)
		}
		if backends.Supports[backends.Rotator](row.s) {
			t.Errorf("%s: supports a contract that none of them has", what)
		}
	}
}
