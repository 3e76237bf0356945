package sliding_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/sliding"
)

// begin returns a session under the policy, of a login at the given time.
func begin(p sliding.Policy, at time.Time) *backends.Session {
	t := p.Timeouts()
	s := &backends.Session{IdleTimeout: t.Idle, RenewalInterval: t.Interval}
	s.Begin(at, t.Absolute)
	return s
}

// lifetime returns where the session stands, as an identity says it.
func lifetime(s *backends.Session) middleware.Lifetime {
	return middleware.Lifetime{
		Idle: s.IdleTimeout, Interval: s.RenewalInterval,
		LastSeen: s.LastSeenAt, IdleDeadline: s.IdleDeadline, AbsoluteDeadline: s.AbsoluteDeadline,
	}
}

// renewing is an authenticator whose identities can be renewed; it writes down until when.
type renewing struct {
	session *backends.Session
	err     error
	gone    bool
	until   []time.Time
}

func (a *renewing) Authenticate(*http.Request) (middleware.Identity, error) {
	return middleware.Identity{Subject: "ann", Session: lifetime(a.session), ExpiresAt: a.session.IdleDeadline}, nil
}

func (a *renewing) Renew(h http.Header, _ *http.Request, id middleware.Identity) (middleware.Identity, bool, error) {
	if a.err != nil || a.gone {
		return id, false, a.err
	}
	a.session.Touch(time.Now())
	a.until = append(a.until, a.session.IdleDeadline)
	h.Set("Renewed", "yes")
	id.Session, id.ExpiresAt = lifetime(a.session), a.session.IdleDeadline
	return id, true, nil
}

// plain cannot renew, like the authenticator of a foreign issuer's tokens.
type plain struct{ life middleware.Lifetime }

func (a *plain) Authenticate(*http.Request) (middleware.Identity, error) {
	return middleware.Identity{Subject: "ann", Session: a.life}, nil
}

var policy = sliding.Policy{Idle: 10 * time.Minute, Absolute: time.Hour}

var expiry = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	id, _ := middleware.FromContext(r.Context())
	w.WriteHeader(http.StatusTeapot)
	fmt.Fprint(w, time.Until(id.ExpiresAt))
})

func guarded(t *testing.T, a middleware.Authenticator) func(http.Handler) http.Handler {
	t.Helper()
	g, err := middleware.New(middleware.Config{Authenticator: a, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return middleware.Chain(g.Handler, sliding.Handler)
}

func get(h http.Handler) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	return w
}

func TestActivityRenewsOnceInAnInterval(t *testing.T) {
	// TL-9: whatever the status of the answer.
	synctest.Test(t, func(t *testing.T) {
		a := &renewing{session: begin(policy, time.Now())}
		h := guarded(t, a)(expiry)
		for range 600 {
			get(h)
			time.Sleep(time.Second)
		}
		if len(a.until) != 9 {
			t.Fatalf("%d renewals in ten minutes with an interval of one, want 9", len(a.until))
		}
		w := get(h)
		if got := w.Header().Get("Renewed"); got != "yes" || w.Code != 418 {
			t.Errorf("Renewed %q with status %d, want yes with 418", got, w.Code)
		}
		if got := w.Body.String(); got != "10m0s" {
			t.Errorf("the handler saw an expiry in %s, want the renewed one in 10m0s", got)
		}
	})
}

func TestAPassiveRequestIsNoActivity(t *testing.T) {
	// TL-8.
	synctest.Test(t, func(t *testing.T) {
		a := &renewing{session: begin(policy, time.Now())}
		h := sliding.Passive(guarded(t, a)(expiry))
		time.Sleep(5 * time.Minute)
		if w := get(h); w.Code != 418 || w.Header().Get("Renewed") != "" {
			t.Errorf("got %d, Renewed %q; want 418 and nothing", w.Code, w.Header().Get("Renewed"))
		}
		if len(a.until) != 0 {
			t.Errorf("%d renewals, want none", len(a.until))
		}
	})
}

func TestStackedHandlersRenewOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &renewing{session: begin(policy, time.Now())}
		private := guarded(t, a)
		time.Sleep(5 * time.Minute)
		get(private(private(sliding.Handler(expiry))))
		if len(a.until) != 1 {
			t.Errorf("%d renewals, want 1", len(a.until))
		}
	})
}

func TestWhatCannotBeRenewedPassesUntouched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := begin(policy, time.Now())
		time.Sleep(5 * time.Minute)
		for name, h := range map[string]http.Handler{
			"no guard":                           sliding.Handler(expiry),
			"an authenticator that cannot renew": guarded(t, &plain{lifetime(begun)})(expiry),
			"an identity without a session":      guarded(t, &renewing{session: &backends.Session{}})(expiry),
			"a session that ended meanwhile":     guarded(t, &renewing{session: begun, gone: true})(expiry),
			"a backend that failed since":        guarded(t, &renewing{session: begun, err: errors.New("down")})(expiry),
			"a session at its absolute deadline": guarded(t, &renewing{session: &backends.Session{IdleTimeout: time.Minute, AbsoluteDeadline: time.Now(), IdleDeadline: time.Now()}})(expiry),
		} {
			if w := get(h); w.Code != 418 || w.Header().Get("Renewed") != "" {
				t.Errorf("%s: got %d, Renewed %q; want 418 and nothing", name, w.Code, w.Header().Get("Renewed"))
			}
		}
	})
}

func TestAMarkInsideTheHandlerComesTooLate(t *testing.T) {
	// The doc of Passive says so; this is what would otherwise go unnoticed.
	synctest.Test(t, func(t *testing.T) {
		a := &renewing{session: begin(policy, time.Now())}
		time.Sleep(5 * time.Minute)
		get(guarded(t, a)(sliding.Passive(expiry)))
		if len(a.until) != 1 {
			t.Errorf("%d renewals, want 1", len(a.until))
		}
	})
}
