package dbsc_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends/memory"
	"github.com/inga-auth/inga/cookie"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/dbsc"
)

const acting = "__Host-session-acting"

// withActing lets users of a act as the user 1.
func withActing(t testing.TB, a *app) {
	guard := must(middleware.New(middleware.Config{Authenticator: a.cookies}))(t)
	mux := http.NewServeMux()
	mux.Handle("/", a.Handler)
	mux.Handle("POST /act", guard.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, _ := middleware.FromContext(r.Context())
		if _, err := a.cookies.Login(w, r, middleware.Login{Subject: "1", Actor: &id}); err != nil {
			guard.Refuse(w, r, err)
		}
	})))
	mux.Handle("/who", guard.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, _ := middleware.FromContext(r.Context())
		_, _ = w.Write([]byte(id.Subject + " " + id.Actor))
	})))
	a.Handler = mux
}

func TestACopyOfTheCookiesOfABoundActorEndsNoActing(t *testing.T) {
	// DB-1
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		a := newApp(t, s, "session cookie", offered)
		withActing(t, a)
		d := bound(t, a, "2")
		d.want(200, "POST", "/act")
		thief := d.thief().lose()
		second := d.thief().lose()
		delete(second.jar, "__Host-session")
		for _, path := range []string{"/logout", "/login/1"} {
			a.cookies.Bound().Shorten(time.Nanosecond, 0) // and no seconds in which it passes without a proof
			thief.thief().do("POST", path)
			second.thief().do("POST", path)
			a.cookies.Bound().Shorten(10*time.Minute, 0)
			d.lose().refresh()
			if got := d.want(200, "GET", "/who").Body.String(); got != "1 2" {
				t.Errorf("%s with a copy: %q, want that 2 still acts as 1", path, got)
			}
		}
		d.want(200, "POST", "/logout")
		if got := d.want(200, "GET", "/who").Body.String(); got != "2 " || d.jar[acting] != "" {
			t.Errorf("after a logout: %q, cookie %q; want 2", got, d.jar[acting])
		}
	})
}

func TestARouteForBoundSessionsIsNotReachedByActingAnew(t *testing.T) {
	inMemory(t, offered, func(t *testing.T, a *app, _ *memory.Store) {
		if _, ok := a.cookies.(*cookie.Cookies); !ok {
			t.Skip("token cookies are not for acting")
		}
		withActing(t, a)
		guard := must(middleware.New(middleware.Config{Authenticator: a.cookies}))(t)
		strict := must(guard.Require(middleware.Bound()))(t).Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		mux := http.NewServeMux()
		mux.Handle("/", a.Handler)
		mux.Handle("/strict", strict)
		a.Handler = mux
		d := newDevice(t, a)
		d.want(200, "POST", "/login/2")
		time.Sleep(10 * time.Second)
		d.want(403, "GET", "/strict")
		d.want(200, "POST", "/act")
		d.want(403, "GET", "/strict")
	})
}

func TestATokenIsNotSentToASensitiveRouteAgain(t *testing.T) {
	// DB-10
	inMemory(t, offered, func(t *testing.T, a *app, _ *memory.Store) {
		for name, row := range map[string]struct {
			binding middleware.Binding
			status  int
		}{
			"with its proof":           {middleware.Binding{Thumbprint: "a", Proved: true}, 200},
			"for a bound session":      {middleware.Binding{Thumbprint: "a"}, 401},
			"of one that is not bound": {middleware.Binding{}, 200},
		} {
			id := middleware.Identity{Subject: "1", SessionID: "s", Method: "bearer", Binding: row.binding, ExpiresAt: time.Now().Add(time.Hour)}
			guard := must(middleware.New(middleware.Config{Authenticator: &known{id}}))(t)
			fresh := must(must(dbsc.New(a.cookies))(t).Fresh(time.Minute))(t)
			d := newDevice(t, &app{Handler: guard.Handler(fresh(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})))})
			if w := d.do("GET", "/pay"); w.Code != row.status {
				t.Errorf("a token %s: %d, want %d", name, w.Code, row.status)
			}
		}
	})
}

// A known authenticator has one identity.
type known struct{ id middleware.Identity }

func (k *known) Authenticate(*http.Request) (middleware.Identity, error) { return k.id, nil }

func TestAHandlerThatIsNotFromNewAsksForNoProof(t *testing.T) {
	for _, h := range []*dbsc.Handler{nil, {}} {
		if _, err := h.Fresh(time.Minute); err == nil || err.Error() != "dbsc: Fresh: this Handler is not from New" {
			t.Errorf("%v", err)
		}
	}
}
