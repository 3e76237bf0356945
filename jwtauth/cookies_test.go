package jwtauth_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/middleware"
)

// lines returns the Set-Cookie lines with T for an access and R for a refresh token.
func lines(w *httptest.ResponseRecorder) []string {
	var all []string
	for _, line := range w.Header().Values("Set-Cookie") {
		line = regexp.MustCompile(`=eyJ[\w.-]+;`).ReplaceAllString(line, "=T;")
		all = append(all, regexp.MustCompile(`=inga_rt1_[\w-]{144};`).ReplaceAllString(line, "=R;"))
	}
	return all
}

func wantLines(t testing.TB, w *httptest.ResponseRecorder, want ...string) {
	t.Helper()
	if got := lines(w); !slices.Equal(got, want) {
		t.Errorf("Set-Cookie\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if got := w.Header().Get("Cache-Control"); len(want) > 0 && got != "no-store" {
		t.Errorf("Cache-Control %q, want no-store", got)
	}
}

func TestTheTwoCookiesHaveTheAttributesThatKeepThemSafe(t *testing.T) {
	// RT-21, CK-1 to CK-4, CK-7, CK-9, CK-10: at login, refresh, transparent refresh and
	// logout.
	synctest.Test(t, func(t *testing.T) {
		b := newBrowser(t, newCookieApp(t, newCookies(t, newTokens(t, storetest.Memory(t), withRefresh))))
		wantLines(t, b.status("POST", "/login", 200, as("1")),
			"__Host-access=T; Path=/; Max-Age=300; HttpOnly; Secure; SameSite=Lax",
			"__Host-refresh=R; Path=/; Max-Age=43200; HttpOnly; Secure; SameSite=Lax")
		time.Sleep(time.Minute)
		wantLines(t, b.status("POST", "/refresh", 200),
			"__Host-access=T; Path=/; Max-Age=300; HttpOnly; Secure; SameSite=Lax",
			"__Host-refresh=R; Path=/; Max-Age=43140; HttpOnly; Secure; SameSite=Lax")
		wantLines(t, b.status("GET", "/me", 200))
		time.Sleep(10 * time.Minute)
		wantLines(t, b.status("GET", "/me", 200),
			"__Host-access=T; Path=/; Max-Age=300; HttpOnly; Secure; SameSite=Lax",
			"__Host-refresh=R; Path=/; Max-Age=42540; HttpOnly; Secure; SameSite=Lax")
		wantLines(t, b.status("POST", "/logout", 200),
			"__Host-access=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax",
			"__Host-refresh=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax")
	})
}

func TestTheCookiesAreAsConfigured(t *testing.T) {
	tokens := newTokens(t, storetest.Memory(t), withRefresh)
	for _, row := range []struct {
		config          jwtauth.CookieConfig
		access, refresh string
	}{
		{
			jwtauth.CookieConfig{AccessName: "__Host-Http-a", RefreshName: "__Secure-r", SameSite: http.SameSiteStrictMode},
			"__Host-Http-a=T; Path=/; Max-Age=300; HttpOnly; Secure; SameSite=Strict",
			"__Secure-r=R; Path=/; Max-Age=43200; HttpOnly; Secure; SameSite=Strict",
		},
		{
			jwtauth.CookieConfig{SameSite: http.SameSiteNoneMode},
			"__Host-access=T; Path=/; Max-Age=300; HttpOnly; Secure; SameSite=None",
			"__Host-refresh=R; Path=/; Max-Age=43200; HttpOnly; Secure; SameSite=None",
		},
		{
			jwtauth.CookieConfig{DangerouslyAllowHTTP: true},
			"access=T; Path=/; Max-Age=300; HttpOnly; SameSite=Lax",
			"refresh=R; Path=/; Max-Age=43200; HttpOnly; SameSite=Lax",
		},
	} {
		k := newCookies(t, tokens, func(c *jwtauth.CookieConfig) { row.config.Tokens = c.Tokens; *c = row.config })
		synctest.Test(t, func(t *testing.T) {
			b := newBrowser(t, newCookieApp(t, k))
			wantLines(t, b.status("POST", "/login", 200, as("1")), row.access, row.refresh)
			b.status("GET", "/me", 200)
		})
	}
}

func TestNewCookiesReportsEveryMistakeAndNamesItsField(t *testing.T) {
	// Promise 15, CK-8.
	_, err := jwtauth.NewCookies(jwtauth.CookieConfig{
		AccessName: "a b", RefreshName: "a b", SameSite: http.SameSiteNoneMode, DangerouslyAllowHTTP: true, TrustedOrigins: []string{"https://ok.example", "app.example"},
	})
	wantMentions(t, err, "CookieConfig.Tokens is nil", "CookieConfig.AccessName", "CookieConfig.RefreshName", "SameSite is None", "CookieConfig.TrustedOrigins[1]")

	_, err = jwtauth.NewCookies(jwtauth.CookieConfig{Tokens: newTokens(t, storetest.Memory(t)), AccessName: "__Host-x", RefreshName: "__Secure-y", DangerouslyAllowHTTP: true})
	wantMentions(t, err, "CookieConfig.Tokens", "no RefreshKeys", `CookieConfig.AccessName is "__Host-x"`, `CookieConfig.RefreshName is "__Secure-y"`)
}

func TestAnExpiredAccessCookieIsReplacedBeforeTheHandlerRuns(t *testing.T) {
	// The page sees the new identity, and the browser gets both cookies with the answer.
	for name, expire := range map[string]func(*browser){
		"dropped by the browser": (*browser).expire,
		"still sent":             func(*browser) {},
		"forged":                 func(b *browser) { b.jar["__Host-access"] += "x" },
		"garbage":                func(b *browser) { b.jar["__Host-access"] = "x" },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSpy(storetest.Memory(t))
				b := newBrowser(t, newCookieApp(t, newCookies(t, newTokens(t, s, withRefresh))))
				b.login("2")
				begin := time.Now()
				time.Sleep(10 * time.Minute)
				expire(b)
				before := b.jar["__Host-refresh"]
				s.take()
				w := b.status("GET", "/admin", 200)
				if got := s.take(); !slices.Equal(got, []string{"Rotate"}) {
					t.Errorf("the store was asked for %v, want one round trip: Rotate", got)
				}
				id := identityOf(t, w)
				if id.Subject != "2" || id.Method != "token-cookie" || !id.HasRole("admin") || !id.AuthTime.Equal(begin) || time.Until(id.ExpiresAt) != 5*time.Minute {
					t.Errorf("identity %+v", id)
				}
				if b.jar["__Host-refresh"] == before || b.jar["__Host-access"] == "" {
					t.Error("the browser did not get both cookies")
				}
				again := identityOf(t, b.status("GET", "/admin", 200))
				if !reflect.DeepEqual(again, id) {
					t.Errorf("the next request has the identity %+v, want %+v", again, id)
				}
			})
		})
	}
}

func TestTheClaimsOfARefreshedRequestAreThoseOfTheNewToken(t *testing.T) {
	m := storetest.Memory(t)
	k := newCookies(t, newTokens(t, m, withRefresh, withRoles))
	b := newBrowser(t, newCookieApp(t, k))
	b.login("2")
	b.expire()
	var claims struct {
		SessionID string `json:"sid"`
		Roles     []string
	}
	guard, err := middleware.New(middleware.Config{Authenticator: k})
	if err != nil {
		t.Fatal(err)
	}
	b.app = middleware.Chain(k.Handler, guard.Handler)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		id, _ := middleware.FromContext(r.Context())
		if err := id.DecodeClaims(&claims); err != nil {
			t.Error(err)
		}
	}))
	if err := m.SetRoles(t.Context(), "2", []string{"admin"}); err != nil {
		t.Fatal(err)
	}
	b.status("GET", "/", 200)
	if claims.SessionID == "" || !slices.Equal(claims.Roles, []string{"admin"}) {
		t.Errorf("claims %+v", claims)
	}
	if !strings.Contains(b.jar["__Host-access"], ".") || claimsOf(t, b.jar["__Host-access"])["sid"] != claims.SessionID {
		t.Error("the browser got another token")
	}
}

func TestParallelTransparentRefreshesLogNobodyOutInWhateverOrderTheAnswersArrive(t *testing.T) {
	// Promises 9 and 10, RT-3, RT-4, RT-14. A page that is opened after a break fetches a
	// dozen things at once.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		var j journal
		app := newCookieApp(t, newCookies(t, newTokens(t, s, withRefresh, j.use)))
		rounds, requests := 5, 12
		for seed := range uint64(4) {
			random := rand.New(rand.NewPCG(seed, 2))
			b := newBrowser(t, app)
			b.login("1")
			for range rounds {
				b.expire()
				answers := make([]*httptest.ResponseRecorder, requests)
				atOnceEach(requests, func(i int) { answers[i] = b.send("GET", "/me") })
				random.Shuffle(requests, func(i, k int) { answers[i], answers[k] = answers[k], answers[i] })
				for _, w := range answers[random.IntN(requests):] { // some are lost
					b.keep(w)
				}
				for _, w := range answers {
					if w.Code != 200 {
						t.Fatalf("status %d: %s", w.Code, w.Body)
					}
				}
				b.status("GET", "/me", 200)
			}
		}
		j.want(t, 4*rounds, 4*rounds*(requests-1), 0)
	})
}

func TestALostAnswerToATransparentRefreshIsRecovered(t *testing.T) {
	// Promise 11, RT-5, RT-8: the request itself is no sign that its answer has arrived.
	synctest.Test(t, func(t *testing.T) {
		var j journal
		b := newBrowser(t, newCookieApp(t, newCookies(t, newTokens(t, storetest.Memory(t), withRefresh, j.use))))
		b.login("1")
		b.expire()
		for range 3 {
			if w := b.send("GET", "/me"); w.Code != 200 {
				t.Fatalf("status %d: %s", w.Code, w.Body)
			}
			time.Sleep(unseen/3 - time.Millisecond)
		}
		b.status("GET", "/me", 200)
		j.want(t, 1, 3, 0)
		former := b.jar["__Host-refresh"]
		b.status("GET", "/me", 200) // now it has
		b.expire()
		b.status("GET", "/me", 200)
		b.status("GET", "/me", 200)
		time.Sleep(overlap)
		b.jar = map[string]string{"__Host-refresh": former}
		b.status("GET", "/me", 401)
		j.want(t, 2, 3, 1)
	})
}

func TestARefusedTransparentRefreshChangesNoCookie(t *testing.T) {
	// RT-14, promise 9: it may be the older one.
	s := storetest.Memory(t)
	b := newBrowser(t, newCookieApp(t, newCookies(t, newTokens(t, s, withRefresh))))
	b.login("1")
	old := b.jar["__Host-refresh"]
	for range 2 {
		b.expire()
		b.status("GET", "/me", 200)
	}
	good := b.jar["__Host-refresh"]
	for _, token := range []string{"x", good + "x", good[:100], old, good} { // theft, and then the session is over
		b.jar = map[string]string{"__Host-refresh": token}
		for _, path := range []string{"/me", "/optional"} {
			wantLines(t, b.status("GET", path, 401))
		}
		wantLines(t, b.status("POST", "/refresh", 401))
	}
	b.jar = map[string]string{}
	wantLines(t, b.status("POST", "/refresh", 401))
	wantLines(t, b.status("GET", "/optional", 200))
}

func TestAGoodAccessCookieIsNotRefreshed(t *testing.T) {
	// And one whose session has ended is not either: it is a look-up that tells.
	s := newSpy(storetest.Memory(t))
	b := newBrowser(t, newCookieApp(t, newCookies(t, newTokens(t, s, withRefresh))))
	b.login("1")
	s.take()
	wantLines(t, b.status("GET", "/me", 200))
	access := b.jar["__Host-access"]
	b.status("POST", "/logout", 200)
	b.jar["__Host-access"] = access
	wantLines(t, b.status("GET", "/me", 401))
	if asked := s.take(); slices.Contains(asked, "Rotate") {
		t.Errorf("the store was asked for %v", asked)
	}
}

func TestACrossOriginWriteRefreshesNothing(t *testing.T) {
	// CS-1, CS-2, CS-6: 403, and nobody is asked.
	s := newSpy(storetest.Memory(t))
	b := newBrowser(t, newCookieApp(t, newCookies(t, newTokens(t, s, withRefresh), func(c *jwtauth.CookieConfig) {
		c.TrustedOrigins = []string{"https://friend.example"}
	})))
	b.login("1")
	anonymous := newBrowser(t, b.app)
	for _, expired := range []bool{false, true} {
		if expired {
			b.expire()
		}
		s.take()
		for _, from := range []func(*http.Request){
			origin("cross-site", "https://evil.example"), origin("same-site", "https://x.app.example"),
			origin("", "https://evil.example"), origin("", "null"),
		} {
			for _, path := range []string{"/me", "/optional", "/refresh", "/logout", "/private/logout", "/login"} {
				wantLines(t, b.status("POST", path, 403, as("2"), from))
			}
			for _, path := range []string{"/refresh", "/logout", "/login"} {
				wantLines(t, anonymous.status("POST", path, 403, as("2"), from))
			}
		}
		if asked := s.take(); asked != nil {
			t.Errorf("the store was asked: %v", asked)
		}
	}
	b.status("POST", "/me", 200, origin("cross-site", "https://friend.example"))
	b.expire()
	b.status("POST", "/me", 200, origin("same-origin", "https://app.example"))
	b.expire()
	b.status("GET", "/me", 200, origin("cross-site", "https://evil.example")) // a link from there
}

func TestASafeMethodNeitherLogsInNorOutNorRefreshes(t *testing.T) {
	// CS-5. A page that is opened after a break is another matter, and a promise.
	b := newBrowser(t, newCookieApp(t, newCookies(t, newTokens(t, storetest.Memory(t), withRefresh))))
	b.login("1")
	for _, method := range []string{"GET", "HEAD", "OPTIONS", "TRACE"} {
		for _, path := range []string{"/login", "/logout", "/refresh"} {
			wantLines(t, b.status(method, path, 400, as("1")))
		}
	}
	b.status("GET", "/me", 200)
}

func TestAWebSocketHandshakeRefreshesNothing(t *testing.T) {
	// CS-8; and whoever takes over the connection may leave out the new cookies.
	s := newSpy(storetest.Memory(t))
	var j journal
	b := newBrowser(t, newCookieApp(t, newCookies(t, newTokens(t, s, withRefresh, j.use))))
	b.login("1")
	upgrade := header("Upgrade", "websocket")
	b.status("GET", "/me", 200, upgrade, origin("same-origin", "https://app.example"))
	b.status("GET", "/me", 403, upgrade, origin("", "https://evil.example"))
	b.expire()
	s.take()
	wantLines(t, b.status("GET", "/me", 401, upgrade))
	b.status("GET", "/me", 403, upgrade, origin("", "https://evil.example"))
	if asked := s.take(); asked != nil {
		t.Errorf("the store was asked: %v", asked)
	}
	b.status("POST", "/refresh", 200)
	b.status("GET", "/me", 200, upgrade)
}

func TestTwoCookiesOfOneNameAreNone(t *testing.T) {
	// CK-12: a subdomain can plant one, and there is no telling which.
	b := newBrowser(t, newCookieApp(t, newCookies(t, newTokens(t, storetest.Memory(t), withRefresh))))
	evil := newBrowser(t, b.app)
	b.login("1")
	evil.login("2")
	access, refresh := "__Host-access="+b.jar["__Host-access"], "__Host-refresh="+b.jar["__Host-refresh"]
	planted, plantedRefresh := "__Host-access="+evil.jar["__Host-access"], "__Host-refresh="+evil.jar["__Host-refresh"]
	for _, row := range []struct {
		cookies []string
		subject string // "" if it is refused
	}{
		{[]string{access}, "1"},
		{[]string{access, access}, "1"},
		{[]string{planted, access}, ""},
		{[]string{access, planted}, ""},
		{[]string{access, "__Host-access=x"}, ""},
		{[]string{refresh, plantedRefresh}, ""},
		{[]string{plantedRefresh, refresh}, ""},
		{[]string{access, refresh, plantedRefresh}, "1"},
		{[]string{refresh, access, planted}, "1"}, // refreshed
		{[]string{refresh, refresh}, "1"},
	} {
		w := newBrowser(t, b.app).do("GET", "/me", cookieHeader(strings.Join(row.cookies, "; ")))
		if row.subject == "" {
			if w.Code != 401 || lines(w) != nil {
				t.Errorf("status %d, Set-Cookie %q", w.Code, lines(w))
			}
			continue
		}
		if w.Code != 200 || identityOf(t, w).Subject != row.subject {
			t.Errorf("status %d: %s", w.Code, w.Body)
		}
	}
}

func TestAnAccessTokenThatNoBrowserStoresIsAnErrorAtIssue(t *testing.T) {
	// CK-5: nobody is half logged in.
	m := storetest.Memory(t)
	size := 5000
	b := newBrowser(t, newCookieApp(t, newCookies(t, newTokens(t, m, withRefresh, func(c *jwtauth.Config) {
		c.Claims = func(context.Context, backends.User) (any, error) {
			return map[string]any{"x": strings.Repeat("x", size)}, nil
		}
	}))))
	wantUnavailable(t, b.do("POST", "/login", as("1")))
	if live, err := m.List(t.Context(), time.Now(), "1"); err != nil || len(live) != 0 {
		t.Errorf("%d sessions (%v), want none", len(live), err)
	}
	size = 10
	b.login("1")
	size = 5000
	b.expire()
	wantUnavailable(t, b.do("GET", "/me"))
	wantUnavailable(t, b.do("POST", "/refresh"))
	size = 10
	b.status("GET", "/me", 200)
}

func TestALoginWithCookiesReplacesTheSessionThatTheBrowserHad(t *testing.T) {
	// SID-2, CK-6.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		b := newBrowser(t, newCookieApp(t, newCookies(t, newTokens(t, s, withRefresh))))
		b.login("1")
		former := newBrowser(t, b.app)
		former.keep(b.do("POST", "/refresh"))
		b.expire() // the refresh cookie says which session it was
		b.login("2")
		if got := identityOf(t, b.status("GET", "/me", 200)).Subject; got != "2" {
			t.Errorf("subject %s, want 2", got)
		}
		former.status("GET", "/me", 401)
		former.expire()
		former.status("GET", "/me", 401)
		if live, err := s.List(t.Context(), time.Now(), "1"); err != nil || len(live) != 0 {
			t.Errorf("%d sessions (%v), want none", len(live), err)
		}
	})
}

func TestALogoutWithCookiesEndsTheSessionWhicheverCookieIsLeft(t *testing.T) {
	// LO-1, LO-7, LO-9, CK-6: also where the guard has just refreshed.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		app := newCookieApp(t, newCookies(t, newTokens(t, s, withRefresh)))
		for name, left := range map[string][]string{
			"both": {"__Host-access", "__Host-refresh"}, "access": {"__Host-access"}, "refresh": {"__Host-refresh"},
		} {
			for _, path := range []string{"/logout", "/private/logout"} {
				b := newBrowser(t, app)
				b.login("1")
				kept := newBrowser(t, app)
				kept.jar = map[string]string{"__Host-access": b.jar["__Host-access"], "__Host-refresh": b.jar["__Host-refresh"]}
				for cookie := range b.jar {
					if !slices.Contains(left, cookie) {
						delete(b.jar, cookie)
					}
				}
				wantLines(t, b.status("POST", path, 200),
					"__Host-access=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax",
					"__Host-refresh=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax")
				if len(b.jar) != 0 {
					t.Errorf("%s: the jar has %v", name, b.jar)
				}
				kept.status("GET", "/me", 401)
				kept.expire()
				kept.status("GET", "/me", 401)
				kept.status("POST", "/logout", 200)
				newBrowser(t, app).status("POST", "/logout", 200)
			}
		}
	})
}

func TestAnOutageOfTheStoreChangesNoCookie(t *testing.T) {
	// RT-15, AZ-5: 503 and never 401, through Handler and the guard.
	s := newSpy(storetest.Memory(t))
	b := newBrowser(t, newCookieApp(t, newCookies(t, newTokens(t, s, withRefresh))))
	b.login("1")
	// Revoke fails at a login of another user, whose predecessor in the browser is to end.
	for _, row := range []struct{ method, path, fails string }{
		{"GET", "/me", "FindByID"}, {"POST", "/me", "FindByID"}, {"GET", "/admin", "FindByID"}, {"GET", "/optional", "FindByID"},
		{"POST", "/login", "Create"}, {"POST", "/login", "Revoke"}, {"POST", "/logout", "Revoke"},
	} {
		s.fail(row.fails)
		wantUnavailable(t, b.do(row.method, row.path, as("2")))
	}
	b.expire()
	for _, path := range []string{"/me", "/admin", "/optional", "/refresh", "/private/logout"} {
		s.fail("Rotate")
		wantUnavailable(t, b.do("POST", path))
	}
	s.fail()
	b.status("GET", "/me", 200)
	s.fail("Extend", "MarkSeen")
	b.status("GET", "/me", 200)
}

func TestTokensAndCookiesSlideTogetherInOneGuard(t *testing.T) {
	// CS-3, CS-4, TL-9, TL-11: what was sent on purpose decides; each is renewed its own way.
	synctest.Test(t, func(t *testing.T) {
		m := storetest.Memory(t)
		tokens := newTokens(t, m, withRefresh)
		app := newCookieApp(t, newCookies(t, tokens), tokens)
		b := newBrowser(t, app)
		b.login("1")
		d := newDevice(t, refreshApp(t, tokens), "2")
		bearer := header("Authorization", "Bearer "+d.token)
		time.Sleep(3 * time.Minute)
		w := b.status("GET", "/me", 200, bearer)
		if id := identityOf(t, w); id.Subject != "2" || id.Method != "bearer" || w.Header().Get("Access-Token") == "" || lines(w) != nil {
			t.Errorf("identity %+v, headers %v", id, w.Header())
		}
		w = b.status("GET", "/me", 200)
		id := identityOf(t, w)
		if id.Subject != "1" || id.Method != "token-cookie" || w.Header().Get("Access-Token") != "" || lines(w) != nil {
			t.Errorf("identity %+v, headers %v", id, w.Header())
		}
		if left := time.Until(id.ExpiresAt); left != 2*time.Minute {
			t.Errorf("expires in %v, want those 2m that are left of the token", left)
		}
		row := sessionOf(t, m, b.jar["__Host-access"])
		if !row.LastSeenAt.Equal(time.Now()) || !row.IdleDeadline.Equal(time.Now().Add(30*time.Minute)) {
			t.Errorf("last seen %v, idle until %v: not extended", row.LastSeenAt, row.IdleDeadline)
		}
		b.status("POST", "/me", 403, origin("cross-site", "https://evil.example"))
		b.status("POST", "/me", 200, origin("cross-site", "https://evil.example"), bearer)
	})
}

func TestABrowserInUseStaysLoggedInUntilTheAbsoluteDeadline(t *testing.T) {
	// TL-2, RT-11: a request each two minutes for twelve hours, nothing else.
	synctest.Test(t, func(t *testing.T) {
		var j journal
		b := newBrowser(t, newCookieApp(t, newCookies(t, newTokens(t, storetest.Memory(t), withRefresh, j.use))))
		b.login("1")
		end := time.Now().Add(12 * time.Hour)
		for time.Now().Before(end) {
			b.status("GET", "/me", 200)
			time.Sleep(2 * time.Minute)
		}
		b.status("GET", "/me", 401)
		if n := j.Count(middleware.EventRefreshed); n < 100 || n > 150 || j.Count(middleware.EventTheft) != 0 {
			t.Errorf("events %v", n)
		}
	})
}

func TestAnIdleBrowserIsLoggedOut(t *testing.T) {
	// TL-1, RT-10.
	synctest.Test(t, func(t *testing.T) {
		b := newBrowser(t, newCookieApp(t, newCookies(t, newTokens(t, storetest.Memory(t), withRefresh))))
		b.login("1")
		time.Sleep(30 * time.Minute)
		wantLines(t, b.status("GET", "/me", 401))
	})
}

func TestTheOneWhoRefreshedAnswersForItself(t *testing.T) {
	// Two applications on one host: the refresh of one says nothing to the other.
	tokens := newTokens(t, storetest.Memory(t), withRefresh)
	one := newCookies(t, tokens)
	two := newCookies(t, tokens, func(c *jwtauth.CookieConfig) { c.AccessName, c.RefreshName = "__Host-a2", "__Host-r2" })
	b := newBrowser(t, newCookieApp(t, one))
	b.login("1")
	b.expire()
	r := httptest.NewRequest("GET", "/", nil)
	r.AddCookie(&http.Cookie{Name: "__Host-refresh", Value: b.jar["__Host-refresh"]})
	one.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if _, err := two.Authenticate(r); !errors.Is(err, middleware.ErrNoCredentials) {
			t.Errorf("error %v, want ErrNoCredentials", err)
		}
		if id, err := one.Authenticate(r); err != nil || id.Subject != "1" {
			t.Errorf("identity %+v, error %v", id, err)
		}
	})).ServeHTTP(httptest.NewRecorder(), r)
	if c := r.Cookies(); len(c) != 1 || r.Context() != t.Context() && r.Context() != context.Background() {
		t.Errorf("the request was changed: %v", c)
	}
}

func TestNoTokenIsInALogAnEventAnErrorOrAnotherHeader(t *testing.T) {
	// SID-8, CK-3: everything that is written down while tokens are used, stolen and forged.
	var out bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	var j journal
	s := newSpy(storetest.Memory(t))
	tokens := newTokens(t, s, withRefresh, j.use)
	app := refreshAppOf(t, tokens, logger)
	d := newDevice(t, app, "1")
	secrets := []string{d.token, d.refresh}
	note := func(err error) {
		if err != nil {
			out.WriteString(err.Error())
		}
	}
	r := httptest.NewRequest("POST", "/", nil)
	_, old := d.next()
	d.next()
	secrets = append(secrets, d.token, d.refresh)
	s.fail("Rotate", "FindByID")
	_, err := tokens.Refresh(r, d.refresh)
	note(err)
	d.do("GET", "/me")
	s.fail()
	for _, token := range []string{old, d.refresh, d.refresh[:150], d.refresh + "x"} {
		resp, err := tokens.Refresh(r, token)
		note(err)
		out.WriteString(resp.String())
		w := d.present(token)
		out.Write(w.Body.Bytes())
		_ = w.Header().Write(&out)
		(&client{t, app, token}).do("GET", "/me")
	}
	for _, e := range j.Events() {
		if err := json.NewEncoder(&out).Encode(e); err != nil {
			t.Fatal(err)
		}
		logger.Info("event", "event", e)
	}
	k := newCookies(t, tokens)
	b := newBrowser(t, newCookieApp(t, k))
	w := b.do("POST", "/login", as("1"))
	secrets = append(secrets, b.jar["__Host-access"], b.jar["__Host-refresh"])
	w.Header().Del("Set-Cookie")
	_ = w.Header().Write(&out)
	out.Write(w.Body.Bytes())
	for _, secret := range secrets {
		// Not a part of one either: the MAC of a refresh token, the signature of an access
		// token, the secret of the session.
		for _, part := range []string{secret, secret[len(secret)-20:], secret[len(secret)/2 : len(secret)/2+30]} {
			if strings.Contains(out.String(), part) {
				t.Errorf("it was written down:\n%s", out.String())
			}
		}
	}
	if !strings.Contains(out.String(), "theft") || !strings.Contains(out.String(), "request refused") {
		t.Errorf("nothing was written down:\n%s", out.String())
	}
}
