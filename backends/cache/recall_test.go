package cache_test

import (
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/cache"
	"github.com/inga-auth/inga/internal/recall"
)

var credential = recall.Digest{1, 2, 3}

// remember has the cache remember a credential of the session.
func (f *fixture) remember() {
	f.Helper()
	s, _, err := f.findWith(f.secret.Hash())
	if err != nil {
		f.Fatal(err)
	}
	f.Remember(f.id(), s.AuthenticatedAt, credential, "note", 4)
	if !f.recalled() {
		f.Fatal("what was just remembered is not recalled")
	}
	f.backend.callsSince()
}

func (f *fixture) recalled() bool { return f.recalledAt(time.Now()) }

func (f *fixture) recalledAt(now time.Time) bool {
	note, e, ok := f.Recall(now, f.id(), credential)
	return ok && note == "note" && e.ID() == f.session.ID && e.UserID() == f.session.UserID
}

func TestARememberedCredentialCallsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, maxAge(time.Hour)).follow()
		f.remember()
		for range 100 {
			time.Sleep(30 * time.Second)
			if !f.recalled() {
				t.Fatal("not recalled")
			}
		}
		if n := f.backend.callsSince(); n != 0 {
			t.Errorf("%d calls, want 0", n)
		}
	})
}

func TestOnlyACredentialThatWasRememberedIsRecalled(t *testing.T) {
	f := newFixture(t)
	f.live(1)
	other := newSession("bob")
	otherID, _ := recall.ParseID(other.ID)
	for _, d := range []recall.Digest{{}, {3, 2, 1}} {
		f.Remember(otherID, other.AuthenticatedAt, d, "note", 4)                          // not cached
		f.Remember(f.id(), f.session.AuthenticatedAt.Add(time.Microsecond), d, "note", 4) // another authentication
		if _, _, ok := f.Recall(time.Now(), f.id(), d); ok {
			t.Errorf("%v is recalled", d)
		}
	}
	f.remember()
	if _, _, ok := f.Recall(time.Now(), f.id(), recall.Digest{3, 2, 1}); ok {
		t.Error("recalled")
	}
	if _, _, ok := f.Recall(time.Now(), otherID, credential); ok {
		t.Error("recalled for another session")
	}
}

func TestASessionRemembersFourCredentials(t *testing.T) {
	f := newFixture(t)
	f.live(1)
	recalled := func() (all []byte) {
		for i := range byte(7) {
			if note, _, ok := f.Recall(time.Now(), f.id(), recall.Digest{i}); ok && note == i {
				all = append(all, i)
			}
		}
		return all
	}
	for _, row := range []struct{ next, want string }{
		{"\x01", "\x01"},
		{"\x02", "\x01\x02"},
		{"\x01", "\x01\x02"}, // is known
		{"\x03", "\x01\x02\x03"},
		{"\x04", "\x01\x02\x03\x04"},
		{"\x05", "\x02\x03\x04\x05"}, // the oldest goes
		{"\x06", "\x03\x04\x05\x06"},
		{"\x01", "\x01\x04\x05\x06"},
	} {
		f.Remember(f.id(), f.session.AuthenticatedAt, recall.Digest{row.next[0]}, row.next[0], 1)
		if got := string(recalled()); got != row.want {
			t.Fatalf("after %q: %q, want %q", row.next, got, row.want)
		}
	}
}

func TestACredentialFromBeforeTheUserAuthenticatedAgainIsNotRecalled(t *testing.T) {
	// The session is live and cached, with its other secret.
	for in, where := range map[string]func(f *fixture) reauthenticator{
		"this process":    func(f *fixture) reauthenticator { return f.Store },
		"another process": func(f *fixture) reauthenticator { return f.backend },
	} {
		f := newFixture(t)
		f.remember()
		former := f.secret
		f.reauthenticate(where(f), time.Hour)
		f.live(1)
		if f.recalled() {
			t.Errorf("%s: recalled", in)
		}
		f.secret = former
		f.refused(backends.ErrNotFound)
	}
}

func TestACredentialIsRecalledForAsLongAsItsSessionLives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, maxAge(time.Hour)).follow()
		time.Sleep(time.Minute)
		f.remember()
		time.Sleep(time.Until(f.session.IdleDeadline) - time.Microsecond)
		if !f.recalled() {
			t.Error("not recalled before the idle deadline")
		}
		time.Sleep(time.Microsecond)
		if f.recalled() {
			t.Error("recalled at the idle deadline")
		}
	})
}

func TestACredentialIsNotRecalledWhenTheCacheMayHaveMissedAChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t).follow()
		f.remember()
		f.backend.set(func(b *backend) { b.quiet = true })
		time.Sleep(lag + time.Second)
		if f.recalled() {
			t.Error("recalled after MaxLag of silence")
		}
		f.live(1) // the caller asks instead
		if !f.recalled() {
			t.Error("not recalled though the session has just been read")
		}
	})
}

func TestASessionIsAsOldAsTheClockThatMovedMostSays(t *testing.T) {
	// With the real clocks: those of synctest are one.
	f := newFixture(t, func(c *cache.Config) { c.MaxLag = time.Minute })
	f.remember()
	now := time.Now()
	for what, row := range map[string]struct {
		at   time.Time
		want bool
	}{
		"at once":                                    {now, true},
		"two minutes later":                          {now.Add(2 * time.Minute), false},
		"the machine slept for two minutes":          {wallMoved(now, 2*time.Minute), false},
		"the wall clock was set back":                {wallMoved(now, -time.Hour), true},
		"two minutes later, and it was set back":     {wallMoved(now.Add(2*time.Minute), -time.Hour), false},
		"two minutes later, without monotonic clock": {now.Add(2 * time.Minute).Round(0), false},
	} {
		if got := f.recalledAt(row.at); got != row.want {
			t.Errorf("%s: recalled is %v, want %v", what, got, row.want)
		}
	}
}

// wallMoved returns t, a reading of both clocks, with the wall clock moved alone: by whole
// seconds. Package time has no way to do that.
func wallMoved(t time.Time, by time.Duration) time.Time {
	// See the comment of time.Time: bit 63 says that it has both, bits 30 to 62 are seconds.
	const both, second = 1 << 63, 1 << 30
	wall := (*uint64)(unsafe.Pointer(&t))
	if *wall&both == 0 {
		panic("no reading of both clocks")
	}
	before := t
	*wall += uint64(by/time.Second) * second
	if t.Sub(before) != 0 || t.Round(0).Sub(before.Round(0)) != by {
		panic("package time has another representation")
	}
	return t
}

func TestRecallAllocatesNothing(t *testing.T) {
	f := newFixture(t, func(c *cache.Config) { c.MaxLag = time.Minute })
	f.remember()
	id := f.id()
	recalled := true
	allocations := testing.AllocsPerRun(1000, func() {
		_, _, ok := f.Recall(time.Now(), id, credential)
		recalled = recalled && ok
	})
	if allocations != 0 || !recalled {
		t.Errorf("%v allocations (recalled: %v), want 0", allocations, recalled)
	}
}

// It may be that an operator replaced the hash of the secret, which is no authentication.
func TestAfterAKnownChangeTheSecretAndTheCredentialsAreVerifiedAgain(t *testing.T) {
	f := newFixture(t)
	f.remember()
	if err := f.users.SetRoles(t.Context(), f.session.UserID, []string{"admin"}); err != nil {
		t.Fatal(err)
	}
	// A reading that does not compare the secret.
	if _, _, err := f.findWith(backends.SecretHash{}); err != nil {
		t.Fatal(err)
	}
	if f.recalled() {
		t.Error("the credential is recalled")
	}
	f.live(1)
}
