package cache_test

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/inga-auth/inga/backends"
)

func TestASubscriberIsCalledWhenTheUserChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t).follow()
		var anns, bobs atomic.Int32
		stop := f.Subscribe("ann", func() { anns.Add(1) })
		defer f.Subscribe("bob", func() { bobs.Add(1) })()
		f.live(1)
		called := func(what string, do func()) {
			t.Helper()
			before := anns.Load()
			do()
			synctest.Wait()
			if anns.Load() == before {
				t.Errorf("%s: not called", what)
			}
		}
		called("revoked elsewhere", f.revokedElsewhere)
		called("roles changed here", func() { _ = f.users.SetRoles(t.Context(), "ann", nil) })
		f.login("ann")
		f.live(1)
		called("revoked here", f.revoke)
		f.login("ann")
		called("revoked here, not cached", f.revoke)
		called("everyone", func() { _ = f.RevokeAll(t.Context(), time.Now(), backends.ReasonRevoked) })
		before := bobs.Load()
		f.revokedElsewhereOf(t, "ann")
		if bobs.Load() != before {
			t.Error("bob's is called for ann")
		}
		stop()
		count := anns.Load()
		f.revokedElsewhereOf(t, "ann")
		if anns.Load() != count {
			t.Error("called after stop")
		}
	})
}

func (f *fixture) revokedElsewhereOf(t *testing.T, userID string) {
	f.login(userID)
	if n, err := f.backend.RevokeUser(t.Context(), time.Now(), userID, "", backends.ReasonRevoked); n == 0 || err != nil {
		t.Fatalf("RevokeUser: %d, %v", n, err)
	}
	synctest.Wait()
}

func TestActivityIsNoChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t).follow()
		var calls atomic.Int32
		defer f.Subscribe("ann", func() { calls.Add(1) })()
		f.live(1)
		time.Sleep(time.Minute)
		f.extend(true)
		if n := calls.Load(); n != 0 {
			t.Errorf("%d calls, want 0", n)
		}
	})
}
