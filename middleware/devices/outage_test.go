package devices_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/devices"
	"github.com/inga-auth/inga/middleware/session"
)

// An outage is a store that cannot be asked, as its fields say.
type outage struct {
	storetest.Store
	noFind, noRevoke, noList bool
}

func (o *outage) Find(ctx context.Context, now time.Time, id string, h backends.SecretHash) (backends.Session, backends.User, error) {
	if o.noFind {
		return backends.Session{}, backends.User{}, storetest.ErrDown
	}
	return o.Store.Find(ctx, now, id, h)
}

func (o *outage) List(ctx context.Context, now time.Time, userID string, p backends.Page) ([]backends.Session, string, error) {
	if o.noList {
		return nil, "", storetest.ErrDown
	}
	return o.Store.List(ctx, now, userID, p)
}

func (o *outage) Revoke(ctx context.Context, now time.Time, id string, why backends.Reason) (bool, error) {
	if o.noRevoke {
		return false, storetest.ErrDown
	}
	return o.Store.Revoke(ctx, now, id, why)
}

func (o *outage) RevokeUser(ctx context.Context, now time.Time, userID, except string, why backends.Reason) (int, error) {
	if o.noRevoke {
		return 0, storetest.ErrDown
	}
	return o.Store.RevokeUser(ctx, now, userID, except, why)
}

func (o *outage) RevokeAll(ctx context.Context, now time.Time, why backends.Reason) error {
	if o.noRevoke {
		return storetest.ErrDown
	}
	return o.Store.RevokeAll(ctx, now, why)
}

// eachOutage is each with a store of the devices that the test can break. The sessions
// themselves are found, so that it is the devices' answer that is tested.
func eachOutage(t *testing.T, test func(t *testing.T, a *app, o *outage)) {
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		o := &outage{Store: s}
		test(t, newApp(t, s, o), o)
	})
}

func TestAnOutageIsNoAnswerAboutSessions(t *testing.T) {
	// AZ-5: 503 with Retry-After, neither 404 nor an empty list, and nothing has ended.
	eachOutage(t, func(t *testing.T, a *app, o *outage) {
		ann, root, other := a.browser(t, "1"), a.browser(t, "2"), a.browser(t, "1")
		for _, row := range []struct {
			name         string
			broken       outage
			c            *client
			method, path string
		}{
			{"list", outage{noList: true}, ann, "GET", "/sessions"},
			{"list of a user", outage{noList: true}, root, "GET", "/users/1/sessions"},
			{"look", outage{noFind: true}, ann, "DELETE", "/sessions/" + other.id},
			{"look at what is not there", outage{noFind: true}, ann, "DELETE", "/sessions/AAAAAAAAAAAAAAAAAAAAAAAAAA"},
			{"look at a user's", outage{noFind: true}, root, "DELETE", "/users/1/sessions/" + other.id},
			{"end one", outage{noRevoke: true}, ann, "DELETE", "/sessions/" + other.id},
			{"end the others", outage{noRevoke: true}, ann, "DELETE", "/sessions?others"},
			{"end all", outage{noRevoke: true}, ann, "DELETE", "/sessions"},
			{"end all of a user", outage{noRevoke: true}, root, "DELETE", "/users/1/sessions"},
		} {
			o.noFind, o.noRevoke, o.noList = row.broken.noFind, row.broken.noRevoke, row.broken.noList
			w := row.c.do(row.method, row.path)
			const want = `{"type":"https://inga-auth.github.io/problems/unavailable","title":"Try again later","status":503,"retryable":true}` + "\n"
			if w.Code != 503 || w.Body.String() != want {
				t.Errorf("%s: %d %s, want 503 %s", row.name, w.Code, w.Body, want)
			}
			if got := w.Header().Get("Retry-After"); got != "1" {
				t.Errorf("%s: Retry-After %q, want 1", row.name, got)
			}
		}
		for _, c := range []*client{ann, root, other} {
			c.lives()
		}
		a.wantEvents(t)
		o.noFind, o.noRevoke, o.noList = false, false, false
		ann.ends("/sessions?others", `{"ended":1}`)
	})
}

func TestAnOutageIsUnavailableWithoutHTTP(t *testing.T) {
	// AZ-5
	eachOutage(t, func(t *testing.T, a *app, o *outage) {
		ctx, c := t.Context(), a.browser(t, "1")
		o.noList = true
		_, _, err := a.devices.Sessions(ctx, "1", "", backends.Page{})
		wantOutage(t, "Sessions", err)
		o.noFind = true
		ok, err := a.devices.EndSession(ctx, "1", c.id)
		wantOutage(t, "EndSession, look", err)
		o.noFind, o.noRevoke = false, true
		ok2, err := a.devices.EndSession(ctx, "1", c.id)
		wantOutage(t, "EndSession", err)
		n, err := a.devices.EndSessions(ctx, "1", "")
		wantOutage(t, "EndSessions", err)
		wantOutage(t, "EndEverySession", a.devices.EndEverySession(ctx))
		if ok || ok2 || n != 0 {
			t.Errorf("ended %v, %v, %d, want nothing", ok, ok2, n)
		}
		c.lives()
		a.wantEvents(t)
	})
}

func wantOutage(t *testing.T, what string, err error) {
	t.Helper()
	if !errors.Is(err, middleware.ErrUnavailable) || !errors.Is(err, storetest.ErrDown) {
		t.Errorf("%s: %v, want ErrUnavailable and why", what, err)
	}
}

// bare is a store without any optional contract.
type bare struct{ backends.Store }

func TestNewSaysWhatIsMissing(t *testing.T) {
	if d, err := devices.New(nil); d != nil || err == nil || err.Error() != "devices: New is given nil, want what session.New returns" {
		t.Errorf("%v (%v), want an error about nil", d, err)
	}
	for name, store := range map[string]backends.Store{
		"a devices_test.bare": bare{storetest.Memory(t)},
		"a *cache.Store":      storetest.Cached(t, bare{storetest.Memory(t)}), // which has the methods, and nothing to call
	} {
		sessions, err := session.New(session.Config{Store: store, Policy: policy})
		if err != nil {
			t.Fatal(err)
		}
		if d, err := devices.New(sessions); d != nil || err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "backends.SessionLister") {
			t.Errorf("%v (%v), want an error that names %s and backends.SessionLister", d, err, name)
		}
	}
}
