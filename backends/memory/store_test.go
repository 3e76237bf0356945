package memory_test

import (
	"testing"

	"github.com/inga-auth/inga/backends/backendtest"
	"github.com/inga-auth/inga/backends/memory"
)

func TestStore(t *testing.T) {
	backendtest.Run(t, func(*testing.T) backendtest.Harness {
		return backendtest.Harness{Store: memory.New()}
	})
}
