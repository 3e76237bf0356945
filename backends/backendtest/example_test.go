package backendtest_test

import (
	"testing"

	"github.com/inga-auth/inga/backends/backendtest"
	"github.com/inga-auth/inga/backends/memory"
)

// The test of a store: put this in a file of its own, with a name that ends in _test.go.
func Example() {
	TestStore := func(t *testing.T) {
		backendtest.Run(t, func(t *testing.T) backendtest.Harness {
			return backendtest.Harness{Store: memory.New()}
		})
	}
	_ = TestStore
}
