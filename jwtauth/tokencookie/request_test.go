package tokencookie_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/internal/tokentest"
	"github.com/inga-auth/inga/jwtauth/tokencookie"
	"github.com/inga-auth/inga/middleware"
)

func TestACrossOriginWriteRefreshesNothing(t *testing.T) {
	// CS-1, CS-2, CS-6: 403, without asking the store.
	s := tokentest.NewSpy(storetest.Memory(t))
	b := tokentest.NewBrowser(t, tokentest.CookieApp(t, tokentest.NewCookies(t, tokentest.New(t, s, tokentest.WithRefresh), func(c *tokencookie.Config) {
		c.TrustedOrigins = []string{"https://friend.example"}
	})))
	b.Login("1")
	anonymous := tokentest.NewBrowser(t, b.App)
	for _, expired := range []bool{false, true} {
		if expired {
			b.Expire()
		}
		s.Take()
		for _, from := range []func(*http.Request){
			tokentest.Origin("cross-site", "https://evil.example"), tokentest.Origin("same-site", "https://x.app.example"),
			tokentest.Origin("", "https://evil.example"), tokentest.Origin("", "null"),
		} {
			for _, path := range []string{"/me", "/optional", "/refresh", "/logout", "/private/logout", "/login"} {
				tokentest.WantLines(t, b.Status("POST", path, 403, tokentest.As("2"), from))
			}
			for _, path := range []string{"/refresh", "/logout", "/login"} {
				tokentest.WantLines(t, anonymous.Status("POST", path, 403, tokentest.As("2"), from))
			}
		}
		if asked := s.Take(); asked != nil {
			t.Errorf("the store was asked: %v", asked)
		}
	}
	b.Status("POST", "/me", 200, tokentest.Origin("cross-site", "https://friend.example"))
	b.Expire()
	b.Status("POST", "/me", 200, tokentest.Origin("same-origin", "https://app.example"))
	b.Expire()
	b.Status("GET", "/me", 200, tokentest.Origin("cross-site", "https://evil.example")) // a link from there
}

func TestASafeMethodNeitherLogsInNorOutNorRefreshes(t *testing.T) {
	// CS-5.
	b := tokentest.NewBrowser(t, tokentest.CookieApp(t, tokentest.NewCookies(t, tokentest.New(t, storetest.Memory(t), tokentest.WithRefresh))))
	b.Login("1")
	for _, method := range []string{"GET", "HEAD", "OPTIONS", "TRACE"} {
		for _, path := range []string{"/login", "/logout", "/refresh"} {
			tokentest.WantLines(t, b.Status(method, path, 400, tokentest.As("1")))
		}
	}
	b.Status("GET", "/me", 200)
}

func TestEvery401HasAChallengeThatDoesNotAskForAPassword(t *testing.T) {
	// RFC 9110, section 15.5.2.
	b := tokentest.NewBrowser(t, tokentest.CookieApp(t, tokentest.NewCookies(t, tokentest.New(t, storetest.Memory(t), tokentest.WithRefresh))))
	for _, edit := range []func(*http.Request){tokentest.CookieHeader("a=b"), tokentest.CookieHeader("__Host-refresh=junk")} {
		if got := b.Status("GET", "/me", 401, edit).Header().Get("WWW-Authenticate"); got != `Cookie realm="inga"` {
			t.Errorf("WWW-Authenticate %q", got)
		}
	}
	b.Login("1")
	if got := b.Status("GET", "/admin", 403).Header().Get("WWW-Authenticate"); got != "" {
		t.Errorf("WWW-Authenticate %q for a 403", got)
	}
}

func TestTokensAndCookiesSlideTogetherInOneGuard(t *testing.T) {
	// CS-3, CS-4, TL-9, TL-11: what was sent on purpose decides; each is renewed its own way.
	synctest.Test(t, func(t *testing.T) {
		m := storetest.Memory(t)
		tokens := tokentest.New(t, m, tokentest.WithRefresh)
		app := tokentest.CookieApp(t, tokentest.NewCookies(t, tokens), tokens)
		b := tokentest.NewBrowser(t, app)
		b.Login("1")
		d := tokentest.NewDevice(t, tokentest.App(t, tokens), "2")
		bearer := tokentest.Header("Authorization", "Bearer "+d.Token)
		time.Sleep(3 * time.Minute)
		w := b.Status("GET", "/me", 200, bearer)
		if id := tokentest.IdentityOf(t, w); id.Subject != "2" || id.Method != "bearer" || w.Header().Get("Access-Token") == "" || tokentest.Lines(w) != nil {
			t.Errorf("identity %+v, headers %v", id, w.Header())
		}
		w = b.Status("GET", "/me", 200)
		id := tokentest.IdentityOf(t, w)
		if id.Subject != "1" || id.Method != "token-cookie" || w.Header().Get("Access-Token") != "" || len(tokentest.Lines(w)) != 1 {
			t.Errorf("identity %+v, headers %v", id, w.Header())
		}
		if left := time.Until(id.ExpiresAt); left != 5*time.Minute {
			t.Errorf("expires in %v, want those 5m of the renewed token", left)
		}
		row := tokentest.SessionOf(t, m, b.Access())
		if !row.LastSeenAt.Equal(time.Now()) || !row.IdleDeadline.Equal(time.Now().Add(30*time.Minute)) {
			t.Errorf("last seen %v, idle until %v: not extended", row.LastSeenAt, row.IdleDeadline)
		}
		b.Status("POST", "/me", 403, tokentest.Origin("cross-site", "https://evil.example"))
		b.Status("POST", "/me", 200, tokentest.Origin("cross-site", "https://evil.example"), bearer)
	})
}

func TestABrowserInUseStaysLoggedInUntilTheAbsoluteDeadline(t *testing.T) {
	// TL-2, RT-11: a request each two minutes for twelve hours, nothing else.
	synctest.Test(t, func(t *testing.T) {
		var j tokentest.Journal
		b := tokentest.NewBrowser(t, tokentest.CookieApp(t, tokentest.NewCookies(t, tokentest.New(t, storetest.Memory(t), tokentest.WithRefresh, j.Use))))
		b.Login("1")
		end := time.Now().Add(12 * time.Hour)
		for time.Now().Before(end) {
			b.Status("GET", "/me", 200)
			time.Sleep(2 * time.Minute)
		}
		b.Status("GET", "/me", 401)
		// The interval is 150 s, and a request comes every two minutes: one in four renews.
		if n := j.Count(middleware.EventRenewed); n != 180-1 {
			t.Errorf("%d renewals, want 179", n)
		}
	})
}

func TestAnIdleBrowserIsLoggedOut(t *testing.T) {
	// TL-1, RT-10.
	synctest.Test(t, func(t *testing.T) {
		b := tokentest.NewBrowser(t, tokentest.CookieApp(t, tokentest.NewCookies(t, tokentest.New(t, storetest.Memory(t), tokentest.WithRefresh))))
		b.Login("1")
		time.Sleep(30 * time.Minute)
		tokentest.WantLines(t, b.Status("GET", "/me", 401))
	})
}

func TestAnOutageOfTheStoreChangesNoCookie(t *testing.T) {
	// RT-15, AZ-5: 503 and never 401.
	s := tokentest.NewSpy(storetest.Memory(t))
	b := tokentest.NewBrowser(t, tokentest.CookieApp(t, tokentest.NewCookies(t, tokentest.New(t, s, tokentest.WithRefresh))))
	b.Login("1")
	// Revoke fails at a login of another user, whose predecessor in the browser is to end.
	for _, row := range []struct{ method, path, fails string }{
		{"GET", "/me", "Find"}, {"POST", "/me", "Find"}, {"GET", "/admin", "Find"}, {"GET", "/optional", "Find"},
		{"POST", "/login", "Create"}, {"POST", "/login", "Revoke"}, {"POST", "/logout", "Revoke"},
	} {
		s.Fail(row.fails)
		tokentest.WantUnavailable(t, b.Do(row.method, row.path, tokentest.As("2")))
	}
	b.Expire()
	for _, path := range []string{"/me", "/admin", "/optional", "/refresh", "/prove", "/private/logout"} {
		s.Fail("Find", "Rotate")
		tokentest.WantUnavailable(t, b.Do("POST", path))
	}
	s.Fail()
	b.Status("GET", "/me", 200)
	s.Fail("Extend", "MarkSeen")
	b.Status("GET", "/me", 200)
}
