package cache_test

import (
	"strings"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends/cache"
	"github.com/inga-auth/inga/backends/memory"
)

func TestNewReportsAllMistakesAtOnce(t *testing.T) {
	// Promise 15.
	_, err := cache.New(cache.Config{MaxLag: time.Hour, MaxEntries: 1, MaxBytes: 10})
	if err == nil {
		t.Fatal("no error")
	}
	for _, field := range []string{"Config.Store is nil", "Config.MaxLag is 1h0m0s", "Config.MaxEntries is 1,", "Config.MaxBytes is 10,"} {
		if !strings.Contains(err.Error(), field) {
			t.Errorf("error does not say %q:\n%v", field, err)
		}
	}
	for name, c := range map[string]cache.Config{
		"a negative lag":              {MaxLag: -time.Second},
		"a lag that no feed can keep": {MaxLag: time.Millisecond},
		"fewer than no entries":       {MaxEntries: -1},
		"fewer than no bytes":         {MaxBytes: -1},
		"entries as large as a disk":  {MaxEntries: 16, MaxBytes: 1 << 40},
	} {
		c.Store = memory.New()
		if _, err := cache.New(c); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := cache.New(cache.Config{Store: memory.New()}); err != nil {
		t.Errorf("the zero value of the rest: %v", err)
	}
}
