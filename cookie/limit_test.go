package cookie_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/eventtest"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/jwtauth/tokencookie"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/session"
	"github.com/inga-auth/inga/sliding"
)

func within(l backends.Limit) func(*config) {
	return func(c *config) { c.Limit = l.ForAll }
}

// busy counts nearly every request as activity.
func busy(c *config) {
	c.Policy = sliding.Policy{Idle: time.Hour, Absolute: 2 * time.Hour, Interval: time.Microsecond}
}

// tick returns when the clock shows a later time than it did, as precisely as stores keep it.
func tick() {
	for begin := now(); !now().After(begin); {
	}
}

// problem asks, and fails the test unless the answer is this refusal.
func (b *browser) problem(method, path string, status int, problem string, edit ...func(*http.Request)) *httptest.ResponseRecorder {
	b.t.Helper()
	w := b.status(method, path, status, edit...)
	var body struct {
		Type   string
		Status int
	}
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		b.t.Fatalf("%v: %s", err, w.Body)
	}
	if want := "https://inga-auth.github.io/problems/" + problem; body.Type != want || body.Status != status {
		b.t.Fatalf("%s %s: problem %s with status %d, want %s with %d", method, path, body.Type, body.Status, want, status)
	}
	if got := w.Header().Values("Set-Cookie"); got != nil {
		b.t.Fatalf("%s %s: the refusal set %q", method, path, got)
	}
	return w
}

// opened logs in and returns the ID of the session.
func (b *browser) opened(user string) string {
	b.t.Helper()
	var s backends.Session
	if err := json.Unmarshal(b.status("POST", "/login", 200, as(user)).Body.Bytes(), &s); err != nil || s.ID == "" {
		b.t.Fatalf("no session (%v)", err)
	}
	return s.ID
}

// wantLive fails the test unless the user has so many live sessions.
func wantLive(t testing.TB, s backends.SessionLister, user string, want int) {
	t.Helper()
	live, _, err := s.List(t.Context(), time.Now(), user, backends.Page{})
	if err != nil || len(live) != want {
		t.Errorf("user %s has %d live sessions (%v), want %d", user, len(live), err, want)
	}
}

// together calls do so often at the same time, and waits.
func together(n int, do func(i int)) {
	begin := make(chan struct{})
	var done sync.WaitGroup
	for i := range n {
		done.Go(func() {
			<-begin
			do(i)
		})
	}
	close(begin)
	done.Wait()
}

func TestANewLoginEndsTheOneBeforeWhereNoneMayBeConcurrent(t *testing.T) {
	// DV-3, DV-8: the device that was logged out is told by what.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		app := newApp(t, s, within(backends.Limit{Total: 1}))
		laptop, phone, other := newBrowser(t, app), newBrowser(t, app), newBrowser(t, app)
		first := laptop.opened("1")
		other.login("2")
		laptop.status("GET", "/me", 200)
		phone.login("1")
		laptop.problem("GET", "/me", 401, "session-superseded")
		laptop.problem("POST", "/prove", 401, "session-superseded")
		phone.status("GET", "/me", 200)
		other.status("GET", "/me", 200)
		wantLive(t, s, "1", 1)
		row, _, err := s.Find(t.Context(), time.Now(), first, backends.SecretHash{})
		if !errors.Is(err, backends.ErrRevoked) || row.Ended.Reason != "superseded" {
			t.Errorf("the first session: ended %+v, error %v; want superseded", row.Ended, err)
		}
		laptop.login("1")
		phone.problem("GET", "/me", 401, "session-superseded")
		laptop.status("GET", "/me", 200)
	})
}

func TestSeveralDevicesStandSideBySideUntilTheOneUsedLeastRecentlyMakesRoom(t *testing.T) {
	// DV-3, DV-8.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		app := newApp(t, s, within(backends.Limit{Total: 3}), busy)
		var devices []*browser
		for range 3 {
			d := newBrowser(t, app)
			d.login("1")
			devices = append(devices, d)
			tick()
		}
		for _, d := range devices {
			d.status("GET", "/poll", 200) // which is no activity
		}
		devices[0].status("GET", "/me", 200)
		fourth := newBrowser(t, app)
		fourth.login("1")
		devices[1].problem("GET", "/me", 401, "session-superseded")
		for i, d := range []*browser{devices[0], devices[2], fourth} {
			if w := d.do("GET", "/me"); w.Code != 200 {
				t.Errorf("device %d of those left: status %d, want 200", i, w.Code)
			}
		}
		wantLive(t, s, "1", 3)
	})
}

func TestALoginThatWouldBeOneTooManyIsRefusedAndTheOthersLive(t *testing.T) {
	// DV-3, OB-1.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		var tr eventtest.Trail
		app := newApp(t, s, within(backends.Limit{Total: 2, Refuse: true}), telling(&tr))
		laptop, phone, third := newBrowser(t, app), newBrowser(t, app), newBrowser(t, app)
		laptop.login("1")
		phone.login("1")
		tr.Take()
		third.problem("POST", "/login", 403, "too-many-sessions", as("1"))
		tr.WantEvents(t, middleware.Event{Type: "limit", Subject: "1", Method: "cookie", Reason: "too_many_sessions", IP: "192.0.2.1"})
		third.status("GET", "/me", 401)
		laptop.status("GET", "/me", 200)
		phone.status("GET", "/me", 200)
		wantLive(t, s, "1", 2)
		third.login("2") // who has sessions of their own to count
		phone.status("POST", "/logout", 200)
		third.login("1")
		third.status("GET", "/me", 200)
	})
}

func TestALimitIsWhatTheUserOfThisMomentMayHave(t *testing.T) {
	// DV-9: administrators have none.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		app := newApp(t, s, func(c *config) {
			c.Limit = func(u backends.User) backends.Limit {
				if slices.Contains(u.Roles, "admin") {
					return backends.Limit{}
				}
				return backends.Limit{Total: 1, Refuse: true}
			}
		})
		for range 5 {
			newBrowser(t, app).login("2")
		}
		newBrowser(t, app).login("1")
		newBrowser(t, app).problem("POST", "/login", 403, "too-many-sessions", as("1"))
		if err := s.Users().SetRoles(t.Context(), "1", []string{"admin"}); err != nil {
			t.Fatal(err)
		}
		newBrowser(t, app).login("1")
		if err := s.Users().SetRoles(t.Context(), "2", []string{"user"}); err != nil {
			t.Fatal(err)
		}
		newBrowser(t, app).problem("POST", "/login", 403, "too-many-sessions", as("2"))
		wantLive(t, s, "1", 2)
		wantLive(t, s, "2", 5)
	})
}

// tokensOf returns the tokens of a registry, with refresh tokens.
func tokensOf(t testing.TB, sessions *session.Registry) *jwtauth.Tokens {
	t.Helper()
	key, err := jwtauth.HS256([]byte("\x00\x9f\x03\xa1\xfe\x77\xc2\x10\x5c\x33\x81\xe0\x6b\x1d\x92\xf4\x08\xaf\x13\xb1\xee\x67\xd2\x20\x4c\x23\x91\xd0\x7b\x0d\x82\xe4"))
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := jwtauth.New(jwtauth.Config{Sessions: sessions, Keys: []jwtauth.Key{key}, Issuer: "https://app.example", Audience: "app",
		RefreshKeys: [][]byte{[]byte("\xa0\xb1\xc2\xd3\xe4\xf5\x06\x17\x28\x39\x4a\x5b\x6c\x7d\x8e\x9f\xa1\xb2\xc3\xd4\xe5\xf6\x07\x18\x29\x3a\x4b\x5c\x6d\x7e\x8f\x90")}})
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

// A way in is one of those to open a session of the user 1.
type wayIn struct {
	name string
	// open logs in from a new client, and returns a request that brings what
	// the client got.
	open func() (*http.Request, error)
	who  middleware.Authenticator
}

// waysIn are all of them, of one registry.
func waysIn(t testing.TB, s backends.Store, limit func(backends.User) backends.Limit) []wayIn {
	t.Helper()
	sessions := newRegistry(t, registry{Store: s, Limit: limit})
	cookies, tokens := cookiesOf(t, sessions), tokensOf(t, sessions)
	tokenCookies, err := tokencookie.New(tokencookie.Config{Tokens: tokens})
	if err != nil {
		t.Fatal(err)
	}
	ann := middleware.Login{Subject: "1"}
	post := func() *http.Request { return httptest.NewRequest("POST", "https://app.example/", nil) }
	with := func(w *httptest.ResponseRecorder) *http.Request {
		r := httptest.NewRequest("GET", "https://app.example/", nil)
		for _, c := range w.Result().Cookies() {
			r.AddCookie(c)
		}
		return r
	}
	return []wayIn{
		{"cookie", func() (*http.Request, error) {
			w := httptest.NewRecorder()
			_, err := cookies.Login(w, post(), ann)
			return with(w), err
		}, cookies},
		{"token", func() (*http.Request, error) {
			resp, err := tokens.Login(post(), ann)
			r := httptest.NewRequest("GET", "https://app.example/", nil)
			r.Header.Set("Authorization", "Bearer "+resp.AccessToken)
			return r, err
		}, tokens},
		{"token-cookie", func() (*http.Request, error) {
			w := httptest.NewRecorder()
			_, err := tokenCookies.Login(w, post(), ann)
			return with(w), err
		}, tokenCookies},
	}
}

func TestEveryWayInPassesTheLimit(t *testing.T) {
	// DV-7: whichever was taken before.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		refusing := waysIn(t, s, backends.Limit{Total: 1, Refuse: true}.ForAll)
		evicting := waysIn(t, s, backends.Limit{Total: 1}.ForAll)
		for i, before := range refusing {
			for k, after := range refusing {
				t.Run(before.name+", then "+after.name, func(t *testing.T) {
					if _, err := s.RevokeUser(t.Context(), time.Now(), "1", "", backends.ReasonRevoked); err != nil {
						t.Fatal(err)
					}
					first, err := before.open()
					if err != nil {
						t.Fatal(err)
					}
					if _, err := after.open(); !errors.Is(err, middleware.ErrTooManySessions) {
						t.Errorf("error %v, want ErrTooManySessions", err)
					}
					if id, err := before.who.Authenticate(first); err != nil || id.Subject != "1" {
						t.Errorf("the first is %q, error %v; want it to live", id.Subject, err)
					}
					wantLive(t, s, "1", 1)
					second, err := evicting[k].open()
					if err != nil {
						t.Fatal(err)
					}
					if _, err := evicting[i].who.Authenticate(first); !errors.Is(err, middleware.ErrSessionSuperseded) {
						t.Errorf("the first: error %v, want ErrSessionSuperseded", err)
					}
					if id, err := evicting[k].who.Authenticate(second); err != nil || id.Subject != "1" {
						t.Errorf("the second is %q, error %v; want it to live", id.Subject, err)
					}
					wantLive(t, s, "1", 1)
				})
			}
		}
	})
}

func TestCookiesAndTokensEachHaveALimitOfTheirOwn(t *testing.T) {
	// DV-9: two kinds, at one store. Tokens in cookies are tokens.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		type step struct {
			way  string
			over []int // of the steps before, those whose session has ended by now
		}
		for name, row := range map[string]struct {
			limit backends.Limit
			steps []step
		}{
			"one of each": {backends.Limit{PerKind: 1}, []step{
				{"cookie", nil}, {"token", nil}, {"cookie", []int{0}}, {"token-cookie", []int{0, 1}},
			}},
			"one of each, and two in all": {backends.Limit{PerKind: 1, Total: 2}, []step{
				{"cookie", nil}, {"token", nil}, {"token", []int{1}}, {"cookie", []int{0, 1}},
			}},
			"two of each, and three in all": {backends.Limit{PerKind: 2, Total: 3}, []step{
				{"cookie", nil}, {"cookie", nil}, {"cookie", []int{0}}, {"token", []int{0}}, {"token-cookie", []int{0, 1}}, {"token", []int{0, 1, 3}},
			}},
		} {
			t.Run(name, func(t *testing.T) {
				if _, err := s.RevokeUser(t.Context(), time.Now(), "1", "", backends.ReasonRevoked); err != nil {
					t.Fatal(err)
				}
				ways := waysIn(t, s, row.limit.ForAll)
				var opened []func() error
				for i, step := range row.steps {
					way := ways[slices.IndexFunc(ways, func(w wayIn) bool { return w.name == step.way })]
					r, err := way.open()
					if err != nil {
						t.Fatal(err)
					}
					opened = append(opened, func() error { _, err := way.who.Authenticate(r); return err })
					tick()
					for k, ask := range opened {
						if err := ask(); errors.Is(err, middleware.ErrSessionSuperseded) != slices.Contains(step.over, k) {
							t.Errorf("after step %d: the session of step %d: %v; over should be %v", i, k, err, step.over)
						}
					}
				}
			})
		}
	})
}

func TestLoggingInAgainFromTheSameBrowserTakesItsOwnSlot(t *testing.T) {
	// DV-5: not that of another device, though that was used less recently.
	for name, limit := range map[string]backends.Limit{
		"evicting":  {Total: 2},
		"refusing":  {Total: 2, Refuse: true},
		"unlimited": {},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, s storetest.Store) {
				app := newApp(t, s, within(limit))
				laptop, phone := newBrowser(t, app), newBrowser(t, app)
				laptop.login("1")
				tick()
				phone.login("1")
				for range 3 {
					former := "__Host-session=" + phone.jar["__Host-session"]
					tick()
					phone.login("1")
					phone.status("GET", "/me", 200)
					laptop.status("GET", "/me", 200)
					newBrowser(t, app).problem("GET", "/me", 401, "session-revoked", cookieHeader(former))
				}
				wantLive(t, s, "1", 2)
			})
		})
	}
}

func TestAnotherUserInTheSameBrowserTakesNobodysSlot(t *testing.T) {
	// DV-5: the session of the user before ends, and the limit is that of the user after.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		app := newApp(t, s, within(backends.Limit{Total: 1, Refuse: true}))
		shared, roots := newBrowser(t, app), newBrowser(t, app)
		shared.login("1")
		roots.login("2")
		shared.problem("POST", "/login", 403, "too-many-sessions", as("2"))
		shared.status("GET", "/me", 200) // nothing has ended
		roots.status("POST", "/logout", 200)
		former := "__Host-session=" + shared.jar["__Host-session"]
		shared.login("2")
		newBrowser(t, app).problem("GET", "/me", 401, "session-revoked", cookieHeader(former))
		wantLive(t, s, "1", 0)
		wantLive(t, s, "2", 1)
	})
}

func TestFiftySimultaneousLoginsLeaveAsManySessionsAsTheLimitSays(t *testing.T) {
	// DV-4: over HTTP.
	for name, row := range map[string]struct {
		limit    backends.Limit
		same     bool // browser
		refusals int
	}{
		"evicting":                     {backends.Limit{Total: 3}, false, 0},
		"refusing":                     {backends.Limit{Total: 3, Refuse: true}, false, 47},
		"evicting, all of one kind":    {backends.Limit{PerKind: 3}, false, 0},
		"evicting, of the same device": {backends.Limit{Total: 3}, true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, s storetest.Store) {
				app := newApp(t, s, within(row.limit))
				one := newBrowser(t, app)
				if row.same {
					one.login("1")
				}
				browsers := make([]*browser, 50)
				statuses := make([]int, 50)
				together(50, func(i int) {
					b := newBrowser(t, app)
					for name, value := range one.jar {
						b.jar[name] = value
					}
					statuses[i] = b.do("POST", "/login", as("1")).Code
					browsers[i] = b
				})
				let, refused, live := 0, 0, 0
				for i, b := range browsers {
					switch statuses[i] {
					case 200:
						let++
					case 403:
						refused++
					}
					if b.do("GET", "/me").Code == 200 {
						live++
					}
				}
				if let+refused != 50 || refused != row.refusals || live != 3 {
					t.Errorf("%d let in, %d refused, %d cookies open a session; want %d, %d and 3", let, refused, live, 50-row.refusals, row.refusals)
				}
				wantLive(t, s, "1", 3)
			})
		})
	}
}

func TestSessionsThatAreOverBlockNoLogin(t *testing.T) {
	// DV-6.
	for name, open := range map[string]func(*testing.T) backends.Store{
		"memory":         func(t *testing.T) backends.Store { return storetest.Memory(t) },
		"memory, cached": func(t *testing.T) backends.Store { return storetest.Cached(t, storetest.Memory(t)) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				app := newApp(t, open(t), within(backends.Limit{Total: 1, Refuse: true}))
				first, second := newBrowser(t, app), newBrowser(t, app)
				first.login("1")
				time.Sleep(30*time.Minute - time.Microsecond)
				second.problem("POST", "/login", 403, "too-many-sessions", as("1"))
				time.Sleep(time.Microsecond)
				second.login("1")
				first.problem("GET", "/me", 401, "session-expired")
				first.problem("POST", "/login", 403, "too-many-sessions", as("1"))
				second.status("POST", "/logout", 200)
				first.login("1")
			})
		})
	}
}

func TestSessionsThatAreOverBlockNoLoginOnAnyStore(t *testing.T) {
	// DV-6: one that has expired, one that was ended; and one of a disabled user.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		app := newApp(t, s, within(backends.Limit{Total: 1, Refuse: true}))
		expired := newBrowser(t, app)
		expired.jar["__Host-session"] = openedAgo(t, s, "1", 31*time.Minute, policy)
		b := newBrowser(t, app)
		b.login("1")
		expired.problem("GET", "/me", 401, "session-expired")
		if _, err := s.RevokeUser(t.Context(), time.Now(), "1", "", backends.ReasonRevoked); err != nil {
			t.Fatal(err)
		}
		newBrowser(t, app).login("1")
		for _, disabled := range []bool{true, false} {
			if err := s.Users().SetDisabled(t.Context(), time.Now(), "1", disabled); err != nil {
				t.Fatal(err)
			}
		}
		newBrowser(t, app).login("1")
		newBrowser(t, app).problem("POST", "/login", 403, "too-many-sessions", as("1"))
	})
}

// openedAgo stores a session of the user that began so long ago and was not used since, and
// returns the cookie that opens it.
func openedAgo(t testing.TB, s backends.Store, user string, ago time.Duration, p middleware.Policy) string {
	t.Helper()
	begin := now().Add(-ago)
	row := begun(user, backends.KindCookie, begin, p)
	row.AMR = []string{"pwd"}
	secret := backends.NewSecret()
	if _, err := s.Create(t.Context(), begin, row, secret.Hash(), backends.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	return seal(t, keyA, secret[:], row.ID)
}

// begun returns a session of the user that begins at the given time, before it is stored.
func begun(user string, kind backends.Kind, at time.Time, p middleware.Policy) backends.Session {
	timeouts := p.Timeouts()
	row := backends.Session{ID: backends.NewID(user), UserID: user, Kind: kind, CreatedAt: at,
		IdleTimeout: timeouts.Idle, RenewalInterval: timeouts.Interval}
	row.Begin(at, timeouts.Absolute)
	return row
}

func TestARefusalSaysHowTheSessionEnded(t *testing.T) {
	// DV-8, LO-1, LO-2, LO-3, LO-4: to the one who has the cookie.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		app := newApp(t, s)
		single := newApp(t, s, within(backends.Limit{Total: 1}))
		for _, row := range []struct {
			name, problem string
			end           func(b *browser, user, id string) error
		}{
			{"logout", "session-revoked", func(b *browser, _, _ string) error {
				value := b.jar["__Host-session"]
				b.status("POST", "/logout", 200)
				b.jar["__Host-session"] = value
				return nil
			}},
			{"revoked", "session-revoked", func(_ *browser, _, id string) error {
				_, err := s.Revoke(t.Context(), now(), id, backends.ReasonRevoked)
				return err
			}},
			{"all of the user's", "session-revoked", func(_ *browser, user, _ string) error {
				_, err := s.RevokeUser(t.Context(), now(), user, "", backends.ReasonRevoked)
				return err
			}},
			{"everybody's", "session-revoked", func(*browser, string, string) error {
				err := s.RevokeAll(t.Context(), now(), backends.ReasonRevoked)
				return err
			}},
			{"for a reason of the application", "session-revoked", func(_ *browser, _, id string) error {
				_, err := s.Revoke(t.Context(), now(), id, "cleaning day")
				return err
			}},
			{"password changed", "session-revoked", func(_ *browser, user, _ string) error {
				_, err := s.Users().SetPassword(t.Context(), now(), user, 0, "$argon2id$x", "")
				return err
			}},
			{"user disabled", "session-revoked", func(_ *browser, user, _ string) error {
				return s.Users().SetDisabled(t.Context(), now(), user, true)
			}},
			{"user deleted", "session-revoked", func(_ *browser, user, _ string) error {
				return s.Users().DeleteUser(t.Context(), now(), user)
			}},
			{"superseded", "session-superseded", func(_ *browser, user, _ string) error {
				newBrowser(t, single).login(user)
				return nil
			}},
			{"stolen", "session-stolen", func(_ *browser, _, id string) error {
				_, err := s.Revoke(t.Context(), now(), id, backends.ReasonTheft)
				return err
			}},
			{"expired", "session-expired", func(b *browser, user, _ string) error {
				b.jar["__Host-session"] = openedAgo(t, s, user, 31*time.Minute, policy)
				return nil
			}},
			{"never was", "invalid-credentials", func(b *browser, _, _ string) error {
				secret := backends.NewSecret()
				b.jar["__Host-session"] = seal(t, keyA, secret[:], backends.NewID("1"))
				return nil
			}},
		} {
			t.Run(row.name, func(t *testing.T) {
				if err := s.Users().CreateUser(t.Context(), backends.User{ID: row.name, Name: row.name}, ""); err != nil {
					t.Fatal(err)
				}
				b := newBrowser(t, app)
				id := b.opened(row.name)
				b.status("GET", "/me", 200)
				if err := row.end(b, row.name, id); err != nil {
					t.Fatal(err)
				}
				b.problem("GET", "/me", 401, row.problem)
			})
		}
	})
}
