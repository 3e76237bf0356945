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
	"github.com/inga-auth/inga/internal/tokentest"
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

func TestWhatHappensToASessionIsToldInItsOrder(t *testing.T) {
	// OB-1, RT-2: each step of a program's life, and what an audit trail says of it.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		var j tokentest.Journal
		tokens := tokentest.New(t, s, tokentest.Eager, func(c *tokentest.Config) { c.Policy = tokentest.Busy }, j.Use)
		app := fromCurl(tokentest.App(t, tokens))
		event := happened("bearer")
		d := tokentest.NewDevice(t, app, "1")
		first := tokentest.SID(t, d.Token)
		j.WantEvents(t, event("login", first, ""))

		d.Status("GET", "/poll", 200)
		d.Status("GET", "/admin", 403)
		tokentest.NewClient(t, app).Status("GET", "/me", 401)
		d.Status("GET", "/logout", 400)
		d.WantNoGrant("x")
		j.WantEvents(t)
		tokentest.Tick()
		d.Status("GET", "/me", 200)
		j.WantEvents(t, event("renewed", first, ""))

		_, parent := d.Rotate()
		j.WantEvents(t, event("refreshed", first, ""))
		d.WantGranted(parent, d.Refresh)
		j.WantEvents(t, event("replayed", first, ""))

		d.Keep(d.Status("POST", "/prove", 200))
		j.WantEvents(t, event("reauthenticated", first, ""))

		token := d.Token
		d.Status("POST", "/logout", 200)
		j.WantEvents(t, event("logout", first, ""))
		d.Status("POST", "/logout", 200)
		d.Status("POST", "/prove", 401)
		d.WantNoGrant(d.Refresh)
		if w := d.Post("/revoke", "token", token); w.Code != 200 {
			t.Errorf("/revoke: status %d, want 200", w.Code)
		}
		j.WantEvents(t)

		victim := tokentest.NewDevice(t, app, "1")
		second := tokentest.SID(t, victim.Token)
		_, old := victim.Rotate()
		victim.Rotate()
		j.WantEvents(t, event("login", second, ""), event("refreshed", second, ""), event("refreshed", second, ""))
		victim.WantNoGrant(old)
		j.WantEvents(t, event("theft", second, "theft"))
		victim.WantNoGrant(old)
		victim.WantNoGrant(victim.Refresh)
		j.WantEvents(t)

		third := tokentest.NewDevice(t, app, "1")
		j.Take()
		if w := third.Post("/revoke", "token", third.Token); w.Code != 200 {
			t.Errorf("/revoke: status %d, want 200", w.Code)
		}
		j.WantEvents(t, event("logout", tokentest.SID(t, third.Token), ""))
	})
}

func TestALogoutIsToldWithItsUserWhicheverTokenSaysWhoseSessionItIs(t *testing.T) {
	// OB-1: a refresh token does not say it, and the store knows.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		var j tokentest.Journal
		tokens := tokentest.New(t, s, tokentest.WithRefresh, j.Use)
		d := tokentest.NewDevice(t, fromCurl(tokentest.App(t, tokens)), "1")
		j.Take()
		if w := d.Post("/revoke", "token", d.Refresh); w.Code != 200 {
			t.Fatalf("/revoke: status %d, want 200", w.Code)
		}
		j.WantEvents(t, happened("bearer")("logout", tokentest.SID(t, d.Token), ""))

		b := tokentest.NewBrowser(t, fromCurl(tokentest.CookieApp(t, tokentest.NewCookies(t, tokens))))
		b.Login("1")
		id := tokentest.SID(t, b.Access())
		b.Expire()
		j.Take()
		b.Status("POST", "/logout", 200)
		j.WantEvents(t, happened("token-cookie")("logout", id, ""))
	})
}

func TestASessionThatIsSupersededIsToldAfterTheLoginThatSupersededIt(t *testing.T) {
	// OB-1, DV-8.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		var j tokentest.Journal
		tokens := tokentest.New(t, s, tokentest.WithRefresh, tokentest.Within(backends.Limit{Total: 2}), j.Use)
		app, cookieApp := fromCurl(tokentest.App(t, tokens)), fromCurl(tokentest.CookieApp(t, tokentest.NewCookies(t, tokens)))
		laptop := tokentest.NewDevice(t, app, "1")
		tokentest.Tick()
		phone := tokentest.NewBrowser(t, cookieApp)
		phone.Login("1")
		tokentest.Tick()
		j.Take()
		third := tokentest.NewDevice(t, app, "1")
		bearer, cookie := happened("bearer"), happened("token-cookie")
		j.WantEvents(t, bearer("login", tokentest.SID(t, third.Token), ""), bearer("superseded", tokentest.SID(t, laptop.Token), "superseded"))
		tokentest.Tick()
		last := tokentest.NewBrowser(t, cookieApp)
		last.Login("1")
		j.WantEvents(t, cookie("login", tokentest.SID(t, last.Access()), ""), cookie("superseded", tokentest.SID(t, phone.Access()), "superseded"))
	})
}

func TestASessionThatEndsIsToldAlthoughTheLoginThenFails(t *testing.T) {
	// OB-1: the claims of the new token cannot be had, and the old session has made room.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		var j tokentest.Journal
		down := false
		tokens := tokentest.New(t, s, tokentest.Within(backends.Limit{Total: 1}), j.Use, tokentest.WithClaims(func(backends.User) (any, error) {
			if down {
				return nil, storetest.ErrDown
			}
			return nil, nil
		}))
		c := tokentest.NewClient(t, tokentest.App(t, tokens)).Login("1")
		j.Take()
		down = true
		tokentest.NewClient(t, c.App).Status("POST", "/login", 503, tokentest.As("1"))
		told := slices.ContainsFunc(j.Take(), func(e middleware.Event) bool { return e.SessionID == tokentest.SID(t, c.Token) })
		if ended := c.Do("GET", "/me").Code == 401; ended != told {
			t.Errorf("the former session has ended: %v; that was told: %v", ended, told)
		}
	})
}

func TestALoginThatFailsForWantOfClaimsLogsNobodyOut(t *testing.T) {
	// AZ-5: an outage of what Config.Claims asks is no reason to end a session.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		down := false
		tokens := tokentest.New(t, s, tokentest.Within(backends.Limit{Total: 1}), tokentest.WithClaims(func(backends.User) (any, error) {
			if down {
				return nil, storetest.ErrDown
			}
			return nil, nil
		}))
		c := tokentest.NewClient(t, tokentest.App(t, tokens)).Login("1")
		down = true
		tokentest.NewClient(t, c.App).Status("POST", "/login", 503, tokentest.As("1"))
		c.Status("GET", "/me", 200)
	})
}

func TestAFailedLoginIsToldAndSaysWhy(t *testing.T) {
	// OB-1.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		ann, _, err := s.Users().UserByName(t.Context(), "ann")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Users().SetPassword(t.Context(), time.Now(), "1", 0, "$argon2id$x", ""); err != nil {
			t.Fatal(err)
		}
		if err := s.Users().SetDisabled(t.Context(), time.Now(), "2", true); err != nil {
			t.Fatal(err)
		}
		var j tokentest.Journal
		tokens := tokentest.New(t, s, tokentest.WithRefresh, j.Use)
		cookies := tokentest.NewCookies(t, tokens)
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
				{"a name that would end a line", middleware.Login{Subject: "1\r\ntype=login subject=2"}, "1  type=login subject=2", "invalid_argument"},
				{"a long name", middleware.Login{Subject: strings.Repeat("x", 300)}, strings.Repeat("x", 255), "invalid_argument"},
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
	// OB-1, RT-15: there is no event of what was not done, and no theft.
	var j tokentest.Journal
	s := tokentest.NewSpy(storetest.Memory(t))
	tokens := tokentest.New(t, s, tokentest.WithRefresh, func(c *tokentest.Config) { c.Policy = tokentest.Busy }, j.Use)
	d := tokentest.NewDevice(t, tokentest.App(t, tokens), "1")
	j.Take()
	s.Fail("Create", "Extend", "Revoke", "Rotate", "MarkSeen")
	tokentest.WantUnavailable(t, tokentest.NewClient(t, d.App).Do("POST", "/login", tokentest.As("1")))
	j.WantEvents(t, middleware.Event{Type: "login_failed", Subject: "1", Method: "bearer", Reason: "unavailable", IP: "192.0.2.1"})
	tokentest.Tick()
	d.Status("GET", "/me", 200)
	tokentest.WantUnavailable(t, d.Present(d.Refresh))
	tokentest.WantUnavailable(t, d.Do("POST", "/logout"))
	s.Fail("Find")
	tokentest.WantUnavailable(t, d.Do("POST", "/prove"))
	j.WantEvents(t)
}

func TestEventsSayTheTimesOfTheRows(t *testing.T) {
	// OB-1, RT-2: to the microsecond, in UTC.
	synctest.Test(t, func(t *testing.T) { // which begins on 2000-01-01
		var j tokentest.Journal
		m := storetest.Memory(t)
		app := tokentest.App(t, tokentest.New(t, m, tokentest.WithRefresh, j.Use))
		time.Sleep(time.Second + 2345*time.Microsecond + 678)
		d := tokentest.NewDevice(t, app, "1")
		began := tokentest.SessionOf(t, m, d.Token)
		time.Sleep(3 * time.Minute)
		d.Status("GET", "/me", 200)
		time.Sleep(time.Minute)
		d.Keep(d.Status("POST", "/prove", 200))
		proved := tokentest.SessionOf(t, m, d.Token)
		time.Sleep(time.Minute)
		_, old := d.Next()
		rotated := tokentest.SessionOf(t, m, d.Token)
		time.Sleep(time.Minute)
		d.Next()
		d.WantNoGrant(old)
		stolen := tokentest.SessionOf(t, m, d.Token)
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
			{"refreshed", at(6, 2345000), time.Time{}},
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
		var j tokentest.Journal
		tokens := tokentest.New(t, s, tokentest.Eager, tokentest.Within(backends.Limit{Total: 3}), func(c *tokentest.Config) { c.Policy = tokentest.Busy }, j.Use)
		app, cookieApp := tokentest.App(t, tokens), tokentest.CookieApp(t, tokentest.NewCookies(t, tokens))
		var credentials []string
		d := tokentest.NewDevice(t, app, "1")
		note := func() { credentials = append(credentials, d.Token, d.Refresh) }
		note()
		_, old := d.Rotate()
		note()
		d.WantGranted(old, d.Refresh)
		tokentest.Tick()
		d.Status("GET", "/me", 200) // renews
		note()
		d.Keep(d.Status("POST", "/prove", 200))
		note()
		_, old = d.Rotate()
		d.Rotate()
		note()
		d.WantNoGrant(old) // theft
		b := tokentest.NewBrowser(t, cookieApp)
		for range 3 {
			b.Login("1")
			credentials = append(credentials, b.Access(), b.Refresh())
			b.Status("POST", "/prove", 200)
			b.Expire()
			b.Status("GET", "/me", 200)
			credentials = append(credentials, b.Access(), b.Refresh())
			tokentest.NewDevice(t, app, "1")
		}
		tokentest.NewClient(t, app).Do("POST", "/login", tokentest.As("nobody"))
		b.Status("POST", "/logout", 200)

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
			if _, _, secret, err := tokentest.ParseRefresh(tokentest.RefreshKeyA, credential); err == nil {
				hash := secret.Hash()
				for _, raw := range [][]byte{secret[:], hash[:]} {
					forms = append(forms, string(raw), hex.EncodeToString(raw), fmt.Sprint(raw),
						base64.RawURLEncoding.EncodeToString(raw), base64.RawStdEncoding.EncodeToString(raw))
				}
			} else {
				forms = append(forms, tokentest.ClaimsOf(t, credential)["jti"].(string))
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
	// This test must not be parallel: the default logger is shared.
	var out bytes.Buffer
	eventtest.UseAsDefault(t, eventtest.PlainHandler{W: &out})
	synctest.Test(t, func(t *testing.T) { // which begins on 2000-01-01
		d := tokentest.NewDevice(t, tokentest.App(t, tokentest.New(t, storetest.Memory(t), tokentest.WithRefresh, func(c *tokentest.Config) { c.Events = nil })), "")
		d.Keep(d.Status("POST", "/login", 200, tokentest.As("1"), func(r *http.Request) {
			r.Header["User-Agent"] = []string{"curl\r\nINFO session event [type=login subject=2\x1b[2J\u2028\u0085]"}
		}))
		id := tokentest.SID(t, d.Token)
		secrets := []string{d.Token, d.Refresh}
		time.Sleep(time.Minute)
		_, old := d.Next()
		d.WantGranted(old, d.Refresh)
		time.Sleep(time.Minute)
		d.Next()
		d.WantNoGrant(old)
		secrets = append(secrets, d.Token, d.Refresh)
		want := `INFO session event [type=login time=2000-01-01 00:00:00 +0000 UTC subject=1 session_id=` + id + ` method=bearer ip=192.0.2.1 user_agent=curl  INFO session event [type=login subject=2 [2J  ]]
DEBUG session event [type=refreshed time=2000-01-01 00:01:00 +0000 UTC subject=1 session_id=` + id + ` method=bearer ip=192.0.2.1]
DEBUG session event [type=replayed time=2000-01-01 00:01:00 +0000 UTC subject=1 session_id=` + id + ` method=bearer ip=192.0.2.1]
DEBUG session event [type=refreshed time=2000-01-01 00:02:00 +0000 UTC subject=1 session_id=` + id + ` method=bearer ip=192.0.2.1]
WARN session event [type=theft time=2000-01-01 00:02:00 +0000 UTC subject=1 session_id=` + id + ` method=bearer reason=theft ip=192.0.2.1]
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
