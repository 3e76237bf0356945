package jwtauth_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/eventtest"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/middleware"
)

// fromCurl has all requests come from there.
func fromCurl(app http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Set("User-Agent", "curl/8.14")
		app.ServeHTTP(w, r)
	})
}

// happened returns events about sessions of user 1 that such a client causes.
func happened(method string) func(what middleware.EventType, id, reason string) middleware.Event {
	return func(what middleware.EventType, id, reason string) middleware.Event {
		return middleware.Event{Type: what, Subject: "1", SessionID: id, Method: method, Reason: reason, IP: "192.0.2.1", UserAgent: "curl/8.14"}
	}
}

func sid(t testing.TB, token string) string {
	t.Helper()
	return claimsOf(t, token)["sid"].(string)
}

func TestWhatHappensToASessionIsToldInItsOrder(t *testing.T) {
	// OB-1, RT-2: each step of a program's life, and what an audit trail says of it.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		var j journal
		tokens := newTokens(t, s, withRefresh, func(c *jwtauth.Config) { c.Policy = busy }, j.use)
		app := fromCurl(provingApp(t, tokens))
		event := happened("bearer")
		d := newDevice(t, app, "1")
		first := sid(t, d.token)
		j.WantEvents(t, event("login", first, ""))

		d.status("GET", "/poll", 200)
		d.status("GET", "/admin", 403)
		newClient(t, app).status("GET", "/me", 401)
		d.status("GET", "/logout", 400)
		d.wantNoGrant("x")
		j.WantEvents(t)
		tick()
		d.status("GET", "/me", 200)
		j.WantEvents(t, event("renewed", first, ""))

		_, parent := d.next()
		j.WantEvents(t, event("refreshed", first, ""))
		d.wantGranted(parent, d.refresh)
		j.WantEvents(t, event("replayed", first, ""))

		d.keep(d.status("POST", "/prove", 200))
		j.WantEvents(t, event("reauthenticated", first, ""))

		token := d.token
		d.status("POST", "/logout", 200)
		j.WantEvents(t, event("logout", first, ""))
		d.status("POST", "/logout", 200)
		d.status("POST", "/prove", 401)
		d.wantNoGrant(d.refresh)
		if w := d.post("/revoke", "token", token); w.Code != 200 {
			t.Errorf("/revoke: status %d, want 200", w.Code)
		}
		j.WantEvents(t)

		victim := newDevice(t, app, "1")
		second := sid(t, victim.token)
		_, old := victim.next()
		victim.next()
		j.WantEvents(t, event("login", second, ""), event("refreshed", second, ""), event("refreshed", second, ""))
		victim.wantNoGrant(old)
		j.WantEvents(t, event("theft", second, ""))
		victim.wantNoGrant(old)
		victim.wantNoGrant(victim.refresh)
		j.WantEvents(t)

		third := newDevice(t, app, "1")
		j.Take()
		if w := third.post("/revoke", "token", third.token); w.Code != 200 {
			t.Errorf("/revoke: status %d, want 200", w.Code)
		}
		j.WantEvents(t, event("logout", sid(t, third.token), ""))
	})
}

func TestWhatHappensToASessionOfABrowserIsToldInItsOrder(t *testing.T) {
	// OB-1: as above, for tokens in cookies.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		var j journal
		tokens := newTokens(t, s, withRefresh, func(c *jwtauth.Config) { c.Policy = busy }, j.use)
		b := newBrowser(t, fromCurl(provingCookieApp(t, newCookies(t, tokens))))
		event := happened("token-cookie")
		b.login("1")
		first := sid(t, b.jar["__Host-access"])
		j.WantEvents(t, event("login", first, ""))
		tick()
		b.status("GET", "/me", 200)
		j.WantEvents(t, event("renewed", first, ""))
		b.status("POST", "/refresh", 200) // of tokens that are new
		j.WantEvents(t)
		b.expire()
		b.status("POST", "/refresh", 200)
		j.WantEvents(t, event("refreshed", first, ""))
		b.expire()
		refresh := b.jar["__Host-refresh"]
		b.send("GET", "/admin")
		j.WantEvents(t, event("refreshed", first, ""))
		b.status("GET", "/admin", 403) // the answer before was lost
		j.WantEvents(t, event("replayed", first, ""))
		b.status("POST", "/prove", 200)
		j.WantEvents(t, event("reauthenticated", first, ""))
		b.status("POST", "/me", 403, origin("cross-site", "https://evil.example"))
		b.status("POST", "/login", 403, origin("cross-site", "https://evil.example"), as("1"))
		j.WantEvents(t)

		b.login("1")
		second := sid(t, b.jar["__Host-access"])
		j.WantEvents(t, event("login", second, ""), event("revoked", first, "replaced"))
		b.status("POST", "/logout", 200)
		j.WantEvents(t, event("logout", second, ""))
		b.status("POST", "/logout", 200)
		b.jar["__Host-refresh"] = refresh
		b.status("GET", "/me", 401)
		j.WantEvents(t)
	})
}

func TestALogoutIsToldWithItsUserWhicheverTokenSaysWhoseSessionItIs(t *testing.T) {
	// OB-1: a refresh token does not say it, and the store knows.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		var j journal
		tokens := newTokens(t, s, withRefresh, j.use)
		d := newDevice(t, fromCurl(refreshApp(t, tokens)), "1")
		j.Take()
		if w := d.post("/revoke", "token", d.refresh); w.Code != 200 {
			t.Fatalf("/revoke: status %d, want 200", w.Code)
		}
		j.WantEvents(t, happened("bearer")("logout", sid(t, d.token), ""))

		b := newBrowser(t, fromCurl(newCookieApp(t, newCookies(t, tokens))))
		b.login("1")
		id := sid(t, b.jar["__Host-access"])
		b.expire()
		j.Take()
		b.status("POST", "/logout", 200)
		j.WantEvents(t, happened("token-cookie")("logout", id, ""))
	})
}

func TestASessionThatIsSupersededIsToldAfterTheLoginThatSupersededIt(t *testing.T) {
	// OB-1, DV-8.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		var j journal
		tokens := newTokens(t, s, withRefresh, within(backends.Limit{Total: 2}), j.use)
		app, cookieApp := fromCurl(refreshApp(t, tokens)), fromCurl(newCookieApp(t, newCookies(t, tokens)))
		laptop := newDevice(t, app, "1")
		tick()
		phone := newBrowser(t, cookieApp)
		phone.login("1")
		tick()
		j.Take()
		third := newDevice(t, app, "1")
		bearer, cookie := happened("bearer"), happened("token-cookie")
		j.WantEvents(t, bearer("login", sid(t, third.token), ""), bearer("superseded", sid(t, laptop.token), "superseded"))
		tick()
		last := newBrowser(t, cookieApp)
		last.login("1")
		j.WantEvents(t, cookie("login", sid(t, last.jar["__Host-access"]), ""), cookie("superseded", sid(t, phone.jar["__Host-access"]), "superseded"))
	})
}

func TestASessionThatEndsIsToldAlthoughTheLoginThenFails(t *testing.T) {
	// OB-1: the claims of the new token cannot be had, and the old session has made room.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		var j journal
		down := false
		tokens := newTokens(t, s, within(backends.Limit{Total: 1}), j.use, withClaims(func(backends.User) (any, error) {
			if down {
				return nil, storetest.ErrDown
			}
			return nil, nil
		}))
		c := newClient(t, newApp(t, tokens)).login("1")
		j.Take()
		down = true
		newClient(t, c.app).status("POST", "/login", 503, as("1"))
		told := slices.ContainsFunc(j.Take(), func(e middleware.Event) bool { return e.SessionID == sid(t, c.token) })
		if ended := c.do("GET", "/me").Code == 401; ended != told {
			t.Errorf("the former session has ended: %v; that was told: %v", ended, told)
		}
	})
}

func TestALoginThatFailsForWantOfClaimsLogsNobodyOut(t *testing.T) {
	// AZ-5's spirit: an outage of what Config.Claims asks is no reason to end a session.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		down := false
		tokens := newTokens(t, s, within(backends.Limit{Total: 1}), withClaims(func(backends.User) (any, error) {
			if down {
				return nil, storetest.ErrDown
			}
			return nil, nil
		}))
		c := newClient(t, newApp(t, tokens)).login("1")
		down = true
		newClient(t, c.app).status("POST", "/login", 503, as("1"))
		c.status("GET", "/me", 200)
	})
}

func TestASessionOfAnotherUserThatTheBrowserHadIsToldToo(t *testing.T) {
	// OB-1: it ends, so somebody will ask why. Both cookies, or one, say which it was.
	for left, drop := range map[string]string{"both cookies": "", "the access cookie": "__Host-refresh", "the refresh cookie": "__Host-access"} {
		t.Run(left, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, s storetest.Store) {
				var j journal
				b := newBrowser(t, fromCurl(newCookieApp(t, newCookies(t, newTokens(t, s, withRefresh, j.use)))))
				b.login("1")
				anns := sid(t, b.jar["__Host-access"])
				delete(b.jar, drop)
				j.Take()
				b.login("2")
				if row, _, err := s.FindByID(t.Context(), time.Now(), anns); err == nil || row.Ended.Reason != "replaced" {
					t.Fatalf("the former session: ended %+v, error %v; want replaced", row.Ended, err)
				}
				event := happened("token-cookie")
				login := event("login", sid(t, b.jar["__Host-access"]), "")
				login.Subject = "2"
				j.WantEvents(t, login, event("revoked", anns, "replaced"))
			})
		})
	}
}

func TestAFailedLoginIsToldAndSaysWhy(t *testing.T) {
	// OB-1.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		ann, _, err := s.UserByName(t.Context(), "ann")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.SetPassword(t.Context(), time.Now(), "1", 0, "$argon2id$x", ""); err != nil {
			t.Fatal(err)
		}
		if err := s.SetDisabled(t.Context(), time.Now(), "2", true); err != nil {
			t.Fatal(err)
		}
		var j journal
		tokens := newTokens(t, s, withRefresh, j.use)
		cookies := newCookies(t, tokens)
		for method, try := range map[string]func(*http.Request, middleware.Login) error{
			"bearer": func(r *http.Request, l middleware.Login) error { _, err := tokens.Login(r, l); return err },
			"token-cookie": func(r *http.Request, l middleware.Login) error {
				_, err := cookies.Login(httptest.NewRecorder(), r, l)
				return err
			},
		} {
			for _, row := range []struct {
				name            string
				login           middleware.Login
				subject, reason string
			}{
				{"unknown", middleware.Login{Subject: "nobody"}, "nobody", "unknown_user"},
				{"a name that would end a line", middleware.Login{Subject: "1\r\ntype=login subject=2"}, "1  type=login subject=2", "unknown_user"},
				{"a long name", middleware.Login{Subject: strings.Repeat("x", 300)}, strings.Repeat("x", 255), "unknown_user"},
				{"disabled", middleware.Login{Subject: "2"}, "2", "user_disabled"},
				{"the password has changed", middleware.Login{Subject: "1", UserVersion: ann.Version}, "1", "user_changed"},
			} {
				r := httptest.NewRequest("POST", "https://app.example/login", nil)
				r.Header.Set("User-Agent", "curl/8.14")
				if err := try(r, row.login); err == nil {
					t.Errorf("%s: logged in", row.name)
				}
				j.WantEvents(t, middleware.Event{Type: "login_failed", Subject: row.subject, Method: method, Reason: row.reason, IP: "192.0.2.1", UserAgent: "curl/8.14"})
			}
		}
	})
}

func TestAnOutageIsToldOfALoginOnly(t *testing.T) {
	// OB-1, RT-15: what was not done is not told, and nothing of it is theft.
	var j journal
	s := newSpy(storetest.Memory(t))
	tokens := newTokens(t, s, withRefresh, func(c *jwtauth.Config) { c.Policy = busy }, j.use)
	d := newDevice(t, provingApp(t, tokens), "1")
	j.Take()
	s.fail("Create", "Extend", "Revoke", "Rotate", "MarkSeen")
	wantUnavailable(t, newClient(t, d.app).do("POST", "/login", as("1")))
	j.WantEvents(t, middleware.Event{Type: "login_failed", Subject: "1", Method: "bearer", Reason: "unavailable", IP: "192.0.2.1"})
	tick()
	d.status("GET", "/me", 200)
	wantUnavailable(t, d.present(d.refresh))
	wantUnavailable(t, d.do("POST", "/logout"))
	s.fail("FindByID")
	wantUnavailable(t, d.do("POST", "/prove"))
	j.WantEvents(t)
}

func TestEventsSayTheTimesOfTheRows(t *testing.T) {
	// OB-1, RT-2: to the microsecond, in UTC.
	synctest.Test(t, func(t *testing.T) { // which begins on 2000-01-01
		var j journal
		m := storetest.Memory(t)
		app := provingApp(t, newTokens(t, m, withRefresh, j.use))
		time.Sleep(time.Second + 2345*time.Microsecond + 678)
		d := newDevice(t, app, "1")
		began := sessionOf(t, m, d.token)
		time.Sleep(3 * time.Minute)
		d.status("GET", "/me", 200)
		time.Sleep(time.Minute)
		d.keep(d.status("POST", "/prove", 200))
		proved := sessionOf(t, m, d.token)
		time.Sleep(time.Minute)
		_, old := d.next()
		rotated := sessionOf(t, m, d.token)
		d.next()
		time.Sleep(time.Minute)
		d.wantNoGrant(old)
		stolen := sessionOf(t, m, d.token)
		at := func(minute, nsec int) time.Time { return time.Date(2000, 1, 1, 0, minute, 1, nsec, time.UTC) }
		for i, want := range []struct {
			what middleware.EventType
			at   time.Time
			row  time.Time
		}{
			{"login", at(0, 2345000), began.CreatedAt},
			{"renewed", at(3, 2345678), time.Time{}},
			{"reauthenticated", at(4, 2345000), proved.AuthenticatedAt},
			{"refreshed", at(5, 2345000), rotated.Refresh.RotatedAt},
			{"refreshed", at(5, 2345000), time.Time{}},
			{"theft", at(6, 2345000), stolen.Ended.At},
		} {
			e := j.Events()[i]
			if e.Type != want.what || e.Time != want.at || !want.row.IsZero() && want.row != want.at {
				t.Errorf("event %d: %s at %v, the row says %v; want %s at %v", i, e.Type, e.Time, want.row, want.what, want.at)
			}
		}
	})
}

func TestNoEventHoldsACredential(t *testing.T) {
	// SID-8, OB-1: no token, no part of one, no secret, no hash of one.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		var j journal
		tokens := newTokens(t, s, withRefresh, within(backends.Limit{Total: 3}), func(c *jwtauth.Config) { c.Policy = busy }, j.use)
		app, cookieApp := provingApp(t, tokens), provingCookieApp(t, newCookies(t, tokens))
		var credentials []string
		d := newDevice(t, app, "1")
		note := func() { credentials = append(credentials, d.token, d.refresh) }
		note()
		_, old := d.next()
		note()
		d.wantGranted(old, d.refresh)
		tick()
		d.status("GET", "/me", 200) // renews
		note()
		d.keep(d.status("POST", "/prove", 200))
		note()
		_, old = d.next()
		d.next()
		note()
		d.wantNoGrant(old) // theft
		b := newBrowser(t, cookieApp)
		for range 3 {
			b.login("1")
			credentials = append(credentials, b.jar["__Host-access"], b.jar["__Host-refresh"])
			b.status("POST", "/prove", 200)
			b.expire()
			b.status("GET", "/me", 200)
			credentials = append(credentials, b.jar["__Host-access"], b.jar["__Host-refresh"])
			newDevice(t, app, "1")
		}
		newClient(t, app).do("POST", "/login", as("nobody"))
		b.status("POST", "/logout", 200)

		var out bytes.Buffer
		kinds := map[middleware.EventType]bool{}
		for _, e := range j.Take() {
			kinds[e.Type] = true
			fmt.Fprintf(&out, "%+v %#v %s\n", e, e, e.LogValue())
			if err := json.NewEncoder(&out).Encode(e); err != nil {
				t.Fatal(err)
			}
		}
		// login, login_failed, renewed, refreshed, replayed, theft, reauthenticated, revoked,
		// superseded, logout
		if len(kinds) != 10 {
			t.Fatalf("only %v were tried", kinds)
		}
		for _, credential := range credentials {
			forms := []string{credential, credential[len(credential)-20:], credential[len(credential)/2 : len(credential)/2+20]}
			if _, _, secret, err := jwtauth.ParseRefresh(refreshKeyA, credential); err == nil {
				hash := secret.Hash()
				for _, raw := range [][]byte{secret[:], hash[:]} {
					forms = append(forms, string(raw), hex.EncodeToString(raw), fmt.Sprint(raw),
						base64.RawURLEncoding.EncodeToString(raw), base64.RawStdEncoding.EncodeToString(raw))
				}
			} else {
				forms = append(forms, claimsOf(t, credential)["jti"].(string))
			}
			for _, form := range forms {
				if strings.Contains(out.String(), form) {
					t.Fatalf("the events hold a credential as %q", form)
				}
			}
		}
	})
}

func TestByDefaultEventsAreLoggedToTheDefaultLoggerAndNobodyForgesALine(t *testing.T) {
	// OB-1, SID-8, ASVS 16.4.1: theft as a warning, what happens all the time for debugging.
	// This test must not be parallel: the default logger is everybody's.
	var out bytes.Buffer
	eventtest.UseAsDefault(t, eventtest.PlainHandler{W: &out})
	synctest.Test(t, func(t *testing.T) { // which begins on 2000-01-01
		d := &device{client: client{t: t, app: refreshApp(t, newTokens(t, storetest.Memory(t), withRefresh, func(c *jwtauth.Config) { c.Events = nil }))}}
		d.keep(d.status("POST", "/login", 200, as("1"), func(r *http.Request) {
			r.Header["User-Agent"] = []string{"curl\r\nINFO session event [type=login subject=2\x1b[2J\u2028\u0085]"}
		}))
		id := sid(t, d.token)
		secrets := []string{d.token, d.refresh}
		time.Sleep(time.Minute)
		_, old := d.next()
		d.wantGranted(old, d.refresh)
		d.next()
		d.wantNoGrant(old)
		secrets = append(secrets, d.token, d.refresh)
		want := `INFO session event [type=login time=2000-01-01 00:00:00 +0000 UTC subject=1 session_id=` + id + ` method=bearer ip=192.0.2.1 user_agent=curl  INFO session event [type=login subject=2 [2J  ]]
DEBUG session event [type=refreshed time=2000-01-01 00:01:00 +0000 UTC subject=1 session_id=` + id + ` method=bearer ip=192.0.2.1]
DEBUG session event [type=replayed time=2000-01-01 00:01:00 +0000 UTC subject=1 session_id=` + id + ` method=bearer ip=192.0.2.1]
DEBUG session event [type=refreshed time=2000-01-01 00:01:00 +0000 UTC subject=1 session_id=` + id + ` method=bearer ip=192.0.2.1]
WARN session event [type=theft time=2000-01-01 00:01:00 +0000 UTC subject=1 session_id=` + id + ` method=bearer ip=192.0.2.1]
`
		if got := out.String(); got != want {
			t.Errorf("logged\n%q\nwant\n%q", got, want)
		}
		for _, secret := range secrets {
			if strings.Contains(out.String(), secret[len(secret)-20:]) {
				t.Error("the log holds a token, or its end")
			}
		}
	})
}
