package cookie_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/storetest"
)

func TestACrossOriginWriteWithACookieIsRefused(t *testing.T) {
	// CS-1, CS-2: before the store is asked.
	c := &counting{Store: storetest.Memory(t)}
	b := newBrowser(t, newApp(t, c, func(c *config) { c.TrustedOrigins = []string{"https://friend.example"} }))
	b.login("1")
	c.asked.Store(0)
	refused := int64(0)
	for _, row := range []struct {
		name, site, origin string
		want               int
	}{
		{"cross-site", "cross-site", "https://evil.example", 403},
		{"same-site", "same-site", "https://other.app.example", 403},
		{"same-origin", "same-origin", "https://app.example", 200},
		{"typed by the user", "none", "", 200},
		{"old browser, foreign origin", "", "https://evil.example", 403},
		{"old browser, opaque origin", "", "null", 403},
		{"old browser, own origin", "", "https://app.example", 200},
		{"no browser", "", "", 200},
		{"trusted origin", "cross-site", "https://friend.example", 200},
		{"almost a trusted origin", "cross-site", "http://friend.example", 403},
	} {
		for _, method := range []string{"POST", "PUT", "PATCH", "DELETE"} {
			w := b.do(method, "/me", from(row.site, row.origin))
			if w.Code != row.want {
				t.Errorf("%s, %s: status %d, want %d", row.name, method, w.Code, row.want)
			}
			if row.want == 403 {
				refused++
			}
		}
		if w := b.do("GET", "/me", from(row.site, row.origin)); w.Code != 200 {
			t.Errorf("%s, GET: status %d, want 200", row.name, w.Code)
		}
	}
	if want := int64(10*5) - refused; c.asked.Load() != want {
		t.Errorf("the store was asked %d times, want %d: not for the refused ones", c.asked.Load(), want)
	}
}

func from(site, origin string) func(*http.Request) {
	return func(r *http.Request) {
		if site != "" {
			r.Header.Set("Sec-Fetch-Site", site)
		}
		if origin != "" {
			r.Header.Set("Origin", origin)
		}
	}
}

func TestACustomHeaderIsNoDefenceAndNoWayAround(t *testing.T) {
	// CS-9: such a header is not the chosen defence, so it changes nothing.
	b := newBrowser(t, newApp(t, storetest.Memory(t)))
	b.login("1")
	b.status("POST", "/me", 403, header("X-Requested-With", "XMLHttpRequest"), from("cross-site", "https://evil.example"))
	b.status("POST", "/me", 200, from("same-origin", "https://app.example"))
}

func TestNobodyIsLoggedInOrOutByAnotherSite(t *testing.T) {
	// CS-6: with and without a cookie.
	b := newBrowser(t, newApp(t, storetest.Memory(t)))
	anonymous := newBrowser(t, b.app)
	b.login("1")
	for _, path := range []string{"/login", "/logout", "/prove"} {
		for _, who := range []*browser{b, anonymous} {
			w := who.status("POST", path, 403, as("2"), from("cross-site", "https://evil.example"))
			if got := w.Header().Values("Set-Cookie"); got != nil {
				t.Errorf("%s set %q", path, got)
			}
		}
	}
	b.status("GET", "/me", 200)
}

func TestAWebSocketHandshakeFromAForeignOriginIsRefusedBeforeTheStoreIsAsked(t *testing.T) {
	// CS-8: it is a GET, and opens a channel to write to.
	c := &counting{Store: storetest.Memory(t)}
	b := newBrowser(t, newApp(t, c))
	b.login("1")
	c.asked.Store(0)
	upgrade := func(r *http.Request) {
		r.Header.Set("Connection", "Upgrade")
		r.Header.Set("Upgrade", "WebSocket")
	}
	b.status("GET", "/me", 403, upgrade, from("", "https://evil.example"))
	b.status("GET", "/me", 403, upgrade, from("cross-site", "https://evil.example"))
	if n := c.asked.Load(); n != 0 {
		t.Errorf("the store was asked %d times, want 0", n)
	}
	b.status("GET", "/me", 200, upgrade, from("same-origin", "https://app.example"))
	b.status("GET", "/me", 200, upgrade)
}

func TestAnUncleanPathIsNoWayAroundTheOriginCheck(t *testing.T) {
	// CS-7: the check has no list of paths to slip past.
	b := newBrowser(t, newApp(t, storetest.Memory(t)))
	b.login("1")
	guarded := newBrowser(t, b.app)
	guarded.jar = b.jar
	for _, path := range []string{"//me", "/./me", "/x/../me", "/me/", "/%6de"} {
		w := guarded.do("POST", path, from("cross-site", "https://evil.example"))
		if w.Code == 200 {
			t.Errorf("%s: status 200", path)
		}
	}
}

func TestTheRequestIsNotChangedByTheCheck(t *testing.T) {
	cookies := newCookies(t, storetest.Memory(t))
	r := httptest.NewRequest("GET", "https://app.example/", nil)
	r.Header.Set("Upgrade", "websocket")
	r.AddCookie(&http.Cookie{Name: "__Host-session", Value: seal(t, keyA, make([]byte, 32), backends.NewID("1"))})
	if _, err := cookies.Authenticate(r); err == nil {
		t.Error("an unknown secret was accepted")
	}
	if r.Method != "GET" {
		t.Errorf("the method became %s", r.Method)
	}
}

func TestARefusalOfACookieMakesNoBrowserPrompt(t *testing.T) {
	// ER-4
	b := newBrowser(t, newApp(t, storetest.Memory(t)))
	for _, value := range []string{"", "forged"} {
		w := b.status("GET", "/me", 401, cookieHeader("__Host-session="+value))
		if got := w.Header().Values("WWW-Authenticate"); len(got) != 1 || got[0] != `Cookie realm="inga"` {
			t.Errorf("WWW-Authenticate %q, want the one of cookies, which is no scheme that browsers know", got)
		}
	}
	b.login("1")
	if got := b.status("GET", "/admin", 403).Header().Get("WWW-Authenticate"); got != "" {
		t.Errorf("403 with WWW-Authenticate %q", got)
	}
}
