package tokencookie_test

import (
	"testing"

	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/internal/tokentest"
)

func TestTheEventsOfASessionOfABrowserComeInItsOrder(t *testing.T) {
	// OB-1, RT-2: each step of a browser's life, and what an audit trail says of it.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		var j tokentest.Journal
		b := newBrowser(t, s, tokentest.Eager, func(c *tokentest.Config) { c.Policy = tokentest.Busy }, j.Use)
		b.Login("1")
		first := tokentest.SID(t, b.Access())
		j.WantEvents(t, event("login", first, ""))
		tokentest.Tick()
		b.Status("GET", "/me", 200)
		j.WantEvents(t, event("renewed", first, ""))
		rotate(t, b)
		j.WantEvents(t, event("refreshed", first, ""))
		refresh := b.Refresh()
		tokentest.Tick()
		b.Send("POST", "/refresh")
		j.WantEvents(t, event("refreshed", first, ""))
		b.Status("POST", "/refresh", 200) // the answer before was lost
		j.WantEvents(t, event("replayed", first, ""))
		b.Status("POST", "/prove", 200)
		j.WantEvents(t, event("reauthenticated", first, ""))
		b.Status("POST", "/me", 403, tokentest.Origin("cross-site", "https://evil.example"))
		b.Status("POST", "/login", 403, tokentest.Origin("cross-site", "https://evil.example"), tokentest.As("1"))
		j.WantEvents(t)

		b.Login("1")
		second := tokentest.SID(t, b.Access())
		j.WantEvents(t, event("login", second, ""), event("revoked", first, "replaced"))
		b.Status("POST", "/logout", 200)
		j.WantEvents(t, event("logout", second, ""))
		b.Status("POST", "/logout", 200)
		b.Jar["__Host-refresh"] = refresh
		b.Status("GET", "/me", 401)
		b.Status("POST", "/refresh", 401)
		j.WantEvents(t)
	})
}

func TestTheEndOfAnotherUsersSessionThatTheBrowserHadIsAnEventToo(t *testing.T) {
	// OB-1: both cookies, or one, say which it was.
	for left, drop := range map[string]string{"both cookies": "", "the access cookie": "__Host-refresh", "the refresh cookie": "__Host-access"} {
		t.Run(left, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, s storetest.Store) {
				var j tokentest.Journal
				b := newBrowser(t, s, j.Use)
				b.Login("1")
				anns := tokentest.SID(t, b.Access())
				delete(b.Jar, drop)
				j.Take()
				b.Login("2")
				if row := tokentest.RowOf(t, s, anns); row.Ended.Reason != "replaced" {
					t.Fatalf("the former session: ended %+v, want replaced", row.Ended)
				}
				login := event("login", tokentest.SID(t, b.Access()), "")
				login.Subject = "2"
				j.WantEvents(t, login, event("revoked", anns, "replaced"))
			})
		})
	}
}

func TestALogoutIsAnEventWithItsUserThoughARefreshTokenDoesNotSayIt(t *testing.T) {
	// OB-1: the store knows.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		var j tokentest.Journal
		b := newBrowser(t, s, j.Use)
		b.Login("1")
		id := tokentest.SID(t, b.Access())
		b.Expire()
		j.Take()
		b.Status("POST", "/logout", 200)
		j.WantEvents(t, event("logout", id, ""))
	})
}
