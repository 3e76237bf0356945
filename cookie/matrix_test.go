package cookie_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/cache"
	"github.com/inga-auth/inga/internal/pgtest"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/devices"
	"github.com/inga-auth/inga/sliding"
)

// What is here has been tested on one store elsewhere, or on none, and is a promise on each.
// Time does not pass on a real database, so sessions are made that are as old as they must be.

// ann returns a browser of the user 1 whose session began so long ago.
func ann(t testing.TB, s backends.Store, app http.Handler, ago time.Duration, p middleware.Policy) *browser {
	t.Helper()
	b := newBrowser(t, app)
	b.jar["__Host-session"] = openedAgo(t, s, "1", ago, p)
	return b
}

// identity returns who a page says that b is.
func (b *browser) identity(path string) (id middleware.Identity) {
	b.t.Helper()
	if err := json.Unmarshal(b.status("GET", path, 200).Body.Bytes(), &id); err != nil {
		b.t.Fatal(err)
	}
	return id
}

// rowOf returns the one live session of the user 1.
func rowOf(t testing.TB, s backends.SessionLister) backends.Session {
	t.Helper()
	live, _, err := s.List(t.Context(), time.Now(), "1", backends.Page{})
	if err != nil || len(live) != 1 {
		t.Fatalf("%d live sessions (%v), want 1", len(live), err)
	}
	return live[0]
}

func TestAnIdleSessionIsRefusedOnEachStoreThoughTheCookieIsSent(t *testing.T) {
	// TL-1, TL-2, TL-5.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		app := newApp(t, s)
		long := sliding.Policy{Idle: 12 * time.Hour, Absolute: 12 * time.Hour}
		ann(t, s, app, 29*time.Minute, policy).status("GET", "/poll", 200)
		ann(t, s, app, 30*time.Minute, policy).problem("GET", "/me", 401, "session-expired")
		ann(t, s, app, 11*time.Hour, long).status("GET", "/poll", 200)
		ann(t, s, app, 12*time.Hour, long).problem("GET", "/me", 401, "session-expired")
	})
}

func TestActivityCountsOncePerIntervalOnEachStoreAndShortensNoIdleTimeoutByMore(t *testing.T) {
	// TL-3, TL-6, TL-7: idle is 30 minutes and the interval 3.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		for _, row := range []struct {
			ago    time.Duration
			counts bool
		}{{0, false}, {2 * time.Minute, false}, {3 * time.Minute, true}, {29 * time.Minute, true}} {
			if _, err := s.RevokeUser(t.Context(), time.Now(), "1", "", backends.ReasonRevoked); err != nil {
				t.Fatal(err)
			}
			c := &counting{Store: s}
			b := ann(t, s, newApp(t, c), row.ago, policy)
			before := rowOf(t, s)
			together(20, func(int) {
				w := newBrowser(t, b.app).do("GET", "/me", cookieHeader("__Host-session="+b.jar["__Host-session"]))
				if w.Code != 200 {
					t.Errorf("status %d, want 200", w.Code)
				}
			})
			after := rowOf(t, s)
			want := int64(0)
			if row.counts {
				want = 1
			}
			if n := c.extended.Load(); n != want {
				t.Errorf("last seen %v ago: twenty requests are %d writes, want %d", row.ago, n, want)
			}
			// Whether it counted or not: what is left is more than idle without an interval.
			if left := time.Until(after.IdleDeadline); left < 27*time.Minute-time.Second && row.ago < 29*time.Minute || left > 30*time.Minute {
				t.Errorf("last seen %v ago: the session ends in %v, want 27 to 30 minutes", row.ago, left)
			}
			if after.IdleDeadline.Before(before.IdleDeadline) || !after.AbsoluteDeadline.Equal(before.AbsoluteDeadline) {
				t.Errorf("last seen %v ago: deadlines %v and %v, before %v and %v", row.ago, after.IdleDeadline, after.AbsoluteDeadline, before.IdleDeadline, before.AbsoluteDeadline)
			}
		}
	})
}

func TestPollingKeepsNoSessionAliveOnAnyStore(t *testing.T) {
	// TL-8.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		b := ann(t, s, newApp(t, s, reissue), 20*time.Minute, policy)
		before := rowOf(t, s)
		for range 5 {
			if got := b.status("GET", "/poll", 200).Header().Values("Set-Cookie"); got != nil {
				t.Errorf("a passive request set %q", got)
			}
		}
		if after := rowOf(t, s); !after.IdleDeadline.Equal(before.IdleDeadline) || !after.LastSeenAt.Equal(before.LastSeenAt) {
			t.Errorf("last seen at %v, idle until %v; before %v and %v", after.LastSeenAt, after.IdleDeadline, before.LastSeenAt, before.IdleDeadline)
		}
		b.status("GET", "/me", 200)
		if after := rowOf(t, s); !after.IdleDeadline.After(before.IdleDeadline) {
			t.Error("a request that is no poll did not count")
		}
	})
}

func TestARenewalIsThereWhateverTheStatusAndGoneAfterALogoutOnEachStore(t *testing.T) {
	// TL-9, CK-6, CK-7: and it tells how long from now, never when.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		cookies := newCookies(t, s, reissue)
		guard := guardOf(t, cookies)
		for _, status := range []int{200, 304, 404, 500} {
			h := guard.Handler(sliding.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })))
			b := ann(t, s, h, 10*time.Minute, policy)
			c := sessionCookie(t, b.status("GET", "/", status))
			// The deadline is reckoned a moment before; what is left is rounded up to a second.
			if c.MaxAge != 1800 && c.MaxAge != 1801 || !c.Expires.IsZero() || c.Value == "" {
				t.Errorf("status %d: cookie %v, want one for 1800 seconds", status, c)
			}
			if again := b.status("GET", "/", status).Header().Values("Set-Cookie"); again != nil {
				t.Errorf("status %d: the next request set %q", status, again)
			}
		}
		b := ann(t, s, appOf(t, cookies, nil), 10*time.Minute, policy)
		if c := sessionCookie(t, b.status("POST", "/private/logout", 200)); c.MaxAge >= 0 {
			t.Errorf("the last word is %v, want the deletion", c)
		}
	})
}

func TestActivityMakesNoSessionFreshAndANewProofDoes(t *testing.T) {
	// AZ-4, TL-4, TL-11, SID-3.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		cookies := newCookies(t, s)
		guard := guardOf(t, cookies)
		rule := func(a middleware.Authorizer) http.Handler {
			g, err := guard.Require(a)
			if err != nil {
				t.Fatal(err)
			}
			return middleware.Chain(g.Handler, sliding.Handler)(me)
		}
		mux := http.NewServeMux()
		mux.Handle("/", appOf(t, cookies, slog.New(slog.DiscardHandler)))
		mux.Handle("/fresh", rule(middleware.Fresh(5*time.Minute)))
		mux.Handle("/otp", rule(middleware.HasAMR("otp", "hwk")))
		b := ann(t, s, mux, 10*time.Minute, policy)
		before := b.identity("/poll")
		if len(before.AMR) != 1 || before.AMR[0] != "pwd" {
			t.Fatalf("AMR %v, want pwd", before.AMR)
		}
		for range 3 {
			b.problem("GET", "/fresh", 401, "insufficient-authentication")
			b.problem("GET", "/otp", 401, "insufficient-authentication")
			if id := b.identity("/me"); !id.AuthTime.Equal(before.AuthTime) || id.SessionID != before.SessionID || !slices.Equal(id.AMR, before.AMR) {
				t.Errorf("after activity %+v, before %+v", id, before)
			}
		}
		if after := rowOf(t, s); time.Since(after.LastSeenAt) > time.Minute {
			t.Fatal("there was no activity")
		}
		former := b.jar["__Host-session"]
		b.status("POST", "/prove", 200)
		for _, path := range []string{"/fresh", "/otp"} {
			id := b.identity(path)
			if id.SessionID != before.SessionID || time.Since(id.AuthTime) > time.Minute || !slices.Equal(id.AMR, []string{"pwd", "otp"}) {
				t.Errorf("%s: after the new proof %+v, before %+v", path, id, before)
			}
			newBrowser(t, mux).problem("GET", path, 401, "invalid-credentials", cookieHeader("__Host-session="+former))
		}
		row := rowOf(t, s)
		if idle, absolute := row.IdleDeadline.Sub(row.AuthenticatedAt), row.AbsoluteDeadline.Sub(row.AuthenticatedAt); idle != 30*time.Minute || absolute != 12*time.Hour {
			t.Errorf("from the new proof on %v idle and %v at all, want 30m and 12h", idle, absolute)
		}
		newBrowser(t, mux).problem("GET", "/fresh", 401, "no-credentials")
	})
}

func TestASessionIsAsTheStatedPolicySays(t *testing.T) {
	// TL-14, TL-4: what is printed at start-up is what each store keeps.
	for _, row := range []struct {
		policy         sliding.Policy
		says           string
		idle, absolute time.Duration
		interval       time.Duration
	}{
		{sliding.AAL1(), "idle 720h0m0s, absolute 720h0m0s, counted every 72h0m0s; within AAL1; beyond AAL2 (idle 1h0m0s, absolute 24h0m0s); beyond AAL3 (idle 15m0s, absolute 12h0m0s)", 720 * time.Hour, 720 * time.Hour, 72 * time.Hour},
		{sliding.AAL2(), "idle 1h0m0s, absolute 24h0m0s, counted every 6m0s; within AAL1; within AAL2; beyond AAL3 (idle 15m0s, absolute 12h0m0s)", time.Hour, 24 * time.Hour, 6 * time.Minute},
		{sliding.AAL3(), "idle 15m0s, absolute 12h0m0s, counted every 1m30s; within AAL1; within AAL2; within AAL3", 15 * time.Minute, 12 * time.Hour, 90 * time.Second},
	} {
		if got := row.policy.String(); got != row.says {
			t.Errorf("the policy says\n%s\nwant\n%s", got, row.says)
		}
		storetest.Each(t, func(t *testing.T, s storetest.Store) {
			newBrowser(t, newApp(t, s, func(c *config) { c.Policy = row.policy })).login("1")
			got := rowOf(t, s)
			if got.IdleTimeout != row.idle || got.RenewalInterval != row.interval ||
				got.IdleDeadline.Sub(got.AuthenticatedAt) != row.idle || got.AbsoluteDeadline.Sub(got.AuthenticatedAt) != row.absolute {
				t.Errorf("session %+v, want idle %v, absolute %v, interval %v", got, row.idle, row.absolute, row.interval)
			}
		})
	}
}

func TestAClockThatJumpsByFiveMinutesEndsNobodysSessionAndBringsNoneBack(t *testing.T) {
	// TL-13: through a cache as well, which counts by the monotonic clock.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		cookies := newCookies(t, s)
		b := newBrowser(t, appOf(t, cookies, nil))
		id := b.opened("1")
		b.status("GET", "/me", 200)
		now := time.Now()
		for _, jump := range []time.Duration{0, 5 * time.Minute, -5 * time.Minute, 0} {
			if _, _, err := s.Find(t.Context(), now.Add(jump), id, backends.SecretHash{}); err != nil {
				t.Errorf("a jump by %v ended a session: %v", jump, err)
			}
		}
		b.status("POST", "/logout", 200)
		for _, jump := range []time.Duration{0, 5 * time.Minute, -5 * time.Minute, -time.Hour} {
			if _, _, err := s.Find(t.Context(), now.Add(jump), id, backends.SecretHash{}); err == nil {
				t.Errorf("a jump by %v brought a session back", jump)
			}
		}
	})
}

func TestALogoutCanClearTheSitesDataOnEachStore(t *testing.T) {
	// LO-6: also one whose session has ended, or never was.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		b := newBrowser(t, newApp(t, s, func(c *config) { c.ClearSiteData = `"cookies", "storage"` }))
		b.login("1")
		for range 2 {
			if got := b.status("POST", "/logout", 200).Header().Get("Clear-Site-Data"); got != `"cookies", "storage"` {
				t.Errorf("Clear-Site-Data %q", got)
			}
		}
		if got := b.status("POST", "/logout", 403, from("cross-site", "https://evil.example")).Header().Get("Clear-Site-Data"); got != "" {
			t.Errorf("another site cleared %q", got)
		}
	})
}

func TestNoSessionBeginsOrEndsWithoutAnActOfTheUserOnAnyStore(t *testing.T) {
	// LO-8, CS-5: not by following a link, nor by a page of another site.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		b := newBrowser(t, newApp(t, s))
		b.login("1")
		for _, method := range []string{"GET", "HEAD", "OPTIONS", "TRACE"} {
			for _, path := range []string{"/login?user=1", "/logout", "/prove"} {
				if got := b.status(method, path, 400, as("1")).Header().Values("Set-Cookie"); got != nil {
					t.Errorf("%s %s set %q", method, path, got)
				}
			}
		}
		for _, path := range []string{"/login", "/logout", "/prove"} {
			b.status("POST", path, 403, as("1"), from("cross-site", "https://evil.example"))
		}
		wantLive(t, s, "1", 1)
		b.status("GET", "/me", 200)
	})
}

func TestAChangedPasswordEndsTheOtherSessionsAndGivesThisOneANewCookie(t *testing.T) {
	// LO-3: by default, and the current one goes on under a new identifier.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		app := newApp(t, s)
		here, there := newBrowser(t, app), newBrowser(t, app)
		id := here.opened("1")
		there.login("1")
		here.status("GET", "/me", 200)
		there.status("GET", "/me", 200)
		former := "__Host-session=" + here.jar["__Host-session"]
		if n, err := s.Users().SetPassword(t.Context(), time.Now(), "1", 0, "$argon2id$x", id); n != 1 || err != nil {
			t.Fatalf("SetPassword ended %d sessions (%v), want 1", n, err)
		}
		here.status("POST", "/prove", 200)
		there.problem("GET", "/me", 401, "session-revoked")
		newBrowser(t, app).problem("GET", "/me", 401, "invalid-credentials", cookieHeader(former))
		if got := here.identity("/me"); got.SessionID != id {
			t.Errorf("session %s, want %s", got.SessionID, id)
		}
	})
}

func TestALateAnswerToANewProofLogsNobodyInWhoHasLoggedOut(t *testing.T) {
	// LO-5: the browser sent both, the logout later; the answer to the former comes
	// last, and brings a cookie.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		b := newBrowser(t, newApp(t, s))
		for _, leave := range []string{"/logout", "/login"} {
			b.login("1")
			late := newBrowser(t, b.app) // the same browser, before the answer has come
			late.jar["__Host-session"] = b.jar["__Host-session"]
			answer := late.status("POST", "/prove", 200)
			b.status("GET", "/me", 401)
			b.status("POST", leave, 200, as("2"))
			b.keep(answer)
			if w := b.do("GET", "/me"); w.Code != 401 {
				t.Errorf("status %d after %s, want 401: the session lives on", w.Code, leave)
			}
		}
	})
}

func TestADeviceIsSeenAndEndedByItsUserOnly(t *testing.T) {
	// DV-1, DV-2, LO-4: what is listed holds no credential, and ending asks for a recent one.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		sessions := newRegistry(t, registry{Store: s})
		cookies := cookiesOf(t, sessions)
		d, err := devices.New(sessions)
		if err != nil {
			t.Fatal(err)
		}
		guard := guardOf(t, cookies)
		fresh, err := guard.Require(middleware.Fresh(5 * time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		mux := http.NewServeMux()
		mux.Handle("/", fromFirefox(appOf(t, cookies, slog.New(slog.DiscardHandler))))
		mux.Handle("GET /sessions", guard.Handler(d.List()))
		mux.Handle("DELETE /sessions/{id}", fresh.Handler(d.End()))
		mux.Handle("DELETE /sessions", fresh.Handler(d.EndAll()))
		here, there, third, root := newBrowser(t, mux), newBrowser(t, mux), newBrowser(t, mux), newBrowser(t, mux)
		old := ann(t, s, mux, 10*time.Minute, policy)
		ids := []string{here.opened("1"), there.opened("1"), third.opened("1")}
		roots := root.opened("2")

		list := here.status("GET", "/sessions", 200).Body.String()
		var listed struct{ Sessions []devices.Device }
		if err := json.Unmarshal([]byte(list), &listed); err != nil || len(listed.Sessions) != 4 {
			t.Fatalf("%d devices (%v), want 4: %s", len(listed.Sessions), err, list)
		}
		i := slices.IndexFunc(listed.Sessions, func(d devices.Device) bool { return d.Current })
		if current := listed.Sessions[i]; current.ID != ids[0] || current.IP != "192.0.2.1" || current.UserAgent != "Firefox/150.0" ||
			time.Since(current.CreatedAt) > time.Minute || time.Since(current.LastSeenAt) > time.Minute {
			t.Errorf("the current device is %+v, want %s on Firefox, of now", current, ids[0])
		}
		for _, b := range []*browser{here, there, third, old} {
			value := b.jar["__Host-session"]
			for _, form := range []string{value, payload(t, value), payloadHex(t, value)} {
				if strings.Contains(list, form) {
					t.Errorf("the list holds a secret as %q", form)
				}
			}
		}
		here.status("DELETE", "/sessions/"+roots, 404)
		root.status("DELETE", "/sessions/"+ids[1], 404)
		root.status("GET", "/me", 200)
		old.problem("DELETE", "/sessions/"+ids[1], 401, "insufficient-authentication")
		old.problem("DELETE", "/sessions?others", 401, "insufficient-authentication")
		there.status("GET", "/me", 200)
		here.status("DELETE", "/sessions/"+ids[1], 200)
		there.problem("GET", "/me", 401, "session-revoked")
		third.status("GET", "/me", 200)
		here.status("DELETE", "/sessions?others", 200)
		third.problem("GET", "/me", 401, "session-revoked")
		old.problem("GET", "/me", 401, "session-revoked")
		here.status("GET", "/me", 200)
		root.status("GET", "/me", 200)
	})
}

func TestARuleIsAskedOnEachStoreAndARoleThatNobodyHasOpensNothing(t *testing.T) {
	// AZ-1, AZ-3: by the user in the store, and by nothing that a client says.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		cookies := newCookies(t, s)
		app := appOf(t, cookies, slog.New(slog.DiscardHandler))
		ann, root := newBrowser(t, app), newBrowser(t, app)
		ann.login("1")
		root.login("2")
		claims := []func(*http.Request){
			header("X-User-Id", "2"), header("X-Remote-User", "root"), header("X-Forwarded-User", "2"), header("User", "2"),
			header("X-Roles", "admin"), header("X-Forwarded-For", "127.0.0.1"),
		}
		for range 2 { // and then as remembered
			newBrowser(t, app).problem("GET", "/admin", 401, "no-credentials", claims...)
			newBrowser(t, app).problem("GET", "/me", 401, "no-credentials", claims...)
			ann.problem("GET", "/admin", 403, "forbidden", claims...)
			root.status("GET", "/admin", 200)
			var id middleware.Identity
			if err := json.Unmarshal(ann.status("GET", "/me", 200, claims...).Body.Bytes(), &id); err != nil || id.Subject != "1" {
				t.Errorf("subject %q (%v), want 1", id.Subject, err)
			}
		}
		guard, err := middleware.New(middleware.Config{Authenticator: cookies, Roles: []string{"user", "admin"}})
		if err != nil {
			t.Fatal(err)
		}
		_, err = guard.Require(middleware.HasRole("amdin"))
		wantMentions(t, err, `unknown role "amdin"`)
	})
}

func TestAnOutageBehindACacheLogsNobodyOutAndLetsNobodyIn(t *testing.T) {
	// AZ-5, LO-10: what is remembered is good for as long as the bound says, and then it
	// is 503 and never 401. What is not remembered is 503 at once.
	synctest.Test(t, func(t *testing.T) {
		f := &storetest.Failing{Store: storetest.Memory(t)}
		down := func(yes bool) {
			f.NoFind, f.NoCreate, f.NoExtend, f.NoReauthenticate, f.NoRevoke = yes, yes, yes, yes, yes
		}
		c, err := cache.New(cache.Config{Store: f})
		if err != nil {
			t.Fatal(err)
		}
		app := newApp(t, c)
		known, unknown := newBrowser(t, app), newBrowser(t, app)
		known.login("1")
		unknown.login("2")
		known.status("GET", "/me", 200)
		forged := newBrowser(t, app)
		forged.jar["__Host-session"] = "forged"
		down(true)
		unavailable := func(b *browser, method, path string) {
			t.Helper()
			if w := b.problem(method, path, 503, "unavailable", as("1")); w.Header().Get("Retry-After") == "" {
				t.Errorf("%s: no Retry-After", path)
			}
		}
		known.status("GET", "/me", 200)
		known.status("GET", "/poll", 200)
		known.problem("GET", "/admin", 403, "forbidden")
		unavailable(unknown, "GET", "/me")
		unavailable(unknown, "GET", "/admin")
		forged.problem("GET", "/me", 401, "invalid-credentials")
		newBrowser(t, app).problem("GET", "/me", 401, "no-credentials")
		for _, path := range []string{"/login", "/logout", "/prove"} {
			unavailable(unknown, "POST", path)
		}
		known.status("GET", "/me", 200)
		time.Sleep(5*time.Second + time.Microsecond) // the feed is not followed
		unavailable(known, "GET", "/me")
		unavailable(known, "GET", "/admin")
		down(false)
		known.status("GET", "/me", 200)
		unknown.status("GET", "/admin", 200)
		known.status("POST", "/logout", 200)
		known.status("GET", "/me", 401)
	})
}

func TestARealDatabaseThatDiesBehindACacheAndComesBack(t *testing.T) {
	// AZ-5, LO-10: as above, with a bound of 50 milliseconds, so that it is over soon.
	server := pgtest.Start(t)
	pool, err := pgxpool.New(t.Context(), server.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	s := storetest.Postgres(t, pool, "inga")
	storetest.AddUsers(t, s)
	app := newApp(t, storetest.Cached(t, s, func(c *cache.Config) { c.MaxLag = 50 * time.Millisecond }))
	known, unknown := newBrowser(t, app), newBrowser(t, app)
	known.login("1")
	unknown.login("2")
	known.status("GET", "/me", 200)
	server.Kill()
	unknown.problem("GET", "/me", 503, "unavailable")
	became := func(want int) {
		t.Helper()
		deadline := time.Now().Add(30 * time.Second)
		for {
			w := known.do("GET", "/me")
			if w.Code == want {
				return
			}
			if w.Code != 200 && w.Code != 503 || w.Header().Values("Set-Cookie") != nil || time.Now().After(deadline) {
				t.Fatalf("status %d, Set-Cookie %q; want %d soon", w.Code, w.Header().Values("Set-Cookie"), want)
			}
		}
	}
	became(503)
	for range 20 {
		known.problem("GET", "/me", 503, "unavailable")
		unknown.problem("GET", "/admin", 503, "unavailable")
	}
	newBrowser(t, app).problem("POST", "/login", 503, "unavailable", as("1"))
	newBrowser(t, app).problem("GET", "/me", 401, "no-credentials")
	server.Restart(t)
	became(200)
	unknown.status("GET", "/admin", 200)
	known.status("POST", "/logout", 200)
	known.status("GET", "/me", 401)
}

func TestNoIdentifierRepeatsOnAnyStore(t *testing.T) {
	// SID-1, SID-2: neither the secret nor the public ID, which is not a part of it.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		app := newApp(t, s)
		seen := map[string]bool{}
		for range 200 {
			b := newBrowser(t, app)
			id := b.opened("1")
			secret := payload(t, b.jar["__Host-session"])
			if raw, err := base64.URLEncoding.DecodeString(secret); err != nil || len(raw) != 32 {
				t.Fatalf("a secret of %d bytes (%v), want 32", len(raw), err)
			}
			if seen[id] || seen[secret] || strings.Contains(secret, id) || len(id) != 26 {
				t.Fatalf("session %s: an identifier repeats, or has not the form", id)
			}
			seen[id], seen[secret] = true, true
		}
	})
}

func TestTheSecretOfASessionOfTokensIsNoCookie(t *testing.T) {
	// SID-4, RT-12's spirit: signed with our key even, and after its session was remembered.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		row := begun("1", backends.KindToken, now(), policy)
		secret := backends.NewSecret()
		if _, err := s.Create(t.Context(), row.CreatedAt, row, secret.Hash(), backends.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		b := newBrowser(t, newApp(t, s))
		b.jar["__Host-session"] = seal(t, keyA, secret[:], row.ID)
		for range 3 {
			b.problem("GET", "/me", 401, "invalid-credentials")
			if _, _, err := s.Find(t.Context(), time.Now(), row.ID, secret.Hash()); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestTheDatabaseHoldsNoCookieWhateverHappensToASession(t *testing.T) {
	// SID-5, SID-6: directly and through a cache, which writes nothing of its own.
	for name, through := range map[string]func(*testing.T, storetest.Store) storetest.Store{
		"postgres":         func(_ *testing.T, s storetest.Store) storetest.Store { return s },
		"postgres, cached": func(t *testing.T, s storetest.Store) storetest.Store { return storetest.Cached(t, s) },
	} {
		t.Run(name, func(t *testing.T) {
			pool, schema := pgtest.Pool(t), pgtest.Schema(t)
			s := storetest.Postgres(t, pool, schema)
			storetest.AddUsers(t, s)
			app := newApp(t, through(t, s), busy)
			var values []string
			b := newBrowser(t, app)
			for _, step := range [][2]string{{"POST", "/login"}, {"GET", "/me"}, {"POST", "/prove"}, {"GET", "/me"}, {"POST", "/login"}} {
				tick()
				b.status(step[0], step[1], 200, as("1"))
				values = append(values, b.jar["__Host-session"])
			}
			dump := dumped(t, pool, schema)
			var hashes [][]byte
			for _, value := range values {
				secret, err := base64.URLEncoding.DecodeString(payload(t, value))
				if err != nil {
					t.Fatal(err)
				}
				h := backends.Secret(secret).Hash()
				hashes = append(hashes, h[:])
				for _, form := range []string{value, string(secret), hex.EncodeToString(secret), base64.RawURLEncoding.EncodeToString(secret), base64.RawStdEncoding.EncodeToString(secret)} {
					if strings.Contains(dump, form) {
						t.Errorf("the database holds a secret as %q", form)
					}
				}
			}
			if !strings.Contains(dump, hex.EncodeToString(hashes[len(hashes)-1])) {
				t.Error("the dump does not hold the hash of the current secret: it is no dump")
			}
			_, id := signed(t, b.jar["__Host-session"])
			for _, h := range hashes { // as a secret, signed even
				value := seal(t, keyA, h, id)
				newBrowser(t, app).problem("GET", "/me", 401, "invalid-credentials", cookieHeader("__Host-session="+value))
			}
		})
	}
}

// dumped returns all rows of all tables of the schema, as text.
func dumped(t testing.TB, pool *pgxpool.Pool, schema string) string {
	t.Helper()
	rows, err := pool.Query(t.Context(), "SELECT table_name::text FROM information_schema.tables WHERE table_schema = $1", schema)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(tables) < 3 {
		t.Fatalf("tables %q (%v)", tables, err)
	}
	var out strings.Builder
	for _, table := range tables {
		rows, err := pool.Query(t.Context(), fmt.Sprintf("SELECT r::text FROM %s r", pgx.Identifier{schema, table}.Sanitize()))
		if err != nil {
			t.Fatal(err)
		}
		texts, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		out.WriteString(strings.Join(texts, "\n"))
	}
	return out.String()
}

func TestASecretInTheURLIsIgnoredOnEachStore(t *testing.T) {
	// SID-7: in the query, in the path, and after it was remembered.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		b := newBrowser(t, newApp(t, s))
		b.login("1")
		b.status("GET", "/me", 200)
		value := b.jar["__Host-session"]
		for _, path := range []string{"/me?__Host-session=" + value, "/me?session=" + value, "/me?access_token=" + value, "/me;__Host-session=" + value} {
			w := newBrowser(t, b.app).do("GET", path)
			if w.Code != 401 && w.Code != 404 || strings.Contains(w.Header().Get("Location"), value) {
				t.Errorf("%s: status %d, Location %q", path, w.Code, w.Header().Get("Location"))
			}
		}
	})
}

func TestNoLogHoldsASecretOnAnyStore(t *testing.T) {
	// SID-8, OB-1: refusals, renewals and events, with debug logging on.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		var log bytes.Buffer
		logger := slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		b := newBrowser(t, appOf(t, newCookies(t, s, busy, func(c *config) {
			c.Events = middleware.LogEvents(logger)
			c.Limit = backends.Limit{Total: 2}.ForAll
		}), logger))
		secrets := map[string]bool{}
		for range 20 {
			for _, step := range [][2]string{{"POST", "/login"}, {"GET", "/me"}, {"GET", "/admin"}, {"POST", "/prove"}, {"GET", "/me"}} {
				tick()
				b.do(step[0], step[1], as("1"))
				secrets[b.jar["__Host-session"]] = true
			}
			newBrowser(t, b.app).login("1")
			b.do("POST", "/me", from("cross-site", "https://evil.example"))
			for value := range secrets {
				newBrowser(t, b.app).do("GET", "/me", cookieHeader("__Host-session="+value))
			}
			b.do("POST", "/logout")
		}
		for _, word := range []string{"request refused", `"type":"renewed"`, `"type":"reauthenticated"`, `"type":"logout"`} {
			if !strings.Contains(log.String(), word) {
				t.Errorf("the log does not hold %s: it was not tried", word)
			}
		}
		if len(secrets) < 40 {
			t.Fatalf("only %d secrets", len(secrets))
		}
		for value := range secrets {
			for _, form := range []string{value, payload(t, value), payloadHex(t, value)} {
				if strings.Contains(log.String(), form) {
					t.Fatalf("the log holds a secret as %q", form)
				}
			}
		}
	})
}
