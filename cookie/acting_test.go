package cookie_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/eventtest"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/middleware"
)

const first, second = "__Host-session", "__Host-session-acting"

// actingApp is newApp, in which administrators act as others: root, who is 2, as ann, who is 1.
func actingApp(t testing.TB, s backends.Store, edit ...func(*config)) http.Handler {
	t.Helper()
	cookies := newCookies(t, s, edit...)
	guard, err1 := middleware.New(middleware.Config{Authenticator: cookies, Roles: []string{"admin"}, Logger: slog.New(slog.DiscardHandler)})
	admins, err2 := guard.Require(middleware.HasRole("admin"))
	fresh, err3 := guard.Require(middleware.Fresh(time.Hour))
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/", appOf(t, cookies, slog.New(slog.DiscardHandler)))
	mux.Handle("POST /act", admins.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, _ := middleware.FromContext(r.Context())
		s, err := cookies.Login(w, r, middleware.Login{Subject: r.Header.Get("User"), Actor: &id})
		if err != nil {
			guard.Refuse(w, r, err)
			return
		}
		_ = json.NewEncoder(w).Encode(s)
	})))
	mux.Handle("GET /visit", guard.Optional(me))
	mux.Handle("GET /fresh", fresh.Handler(me))
	return mux
}

// want does a request and fails the test unless it is answered with the status. It returns the
// ID of the session in the answer.
func (b *browser) want(status int, method, path string, edit ...func(*http.Request)) string {
	b.t.Helper()
	w := b.do(method, path, edit...)
	if w.Code != status {
		b.t.Fatalf("%s %s: %d %s, want %d", method, path, w.Code, w.Body, status)
	}
	var s struct{ ID string }
	_ = json.Unmarshal(w.Body.Bytes(), &s)
	return s.ID
}

// is fails the test unless the requests of the browser are those of the user, and of the actor.
func (b *browser) is(user, actor string) {
	b.t.Helper()
	for range 3 { // a cache remembers
		w := b.do("GET", "/me")
		var id middleware.Identity
		if err := json.Unmarshal(w.Body.Bytes(), &id); err != nil || w.Code != 200 || id.Subject != user || id.Actor != actor {
			b.t.Fatalf("%d %s, want an identity of %s, and the actor %q", w.Code, w.Body, user, actor)
		}
	}
}

func user(id string) func(*http.Request) { return func(r *http.Request) { r.Header.Set("User", id) } }

// rootActs returns the browser of root, who acts as ann.
func rootActs(t testing.TB, app http.Handler) *browser {
	t.Helper()
	b := newBrowser(t, app)
	b.want(200, "POST", "/login", user("2"))
	b.is("2", "")
	b.want(200, "POST", "/act", user("1"))
	b.is("1", "2")
	return b
}

func TestLoggingOutOfActingLeadsBackToOnesOwnSession(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		trail := &eventtest.Trail{}
		app := actingApp(t, s, func(c *config) { c.Events = trail.Hook })
		ann := newBrowser(t, app)
		ann.want(200, "POST", "/login", user("1"))
		b := newBrowser(t, app)
		own := b.want(200, "POST", "/login", user("2"))
		trail.Take()
		acting := b.want(200, "POST", "/act", user("1"))
		b.is("1", "2")
		if len(b.jar) != 2 || b.jar[first] == "" || b.jar[second] == "" {
			t.Errorf("cookies %v, want two", maps.Collect(maps.All(b.jar)))
		}
		b.want(200, "POST", "/logout")
		b.is("2", "")
		if _, there := b.jar[second]; there {
			t.Error("the browser still has the second cookie")
		}
		ann.is("1", "")
		b.want(200, "POST", "/logout")
		b.want(401, "GET", "/me")
		var got []middleware.Event
		for _, e := range trail.Take() {
			got = append(got, middleware.Event{Type: e.Type, Subject: e.Subject, SessionID: e.SessionID, Reason: e.Reason, Actor: e.Actor})
		}
		want := []middleware.Event{
			{Type: "acting", Subject: "1", SessionID: acting, Actor: "2"},
			{Type: "acting_ended", Subject: "1", SessionID: acting, Actor: "2", Reason: "logout"},
			{Type: "logout", Subject: "2", SessionID: own},
		}
		if len(got) != 3 || got[0] != want[0] || got[1] != want[1] || got[2] != want[2] {
			t.Errorf("events\n%+v\nwant\n%+v", got, want)
		}
	})
}

func TestTheSecondCookieEndsWithItsSessionAndHasTheAttributesOfTheFirst(t *testing.T) {
	b := newBrowser(t, actingApp(t, storetest.Memory(t)))
	b.want(200, "POST", "/login", user("2"))
	c := b.do("POST", "/act", user("1")).Result().Cookies()
	if len(c) != 1 || c[0].Name != second || c[0].MaxAge != 30*60 || !c[0].Secure || !c[0].HttpOnly || c[0].Path != "/" || c[0].SameSite != http.SameSiteLaxMode {
		t.Errorf("cookies %v, want one, for half an hour", c)
	}
}

func TestWhoActsIsThemselvesAgainWhenTheTimeIsUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := rootActs(t, actingApp(t, storetest.Memory(t)))
		for range 14 {
			time.Sleep(2 * time.Minute)
			b.is("1", "2")
		}
		time.Sleep(2 * time.Minute)
		kept := b.jar[second]
		delete(b.jar, second) // at its Max-Age
		b.is("2", "")         // though half an hour has passed, in which only the other session was used
		b.jar[second] = kept
		b.want(401, "GET", "/me")
	})
}

// A form that was meant for the other user's account must not be sent to the actor's.
func TestASecondCookieWhoseSessionHasEndedIsRefusedUntilItsUserLogsOutOfIt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		app := actingApp(t, s)
		b := newBrowser(t, app)
		b.want(200, "POST", "/login", user("2"))
		acting := b.want(200, "POST", "/act", user("1"))
		if _, err := s.Revoke(t.Context(), time.Now(), acting, backends.ReasonRevoked); err != nil {
			t.Fatal(err)
		}
		b.want(401, "GET", "/me")
		b.want(401, "POST", "/prove")
		if w := b.do("GET", "/visit"); w.Code != 200 || w.Body.String() != `{"subject":"","method":"","expires_at":"0001-01-01T00:00:00Z"}`+"\n" {
			t.Errorf("%d %s, want a visitor", w.Code, w.Body)
		}
		b.want(200, "POST", "/logout")
		b.is("2", "")
	})
}

// A form must not be sent to the actor's account when the store has lost the session, as by a failover.
func TestASecondCookieWhoseSessionIsLostIsRefusedUntilItsUserLogsOutOfIt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		lossy := &losing{Store: s}
		b := newBrowser(t, actingApp(t, lossy))
		b.want(200, "POST", "/login", user("2"))
		lossy.lost = b.want(200, "POST", "/act", user("1"))
		b.want(401, "GET", "/me")
		b.want(401, "POST", "/me")
		b.want(401, "POST", "/prove")
		b.want(200, "POST", "/logout")
		b.is("2", "")
	})
}

// A losing store has lost a session.
type losing struct {
	storetest.Store
	lost string
}

func (l *losing) Find(ctx context.Context, now time.Time, id string, h backends.SecretHash) (backends.Session, backends.User, error) {
	if id == l.lost {
		return backends.Session{}, backends.User{}, backends.ErrNotFound
	}
	return l.Store.Find(ctx, now, id, h)
}

// A browser that kept it for longer would be refused until its user logs out.
func TestTheSecondCookieDoesNotOutliveItsSessionInABrowserThatStaysOpen(t *testing.T) {
	cookies := newCookies(t, storetest.Memory(t))
	guard, err := middleware.New(middleware.Config{Authenticator: cookies})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		_, err = cookies.Login(w, r, middleware.Login{Subject: "2", BrowserSession: true})
	})
	mux.Handle("POST /act", guard.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, _ := middleware.FromContext(r.Context())
		_, err = cookies.Login(w, r, middleware.Login{Subject: "1", Actor: &id, BrowserSession: true})
	})))
	b := newBrowser(t, mux)
	if c := b.do("POST", "/login").Result().Cookies(); err != nil || len(c) != 1 || c[0].MaxAge != 0 {
		t.Fatalf("%v, cookies %v; want one that ends with the browser", err, c)
	}
	if c := b.do("POST", "/act").Result().Cookies(); err != nil || len(c) != 1 || c[0].MaxAge != 30*60 {
		t.Errorf("%v, cookies %v; want one for half an hour", err, c)
	}
}

// Cookies of that name may exist, with the same keys.
func TestTheSecondCookieIsNoFirstOneUnderItsName(t *testing.T) {
	s := storetest.Memory(t)
	b := rootActs(t, actingApp(t, s))
	other := newBrowser(t, actingApp(t, s, func(c *config) { c.Name = second }))
	other.jar[second] = b.jar[second]
	other.want(401, "GET", "/me")
}

func TestTheSecondCookieOpensNothingAlone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		app := actingApp(t, s)
		b := rootActs(t, app)
		thief := newBrowser(t, app)
		thief.jar[second] = b.jar[second]
		if w := thief.do("GET", "/me"); w.Code != 401 {
			t.Errorf("alone: %d %s, want 401", w.Code, w.Body)
		}
		thief.jar[first] = b.jar[second]
		thief.want(401, "GET", "/me") // the name is signed
		delete(thief.jar, first)

		// Beside the cookie of another user, or of another session of the same one, it is not looked at.
		thief.want(200, "POST", "/login", user("1"))
		thief.jar[second] = b.jar[second]
		thief.is("1", "")
		thief.want(200, "POST", "/logout") // which ends both
		thief.want(401, "GET", "/me")
		b.want(401, "GET", "/me")
		b.want(200, "POST", "/logout")
		b.is("2", "")
	})
}

func TestASecondCookieThatIsNotOursIsNotLookedAt(t *testing.T) {
	b := newBrowser(t, actingApp(t, storetest.Memory(t)))
	b.want(200, "POST", "/login", user("2"))
	for _, planted := range []string{"", "x", b.jar[first]} {
		b.jar[second] = planted
		b.is("2", "")
		b.want(200, "POST", "/me")
	}
	w := b.do("POST", "/login", user("2"))
	if w.Code != 200 || b.jar[second] != "" {
		t.Errorf("login: %d, and the browser keeps the second cookie %q; want that it is dropped", w.Code, b.jar[second])
	}
}

func TestALoginOfAnotherUserInTheBrowserEndsTheActing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		b := rootActs(t, actingApp(t, s))
		before := maps.Clone(b.jar)
		b.want(200, "POST", "/login", user("1"))
		b.is("1", "")
		if _, there := b.jar[second]; there {
			t.Error("the browser still has the second cookie")
		}
		b.jar = before
		b.want(401, "GET", "/me")
	})
}

func TestASecondActingTakesThePlaceOfTheFirst(t *testing.T) {
	s := storetest.Memory(t)
	for _, u := range []string{"3", "4"} {
		if err := s.Users().CreateUser(t.Context(), backends.User{ID: u}, ""); err != nil {
			t.Fatal(err)
		}
	}
	b := newBrowser(t, actingApp(t, s))
	b.want(200, "POST", "/login", user("2"))
	b.want(200, "POST", "/act", user("3"))
	b.want(403, "POST", "/act", user("4")) // who acts has no more rights than the other
	b.is("3", "2")
	former := b.jar[second]
	// As from a tab in which the first has not begun yet.
	delete(b.jar, second)
	b.want(200, "POST", "/act", user("4"))
	b.is("4", "2")
	b.jar[second] = former
	b.is("3", "2") // it lives: the server did not learn of it
}

func TestWhoActsDoesNotPassWhereTheUserMustBeThere(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		b := rootActs(t, actingApp(t, s))
		b.want(403, "GET", "/fresh")
		b.want(403, "POST", "/prove")
		b.is("1", "2")
		b.want(200, "POST", "/logout")
		b.want(200, "GET", "/fresh")
	})
}

func TestALogoutOfTheActorElsewhereEndsTheActingToo(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		b := rootActs(t, actingApp(t, s))
		if _, err := s.RevokeUser(t.Context(), time.Now(), "2", "", backends.ReasonRevoked); err != nil {
			t.Fatal(err)
		}
		b.want(401, "GET", "/me")
		b.want(200, "POST", "/logout")
		b.want(401, "GET", "/me")
	})
}

func TestAPageOfAnotherSiteNeitherBeginsNorEndsActing(t *testing.T) {
	b := newBrowser(t, actingApp(t, storetest.Memory(t)))
	b.want(200, "POST", "/login", user("2"))
	foreign := func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }
	b.want(403, "POST", "/act", user("1"), foreign)
	b.is("2", "")
	b.want(200, "POST", "/act", user("1"))
	b.want(403, "POST", "/logout", foreign)
	b.want(403, "POST", "/me", foreign)
	b.is("1", "2")
}

func TestAnOutageEndsNoActing(t *testing.T) {
	s := &storetest.Failing{Store: storetest.Memory(t)}
	b := rootActs(t, actingApp(t, s))
	s.NoFind, s.NoRevoke = true, true
	b.want(503, "GET", "/me")
	b.want(503, "POST", "/logout")
	if b.jar[second] == "" {
		t.Error("the browser has lost the second cookie")
	}
	s.NoFind, s.NoRevoke = false, false
	b.is("1", "2")
}

// An actor whom the guard has found by another credential has no cookie that could wait.
func TestOnlyAUserWhoseCookieIsInTheRequestActs(t *testing.T) {
	cookies := newCookies(t, storetest.Memory(t))
	own, err := cookies.Login(httptest.NewRecorder(), httptest.NewRequest("POST", "/", nil), middleware.Login{Subject: "2"})
	if err != nil {
		t.Fatal(err)
	}
	id := middleware.Identity{Subject: "2", SessionID: own.ID}
	guard, err := middleware.New(middleware.Config{Authenticator: &known{id}})
	if err != nil {
		t.Fatal(err)
	}
	b := newBrowser(t, guard.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err = cookies.Login(w, r, middleware.Login{Subject: "1", Actor: &id}); err == nil {
			t.Error("logged in, want an error")
		}
	})))
	w := b.do("POST", "/")
	if !errors.Is(err, middleware.ErrInvalidArgument) || !strings.Contains(err.Error(), "not that of the cookie") || len(w.Result().Cookies()) != 0 {
		t.Errorf("%v, cookies %v; want ErrInvalidArgument about the cookie, and none", err, w.Result().Cookies())
	}
}

// A known authenticator has one identity.
type known struct{ id middleware.Identity }

func (k *known) Authenticate(*http.Request) (middleware.Identity, error) { return k.id, nil }

// With Reissue a cookie is kept until the idle deadline only: the first must not be dropped meanwhile.
func TestTheFirstCookieIsReissuedToWhoActs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := rootActs(t, actingApp(t, storetest.Memory(t), func(c *config) { c.Reissue = true }))
		time.Sleep(10 * time.Minute)
		got := b.do("GET", "/me").Result().Cookies()
		if len(got) != 1 || got[0].Name != first || got[0].MaxAge != 30*60 {
			t.Errorf("cookies %v, want the first one, for half an hour", got)
		}
	})
}

func TestARequestWithoutASecondCookieCostsWhatItDid(t *testing.T) {
	s := &counting{Store: storetest.Memory(t)}
	b := newBrowser(t, actingApp(t, s))
	b.want(200, "POST", "/login", user("2"))
	s.asked.Store(0)
	b.do("GET", "/me")
	if got := s.asked.Load(); got != 1 {
		t.Errorf("%d look-ups, want 1", got)
	}
	b.want(200, "POST", "/act", user("1"))
	s.asked.Store(0)
	b.do("GET", "/me")
	if got := s.asked.Load(); got != 3 { // of the cookie, of the second one, and of its actor
		t.Errorf("%d look-ups of who acts, want 3", got)
	}
}
