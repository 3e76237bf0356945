package cookie_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/pgtest"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/sliding"
)

// remembered asks for a page until the answer comes from what is remembered.
func (b *browser) remembered(m *storetest.Memo) {
	b.t.Helper()
	before := m.Asked.Load()
	for range 4 {
		b.status("GET", "/poll", 200)
	}
	if got := m.Asked.Load() - before; got > 2 {
		b.t.Fatalf("four requests asked the store %d times, want twice at the most", got)
	}
}

// inThisCentury lets the time of a bubble, which begins on 2000-01-01, pass until it has ten
// digits, in September 2001: a cookie's value tells where its ID is for as long as it has.
func inThisCentury() { time.Sleep(2 * 365 * 24 * time.Hour) }

func TestACookieOfAnotherCenturyOpensItsSessionWithoutBeingRemembered(t *testing.T) {
	// Where the ID is in a value is only guessed. With a wrong guess the cookie is verified each
	// time, and nothing else changes.
	synctest.Test(t, func(t *testing.T) { // which begins on 2000-01-01
		m := &storetest.Memo{Store: storetest.Cached(t, storetest.Memory(t))}
		b := newBrowser(t, newApp(t, m))
		b.login("1")
		for range 4 {
			b.status("GET", "/poll", 200)
		}
		if n := m.Asked.Load(); n != 4 {
			t.Errorf("four requests asked the store %d times, want 4", n)
		}
		value := b.jar["__Host-session"]
		b.status("POST", "/logout", 200)
		b.status("GET", "/poll", 401, cookieHeader("__Host-session="+value))
	})
}

func TestARememberedCookieIsRefusedAtOnceWhenItsSessionEnds(t *testing.T) {
	// LO-1, LO-2, LO-3, LO-4, LO-10: in the process that ends it.
	for _, row := range []struct {
		name, problem string
		end           func(t *testing.T, b *browser, s storetest.Store, id string) error
	}{
		{"logout", "session-revoked", func(_ *testing.T, b *browser, _ storetest.Store, _ string) error {
			value := b.jar["__Host-session"]
			b.status("POST", "/logout", 200)
			b.jar["__Host-session"] = value
			return nil
		}},
		{"revoked", "session-revoked", func(t *testing.T, _ *browser, s storetest.Store, id string) error {
			_, err := s.Revoke(t.Context(), now(), id, backends.ReasonRevoked)
			return err
		}},
		{"all of the user's", "session-revoked", func(t *testing.T, _ *browser, s storetest.Store, _ string) error {
			_, err := s.RevokeUser(t.Context(), now(), "1", "", backends.ReasonRevoked)
			return err
		}},
		{"everybody's", "session-revoked", func(t *testing.T, _ *browser, s storetest.Store, _ string) error {
			err := s.RevokeAll(t.Context(), now(), backends.ReasonRevoked)
			return err
		}},
		{"superseded", "session-superseded", func(t *testing.T, _ *browser, s storetest.Store, _ string) error {
			newBrowser(t, newApp(t, s, within(backends.Limit{Total: 1}))).login("1")
			return nil
		}},
		{"replaced", "session-revoked", func(_ *testing.T, b *browser, _ storetest.Store, _ string) error {
			value := b.jar["__Host-session"]
			b.login("1")
			b.jar["__Host-session"] = value
			return nil
		}},
		{"replaced by another user", "session-revoked", func(_ *testing.T, b *browser, _ storetest.Store, _ string) error {
			value := b.jar["__Host-session"]
			b.login("2")
			b.jar["__Host-session"] = value
			return nil
		}},
		{"authenticated again", "invalid-credentials", func(_ *testing.T, b *browser, _ storetest.Store, _ string) error {
			value := b.jar["__Host-session"]
			b.status("POST", "/prove", 200)
			b.status("GET", "/me", 200)
			b.jar["__Host-session"] = value
			return nil
		}},
		{"password changed", "session-revoked", func(t *testing.T, _ *browser, s storetest.Store, _ string) error {
			_, err := s.Users().SetPassword(t.Context(), now(), "1", 0, "$argon2id$x", "")
			return err
		}},
		{"user disabled", "session-revoked", func(t *testing.T, _ *browser, s storetest.Store, _ string) error {
			return s.Users().SetDisabled(t.Context(), now(), "1", true)
		}},
		{"user deleted", "session-revoked", func(t *testing.T, _ *browser, s storetest.Store, _ string) error {
			return s.Users().DeleteUser(t.Context(), now(), "1")
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			storetest.EachCached(t, func(t *testing.T, s storetest.Store) {
				m := &storetest.Memo{Store: s}
				app := newApp(t, m)
				b, bystander := newBrowser(t, app), newBrowser(t, app)
				id := b.opened("1")
				bystander.login("2")
				b.remembered(m)
				bystander.remembered(m)
				if err := row.end(t, b, m, id); err != nil {
					t.Fatal(err)
				}
				for range 3 {
					b.problem("GET", "/me", 401, row.problem)
				}
				if row.name != "everybody's" {
					bystander.status("GET", "/me", 200)
				}
			})
		})
	}
}

func TestAChangedRoleIsSeenThroughARememberedCookie(t *testing.T) {
	// AZ-2.
	storetest.EachCached(t, func(t *testing.T, s storetest.Store) {
		m := &storetest.Memo{Store: s}
		b := newBrowser(t, newApp(t, m))
		b.login("2")
		b.remembered(m)
		b.status("GET", "/admin", 200)
		if err := m.Users().SetRoles(t.Context(), "2", []string{"user"}); err != nil {
			t.Fatal(err)
		}
		b.problem("GET", "/admin", 403, "forbidden")
		b.remembered(m)
		b.problem("GET", "/admin", 403, "forbidden")
		if err := m.Users().SetRoles(t.Context(), "2", []string{"admin"}); err != nil {
			t.Fatal(err)
		}
		b.status("GET", "/admin", 200)
	})
}

func TestARememberedCookieIsGoodUntilItsSessionExpiresAndNotLonger(t *testing.T) {
	// TL-1, TL-2, TL-5: by its idle deadline, its absolute one, and as activity
	// moves the former.
	synctest.Test(t, func(t *testing.T) {
		inThisCentury()
		m := &storetest.Memo{Store: storetest.Cached(t, storetest.Memory(t))}
		b := newBrowser(t, newApp(t, m))
		b.login("1")
		b.remembered(m)
		time.Sleep(30*time.Minute - time.Microsecond)
		b.status("GET", "/poll", 200)
		time.Sleep(time.Microsecond)
		b.problem("GET", "/poll", 401, "session-expired")

		b.login("1")
		begin := time.Now()
		for time.Since(begin) < 12*time.Hour {
			b.status("GET", "/me", 200)
			b.status("GET", "/me", 200)
			time.Sleep(20 * time.Minute)
		}
		b.problem("GET", "/me", 401, "session-expired")
		if n := m.Asked.Load(); n > 36+6 {
			t.Errorf("the store was asked %d times by 72 requests, two every twenty minutes; want once for each two, for nothing is believed for longer than a minute, and at both ends", n)
		}
	})
}

func TestActivityThroughARememberedCookieIsOneWriteInAnInterval(t *testing.T) {
	// TL-6, TL-7: the interval is that of the row and not of what is remembered.
	synctest.Test(t, func(t *testing.T) {
		inThisCentury()
		c := &counting{Store: storetest.Memory(t)}
		inner := struct {
			*counting
			others
		}{c, c.Store.(others)}
		b := newBrowser(t, newApp(t, storetest.Cached(t, inner)))
		b.login("1")
		for range 3 {
			time.Sleep(3*time.Minute - time.Microsecond)
			before := c.extended.Load()
			b.status("GET", "/me", 200)
			if n := c.extended.Load() - before; n != 0 {
				t.Errorf("%d writes before the interval is over, want 0", n)
			}
			time.Sleep(time.Microsecond)
			for range 100 {
				b.status("GET", "/me", 200)
			}
			if n := c.extended.Load() - before; n != 1 {
				t.Errorf("%d writes by a hundred requests after the interval, want 1", n)
			}
		}
		if n := c.asked.Load(); n != 3 {
			t.Errorf("the backend was asked for the session %d times, want once every three minutes: nothing is believed for longer than one", n)
		}
	})
}

// others are the contracts of a backend besides Store.
type others interface {
	backends.Rotator
	backends.SessionLister
	backends.Sweeper
	backends.Values
	backends.Feed
}

func TestOneThatSharesTheStoreNeverAcceptsWhatAnotherRemembers(t *testing.T) {
	// SID-4: the keys and the name belong to the credential.
	storetest.EachCached(t, func(t *testing.T, s storetest.Store) {
		named := func(name string) func(*config) { return func(c *config) { c.Name = name } }
		keyed := func(key []byte) func(*config) { return func(c *config) { c.Keys = [][]byte{key} } }
		m := &storetest.Memo{Store: s}
		mine, other := newBrowser(t, newApp(t, m)), newBrowser(t, newApp(t, m, keyed(keyB)))
		b := newBrowser(t, newApp(t, m, named("__Host-b")))
		for _, who := range []*browser{mine, other, b} {
			who.login("1")
			who.remembered(m)
		}
		value := mine.jar["__Host-session"]
		for name, row := range map[string]struct {
			app    http.Handler
			cookie string
		}{
			"other keys":                            {other.app, "__Host-session=" + value},
			"other keys, the other way":             {mine.app, "__Host-session=" + other.jar["__Host-session"]},
			"another name":                          {b.app, "__Host-b=" + value},
			"another name, the other way":           {mine.app, "__Host-session=" + b.jar["__Host-b"]},
			"another name, and other keys":          {b.app, "__Host-b=" + other.jar["__Host-session"]},
			"the right value, under a name unasked": {b.app, "__Host-session=" + b.jar["__Host-b"]},
		} {
			for range 2 {
				if w := newBrowser(t, row.app).do("GET", "/poll", cookieHeader(row.cookie)); w.Code != 401 {
					t.Errorf("%s: status %d, want 401", name, w.Code)
				}
			}
		}
		for _, who := range []*browser{mine, other, b} {
			who.remembered(m)
		}
		// One that is like the first accepts what it does, as without a cache.
		newBrowser(t, newApp(t, m)).status("GET", "/poll", 200, cookieHeader("__Host-session="+value))
	})
}

func TestATokenIsNotTakenForARememberedCookieNorTheOtherWayRound(t *testing.T) {
	// RT-12's spirit: they are remembered in one table. An access token alone is no cookie, since
	// there the refresh cookie is the session.
	storetest.EachCached(t, func(t *testing.T, s storetest.Store) {
		m := &storetest.Memo{Store: s}
		ways := waysIn(t, m, nil)
		// The methods of their identities. A token is one wherever it was sent before.
		accepted := map[string]string{
			"__Host-session of a cookie as a cookie":             "cookie",
			"the token of a token as a token":                    "bearer",
			"__Host-access of a token-cookie as a token":         "bearer",
			"__Host-refresh of a token-cookie as a token-cookie": "token-cookie",
		}
		for _, way := range ways {
			r, err := way.open()
			if err != nil {
				t.Fatal(err)
			}
			for range 3 {
				if _, err := way.who.Authenticate(r); err != nil {
					t.Fatal(err)
				}
			}
			credentials := map[string]string{}
			if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
				credentials["the token"] = token
			}
			for _, c := range r.Cookies() {
				credentials[c.Name] = c.Value
			}
			for _, as := range ways {
				for what, credential := range credentials {
					r := httptest.NewRequest("GET", "https://app.example/", nil)
					switch as.name {
					case "cookie":
						r.Header.Set("Cookie", "__Host-session="+credential)
					case "token":
						r.Header.Set("Authorization", "Bearer "+credential)
					case "token-cookie":
						r.Header.Set("Cookie", "__Host-access="+credential+"; __Host-refresh="+credential)
					}
					id, err := as.who.Authenticate(r)
					name := fmt.Sprintf("%s of a %s as a %s", what, way.name, as.name)
					if got, want := id.Method, accepted[name]; got != want || (err == nil) != (want != "") {
						t.Errorf("%s: method %q, error %v; want method %q", name, got, err, want)
					}
				}
			}
		}
	})
}

func TestARespelledCookieIsNotTakenForTheRememberedOne(t *testing.T) {
	// JW-12 for cookies: base64 has several spellings for the same bytes, and some verify.
	// What is remembered is a text, so they are looked at anew, and die with the session.
	storetest.EachCached(t, func(t *testing.T, s storetest.Store) {
		m := &storetest.Memo{Store: s}
		b := newBrowser(t, newApp(t, m))
		b.login("1")
		b.remembered(m)
		value := b.jar["__Host-session"]
		raw, err := base64.URLEncoding.DecodeString(value)
		if err != nil {
			t.Fatal(err)
		}
		spellings := map[string]string{
			"a padding more":     value + "=",
			"a line break":       value[:50] + "\n" + value[50:],
			"the other alphabet": base64.StdEncoding.EncodeToString(raw),
			"no padding":         strings.TrimRight(value, "="),
			"a bit that is spare": func() string {
				end := strings.TrimRight(value, "=")
				last := strings.IndexByte(alphabet, end[len(end)-1])
				return end[:len(end)-1] + string(alphabet[last^1]) + value[len(end):]
			}(),
			"cut": value[:len(value)-1],
		}
		for name, spelling := range spellings {
			if spelling == value {
				delete(spellings, name) // there is no such spelling of this one
				continue
			}
			before := m.Asked.Load()
			w := newBrowser(t, b.app).do("GET", "/poll", cookieHeader("__Host-session="+spelling))
			if w.Code == 200 && m.Asked.Load() == before {
				t.Errorf("%s: it was taken for the remembered one", name)
			}
		}
		b.remembered(m)
		b.status("POST", "/logout", 200)
		for name, spelling := range spellings {
			if w := newBrowser(t, b.app).do("GET", "/poll", cookieHeader("__Host-session="+spelling)); w.Code != 401 {
				t.Errorf("%s: status %d after the logout, want 401", name, w.Code)
			}
		}
	})
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

func TestWhatAHandlerChangesInItsIdentityIsNotSeenByTheNextRequest(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		cookies := newCookies(t, s)
		w := httptest.NewRecorder()
		login := middleware.Login{Subject: "2", AMR: []string{"pwd", "otp"}}
		if _, err := cookies.Login(w, httptest.NewRequest("POST", "/", nil), login); err != nil {
			t.Fatal(err)
		}
		login.AMR[0] = "login"
		guard, err := middleware.New(middleware.Config{Authenticator: cookies})
		if err != nil {
			t.Fatal(err)
		}
		var seen []middleware.Identity
		h := guard.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			id, _ := middleware.FromContext(r.Context())
			copied := id
			copied.Roles, copied.AMR = slices.Clone(id.Roles), slices.Clone(id.AMR)
			seen = append(seen, copied)
			id.Roles[0], id.AMR[0] = "root", "hwk"
			id.Roles, id.AMR = append(id.Roles, "more"), append(id.AMR, "more")
			id.Subject = "1"
		}))
		r := httptest.NewRequest("GET", "/", nil)
		r.AddCookie(w.Result().Cookies()[0])
		for range 5 {
			h.ServeHTTP(httptest.NewRecorder(), r)
		}
		if len(seen) != 5 {
			t.Fatalf("%d requests passed, want 5", len(seen))
		}
		for i, id := range seen {
			if id.Subject != "2" || !slices.Equal(id.Roles, []string{"user", "admin"}) || !slices.Equal(id.AMR, []string{"pwd", "otp"}) {
				t.Errorf("request %d: %+v, want user 2 with the roles user and admin, by pwd and otp", i, id)
			}
		}
	})
}

func TestTheRolesOfOneRequestDoNotGrowIntoItsAMR(t *testing.T) {
	// They share an array: what is appended to the one must not overwrite the other.
	b := storetest.Cached(t, storetest.Memory(t))
	cookies := newCookies(t, b)
	w := httptest.NewRecorder()
	if _, err := cookies.Login(w, httptest.NewRequest("POST", "/", nil), middleware.Login{Subject: "2", AMR: []string{"pwd"}}); err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("GET", "/", nil)
	r.AddCookie(w.Result().Cookies()[0])
	for range 3 {
		id, err := cookies.Authenticate(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = append(id.Roles, "more")
		if !slices.Equal(id.AMR, []string{"pwd"}) {
			t.Errorf("AMR %v, want pwd", id.AMR)
		}
	}
}

func TestTwoRememberedCookiesInOneRequestAreRefusedStill(t *testing.T) {
	// CK-12: there is no telling which of them the user means.
	storetest.EachCached(t, func(t *testing.T, s storetest.Store) {
		m := &storetest.Memo{Store: s}
		app := newApp(t, m)
		ann, root := newBrowser(t, app), newBrowser(t, app)
		ann.login("1")
		root.login("2")
		ann.remembered(m)
		root.remembered(m)
		anns, roots := "__Host-session="+ann.jar["__Host-session"], "__Host-session="+root.jar["__Host-session"]
		for _, row := range []struct {
			name, cookies string
			want          int
		}{
			{"both", anns + "; " + roots, 401},
			{"both, the other way", roots + "; " + anns, 401},
			{"both, one twice", anns + "; " + roots + "; " + anns, 401},
			{"one twice", anns + "; " + anns, 200},
			{"one, and one that is planted", anns + "; __Host-session=planted", 200},
			{"one that is planted, and one", "__Host-session=planted; " + anns, 200},
			{"one, and an empty one", anns + "; __Host-session=", 200},
			{"an empty one, and one", "__Host-session=; " + anns, 200},
			{"one, and one of another name", anns + "; __Host-sessions=" + ann.jar["__Host-session"], 200},
		} {
			for range 3 {
				if w := newBrowser(t, app).do("GET", "/poll", cookieHeader(row.cookies)); w.Code != row.want {
					t.Errorf("%s: status %d, want %d", row.name, w.Code, row.want)
				}
			}
		}
		two := func(r *http.Request) { r.Header["Cookie"] = []string{anns, roots} }
		newBrowser(t, app).status("GET", "/poll", 401, two)
	})
}

func TestACrossOriginWriteWithARememberedCookieIsRefused(t *testing.T) {
	// CS-1, CS-2, CS-8: what is remembered is the cookie, and not where it may come from.
	storetest.EachCached(t, func(t *testing.T, s storetest.Store) {
		m := &storetest.Memo{Store: s}
		b := newBrowser(t, newApp(t, m, func(c *config) { c.TrustedOrigins = []string{"https://friend.example"} }))
		b.login("1")
		b.remembered(m)
		for range 2 {
			for _, method := range []string{"POST", "PUT", "PATCH", "DELETE"} {
				b.problem(method, "/me", 403, "cross-origin", from("cross-site", "https://evil.example"))
				b.problem(method, "/me", 403, "cross-origin", from("same-site", "https://x.app.example"))
				b.problem(method, "/me", 403, "cross-origin", from("", "https://evil.example"))
				b.problem(method, "/me", 403, "cross-origin", from("", "null"))
				b.status(method, "/me", 200, from("cross-site", "https://friend.example"))
				b.status(method, "/me", 200, from("same-origin", "https://app.example"))
			}
			b.problem("GET", "/me", 403, "cross-origin", header("Upgrade", "websocket"), from("cross-site", "https://evil.example"))
			b.status("GET", "/me", 200, from("cross-site", "https://evil.example")) // a link from there
		}
	})
}

func TestARequestThatIsRememberedIsNoQueryAndOneThatIsNotIsOne(t *testing.T) {
	// IN-2, counted at the driver; a revocation costs the one query that reports it.
	trace := &tracer{}
	pool, schema := tracedPool(t, trace), pgtest.Schema(t)
	s := storetest.Postgres(t, pool, schema)
	storetest.AddUsers(t, s)
	cost := func(b *browser, times, status int, path string) int64 {
		t.Helper()
		before := trace.queries.Load()
		for range times {
			b.status("GET", path, status)
		}
		return trace.queries.Load() - before
	}
	hourly := func(c *config) {
		c.Policy = sliding.Policy{Idle: 3 * time.Hour, Absolute: 3 * time.Hour, Interval: time.Hour}
	}
	uncached := newBrowser(t, newApp(t, s, hourly))
	uncached.login("2")
	if n := cost(uncached, 10, 200, "/admin"); n != 10 {
		t.Errorf("ten requests without a cache cost %d queries, want 10", n)
	}

	c := storetest.Cached(t, s)
	b := newBrowser(t, newApp(t, c, hourly))
	id := b.opened("2")
	if n := cost(b, 1, 200, "/me"); n != 1 {
		t.Errorf("the first request cost %d queries, want 1", n)
	}
	if n := cost(b, 100, 200, "/me"); n != 0 {
		t.Errorf("a hundred remembered requests cost %d queries, want 0", n)
	}
	if n := cost(b, 100, 200, "/admin"); n != 0 {
		t.Errorf("a hundred remembered requests with a rule cost %d queries, want 0", n)
	}
	stranger := newBrowser(t, b.app)
	stranger.jar["__Host-session"] = seal(t, keyB, bytes.Repeat([]byte{7}, 32), backends.NewID("1"))
	if n := cost(stranger, 10, 401, "/me"); n != 0 {
		t.Errorf("ten forged cookies cost %d queries, want 0", n)
	}
	if _, err := c.Revoke(t.Context(), time.Now(), id, backends.ReasonRevoked); err != nil {
		t.Fatal(err)
	}
	if n := cost(b, 10, 401, "/me"); n != 10 {
		t.Errorf("ten requests with a cookie that was revoked cost %d queries, want 10: refusals are not remembered", n)
	}
}

func TestWhatIsRememberedSaysTheSameAsWhatIsRead(t *testing.T) {
	// In every detail: a page cannot tell by its identity where it came from.
	storetest.EachCached(t, func(t *testing.T, s storetest.Store) {
		for name, l := range map[string]middleware.Login{
			"with roles and methods": {Subject: "2", AMR: []string{"pwd", "otp"}},
			"with neither":           {Subject: "bare"},
			"with a role alone":      {Subject: "1"},
			"with a method alone":    {Subject: "bare", AMR: []string{"pwd"}},
		} {
			if l.Subject == "bare" {
				_ = s.Users().CreateUser(t.Context(), backends.User{ID: "bare"}, "") // or it is there
			}
			m := &storetest.Memo{Store: s}
			cookies := newCookies(t, m)
			w := httptest.NewRecorder()
			if _, err := cookies.Login(w, httptest.NewRequest("POST", "/", nil), l); err != nil {
				t.Fatal(err)
			}
			r := withCookie(w.Result().Cookies()[0].Value)
			want, err := newCookies(t, unremembering{s}).Authenticate(r)
			if err != nil || want.Subject != l.Subject || want.Session.IdleDeadline.IsZero() || !want.ExpiresAt.Equal(want.Session.IdleDeadline) {
				t.Fatalf("%s: read %+v (%v)", name, want, err)
			}
			for range 4 {
				if got, err := cookies.Authenticate(r); err != nil || !reflect.DeepEqual(got, want) {
					t.Errorf("%s: got %+v (%v), read %+v", name, got, err, want)
				}
			}
			if n := m.Asked.Load(); n > 2 {
				t.Errorf("%s: four requests asked the store %d times: nothing was remembered", name, n)
			}
		}
	})
}

// unremembering is a store that is no Recaller.
type unremembering struct{ backends.Store }

func TestACookieThatIsNotOursIsNotRemembered(t *testing.T) {
	// Or junk would push out what is good.
	m := &storetest.Memo{Store: storetest.Cached(t, storetest.Memory(t))}
	b := newBrowser(t, newApp(t, m))
	b.login("1")
	value := b.jar["__Host-session"]
	for name, bad := range badValues(t) {
		newBrowser(t, b.app).do("GET", "/me", cookieHeader("__Host-session="+bad))
		if m.Remembered.Load() != 0 {
			t.Fatalf("%s: it was remembered", name)
		}
	}
	never := seal(t, keyA, bytes.Repeat([]byte{7}, 32), backends.NewID("1")) // signed, and of no session
	newBrowser(t, b.app).status("GET", "/me", 401, cookieHeader("__Host-session="+never))
	b.status("POST", "/me", 403, from("cross-site", "https://evil.example"))
	if m.Remembered.Load() != 0 {
		t.Fatal("a cookie was remembered that nobody was let in with")
	}
	b.status("POST", "/logout", 200)
	b.jar["__Host-session"] = value
	b.status("GET", "/me", 401)
	if m.Remembered.Load() != 0 {
		t.Error("a cookie was remembered whose session has ended")
	}
}
