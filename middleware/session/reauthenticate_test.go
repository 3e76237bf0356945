package session_test

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/session"
	"github.com/inga-auth/inga/sliding"
)

func TestAReauthenticationGivesASessionANewStartAndANewSecret(t *testing.T) {
	// SID-3, TL-11
	each(t, func(t *testing.T, f *fixture, _ storetest.Store) {
		k := f.mustOpen(middleware.Login{Subject: "1", AMR: []string{"pwd"}}, session.Opening{})
		before := f.find(k)
		f.trail.Take()
		next, row := key{k.id, backends.NewSecret()}, before
		if err := f.keys.Reauthenticate(request(t), &row, middleware.Login{Subject: "1", AMR: []string{"otp"}}, session.Opening{Secret: next.secret}); err != nil {
			t.Fatal(err)
		}
		f.trail.WantEvents(t, event("reauthenticated", "1", k.id, ""))
		after := f.find(next)
		if !after.AuthenticatedAt.After(before.AuthenticatedAt) || !after.AuthenticatedAt.Equal(row.AuthenticatedAt) || !after.CreatedAt.Equal(before.CreatedAt) ||
			!slices.Equal(after.AMR, []string{"otp"}) || after.IdleDeadline.Sub(after.AuthenticatedAt) != 30*time.Minute || after.AbsoluteDeadline.Sub(after.AuthenticatedAt) != 12*time.Hour {
			t.Errorf("after %+v, before %+v", after, before)
		}
		if _, _, err := f.keys.Find(t.Context(), k.id, k.secret); !errors.Is(err, middleware.ErrInvalidCredentials) {
			t.Errorf("the former secret: %v, want ErrInvalidCredentials", err)
		}

		// By a policy of its own, and then without one: it keeps those timeouts.
		for _, p := range []middleware.Policy{sliding.Policy{Idle: 5 * time.Minute, Absolute: time.Hour}, nil} {
			next.secret = backends.NewSecret()
			if err := f.keys.Reauthenticate(request(t), &row, middleware.Login{Subject: "1", Policy: p}, session.Opening{Secret: next.secret}); err != nil {
				t.Fatal(err)
			}
			after := f.find(next)
			if after.IdleTimeout != 5*time.Minute || after.RenewalInterval != 30*time.Second || after.AMR != nil ||
				after.IdleDeadline.Sub(after.AuthenticatedAt) != 5*time.Minute || after.AbsoluteDeadline.Sub(after.AuthenticatedAt) != time.Hour {
				t.Errorf("by the policy %v: %+v", p, after)
			}
		}
	})
}

func TestAReauthenticationThatIsRefusedChangesNothing(t *testing.T) {
	// LO-12
	each(t, func(t *testing.T, f *fixture, s storetest.Store) {
		k := f.open("1")
		before, other := f.find(k), f.open("2")
		f.trail.Take()
		ann, err := f.sessions.FindUser(t.Context(), "1")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Users().SetPassword(t.Context(), time.Now(), "1", 0, "$argon2id$x", k.id); err != nil {
			t.Fatal(err)
		}
		for name, l := range map[string]middleware.Login{
			"another user":         {Subject: "2"},
			"no user":              {},
			"the former password":  {Subject: "1", UserVersion: ann.Version},
			"a version of no user": {Subject: "1", UserVersion: 1 << 40},
		} {
			row := before
			if err := f.keys.Reauthenticate(request(t), &row, l, session.Opening{Secret: backends.NewSecret(), Former: []string{other.id}}); !errors.Is(err, middleware.ErrInvalidCredentials) {
				t.Errorf("%s: %v, want ErrInvalidCredentials", name, err)
			}
			f.find(other)
			if after := f.find(k); !after.AuthenticatedAt.Equal(before.AuthenticatedAt) || !row.AuthenticatedAt.Equal(before.AuthenticatedAt) {
				t.Errorf("%s: authenticated at %v, before at %v", name, after.AuthenticatedAt, before.AuthenticatedAt)
			}
		}
		refused := event("login_failed", "1", k.id, "user_changed") // OB-1: a former password was proved
		f.trail.WantEvents(t, refused, refused)
		if _, err := f.sessions.EndUser(t.Context(), "1", "", backends.ReasonRevoked); err != nil {
			t.Fatal(err)
		}
		f.trail.Take()
		row := before
		if err := f.keys.Reauthenticate(request(t), &row, middleware.Login{Subject: "1"}, session.Opening{Secret: backends.NewSecret()}); !errors.Is(err, middleware.ErrInvalidCredentials) {
			t.Errorf("after the end: %v, want ErrInvalidCredentials", err)
		}
		f.trail.WantEvents(t)
	})
}

func TestOfSimultaneousReauthenticationsOneWins(t *testing.T) {
	each(t, func(t *testing.T, f *fixture, _ storetest.Store) {
		before := f.find(f.open("1"))
		f.trail.Take()
		var group sync.WaitGroup
		var won atomic.Int64
		secrets := make([]backends.Secret, 10)
		for i := range secrets {
			secrets[i] = backends.NewSecret()
			group.Go(func() {
				row := before
				switch err := f.keys.Reauthenticate(request(t), &row, middleware.Login{Subject: "1"}, session.Opening{Secret: secrets[i]}); {
				case err == nil:
					won.Add(1)
				case !errors.Is(err, middleware.ErrInvalidCredentials):
					t.Error(err)
				}
			})
		}
		group.Wait()
		opened := 0
		for _, secret := range secrets {
			if _, _, err := f.keys.Find(t.Context(), before.ID, secret); err == nil {
				opened++
			}
		}
		if won.Load() != 1 || opened != 1 || f.trail.Count("reauthenticated") != 1 {
			t.Errorf("%d won, %d secrets open the session, %d events; want one of each", won.Load(), opened, f.trail.Count("reauthenticated"))
		}
	})
}
