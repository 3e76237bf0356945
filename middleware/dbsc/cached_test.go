package dbsc_test

import (
	"testing"
	"time"

	"github.com/inga-auth/inga/backends/cache"
	"github.com/inga-auth/inga/internal/storetest"
)

// The browser does not try a second time: a session that was bound would be bound no more.
func TestAfterAReauthenticationElsewhereABrowserRegistersAndRefreshesAtAProcessWithACache(t *testing.T) {
	for kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			store := storetest.Memory(t)
			late := must(cache.New(cache.Config{Store: store, MaxLag: time.Minute}))(t) // and nothing follows the feed
			a, other := newApp(t, store, kind, offered), newApp(t, late, kind, offered)
			d := bound(t, a, "1")
			read := func() { // by the other process
				d.app = other
				d.want(200, "GET", "/me")
				d.app = a
			}
			read()
			d.want(200, "POST", "/again/1")
			d.app = other
			d.register()
			d.app = a
			d.want(200, "POST", "/again/1")
			d.app = other
			d.want(200, "GET", "/me") // not bound yet
			d.app = a
			d.register()
			d.app = other
			d.lose().refresh()
			d.want(200, "GET", "/me")
		})
	}
}
