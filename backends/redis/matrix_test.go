package redis_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/inga-auth/inga/internal/redistest"
)

// TestWhatIsTestedOnAllStoresHoldsOnRedis runs the tests of the packages that use a store with those
// in Redis in place of memory and PostgreSQL: the main module does not know this one.
func TestWhatIsTestedOnAllStoresHoldsOnRedis(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes: not with -short")
	}
	redistest.Shared(t) // or this skips
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{
		filepath.Join(root, "internal/storetest/each.go"): filepath.Join(root, "backends/redis/testdata/storetest/each.go"),
	}})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "overlay.json")
	if err := os.WriteFile(file, overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	tests := exec.CommandContext(t.Context(), "go", "test", "-overlay", file,
		"./backends/password", "./cookie", "./jwtauth/...", "./middleware/...")
	tests.Dir = root
	if out, err := tests.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
