package jwtauth_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/session"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/middleware"
)

func within(l backends.Limit) func(*jwtauth.Config) {
	return func(c *jwtauth.Config) { c.Limit = l.ForAll }
}

// tick returns when the clock shows a later time than it did, as precisely as stores keep it.
func tick() {
	for begin := session.Now(); !session.Now().After(begin); {
	}
}

// wantLive fails the test unless the user has so many live sessions.
func wantLive(t testing.TB, s backends.Directory, user string, want int) {
	t.Helper()
	live, err := s.List(t.Context(), time.Now(), user)
	if err != nil || len(live) != want {
		t.Errorf("user %s has %d live sessions (%v), want %d", user, len(live), err, want)
	}
}

// wantProblem fails the test unless the answer is this refusal, and changes nothing.
func wantProblem(t testing.TB, w *httptest.ResponseRecorder, status int, problem string) {
	t.Helper()
	var body struct {
		Type   string
		Status int
	}
	err := json.Unmarshal(w.Body.Bytes(), &body)
	if want := "https://inga-auth.github.io/problems/" + problem; err != nil || w.Code != status || body.Type != want || body.Status != status {
		t.Fatalf("status %d, want %d with the problem %s: %s", w.Code, status, want, w.Body)
	}
	if lines(w) != nil || w.Header().Get("Access-Token") != "" {
		t.Fatalf("a refusal with the headers %v", w.Header())
	}
}

// A visitor is somebody who logs in to tokens, by a program or by a browser, and then asks for
// pages. A browser whose access cookie has gone is refreshed within the request.
type visitor interface {
	enter(user string) *httptest.ResponseRecorder
	ask(path string) *httptest.ResponseRecorder
	leave()
}

func (d *device) enter(user string) *httptest.ResponseRecorder {
	w := d.do("POST", "/login", as(user))
	if w.Code == 200 {
		d.keep(w)
	}
	return w
}

func (d *device) ask(path string) *httptest.ResponseRecorder { return d.do("GET", path) }
func (d *device) leave()                                     { d.do("POST", "/logout") }

func (b *browser) enter(user string) *httptest.ResponseRecorder {
	return b.do("POST", "/login", as(user))
}
func (b *browser) ask(path string) *httptest.ResponseRecorder { return b.do("GET", path) }
func (b *browser) leave()                                     { b.do("POST", "/logout") }

// A refreshing browser never has an access cookie.
type refreshing struct{ *browser }

func (b refreshing) ask(path string) *httptest.ResponseRecorder {
	b.expire()
	return b.do("GET", path)
}

// eachVisitor runs the test on all four stores for each kind of visitor. Visit returns one
// whom nobody has seen, at an application with the tokens that edit makes.
func eachVisitor(t *testing.T, test func(t *testing.T, s storetest.Store, visit func(edit ...func(*jwtauth.Config)) visitor)) {
	tokensOf := func(t testing.TB, s storetest.Store, edit []func(*jwtauth.Config)) *jwtauth.Tokens {
		return newTokens(t, s, append([]func(*jwtauth.Config){withRefresh}, edit...)...)
	}
	for name, visit := range map[string]func(t testing.TB, tokens *jwtauth.Tokens) visitor{
		"program": func(t testing.TB, k *jwtauth.Tokens) visitor {
			return &device{client: client{t: t, app: refreshApp(t, k)}}
		},
		"browser": func(t testing.TB, k *jwtauth.Tokens) visitor { return newBrowser(t, newCookieApp(t, newCookies(t, k))) },
		"refreshing browser": func(t testing.TB, k *jwtauth.Tokens) visitor {
			return refreshing{newBrowser(t, newCookieApp(t, newCookies(t, k)))}
		},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, s storetest.Store) {
				test(t, s, func(edit ...func(*jwtauth.Config)) visitor { return visit(t, tokensOf(t, s, edit)) })
			})
		})
	}
}

func wantOK(t testing.TB, w *httptest.ResponseRecorder) {
	t.Helper()
	if w.Code != 200 {
		t.Fatalf("status %d, want 200: %s", w.Code, w.Body)
	}
}

func TestANewLoginEndsTheOneBeforeWhereNoneMayBeConcurrent(t *testing.T) {
	// DV-3, DV-8: who was logged out is told by what.
	eachVisitor(t, func(t *testing.T, s storetest.Store, visit func(...func(*jwtauth.Config)) visitor) {
		one := within(backends.Limit{Total: 1})
		laptop, phone, other := visit(one), visit(one), visit(one)
		wantOK(t, laptop.enter("1"))
		wantOK(t, other.enter("2"))
		wantOK(t, laptop.ask("/me"))
		wantOK(t, phone.enter("1"))
		for range 2 {
			wantProblem(t, laptop.ask("/me"), 401, "session-superseded")
		}
		wantOK(t, phone.ask("/me"))
		wantOK(t, other.ask("/me"))
		wantLive(t, s, "1", 1)
		wantOK(t, laptop.enter("1"))
		wantProblem(t, phone.ask("/me"), 401, "session-superseded")
		wantOK(t, laptop.ask("/me"))
		wantLive(t, s, "1", 1)
	})
}

func TestTheTokensOfASupersededSessionAreRefusedAsTheirRFCsSay(t *testing.T) {
	// DV-8, LO-9, RT-14, ER-2: and nothing is theft.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		var j journal
		app := refreshApp(t, newTokens(t, s, withRefresh, within(backends.Limit{Total: 1}), j.use))
		d := newDevice(t, app, "1")
		parent, _ := d.next()
		_, old := d.next()
		newDevice(t, app, "1")
		for _, token := range []string{parent, d.token} {
			w := (&client{t, app, token}).do("GET", "/me")
			wantProblem(t, w, 401, "session-superseded")
			if got, want := w.Header().Get("WWW-Authenticate"), `Bearer realm="inga", error="invalid_token"`; got != want {
				t.Errorf("WWW-Authenticate %s, want %s", got, want)
			}
		}
		d.wantNoGrant(d.refresh)
		d.wantNoGrant(old)
		j.want(t, 2, 0, 0)
		if row := sessionOf(t, s, d.token); row.Ended.Reason != "superseded" {
			t.Errorf("ended %+v, want superseded", row.Ended)
		}
	})
}

func TestSeveralDevicesStandSideBySideUntilTheOneUsedLeastRecentlyMakesRoom(t *testing.T) {
	// DV-3, DV-8.
	eachVisitor(t, func(t *testing.T, s storetest.Store, visit func(...func(*jwtauth.Config)) visitor) {
		three := func(c *jwtauth.Config) { c.Limit, c.Policy = backends.Limit{Total: 3}.ForAll, busy }
		var visitors []visitor
		for range 3 {
			v := visit(three)
			wantOK(t, v.enter("1"))
			visitors = append(visitors, v)
			tick()
		}
		wantLive(t, s, "1", 3)
		wantOK(t, visitors[0].ask("/me"))
		fourth := visit(three)
		wantOK(t, fourth.enter("1"))
		wantProblem(t, visitors[1].ask("/me"), 401, "session-superseded")
		for _, v := range []visitor{visitors[0], visitors[2], fourth} {
			wantOK(t, v.ask("/me"))
		}
		wantLive(t, s, "1", 3)
	})
}

func TestALoginThatWouldBeOneTooManyIsRefusedAndTheOthersLive(t *testing.T) {
	// DV-3, OB-1.
	eachVisitor(t, func(t *testing.T, s storetest.Store, visit func(...func(*jwtauth.Config)) visitor) {
		var j journal
		two := []func(*jwtauth.Config){within(backends.Limit{Total: 2, Refuse: true}), j.use}
		laptop, phone, third := visit(two...), visit(two...), visit(two...)
		wantOK(t, laptop.enter("1"))
		wantOK(t, phone.enter("1"))
		j.Take()
		wantProblem(t, third.enter("1"), 403, "too-many-sessions")
		if events := j.Take(); len(events) != 1 || events[0].Type != "limit" || events[0].Subject != "1" || events[0].SessionID != "" {
			t.Errorf("events %+v, want that the limit of user 1 was hit", events)
		}
		wantOK(t, laptop.ask("/me"))
		wantOK(t, phone.ask("/me"))
		wantLive(t, s, "1", 2)
		wantOK(t, third.enter("2"))
		phone.leave()
		third.leave()
		wantOK(t, third.enter("1"))
		wantOK(t, third.ask("/me"))
		wantLive(t, s, "1", 2)
	})
}

func TestALimitIsWhatTheUserOfThisMomentMayHave(t *testing.T) {
	// DV-9: administrators have none.
	eachVisitor(t, func(t *testing.T, s storetest.Store, visit func(...func(*jwtauth.Config)) visitor) {
		byRole := func(c *jwtauth.Config) {
			c.Limit = func(u backends.User) backends.Limit {
				if slices.Contains(u.Roles, "admin") {
					return backends.Limit{}
				}
				return backends.Limit{Total: 1, Refuse: true}
			}
		}
		for range 5 {
			wantOK(t, visit(byRole).enter("2"))
		}
		wantOK(t, visit(byRole).enter("1"))
		wantProblem(t, visit(byRole).enter("1"), 403, "too-many-sessions")
		if err := s.SetRoles(t.Context(), "1", []string{"admin"}); err != nil {
			t.Fatal(err)
		}
		wantOK(t, visit(byRole).enter("1"))
		wantLive(t, s, "1", 2)
		wantLive(t, s, "2", 5)
	})
}

func TestALimitForTheKindCountsTokensOnly(t *testing.T) {
	// DV-9: not the sessions of cookies at the same store.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		for range 3 {
			row := begun(t, backends.KindCookie, policy)
			if _, err := s.Create(t.Context(), row.CreatedAt, row, backends.NewSecret().Hash(), backends.Admission{}); err != nil {
				t.Fatal(err)
			}
		}
		app := newApp(t, newTokens(t, s, within(backends.Limit{PerKind: 1, Refuse: true})))
		c := newClient(t, app).login("1")
		wantProblem(t, newClient(t, app).do("POST", "/login", as("1")), 403, "too-many-sessions")
		evicting := newApp(t, newTokens(t, s, within(backends.Limit{PerKind: 1})))
		newClient(t, evicting).login("1")
		wantProblem(t, c.do("GET", "/me"), 401, "session-superseded")
		wantLive(t, s, "1", 4)
	})
}

func TestLoggingInAgainFromTheSameBrowserTakesItsOwnSlot(t *testing.T) {
	// DV-5: whichever of its two cookies tells which that is.
	for name, limit := range map[string]backends.Limit{"evicting": {Total: 2}, "refusing": {Total: 2, Refuse: true}, "unlimited": {}} {
		for left, drop := range map[string]string{"both cookies": "", "the access cookie": "__Host-refresh", "the refresh cookie": "__Host-access"} {
			t.Run(name+", "+left, func(t *testing.T) {
				storetest.Each(t, func(t *testing.T, s storetest.Store) {
					app := newCookieApp(t, newCookies(t, newTokens(t, s, withRefresh, within(limit))))
					laptop, phone := newBrowser(t, app), newBrowser(t, app)
					laptop.login("1")
					tick()
					phone.login("1")
					for range 3 {
						former := newBrowser(t, app)
						former.jar["__Host-access"] = phone.jar["__Host-access"]
						delete(phone.jar, drop)
						tick()
						phone.login("1")
						phone.status("GET", "/me", 200)
						laptop.status("GET", "/me", 200)
						wantProblem(t, former.do("GET", "/me"), 401, "session-revoked")
					}
					wantLive(t, s, "1", 2)
				})
			})
		}
	}
}

func TestFiftySimultaneousLoginsLeaveAsManySessionsAsTheLimitSays(t *testing.T) {
	// Promise 7, DV-4.
	for name, row := range map[string]struct {
		limit    backends.Limit
		refusals int
	}{
		"evicting": {backends.Limit{Total: 3}, 0},
		"refusing": {backends.Limit{Total: 3, Refuse: true}, 47},
	} {
		t.Run(name, func(t *testing.T) {
			eachVisitor(t, func(t *testing.T, s storetest.Store, visit func(...func(*jwtauth.Config)) visitor) {
				visitors := make([]visitor, 50)
				for i := range visitors {
					visitors[i] = visit(within(row.limit))
				}
				statuses := make([]int, 50)
				atOnceEach(50, func(i int) { statuses[i] = visitors[i].enter("1").Code })
				let, refused, live := 0, 0, 0
				for i, v := range visitors {
					switch statuses[i] {
					case 200:
						let++
					case 403:
						refused++
					}
					if v.ask("/me").Code == 200 {
						live++
					}
				}
				if let+refused != 50 || refused != row.refusals || live != 3 {
					t.Errorf("%d let in, %d refused, %d live; want %d, %d and 3", let, refused, live, 50-row.refusals, row.refusals)
				}
				wantLive(t, s, "1", 3)
			})
		})
	}
}

func TestARefreshOpensNoSessionAndPassesWhateverTheLimitSays(t *testing.T) {
	// DV-7: it goes on with the one there is, by a program, a browser, and many at once.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		tokens := newTokens(t, s, withRefresh, within(backends.Limit{Total: 2, Refuse: true}))
		d := newDevice(t, refreshApp(t, tokens), "1")
		b := newBrowser(t, newCookieApp(t, newCookies(t, tokens)))
		b.login("1")
		sids := []any{claimsOf(t, d.token)["sid"], claimsOf(t, b.jar["__Host-access"])["sid"]}
		for range 5 {
			d.next()
			b.status("POST", "/refresh", 200)
			b.expire()
			b.status("GET", "/me", 200)
		}
		answers := make([]*httptest.ResponseRecorder, 20)
		atOnceEach(20, func(i int) { answers[i] = d.present(d.refresh) })
		for _, w := range answers {
			d.keep(w)
		}
		d.status("GET", "/me", 200)
		if got := []any{claimsOf(t, d.token)["sid"], claimsOf(t, b.jar["__Host-access"])["sid"]}; !slices.Equal(got, sids) {
			t.Errorf("sessions %v, want %v", got, sids)
		}
		wantLive(t, s, "1", 2)
		if _, err := login(t, tokens, "1"); !errors.Is(err, middleware.ErrTooManySessions) {
			t.Errorf("a login: error %v, want ErrTooManySessions", err)
		}
	})
}

func TestSessionsThatAreOverBlockNoLogin(t *testing.T) {
	// DV-6: neither those that have expired nor those that ended.
	for name, open := range map[string]func(*testing.T) storetest.Store{
		"memory":         func(t *testing.T) storetest.Store { return storetest.Memory(t) },
		"memory, cached": func(t *testing.T) storetest.Store { return storetest.Cached(t, storetest.Memory(t)) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				app := newApp(t, newTokens(t, open(t), within(backends.Limit{Total: 1, Refuse: true})))
				first := newClient(t, app).login("1")
				time.Sleep(30*time.Minute - time.Microsecond)
				wantProblem(t, newClient(t, app).do("POST", "/login", as("1")), 403, "too-many-sessions")
				time.Sleep(time.Microsecond)
				second := newClient(t, app).login("1")
				wantProblem(t, first.do("POST", "/login", as("1")), 403, "too-many-sessions")
				second.status("POST", "/logout", 200)
				newClient(t, app).login("1")
			})
		})
	}
}

func TestSessionsThatAreOverBlockNoLoginOnAnyStore(t *testing.T) {
	// DV-6.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		app := newApp(t, newTokens(t, s, within(backends.Limit{Total: 1, Refuse: true})))
		expired := newClient(t, app)
		expired.token = sign(goodHeader, goodClaims(begunAgo(t, s, "1", 31*time.Minute).ID))
		newClient(t, app).login("1")
		wantProblem(t, expired.do("GET", "/me"), 401, "session-expired")
		wantProblem(t, newClient(t, app).do("POST", "/login", as("1")), 403, "too-many-sessions")
		if _, err := s.RevokeUser(t.Context(), time.Now(), "1", "", backends.ReasonRevoked); err != nil {
			t.Fatal(err)
		}
		newClient(t, app).login("1")
	})
}

// begunAgo stores a session of tokens that began so long ago and was not used since, with
// refresh tokens of no secret.
func begunAgo(t testing.TB, s backends.Store, user string, ago time.Duration) backends.Session {
	t.Helper()
	row, _ := refreshableAgo(t, s, user, ago)
	return row
}

// refreshableAgo is begunAgo with the first refresh token.
func refreshableAgo(t testing.TB, s backends.Store, user string, ago time.Duration) (row backends.Session, refresh string) {
	t.Helper()
	begin := session.Now().Add(-ago)
	row = backends.Session{ID: backends.NewID(), UserID: user, Kind: backends.KindToken, CreatedAt: begin}
	if err := session.Begin(&row, begin, policy, []string{"pwd"}); err != nil {
		t.Fatal(err)
	}
	row.RenewalInterval = 150 * time.Second
	row.Refresh = backends.Refresh{Generation: 1, RotatedAt: begin}
	secret := backends.NewSecret()
	if _, err := s.Create(t.Context(), begin, row, secret.Hash(), backends.Admission{}); err != nil {
		t.Fatal(err)
	}
	return row, jwtauth.EncodeRefresh(refreshKeyA, row.ID, 1, secret)
}

// deviceAgo returns a device of the user 1, whose tokens were refreshed just now, in a session
// that began so long ago.
func deviceAgo(t testing.TB, s backends.Store, app http.Handler, ago time.Duration) *device {
	t.Helper()
	_, refresh := refreshableAgo(t, s, "1", ago)
	d := &device{client{t: t, app: app}, refresh}
	d.next()
	return d
}

func TestARefusalSaysHowTheSessionEnded(t *testing.T) {
	// DV-8, LO-1, LO-2, LO-4, RT-2: to the one who has the token; a browser is told it where
	// its access token has expired as well.
	now := time.Now
	for _, row := range []struct {
		name, problem string
		end           func(t *testing.T, s storetest.Store, id string) error
	}{
		{"logout", "session-revoked", func(t *testing.T, s storetest.Store, id string) error {
			_, err := s.Revoke(t.Context(), now(), id, backends.ReasonLogout)
			return err
		}},
		{"everybody's", "session-revoked", func(t *testing.T, s storetest.Store, _ string) error {
			_, err := s.RevokeAll(t.Context(), now(), backends.ReasonRevoked)
			return err
		}},
		{"password changed", "session-revoked", func(t *testing.T, s storetest.Store, _ string) error {
			_, err := s.SetPassword(t.Context(), now(), "1", 0, "$argon2id$x", "")
			return err
		}},
		{"user disabled", "session-revoked", func(t *testing.T, s storetest.Store, _ string) error {
			return s.SetDisabled(t.Context(), now(), "1", true)
		}},
		{"superseded", "session-superseded", func(t *testing.T, s storetest.Store, _ string) error {
			_, err := login(t, newTokens(t, s, within(backends.Limit{Total: 1})), "1")
			return err
		}},
		{"stolen", "session-stolen", func(t *testing.T, s storetest.Store, id string) error {
			_, err := s.Revoke(t.Context(), now(), id, backends.ReasonTheft)
			return err
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			eachVisitor(t, func(t *testing.T, s storetest.Store, visit func(...func(*jwtauth.Config)) visitor) {
				v := visit()
				wantOK(t, v.enter("1"))
				id := identityOf(t, v.ask("/me")).SessionID
				if err := row.end(t, s, id); err != nil {
					t.Fatal(err)
				}
				for range 2 {
					wantProblem(t, v.ask("/me"), 401, row.problem)
				}
			})
		})
	}
}

func TestAThiefEndsTheSessionAndBothAreToldSo(t *testing.T) {
	// DV-8, RT-2: by the problem type, where the transport has one.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		b := newBrowser(t, newCookieApp(t, newCookies(t, newTokens(t, s, withRefresh))))
		b.login("1")
		old := b.jar["__Host-refresh"]
		for range 2 {
			b.expire()
			b.status("POST", "/refresh", 200)
		}
		thief := newBrowser(t, b.app)
		thief.jar["__Host-refresh"] = old
		wantProblem(t, thief.do("POST", "/refresh"), 401, "session-stolen")
		wantProblem(t, thief.do("GET", "/me"), 401, "session-stolen")
		wantProblem(t, b.do("GET", "/me"), 401, "session-stolen")
		b.expire()
		wantProblem(t, b.do("GET", "/me"), 401, "session-stolen")
	})
}
