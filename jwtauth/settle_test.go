package jwtauth_test

import (
	"maps"
	"testing"
	"testing/synctest"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/jwtauth"
)

// tab is another tab of the browser, whose request began with the cookies of now.
func (b *browser) tab() *browser {
	other := newBrowser(b.t, b.app)
	other.jar = maps.Clone(b.jar)
	return other
}

func TestTabsThatRefreshOneRightAfterAnotherEndNobodysSession(t *testing.T) {
	// RT-6, promise 10: a request that is under way across two refreshes is none of a thief.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		// In whole seconds the tokens of before have long been issued.
		tokens := newTokens(t, s, withRefresh, func(c *jwtauth.Config) { c.AccessTTL = time.Hour })
		b := newBrowser(t, newCookieApp(t, newCookies(t, tokens)))
		b.login("1")
		b.expire() // as in all tabs
		late := b.tab()
		b.status("POST", "/refresh", 200)
		first := maps.Clone(b.jar)
		for range 3 {
			next := b.tab()
			if set := next.status("POST", "/refresh", 200).Header().Values("Set-Cookie"); set != nil {
				t.Errorf("a token that was new was replaced: %q", set)
			}
		}
		late.status("POST", "/refresh", 200)
		if late.jar["__Host-refresh"] != first["__Host-refresh"] {
			t.Error("the late tab has another refresh token than the others")
		}
		b.status("GET", "/me", 200)
		late.status("GET", "/me", 200)
	})
}

func TestTokensThatAreNewStayForAThirdOfTheirLifeAndFiveSeconds(t *testing.T) {
	for _, row := range []struct{ ttl, stay time.Duration }{
		{time.Hour, 5 * time.Second}, {5 * time.Minute, 5 * time.Second}, {6 * time.Second, 2 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) { // which begins with a whole second
			tokens := newTokens(t, storetest.Memory(t), withRefresh, func(c *jwtauth.Config) { c.AccessTTL = row.ttl })
			b := newBrowser(t, newCookieApp(t, newCookies(t, tokens)))
			b.login("1")
			former := maps.Clone(b.jar)
			time.Sleep(row.stay - time.Nanosecond)
			b.status("POST", "/refresh", 200)
			if !maps.Equal(b.jar, former) {
				t.Errorf("a life of %v: replaced before %v", row.ttl, row.stay)
			}
			time.Sleep(time.Nanosecond)
			b.status("POST", "/refresh", 200)
			if b.jar["__Host-refresh"] == former["__Host-refresh"] || b.jar["__Host-access"] == former["__Host-access"] {
				t.Errorf("a life of %v: not replaced at %v", row.ttl, row.stay)
			}
		})
	}
}

func TestOnlyTheTokensOfOneRefreshStay(t *testing.T) {
	// RT-6, LO-1: anything else is what it is without an access token.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		b := newBrowser(t, newCookieApp(t, newCookies(t, newTokens(t, s, withRefresh))))
		b.login("1")
		old := b.jar["__Host-refresh"]
		for range 2 {
			b.expire()
			b.status("POST", "/refresh", 200)
		}
		mixed := b.tab()
		mixed.jar["__Host-refresh"] = old
		wantProblem(t, mixed.do("POST", "/refresh"), 401, "session-stolen")

		b.login("1")
		ended := b.tab()
		if _, err := s.RevokeUser(t.Context(), time.Now(), "1", "", backends.ReasonRevoked); err != nil {
			t.Fatal(err)
		}
		wantProblem(t, ended.do("POST", "/refresh"), 401, "session-revoked")
	})
}
