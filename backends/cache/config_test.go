package cache_test

import (
	"strings"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends/cache"
	"github.com/inga-auth/inga/backends/memory"
)

func TestNewReportsAllMistakesAtOnce(t *testing.T) {
	_, err := cache.New(cache.Config{MaxLag: time.Hour, MaxAge: time.Second, MaxEntries: 1, MaxBytes: 10})
	if err == nil {
		t.Fatal("no error")
	}
	for _, field := range []string{"Config.Store is nil", "Config.MaxLag is 1h0m0s", "Config.MaxAge is 1s", "Config.MaxEntries is 1,", "Config.MaxBytes is 10,"} {
		if !strings.Contains(err.Error(), field) {
			t.Errorf("error does not say %q:\n%v", field, err)
		}
	}
	var none *memory.Store
	if _, err := cache.New(cache.Config{Store: none}); err == nil || !strings.Contains(err.Error(), "Config.Store is nil") {
		t.Errorf("a nil pointer: %v, want an error", err)
	}
	for name, c := range map[string]cache.Config{
		"a negative lag":              {MaxLag: -time.Second},
		"a lag that no feed can keep": {MaxLag: time.Millisecond},
		"an age of more than an hour": {MaxAge: time.Hour + 1},
		"an age below the lag":        {MaxLag: 2 * time.Second, MaxAge: time.Second},
		"fewer than no entries":       {MaxEntries: -1},
		"fewer than no bytes":         {MaxBytes: -1},
		"entries as large as a disk":  {MaxEntries: 16, MaxBytes: 1 << 40},
	} {
		c.Store = memory.New()
		if _, err := cache.New(c); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	for name, c := range map[string]cache.Config{
		"the zero value of the rest": {},
		"the largest bounds":         {MaxLag: time.Minute, MaxAge: time.Hour},
	} {
		c.Store = memory.New()
		if _, err := cache.New(c); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
