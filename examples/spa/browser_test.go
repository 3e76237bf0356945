package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/examples/internal/chromium"
	"github.com/inga-auth/inga/middleware"
)

func TestInABrowser(t *testing.T) {
	t.Parallel()
	browser := chromium.Start(t)
	for name, test := range map[string]func(*testing.T, context.Context){
		"one logs in, calls the API and logs out":                walk,
		"no script reads a token":                                hide,
		"the page replaces its refresh token once in a while":    ahead,
		"a page can refresh a hundred times at once":             burstInPage,
		"a tab that slept past the expiry goes on":               sleep,
		"a page that nobody touches lets its session end":        leaveAlone,
		"a logout is noticed in another tab":                     logoutElsewhere,
		"a logout that was not heard of is noticed all the same": logoutUnheard,
		"a login is noticed in another tab":                      loginElsewhere,
		"a session that is ended elsewhere says so":              endElsewhere,
		"an outage of the database logs nobody out":              outage,
		"a server that does not answer is asked again":           unplug,
		"a logout gives up what waits for the server":            giveUp,
		"another site can neither log in nor out nor write":      attack,
		"a token of the page opens nothing without its key":      stealToken,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, browser)
		})
	}
	for name, n := range map[string]int{"two tabs refresh together": 2, "five tabs refresh together": 5} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachBackend(t, func(t *testing.T, flags ...string) {
				together(t, browser, n, flags...)
			})
		})
	}
}

func walk(t *testing.T, browser context.Context) {
	p := start(t)
	b := newTab(t, browser, p)
	b.login("no")
	b.awaitText("#error", "Wrong name or password.")
	b.awaitFocus("password")
	b.do(chromedp.SetValue("#password", "ann-likes-tea"), chromedp.KeyEvent("\r"))
	b.awaitText("#subject", "ann")
	b.awaitFocus("subject")
	b.awaitText("#roles", "user")
	b.awaitText("#sessions", "1")

	b.request("GET /api/time")
	b.awaitText("#answer", `"subject": "ann"`)
	b.request("POST /api/echo")
	b.awaitText("#answer", "HELLO FROM THIS TAB")
	b.request("GET /api/admin")
	b.awaitText("#answer", "403: your role does not suffice for this. You are still logged in.")
	b.awaitText("#subject", "ann")

	b.click("#logout")
	b.awaitText("#notice", "You have logged out")
	b.awaitText("#out", "Log in")
	b.awaitFocus("notice")
	if left := b.cookies(); len(left) != 0 {
		t.Errorf("%d cookies after the logout, want none", len(left))
	}
	p.wantSessions(0)
	if got := b.eval("document.querySelector('#in').textContent"); strings.Contains(got, "ann") || strings.Contains(got, "HELLO") {
		t.Errorf("after the logout the page has\n%s", got)
	}
	b.wantQuiet("status of 401 (Unauthorized) "+p.url+"/login", "status of 403 (Forbidden) "+p.url+"/api/admin")
}

func hide(t *testing.T, browser context.Context) {
	// CK-3, CK-13.
	p := start(t)
	b := newTab(t, browser, p)
	b.enter()
	wantSafeCookies(t, b)
	b.click("#refresh")
	b.awaitText("#count-here", "1")
	wantSafeCookies(t, b)
	const within = `JSON.stringify([document.cookie, {...localStorage}, {...sessionStorage}])`
	if got := b.eval(within); got != `["",{},{}]` {
		t.Errorf("scripts find %s, want nothing", got)
	}
	const answer = `fetch("/refresh", {method: "POST"}).then(async r => JSON.stringify([[...r.headers], await r.json()]))`
	got, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](answer, chromedp.EvalAwaitPromise))
	if err != nil || !strings.Contains(got, "generation") {
		t.Fatalf("a refresh by a script: %v, %s", err, got)
	}
	got += b.eval("document.documentElement.outerHTML")
	for name, c := range b.cookies() {
		if strings.Contains(got, c.Value) {
			t.Errorf("the token of %s is in what a script can read", name)
		}
	}
	b.wantQuiet()
}

// wantSafeCookies looks at the cookies as the browser does.
func wantSafeCookies(t *testing.T, b *tab) {
	// CK-1, CK-2, CK-4, CK-7, CK-11.
	t.Helper()
	cookies := b.cookies()
	if len(cookies) != 2 {
		t.Errorf("%d cookies, want two", len(cookies))
	}
	for name, lifetime := range map[string]time.Duration{"__Host-access": 5 * time.Minute, "__Host-refresh": 12 * time.Hour} {
		c := cookies[name]
		if c == nil {
			t.Fatalf("the browser has no cookie %s", name)
		}
		if !c.HTTPOnly || !c.Secure || c.SameSite != network.CookieSameSiteLax || c.Path != "/" || c.Domain != "127.0.0.1" {
			t.Errorf("cookie %s: HttpOnly %t, Secure %t, SameSite %s, Path %s, Domain %s", name, c.HTTPOnly, c.Secure, c.SameSite, c.Path, c.Domain)
		}
		left := time.Until(time.UnixMilli(int64(c.Expires * 1000)))
		if left > lifetime+2*time.Second || left < lifetime-2*patience {
			t.Errorf("cookie %s is good for %v, want about %v", name, left, lifetime)
		}
	}
}

func ahead(t *testing.T, browser context.Context) {
	p := start(t, "-rotate", "3s", "-refresh-overlap", "1s")
	b := newTab(t, browser, p)
	began := time.Now()
	b.enter()
	for range 3 {
		b.awaitMore("#count-here", 1)
		b.request("GET /api/time")
		b.awaitText("#answer", `"subject": "ann"`)
	}
	p.wantNobodyLoggedOut()
	if n, most := len(p.book("/refresh")), int(time.Since(began)/(3*time.Second)); n > most {
		t.Errorf("%d refreshes, want %d at most: one in 3 s", n, most)
	}
	if n := p.count(middleware.EventRefreshed); n < 3 {
		t.Errorf("%d new tokens, want 3", n)
	}
	b.wantQuiet()
}

func together(t *testing.T, browser context.Context, n int, flags ...string) {
	// RT-3, RT-4: the browser is the cookie jar, and the answers come in any order.
	p := start(t, append(flags, "-rotate", "6s", "-refresh-overlap", "3s")...)
	tabs := []*tab{newTab(t, browser, p)}
	for len(tabs) < n {
		tabs = append(tabs, tabs[0].another())
	}
	// The first time, the server waits until it has the refreshes of all tabs.
	met := p.gather(n)
	tabs[0].enter()
	for _, b := range tabs {
		b.awaitText("#subject", "ann") // the others have heard of it
	}
	await(t, "the tabs refresh at the same time", met)
	eventually(t, "all are answered", func() bool { return len(p.book("/refresh")) >= n })
	for i, a := range p.book("/refresh")[:n] {
		if first := p.book("/refresh")[0]; a.status != 200 || a.successor == a.presented || a.successor != first.successor || a.presented != first.presented {
			t.Errorf("refresh %d of %d at once: status %d, or other tokens than the first one", i+1, n, a.status)
		}
	}
	// And then as it happens.
	before := p.count(middleware.EventRefreshed)
	eventually(t, "the tabs go on", func() bool { return p.count(middleware.EventRefreshed) >= before+2 })
	for _, b := range tabs {
		b.awaitText("#subject", "ann")
		b.request("GET /api/time")
		b.awaitText("#answer", `"subject": "ann"`)
		if b.number("#count-here") == 0 || b.number("#count-elsewhere") == 0 {
			t.Errorf("a tab shows %d refreshes of its own and %d of others, want both", b.number("#count-here"), b.number("#count-elsewhere"))
		}
		b.wantQuiet()
	}
	p.wantNobodyLoggedOut()
	p.wantSessions(1)
	p.wantOneSuccessor()
	t.Logf("%d tabs: %d times a new token, %d times the same again", n, p.count(middleware.EventRefreshed), p.count(middleware.EventReplayed))
}

func burstInPage(t *testing.T, browser context.Context) {
	p := start(t, "-rotate", "1h")
	b := newTab(t, browser, p)
	b.enter()
	b.click("#burst")
	b.awaitText("#said", "100 refreshes at once: 100 answered, ")
	if n := len(p.book("/refresh")); n != 100 {
		t.Errorf("%d refreshes, want 100", n)
	}
	p.wantNobodyLoggedOut()
	p.wantSessions(1)
	b.request("GET /api/time")
	b.awaitText("#answer", `"subject": "ann"`)
	b.wantQuiet()
	t.Log(b.text("#said"))
}

func sleep(t *testing.T, browser context.Context) {
	p := start(t, "-access-ttl", "1s", "-rotate", "3s", "-refresh-overlap", "1s")
	b := newTab(t, browser, p)
	b.enter()
	b.awaitMore("#count-here", 1)
	b.lifecycle(page.SetWebLifecycleStateStateFrozen)
	eventually(t, "the access token expires", func() bool { return b.cookies()["__Host-access"] == nil })
	slept := len(p.book("/refresh"))
	time.Sleep(4 * time.Second) // a refresh was due
	if n := len(p.book("/refresh")); n != slept {
		t.Fatalf("a frozen tab has refreshed %d times", n-slept)
	}

	// Another tab needs no refresh to go on, and the one that wakes up catches up.
	other := b.another()
	other.awaitText("#subject", "ann")
	b.lifecycle(page.SetWebLifecycleStateStateActive)
	b.request("GET /api/time")
	b.awaitText("#answer", `"subject": "ann"`)
	b.awaitMore("#count-here", 1)
	p.wantNobodyLoggedOut()
	p.wantSessions(1)
	b.wantQuiet()
	other.wantQuiet()
}

func leaveAlone(t *testing.T, browser context.Context) {
	p := start(t, "-rotate", "2s", "-refresh-overlap", "1s", "-idle", "6s")
	b := newTab(t, browser, p)
	b.enter()
	b.awaitText("#due-in", "when you are back")
	eventually(t, "the session ends", func() bool {
		list, _, err := p.store.List(t.Context(), time.Now(), "ann", backends.Page{})
		return err == nil && len(list) == 0
	})
	b.awaitText("#subject", "ann") // nobody looks
	b.do(chromedp.KeyEvent(" "))
	b.awaitText("#notice", "it was not used for a while")
}

func logoutElsewhere(t *testing.T, browser context.Context) {
	p := start(t)
	one := newTab(t, browser, p)
	one.enter()
	two := one.another()
	two.awaitText("#subject", "ann")
	one.click("#logout")
	two.awaitText("#notice", "You logged out in another tab.")
	two.awaitText("#out", "Log in")
	two.awaitFocus("notice")
	if got := two.eval("document.querySelector('#in').textContent"); strings.Contains(got, "ann") {
		t.Errorf("the other tab still has\n%s", got)
	}
	p.wantNobodyLoggedOut() // not even by asking
	one.wantQuiet()
	two.wantQuiet()
}

func logoutUnheard(t *testing.T, browser context.Context) {
	p := start(t, "-rotate", "3s", "-refresh-overlap", "1s")
	one := newTab(t, browser, p)
	one.enter()
	two := one.another()
	two.awaitText("#subject", "ann")
	one.do(chromedp.Evaluate[chromedp.Void](`BroadcastChannel.prototype.postMessage = () => {}`))
	one.click("#logout")
	one.awaitText("#out", "Log in")
	two.awaitText("#notice", "You logged out in another tab.")
	two.wantQuiet("status of 401 (Unauthorized) " + p.url + "/refresh")
}

func loginElsewhere(t *testing.T, browser context.Context) {
	p := start(t)
	one := newTab(t, browser, p)
	two := one.another()
	two.awaitText("#out", "Log in")
	one.enter()
	two.awaitText("#subject", "ann")
	p.wantSessions(1)
	one.wantQuiet()
	two.wantQuiet()
}

func endElsewhere(t *testing.T, browser context.Context) {
	p := start(t, "-rotate", "3s", "-refresh-overlap", "1s")
	here, there := newTab(t, browser, p), newTab(t, browser, p)
	there.enter()
	here.enter()
	here.awaitText("#sessions", "2")
	here.click("#end-others")
	here.awaitText("#said", "Logged out elsewhere: 1.")
	here.awaitText("#sessions", "1")
	const text = "Your session was ended elsewhere"
	there.awaitText("#notice", text)
	there.awaitText("#out", "Log in")
	there.awaitFocus("notice")
	there.do(chromedp.Reload())
	there.awaitText("#notice", text) // the server says the same
	there.enter()
	there.await("document.querySelector('#notice').hidden")
	here.awaitText("#subject", "ann")
	p.wantSessions(2)
	here.wantQuiet()
	there.wantQuiet("status of 401 (Unauthorized)")
}
