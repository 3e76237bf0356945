package cookie_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
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
	"github.com/inga-auth/inga/middleware/clientip"
)

// telling has the events told to the trail.
func telling(tr *eventtest.Trail) func(*config) {
	return func(c *config) { c.Events = tr.Hook }
}

// fromFirefox has all requests come from there.
func fromFirefox(app http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Set("User-Agent", "Firefox/150.0")
		app.ServeHTTP(w, r)
	})
}

func TestWhatHappensToASessionIsToldInItsOrder(t *testing.T) {
	// OB-1: each step of a browser's life, and what an audit trail says of it.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		var tr eventtest.Trail
		app := fromFirefox(newApp(t, s, busy, telling(&tr)))
		b, other := newBrowser(t, app), newBrowser(t, app)
		event := func(what middleware.EventType, id, reason string) middleware.Event {
			return middleware.Event{Type: what, Subject: "1", SessionID: id, Method: "cookie", Reason: reason, IP: "192.0.2.1", UserAgent: "Firefox/150.0"}
		}
		first := b.opened("1")
		tr.WantEvents(t, event("login", first, ""))
		elsewhere := other.opened("1")
		tr.WantEvents(t, event("login", elsewhere, ""))

		b.status("GET", "/poll", 200)
		b.status("GET", "/admin", 403)
		newBrowser(t, app).status("GET", "/me", 401)
		b.status("POST", "/logout", 403, from("cross-site", "https://evil.example"))
		b.status("GET", "/logout", 400)
		tr.WantEvents(t)
		tick()
		b.status("GET", "/me", 200)
		tr.WantEvents(t, event("renewed", first, ""))

		b.status("POST", "/prove", 200)
		tr.WantEvents(t, event("reauthenticated", first, ""))

		second := b.opened("1")
		tr.WantEvents(t, event("login", second, ""), event("revoked", first, "replaced"))

		value := "__Host-session=" + b.jar["__Host-session"]
		b.status("POST", "/logout", 200)
		tr.WantEvents(t, event("logout", second, ""))
		b.status("POST", "/logout", 200)
		b.status("POST", "/logout", 200, cookieHeader(value))
		b.status("POST", "/prove", 401, cookieHeader(value))
		tr.WantEvents(t)

		third := b.opened("1")
		tr.WantEvents(t, event("login", third, ""))
		other.status("POST", "/logout", 200)
		tr.WantEvents(t, event("logout", elsewhere, ""))
	})
}

func TestASessionThatIsSupersededIsToldAfterTheLoginThatSupersededIt(t *testing.T) {
	// OB-1, DV-8: with whose login did it, and where that came from.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		var tr eventtest.Trail
		app := fromFirefox(newApp(t, s, within(backends.Limit{Total: 2}), telling(&tr)))
		laptop, phone, third := newBrowser(t, app), newBrowser(t, app), newBrowser(t, app)
		first := laptop.opened("1")
		tick()
		second := phone.opened("1")
		tick()
		tr.Take()
		event := func(what middleware.EventType, id, reason string) middleware.Event {
			return middleware.Event{Type: what, Subject: "1", SessionID: id, Method: "cookie", Reason: reason, IP: "198.51.100.7", UserAgent: "Firefox/150.0"}
		}
		there := func(r *http.Request) { r.RemoteAddr = "198.51.100.7:4711" }
		var opened backends.Session
		if err := json.Unmarshal(third.status("POST", "/login", 200, as("1"), there).Body.Bytes(), &opened); err != nil {
			t.Fatal(err)
		}
		tr.WantEvents(t, event("login", opened.ID, ""), event("superseded", first, "superseded"))

		// A limit that was lowered ends two at once, and the one that is replaced besides.
		lowered := fromFirefox(newApp(t, s, within(backends.Limit{Total: 1}), telling(&tr)))
		tick()
		phone.app = lowered
		if err := json.Unmarshal(phone.status("POST", "/login", 200, as("1"), there).Body.Bytes(), &opened); err != nil {
			t.Fatal(err)
		}
		got := tr.Take()
		if len(got) != 3 || got[0].SessionID != opened.ID || got[1].Reason != "replaced" || got[1].SessionID != second || got[2].Type != "superseded" {
			t.Errorf("events %+v, want a login, the one of the same browser replaced, and the other superseded", got)
		}
	})
}

func TestAFailedLoginIsToldAndSaysWhy(t *testing.T) {
	// OB-1: the answer to the client says none of it.
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
		var tr eventtest.Trail
		cookies := newCookies(t, s, telling(&tr))
		for _, row := range []struct {
			name            string
			login           middleware.Login
			subject, reason string
		}{
			{"unknown", middleware.Login{Subject: "nobody"}, "nobody", "unknown_user"},
			{"no name", middleware.Login{}, "", "invalid_argument"},
			{"a name that would end a line", middleware.Login{Subject: "1\r\ntype=login subject=2"}, "1  type=login subject=2", "invalid_argument"},
			{"a name that is no text", middleware.Login{Subject: "a\xff\x00b"}, "a b", "invalid_argument"},
			{"a long name", middleware.Login{Subject: strings.Repeat("x", 300)}, strings.Repeat("x", 255), "invalid_argument"},
			{"disabled", middleware.Login{Subject: "2"}, "2", "user_disabled"},
			{"the password has changed", middleware.Login{Subject: "1", UserVersion: ann.Version}, "1", "user_changed"},
		} {
			r := httptest.NewRequest("POST", "https://app.example/login", nil)
			r.Header.Set("User-Agent", "Firefox/150.0")
			if _, err := cookies.Login(httptest.NewRecorder(), r, row.login); err == nil {
				t.Errorf("%s: logged in", row.name)
			}
			tr.WantEvents(t, middleware.Event{Type: "login_failed", Subject: row.subject, Method: "cookie", Reason: row.reason, IP: "192.0.2.1", UserAgent: "Firefox/150.0"})
		}
	})
}

func TestALoginThatFailsBecauseOfAnOutageIsToldAsThat(t *testing.T) {
	// OB-1: it is not the user's fault, and a renewal or a logout that could not be made is
	// not told at all.
	var tr eventtest.Trail
	f := &storetest.Failing{Store: storetest.Memory(t)}
	b := newBrowser(t, newApp(t, f, busy, telling(&tr)))
	b.login("1")
	tr.Take()
	f.NoCreate, f.NoExtend, f.NoRevoke = true, true, true
	newBrowser(t, b.app).status("POST", "/login", 503, as("1"))
	tr.WantEvents(t, middleware.Event{Type: "login_failed", Subject: "1", Method: "cookie", Reason: "unavailable", IP: "192.0.2.1"})
	tick()
	b.status("GET", "/me", 200)
	b.status("POST", "/logout", 503)
	tr.WantEvents(t)
}

func TestALoginThatCannotFindTheSessionOfItsBrowserIsTold(t *testing.T) {
	// OB-1: the outage comes before anything is opened.
	var tr eventtest.Trail
	f := &storetest.Failing{Store: storetest.Memory(t)}
	b := newBrowser(t, newApp(t, f, telling(&tr)))
	id := b.opened("1")
	f.NoFind = true
	b.status("POST", "/login", 503, as("2"))
	tr.WantEvents(t,
		middleware.Event{Type: "login", Subject: "1", SessionID: id, Method: "cookie", IP: "192.0.2.1"},
		middleware.Event{Type: "login_failed", Subject: "2", Method: "cookie", Reason: "unavailable", IP: "192.0.2.1"})
}

func TestASessionOfAnotherUserThatTheBrowserHadIsToldToo(t *testing.T) {
	// OB-1: it ends, so there must be a reason on record.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		var tr eventtest.Trail
		b := newBrowser(t, newApp(t, s, telling(&tr)))
		anns := b.opened("1")
		tr.Take()
		roots := b.opened("2")
		row, _, err := s.Find(t.Context(), time.Now(), anns, backends.SecretHash{})
		if err == nil || row.Ended.Reason != "replaced" {
			t.Fatalf("the former session: ended %+v, error %v; want replaced", row.Ended, err)
		}
		tr.WantEvents(t,
			middleware.Event{Type: "login", Subject: "2", SessionID: roots, Method: "cookie", IP: "192.0.2.1"},
			middleware.Event{Type: "revoked", Subject: "1", SessionID: anns, Method: "cookie", Reason: "replaced", IP: "192.0.2.1"})
	})
}

func TestEventsSayTheTimesOfTheRows(t *testing.T) {
	// OB-1: to the microsecond, in UTC, whatever zone the server is in.
	synctest.Test(t, func(t *testing.T) { // which begins on 2000-01-01
		var tr eventtest.Trail
		m := storetest.Memory(t)
		app := newApp(t, m, telling(&tr))
		b := newBrowser(t, app)
		time.Sleep(time.Second + 2345*time.Microsecond + 678)
		first := b.opened("1")
		time.Sleep(3 * time.Minute)
		b.status("GET", "/me", 200)
		time.Sleep(time.Minute)
		b.status("POST", "/prove", 200)
		row, _, _ := m.Find(t.Context(), time.Now(), first, backends.SecretHash{})
		time.Sleep(time.Minute)
		b.login("1")
		replaced, _, _ := m.Find(t.Context(), time.Now(), first, backends.SecretHash{})
		at := func(minute, nsec int) time.Time { return time.Date(2000, 1, 1, 0, minute, 1, nsec, time.UTC) }
		for i, want := range []struct {
			what middleware.EventType
			at   time.Time
			row  time.Time
		}{
			{"login", at(0, 2345000), row.CreatedAt},
			{"renewed", at(3, 2345678), time.Time{}},
			{"reauthenticated", at(4, 2345000), row.AuthenticatedAt},
			{"login", at(5, 2345000), time.Time{}},
			{"revoked", at(5, 2345000), replaced.Ended.At},
		} {
			e := tr.Events()[i]
			if e.Type != want.what || e.Time != want.at || !want.row.IsZero() && want.row != want.at {
				t.Errorf("event %d: %s at %v, the row says %v; want %s at %v", i, e.Type, e.Time, want.row, want.what, want.at)
			}
		}
	})
}

func TestAnEventHasTheAddressThatTrustedProxiesVouchFor(t *testing.T) {
	// OB-1, AZ-3: what a client says of itself is not believed, neither in the event nor in
	// the row.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		var tr eventtest.Trail
		app := newApp(t, s, telling(&tr))
		proxies, err := clientip.New(clientip.Config{Trusted: []string{"192.0.2.0/24"}})
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range []struct {
			name   string
			app    http.Handler
			header string
			want   string
		}{
			{"no proxies", app, "203.0.113.9", "192.0.2.1"},
			{"a proxy", proxies.Handler(app), "203.0.113.9", "203.0.113.9"},
			{"a proxy, and a client who makes one up", proxies.Handler(app), "10.0.0.1, 203.0.113.9", "203.0.113.9"},
			{"no address", proxies.Handler(app), "evil\r\n", "192.0.2.1"},
		} {
			b := newBrowser(t, row.app)
			id := func() string {
				var s backends.Session
				w := b.status("POST", "/login", 200, as("1"), header("X-Forwarded-For", row.header), header("Forwarded", "for=198.51.100.1"), header("X-Real-Ip", "198.51.100.2"))
				_ = json.Unmarshal(w.Body.Bytes(), &s)
				return s.ID
			}()
			tr.WantEvents(t, middleware.Event{Type: "login", Subject: "1", SessionID: id, Method: "cookie", IP: row.want})
			if found, _, err := s.Find(t.Context(), time.Now(), id, backends.SecretHash{}); err != nil || found.Client.IP.String() != row.want {
				t.Errorf("%s: the row has the address %q (%v), want %q", row.name, found.Client.IP, err, row.want)
			}
		}
	})
}

func TestNoEventHoldsACredential(t *testing.T) {
	// SID-8, OB-1: no cookie, no secret, no hash of one, as text or in another spelling.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		var tr eventtest.Trail
		app := newApp(t, s, busy, within(backends.Limit{Total: 2}), telling(&tr))
		var values []string
		b := newBrowser(t, app)
		for range 3 {
			for _, step := range [][2]string{{"POST", "/login"}, {"GET", "/me"}, {"POST", "/prove"}, {"POST", "/login"}} {
				tick()
				b.status(step[0], step[1], 200, as("1"))
				values = append(values, b.jar["__Host-session"])
			}
			other := newBrowser(t, app)
			other.login("1")
			values = append(values, other.jar["__Host-session"])
		}
		newBrowser(t, app).status("POST", "/login", 500, as("nobody"))
		b.login("1")
		values = append(values, b.jar["__Host-session"])
		b.status("POST", "/logout", 200)

		var out bytes.Buffer
		kinds := map[middleware.EventType]bool{}
		for _, e := range tr.Take() {
			kinds[e.Type] = true
			fmt.Fprintf(&out, "%+v %#v %s\n", e, e, e.LogValue())
			if err := json.NewEncoder(&out).Encode(e); err != nil {
				t.Fatal(err)
			}
		}
		if len(kinds) != 7 { // login, login_failed, renewed, reauthenticated, revoked, superseded, logout
			t.Fatalf("only %v were tried", kinds)
		}
		for _, value := range values {
			secret, err := base64.URLEncoding.DecodeString(payload(t, value))
			if err != nil || len(secret) != 32 {
				t.Fatalf("secret of %d bytes (%v)", len(secret), err)
			}
			hash := backends.Secret(secret).Hash()
			for _, raw := range [][]byte{secret, hash[:]} {
				for _, form := range []string{
					string(raw), hex.EncodeToString(raw), fmt.Sprint(raw),
					base64.RawURLEncoding.EncodeToString(raw), base64.RawStdEncoding.EncodeToString(raw),
				} {
					if strings.Contains(out.String(), form) {
						t.Fatalf("the events hold a secret or its hash as %q", form)
					}
				}
			}
			if strings.Contains(out.String(), value) {
				t.Fatal("the events hold a cookie")
			}
		}
	})
}

func TestByDefaultEventsAreLoggedToTheDefaultLoggerAndNobodyForgesALine(t *testing.T) {
	// OB-1, SID-8, ASVS 16.4.1. This test must not be parallel: the default logger is
	// everybody's.
	var out bytes.Buffer
	eventtest.UseAsDefault(t, eventtest.PlainHandler{W: &out})
	synctest.Test(t, func(t *testing.T) { // which begins on 2000-01-01
		cookies := newCookies(t, storetest.Memory(t), func(c *config) { c.Events = nil })
		b := newBrowser(t, appOf(t, cookies, slog.New(slog.DiscardHandler)))
		evil := func(r *http.Request) {
			r.Header["User-Agent"] = []string{"Firefox\r\nINFO session event [type=login subject=2\x1b[2J\u2028\u0085]"}
		}
		var s backends.Session
		_ = json.Unmarshal(b.status("POST", "/login", 200, as("1"), evil).Body.Bytes(), &s)
		value := b.jar["__Host-session"]
		time.Sleep(3 * time.Minute)
		b.status("GET", "/me", 200)
		b.status("POST", "/logout", 200)
		b.status("POST", "/login", 500, as("2\nINFO session event [type=login subject=2]"))
		want := `INFO session event [type=login time=2000-01-01 00:00:00 +0000 UTC subject=1 session_id=` + s.ID + ` method=cookie ip=192.0.2.1 user_agent=Firefox  INFO session event [type=login subject=2 [2J  ]]
DEBUG session event [type=renewed time=2000-01-01 00:03:00 +0000 UTC subject=1 session_id=` + s.ID + ` method=cookie ip=192.0.2.1]
INFO session event [type=logout time=2000-01-01 00:03:00 +0000 UTC subject=1 session_id=` + s.ID + ` method=cookie ip=192.0.2.1]
INFO session event [type=login_failed time=2000-01-01 00:03:00 +0000 UTC subject=2 INFO session event [type=login subject=2] method=cookie reason=invalid_argument ip=192.0.2.1]
`
		if got := out.String(); got != want {
			t.Errorf("logged\n%q\nwant\n%q", got, want)
		}
		for _, form := range []string{value, payload(t, value), payloadHex(t, value)} {
			if strings.Contains(out.String(), form) {
				t.Errorf("the log holds a secret as %q", form)
			}
		}
	})
}
