package session_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/session"
)

// A brokenLister cannot be asked.
type brokenLister struct{}

func (brokenLister) List(context.Context, time.Time, string, backends.Page) ([]backends.Session, string, error) {
	return nil, "", storetest.ErrDown
}

func (brokenLister) RevokeUser(context.Context, time.Time, string, string, backends.Reason) (int, error) {
	return 0, storetest.ErrDown
}

func (brokenLister) RevokeAll(context.Context, time.Time, backends.Reason) error {
	return storetest.ErrDown
}

// refreshing has the session have refresh tokens, of which the first is current.
func refreshing(s *backends.Session) error {
	s.Refresh = backends.Refresh{Generation: 1, RotatedAt: s.AuthenticatedAt}
	return nil
}

func TestARefreshTokenIsReplacedAnsweredAgainOrStolen(t *testing.T) {
	// RT-1, RT-3, RT-6: and each is an event.
	each(t, func(t *testing.T, f *fixture, _ storetest.Store) {
		k := f.mustOpen(middleware.Login{Subject: "1"}, session.Opening{Prepare: refreshing})
		f.trail.Take()
		at, overlapping := backends.Grace{}, backends.Grace{Overlap: time.Hour}
		rotate := func(n int64, g backends.Grace, want int64) {
			t.Helper()
			s, u, err := f.keys.Rotate(request(t), k.id, k.secret, n, g)
			if err != nil || s.Refresh.Generation != want || u.ID != "1" {
				t.Errorf("generation %d: %d of user %q, %v; want %d", n, s.Refresh.Generation, u.ID, err, want)
			}
		}
		rotate(1, at, 2)
		f.trail.WantEvents(t, event("refreshed", "1", k.id, ""))
		rotate(2, overlapping, 2)
		rotate(1, overlapping, 2)
		rotate(1, at, 2) // the current one has not been seen in use
		f.trail.WantEvents(t, event("replayed", "1", k.id, ""), event("replayed", "1", k.id, ""), event("replayed", "1", k.id, ""))

		for name, row := range map[string]struct {
			secret backends.Secret
			n      int64
		}{"another secret": {backends.NewSecret(), 2}, "a generation that never was": {k.secret, 3}, "none": {k.secret, 0}} {
			if _, _, err := f.keys.Rotate(request(t), k.id, row.secret, row.n, at); !errors.Is(err, middleware.ErrInvalidCredentials) || errors.Is(err, middleware.ErrSessionStolen) {
				t.Errorf("%s: %v, want ErrInvalidCredentials", name, err)
			}
		}
		f.trail.WantEvents(t)

		row := f.find(k)
		f.keys.MarkSeen(t.Context(), &row, 2)
		if row := f.find(k); row.Refresh.SeenAt.IsZero() {
			t.Error("the current generation is not marked as seen")
		}
		for range 2 { // the second time it has ended already, and how is known
			if _, _, err := f.keys.Rotate(request(t), k.id, k.secret, 1, at); !errors.Is(err, middleware.ErrSessionStolen) {
				t.Errorf("%v, want ErrSessionStolen", err)
			}
		}
		f.trail.WantEvents(t, event("theft", "1", k.id, "theft"))
		if _, err := f.keys.Authenticate(t.Context(), k.id, k.secret); !errors.Is(err, middleware.ErrSessionStolen) {
			t.Errorf("%v, want ErrSessionStolen", err)
		}
	})
}
