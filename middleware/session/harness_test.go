package session_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/eventtest"
	"github.com/inga-auth/inga/internal/pgtest"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/session"
	"github.com/inga-auth/inga/sliding"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// Activity is counted once in three minutes.
var policy = sliding.Policy{Idle: 30 * time.Minute, Absolute: 12 * time.Hour}

// A fixture is a registry with one way of proving, and its events.
type fixture struct {
	t        testing.TB
	store    backends.Store
	sessions *session.Registry
	keys     *session.Method // of the kind api_key, by the name api-key
	trail    *eventtest.Trail
}

func newFixture(t testing.TB, s backends.Store, edit ...func(*session.Config)) *fixture {
	t.Helper()
	f := &fixture{t: t, store: s, trail: &eventtest.Trail{}}
	c := session.Config{Store: s, Policy: policy, Events: f.trail.Hook}
	for _, e := range edit {
		e(&c)
	}
	var err error
	if f.sessions, err = session.New(c); err != nil {
		t.Fatal(err)
	}
	f.keys = f.sessions.Method("api_key", "api-key")
	return f
}

// each is storetest.Each with a fixture.
func each(t *testing.T, test func(t *testing.T, f *fixture, s storetest.Store)) {
	storetest.Each(t, func(t *testing.T, s storetest.Store) { test(t, newFixture(t, s), s) })
}

func limited(l backends.Limit) func(*session.Config) {
	return func(c *session.Config) { c.Limit = l.ForAll }
}

// A key is what the client of a session has, and what it may be found by.
type key struct {
	id     string
	secret backends.Secret
}

func request(t testing.TB) *http.Request {
	r := httptest.NewRequest("POST", "https://app.example/", nil).WithContext(t.Context())
	r.Header.Set("User-Agent", "curl/8.5.0")
	return r
}

func (f *fixture) open(user string) key {
	f.t.Helper()
	return f.mustOpen(middleware.Login{Subject: user}, session.Opening{})
}

func (f *fixture) mustOpen(l middleware.Login, o session.Opening) key {
	f.t.Helper()
	o.Secret = backends.NewSecret()
	s, err := f.keys.Open(request(f.t), l, o)
	if err != nil {
		f.t.Fatal(err)
	}
	return key{s.ID, o.Secret}
}

// find returns the session of the key, which must be live.
func (f *fixture) find(k key) backends.Session {
	f.t.Helper()
	s, _, err := f.keys.Find(f.t.Context(), k.id, k.secret)
	if err != nil {
		f.t.Fatal(err)
	}
	return s
}

// event returns the event that the trail should hold.
func event(what middleware.EventType, user, id, reason string) middleware.Event {
	return middleware.Event{Type: what, Subject: user, SessionID: id, Method: "api-key", Reason: reason, IP: "192.0.2.1", UserAgent: "curl/8.5.0"}
}

// ended returns the event of a session, or of n, that was ended without a request.
func ended(user, id string, n int) middleware.Event {
	return middleware.Event{Type: "revoked", Subject: user, SessionID: id, Reason: "revoked", Count: n}
}

// bare is a store without any optional contract.
type bare struct{ backends.Store }

func recorder() *httptest.ResponseRecorder { return httptest.NewRecorder() }
