package cache_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/inga-auth/inga/backends"
)

var credential = backends.CredentialHash{1, 2, 3}

// remember has the cache remember a credential of the session as it is.
func (f *fixture) remember() {
	f.Helper()
	s, _, err := f.FindBySecret(f.Context(), time.Now(), f.secret.Hash())
	if err != nil {
		f.Fatal(err)
	}
	f.Remember(credential, s, "note", 4)
	if !f.recalled() {
		f.Fatal("what was just remembered is not recalled")
	}
	f.backend.questions()
}

func (f *fixture) recalled() bool {
	note, s, u, ok := f.Recall(time.Now(), credential)
	return ok && note == "note" && s.ID == f.session.ID && u.ID == f.session.UserID
}

func TestARememberedCredentialAsksNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t).follow()
		f.remember()
		for range 100 {
			time.Sleep(30 * time.Second)
			if !f.recalled() {
				t.Fatal("not recalled")
			}
		}
		if n := f.backend.questions(); n != 0 {
			t.Errorf("%d questions, want none", n)
		}
	})
}

func TestACredentialThatNobodyRememberedIsNotRecalled(t *testing.T) {
	f := newFixture(t)
	f.remember()
	if _, _, _, ok := f.Recall(time.Now(), backends.CredentialHash{3, 2, 1}); ok {
		t.Error("recalled")
	}
}

func TestACredentialOfBeforeTheUserAuthenticatedAgainIsNotRecalled(t *testing.T) {
	// The session lives, and is known: by its other secret.
	f := newFixture(t)
	f.remember()
	next, secret := f.session, backends.NewSecret()
	next.AuthenticatedAt = next.AuthenticatedAt.Add(time.Second)
	if err := f.Reauthenticate(t.Context(), time.Now(), next, f.session.AuthenticatedAt, secret.Hash()); err != nil {
		t.Fatal(err)
	}
	if _, _, err := f.FindBySecret(t.Context(), time.Now(), secret.Hash()); err != nil {
		t.Fatal(err)
	}
	if f.recalled() {
		t.Error("recalled")
	}
	f.over(backends.ErrNotFound)
}

func TestACredentialIsRecalledForAsLongAsItsSessionLives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t).follow()
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
		f.live(1) // whoever needs to know asks
		if !f.recalled() {
			t.Error("not recalled though the session has just been read")
		}
	})
}
