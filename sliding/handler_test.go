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

	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/sliding"
)

// renewing is an authenticator whose identities can be renewed; it writes down when.
type renewing struct {
	life  middleware.Lifetime
	err   error
	gone  bool
	until []time.Time
}

func (a *renewing) Authenticate(*http.Request) (middleware.Identity, error) {
	return middleware.Identity{Subject: "ann", Session: a.life, ExpiresAt: a.life.IdleDeadline}, nil
}

func (a *renewing) Renew(h http.Header, _ *http.Request, id middleware.Identity, until time.Time) (middleware.Identity, bool, error) {
	if a.err != nil || a.gone {
		return id, false, a.err
	}
	a.until = append(a.until, until)
	a.life.LastSeen, a.life.IdleDeadline = time.Now(), until
	h.Set("Renewed", "yes")
	id.Session, id.ExpiresAt = a.life, until
	return id, true, nil
}

// plain can not renew: an authenticator of somebody else's.
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
	// Promise 5, TL-9: whatever the status of the answer.
	synctest.Test(t, func(t *testing.T) {
		a := &renewing{life: policy.Begin(time.Now())}
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
	// Promise 6, TL-8.
	synctest.Test(t, func(t *testing.T) {
		a := &renewing{life: policy.Begin(time.Now())}
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
		a := &renewing{life: policy.Begin(time.Now())}
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
		begun := policy.Begin(time.Now())
		time.Sleep(5 * time.Minute)
		for name, h := range map[string]http.Handler{
			"no guard":                           sliding.Handler(expiry),
			"an authenticator that cannot renew": guarded(t, &plain{begun})(expiry),
			"an identity without a session":      guarded(t, &renewing{})(expiry),
			"a session that ended meanwhile":     guarded(t, &renewing{life: begun, gone: true})(expiry),
			"a backend that failed since":        guarded(t, &renewing{life: begun, err: errors.New("down")})(expiry),
			"a session at its absolute deadline": guarded(t, &renewing{life: middleware.Lifetime{Idle: time.Minute, AbsoluteDeadline: time.Now(), IdleDeadline: time.Now()}})(expiry),
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
		a := &renewing{life: policy.Begin(time.Now())}
		time.Sleep(5 * time.Minute)
		get(guarded(t, a)(sliding.Passive(expiry)))
		if len(a.until) != 1 {
			t.Errorf("%d renewals, want 1", len(a.until))
		}
	})
}
