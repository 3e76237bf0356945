package tokencookie_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/internal/tokentest"
	"github.com/inga-auth/inga/middleware"
)

func TestALoginWithCookiesReplacesTheSessionThatTheBrowserHad(t *testing.T) {
	// SID-2, CK-6.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		b := tokentest.NewBrowser(t, tokentest.CookieApp(t, tokentest.NewCookies(t, tokentest.New(t, s, tokentest.WithRefresh))))
		b.Login("1")
		former := tokentest.NewBrowser(t, b.App)
		former.Keep(b.Do("POST", "/refresh"))
		b.Expire() // the refresh cookie says which session it was
		b.Login("2")
		if got := tokentest.IdentityOf(t, b.Status("GET", "/me", 200)).Subject; got != "2" {
			t.Errorf("subject %s, want 2", got)
		}
		former.Status("GET", "/me", 401)
		former.Expire()
		former.Status("GET", "/me", 401)
		if live, _, err := s.List(t.Context(), time.Now(), "1", backends.Page{}); err != nil || len(live) != 0 {
			t.Errorf("%d sessions (%v), want none", len(live), err)
		}
	})
}

func TestALogoutWithCookiesEndsTheSessionWhicheverCookieIsLeft(t *testing.T) {
	// LO-1, LO-7, LO-9, LO-13, CK-6: also behind the guard, which a refresh cookie passes.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		app := tokentest.CookieApp(t, tokentest.NewCookies(t, tokentest.New(t, s, tokentest.WithRefresh)))
		for name, left := range map[string][]string{
			"both": {"__Host-access", "__Host-refresh"}, "access": {"__Host-access"}, "refresh": {"__Host-refresh"},
		} {
			for _, path := range []string{"/logout", "/private/logout"} {
				if name == "access" && path != "/logout" {
					continue
				}
				b := tokentest.NewBrowser(t, app)
				b.Login("1")
				kept := tokentest.NewBrowser(t, app)
				kept.Jar = map[string]string{"__Host-access": b.Access(), "__Host-refresh": b.Refresh()}
				for cookie := range b.Jar {
					if !slices.Contains(left, cookie) {
						delete(b.Jar, cookie)
					}
				}
				tokentest.WantLines(t, b.Status("POST", path, 200),
					"__Host-access=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax",
					"__Host-refresh=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax")
				if len(b.Jar) != 0 {
					t.Errorf("%s: the jar has %v", name, b.Jar)
				}
				kept.Status("GET", "/me", 401)
				kept.Expire()
				kept.Status("GET", "/me", 401)
				kept.Status("POST", "/logout", 200)
				tokentest.NewBrowser(t, app).Status("POST", "/logout", 200)
			}
		}
	})
}

func TestAnAccessTokenThatNoBrowserStoresIsNotIssued(t *testing.T) {
	// CK-5: there is no half of a login.
	m := storetest.Memory(t)
	size := 5000
	b := tokentest.NewBrowser(t, tokentest.CookieApp(t, tokentest.NewCookies(t, tokentest.New(t, m, tokentest.WithRefresh, func(c *tokentest.Config) {
		c.Claims = func(context.Context, backends.User) (any, error) {
			return map[string]any{"x": strings.Repeat("x", size)}, nil
		}
	}))))
	tokentest.WantProblem(t, b.Do("POST", "/login", tokentest.As("1")), 500, "internal-error")
	if live, _, err := m.List(t.Context(), time.Now(), "1", backends.Page{}); err != nil || len(live) != 0 {
		t.Errorf("%d sessions (%v), want none", len(live), err)
	}
	size = 10
	b.Login("1")
	size = 5000
	b.Expire()
	tokentest.WantLines(t, b.Status("GET", "/me", 200)) // needs no access cookie
	tokentest.WantProblem(t, b.Do("POST", "/refresh"), 500, "internal-error")
	tokentest.WantProblem(t, b.Do("POST", "/prove"), 500, "internal-error")
	size = 10
	b.Status("POST", "/refresh", 200)
	b.Status("GET", "/me", 200)
}

func TestARenewalWhoseCookieNoBrowserStoresExtendsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var j tokentest.Journal
		size := 10
		b := tokentest.NewBrowser(t, tokentest.CookieApp(t, tokentest.NewCookies(t, tokentest.New(t, storetest.Memory(t), tokentest.WithRefresh, j.Use, func(c *tokentest.Config) {
			c.Claims = func(context.Context, backends.User) (any, error) {
				return map[string]any{"x": strings.Repeat("x", size)}, nil
			}
		}))))
		b.Login("1")
		time.Sleep(3 * time.Minute)
		size = 3500
		tokentest.WantLines(t, b.Status("GET", "/me", 200))
		if n := j.Count(middleware.EventRenewed); n != 0 {
			t.Errorf("%d renewals without a cookie", n)
		}
		size = 10
		if lines := tokentest.Lines(b.Status("GET", "/me", 200)); len(lines) != 1 {
			t.Errorf("cookies %q, want the next request to try again", lines)
		}
	})
}

func TestALogoutEndsEverySessionThatTheCookiesName(t *testing.T) {
	// LO-1, CK-12: two live ones, one of them planted, and the access cookie of a third.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		one := newBrowser(t, s)
		two, three := one.Copy(), one.Copy()
		one.Login("1")
		two.Login("2")
		three.Login("1")
		cookies := "__Host-refresh=" + two.Refresh() + "; __Host-refresh=junk; __Host-refresh=" + one.Refresh() + "; __Host-access=" + three.Access()
		one.Status("POST", "/logout", 200, tokentest.CookieHeader(cookies))
		tokentest.WantLive(t, s, "1", 0)
		tokentest.WantLive(t, s, "2", 0)
	})
}

func TestAnAuthenticationEndsEverySessionThatTheBrowserHad(t *testing.T) {
	// LO-1, SID-3, CK-12: two refresh cookies, as after the Domain of the cookie has changed, in either order.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		for _, users := range [][2]string{{"1", "2"}, {"2", "1"}} {
			b := newBrowser(t, s)
			one, two := b.Copy(), b.Copy()
			one.Login(users[0])
			two.Login(users[1])
			former := "__Host-refresh=" + one.Refresh() + "; __Host-refresh=" + two.Refresh()
			b.Status("POST", "/login", 200, tokentest.As("1"), tokentest.CookieHeader(former))
			b.Status("GET", "/me", 200)
			tokentest.WantLive(t, s, "1", 1)
			tokentest.WantLive(t, s, "2", 0)
			other := tokentest.NewBrowser(t, b.App)
			other.Login("1")
			b.Status("POST", "/prove", 200, tokentest.CookieHeader("__Host-refresh="+other.Refresh()+"; __Host-refresh="+b.Refresh()))
			b.Status("GET", "/me", 200)
			tokentest.WantLive(t, s, "1", 1) // authenticating again ends the other too
			b.Status("POST", "/logout", 200)
		}
	})
}

func TestALogoutThatCouldLeaveASessionAliveIsNoSuccess(t *testing.T) {
	// LO-1: a store that fails half way, and more cookies of ours than are looked at.
	s := tokentest.NewSpy(storetest.Memory(t))
	b := newBrowser(t, s)
	b.Login("1")
	s.Fail("Revoke")
	tokentest.WantUnavailable(t, b.Do("POST", "/logout"))
	s.Fail()
	never := strings.Repeat("__Host-refresh="+tokentest.EncodeRefresh(tokentest.RefreshKeyA, backends.NewID("1"), 1, backends.NewSecret())+"; ", 8)
	for _, path := range []string{"/logout", "/login"} {
		tokentest.WantProblem(t, b.Do("POST", path, tokentest.As("1"), tokentest.CookieHeader(never+"__Host-refresh="+b.Refresh())), 401, "invalid-credentials")
	}
	b.Status("GET", "/me", 200)
	tokentest.WantLive(t, s, "1", 1)
	forged := "__Host-refresh=" + tokentest.EncodeRefresh(tokentest.RefreshKeyB, backends.NewID("1"), 1, backends.NewSecret()) + "; "
	b.Status("POST", "/logout", 200, tokentest.CookieHeader(strings.Repeat(forged+"__Host-refresh=junk; ", 50)+"__Host-refresh="+b.Refresh()))
	tokentest.WantLive(t, s, "1", 0)
}

func TestLoggingInAgainFromTheSameBrowserTakesItsOwnSlot(t *testing.T) {
	// DV-5: whichever of its two cookies tells which that is.
	for name, limit := range map[string]backends.Limit{"evicting": {Total: 2}, "refusing": {Total: 2, Refuse: true}, "unlimited": {}} {
		for left, drop := range map[string]string{"both cookies": "", "the access cookie": "__Host-refresh", "the refresh cookie": "__Host-access"} {
			t.Run(name+", "+left, func(t *testing.T) {
				storetest.Each(t, func(t *testing.T, s storetest.Store) {
					laptop := newBrowser(t, s, tokentest.Within(limit))
					phone := laptop.Copy()
					laptop.Login("1")
					tokentest.Tick()
					phone.Login("1")
					for range 3 {
						former := phone.Copy()
						delete(phone.Jar, drop)
						tokentest.Tick()
						phone.Login("1")
						phone.Status("GET", "/me", 200)
						laptop.Status("GET", "/me", 200)
						tokentest.WantProblem(t, former.Do("GET", "/me"), 401, "session-revoked")
					}
					tokentest.WantLive(t, s, "1", 2)
				})
			})
		}
	}
}
