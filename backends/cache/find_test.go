package cache_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/inga-auth/inga/backends"
)

func TestHitsDoNotCallTheBackend(t *testing.T) {
	f := newFixture(t)
	f.live(1)
	for range 1000 {
		f.live(0)
		if _, _, err := f.findWith(backends.SecretHash{}); err != nil {
			t.Fatal(err)
		}
	}
	if n := f.backend.callsSince(); n != 0 {
		t.Errorf("%d calls, want 0", n)
	}
}

func TestAHitIsTheCallersOwn(t *testing.T) {
	f := newFixture(t)
	f.live(1)
	for range 2 {
		s, u, err := f.findWith(f.secret.Hash())
		if err != nil || !slices.Equal(s.AMR, []string{"pwd"}) || !slices.Equal(u.Roles, []string{"user"}) || u.ID != "ann" || u.Name != "ann" {
			t.Fatalf("AMR %q, user %+v, error %v", s.AMR, u, err)
		}
		s.AMR[0], u.Roles[0] = "changed", "changed"
	}
}

func TestARefusalIsNotCached(t *testing.T) {
	f := newFixture(t)
	f.revoke()
	for _, h := range []backends.SecretHash{backends.NewSecret().Hash(), f.secret.Hash()} {
		for range 3 {
			if _, _, err := f.findWith(h); !errors.Is(err, backends.ErrNotFound) && !errors.Is(err, backends.ErrRevoked) {
				t.Errorf("%v, want a refusal", err)
			}
			if n := f.backend.callsSince(); n != 1 {
				t.Errorf("%d calls, want 1", n)
			}
		}
	}
}

func TestASessionThatTheBackendRefusedIsNotBelievedAgain(t *testing.T) {
	// LO-10: another process has ended it, and this one has asked because of a clock that was ahead.
	f := newFixture(t)
	f.live(1)
	if _, err := f.backend.Revoke(t.Context(), time.Now(), f.session.ID, backends.ReasonLogout); err != nil {
		t.Fatal(err)
	}
	for _, now := range []time.Time{f.session.IdleDeadline, time.Now()} {
		if _, _, err := f.Find(t.Context(), now, f.session.ID, f.secret.Hash()); !errors.Is(err, backends.ErrRevoked) {
			t.Errorf("%v, want ErrRevoked", err)
		}
	}
}

func (f *fixture) revoke() {
	f.Helper()
	if _, err := f.Revoke(f.Context(), time.Now(), f.session.ID, backends.ReasonLogout); err != nil {
		f.Fatal(err)
	}
	f.backend.callsSince()
}

func TestAWrongSecretIsRefusedByTheBackendAndEvictsNothing(t *testing.T) {
	f := newFixture(t)
	f.live(1)
	if _, _, err := f.findWith(backends.NewSecret().Hash()); !errors.Is(err, backends.ErrNotFound) {
		t.Errorf("%v, want ErrNotFound", err)
	}
	if n := f.backend.callsSince(); n != 1 {
		t.Errorf("%d calls, want 1", n)
	}
	f.live(0)
}

func TestASecretIsNotComparedWithASessionThatWasFoundByItsID(t *testing.T) {
	f := newFixture(t)
	if _, _, err := f.findWith(backends.SecretHash{}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := f.findWith(backends.NewSecret().Hash()); !errors.Is(err, backends.ErrNotFound) {
		t.Errorf("a wrong secret: %v, want ErrNotFound", err)
	}
	f.live(1) // the cache learns the hash
	f.live(0)
}

func TestASessionThatIsReadAgainByItsIDKeepsItsSecret(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.live(1)
		time.Sleep(lag + 1)
		if _, _, err := f.findWith(backends.SecretHash{}); err != nil || f.backend.callsSince() != 1 {
			t.Fatalf("by ID: %v, want one call", err)
		}
		f.live(0)
	})
}

func TestASecretFromAnotherProcessOpensTheSession(t *testing.T) {
	f := newFixture(t)
	f.live(1)
	f.reauthenticate(f.backend, time.Hour)
	f.live(1)
	f.live(0)
}

func TestASessionInUseInAnotherProcessIsNotRefused(t *testing.T) {
	// Activity is not reported, so only the backend knows when the session ends.
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, maxAge(time.Hour)).follow()
		f.live(1)
		for range 5 {
			time.Sleep(45 * time.Minute)
			f.extendedElsewhere()
			if err := f.find(); err != nil {
				t.Fatalf("after activity elsewhere: %v", err)
			}
		}
		time.Sleep(time.Hour)
		f.refused(backends.ErrExpired)
	})
}

func TestEveryChangeMadeHereHoldsWhenTheCallReturns(t *testing.T) {
	// Nothing follows the feed.
	for what, row := range map[string]struct {
		change func(f *fixture) error
		want   error
	}{
		"Revoke": {func(f *fixture) error {
			_, err := f.Revoke(f.Context(), time.Now(), f.session.ID, backends.ReasonLogout)
			return err
		}, backends.ErrRevoked},
		"Revoke after another process": {func(f *fixture) error {
			f.revokedElsewhere()
			_, err := f.Revoke(f.Context(), time.Now(), f.session.ID, backends.ReasonLogout)
			return err
		}, backends.ErrRevoked},
		"RevokeUser": {func(f *fixture) error {
			_, err := f.RevokeUser(f.Context(), time.Now(), "ann", "", backends.ReasonRevoked)
			return err
		}, backends.ErrRevoked},
		"RevokeAll": {func(f *fixture) error {
			err := f.RevokeAll(f.Context(), time.Now(), backends.ReasonRevoked)
			return err
		}, backends.ErrRevoked},
		"Create in its place": {func(f *fixture) error { return f.create(backends.CreateOptions{Replaces: f.session.ID}) }, backends.ErrRevoked},
		"Create over the limit": {func(f *fixture) error {
			return f.create(backends.CreateOptions{Limit: backends.Limit{Total: 1}.ForAll})
		}, backends.ErrRevoked},
		"Reauthenticate": {func(f *fixture) error {
			former := f.secret
			f.reauthenticate(f.Store, time.Hour)
			f.secret = former
			return nil
		}, backends.ErrNotFound},
		"theft": {func(f *fixture) error {
			_, _, _, err := f.Rotate(f.Context(), time.Now(), f.session.ID, f.secret.Hash(), 1, backends.Grace{})
			return err
		}, backends.ErrRevoked},
		"SetPassword": {func(f *fixture) error {
			_, err := f.users.SetPassword(f.Context(), time.Now(), "ann", 0, "new", "")
			return err
		}, backends.ErrRevoked},
		"SetDisabled": {func(f *fixture) error { return f.users.SetDisabled(f.Context(), time.Now(), "ann", true) }, backends.ErrNotLive},
		"DeleteUser":  {func(f *fixture) error { return f.users.DeleteUser(f.Context(), time.Now(), "ann") }, backends.ErrNotLive},
	} {
		t.Run(what, func(t *testing.T) {
			f := newFixture(t)
			s := newSession("ann")
			s.Refresh = backends.Refresh{Generation: 3, RotatedAt: time.Now()}
			f.open(s)
			f.live(1)
			f.remember()
			if err := row.change(f); err != nil {
				t.Fatal(err)
			}
			f.refused(row.want)
			if f.recalled() {
				t.Error("the credential is recalled")
			}
		})
	}
}

// create opens another session of ann's, through the cache.
func (f *fixture) create(o backends.CreateOptions) error {
	_, err := f.Create(f.Context(), time.Now(), newSession("ann"), backends.NewSecret().Hash(), o)
	return err
}

func TestNewRolesHoldWhenTheCallReturns(t *testing.T) {
	// AZ-2
	f := newFixture(t)
	f.live(1)
	f.remember()
	if err := f.users.SetRoles(t.Context(), "ann", []string{"admin"}); err != nil {
		t.Fatal(err)
	}
	_, u, err := f.findWith(f.secret.Hash())
	if err != nil || !slices.Equal(u.Roles, []string{"admin"}) {
		t.Errorf("roles %q, error %v; want admin", u.Roles, err)
	}
}

func TestANewGenerationIsSeenWhenTheCallReturns(t *testing.T) {
	f := newFixture(t)
	s := newSession("ann")
	s.Refresh = backends.Refresh{Generation: 1, RotatedAt: time.Now()}
	f.open(s)
	f.live(1)
	if _, _, verdict, err := f.Rotate(t.Context(), time.Now(), s.ID, f.secret.Hash(), 1, backends.Grace{}); verdict != backends.Rotated || err != nil {
		t.Fatalf("Rotate: %v, %v", verdict, err)
	}
	if s, _, err := f.findWith(f.secret.Hash()); s.Refresh.Generation != 2 || err != nil {
		t.Errorf("generation %d (%v), want 2", s.Refresh.Generation, err)
	}
	if _, _, verdict, err := f.Rotate(t.Context(), time.Now(), s.ID, f.secret.Hash(), 1, backends.Grace{Overlap: time.Hour}); verdict != backends.Replayed || err != nil {
		t.Fatalf("Rotate: %v, %v", verdict, err)
	}
	f.live(0) // a replay is no change
	if err := f.MarkSeen(t.Context(), time.Now(), s.ID, 2); err != nil {
		t.Fatal(err)
	}
	if s, _, err := f.findWith(f.secret.Hash()); s.Refresh.SeenAt.IsZero() || err != nil {
		t.Errorf("seen at %v (%v), want now", s.Refresh.SeenAt, err)
	}
}

func TestAContextThatHasEndedIsAnErrorOnAHitToo(t *testing.T) {
	f := newFixture(t)
	f.live(1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := f.Find(ctx, time.Now(), f.session.ID, f.secret.Hash()); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want context.Canceled", err)
	}
}
