package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/inga-auth/inga/examples/internal/chromium"
)

// A tab is one that shares no cookie with another.
type tab struct {
	t   *testing.T
	ctx context.Context
}

func newTab(t *testing.T, browser context.Context) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 2*patience)
	t.Cleanup(cancel)
	return &tab{t: t, ctx: ctx}
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatalf("browser: %v", err)
	}
}

// load does what leads to another page, and returns the status of that.
func (b *tab) load(steps ...chromedp.Action[chromedp.Void]) int {
	b.t.Helper()
	res, err := chromedp.RunResponse(b.ctx, steps...)
	if err != nil {
		b.t.Fatalf("browser: %v", err)
	}
	return int(res.Status)
}

// await waits until the JavaScript expression is true.
func (b *tab) await(expression string) {
	b.t.Helper()
	// Not chromedp.Poll: it runs in the page, whose policy forbids eval.
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		if is, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](expression)); err == nil && is {
			return
		}
		if time.Now().After(deadline) {
			b.t.Fatalf("browser: not true in time: %s\n%s", expression, b.text("body"))
		}
	}
}

// awaitText waits until the first element that the selector finds is seen and has the text.
func (b *tab) awaitText(selector, text string) {
	b.t.Helper()
	b.await(fmt.Sprintf("(e => e?.checkVisibility() && e.innerText.includes(%q))(document.querySelector(%q))", text, selector))
}

func (b *tab) text(selector string) string {
	b.t.Helper()
	return b.eval(fmt.Sprintf("document.querySelector(%q).innerText", selector))
}

func (b *tab) eval(expression string) string {
	b.t.Helper()
	s, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](expression))
	if err != nil {
		b.t.Fatalf("browser: %s: %v", expression, err)
	}
	return s
}

// click clicks on the button that the screen reader would call by the name.
func (b *tab) click(name string) {
	b.t.Helper()
	b.do(chromedp.Click(fmt.Sprintf("button[aria-label=%q]", name)))
}

// wantFocus wants the keyboard to be at the element with the ID.
func (b *tab) wantFocus(id string) {
	b.t.Helper()
	b.await(fmt.Sprintf("document.activeElement.id === %q", id))
}

// enter opens the page and logs in.
func (b *tab) enter(p *program, name, password string) {
	b.t.Helper()
	b.do(chromedp.Navigate(p.url))
	b.login(name, password)
	b.awaitText("#connection", "connected")
	b.awaitText("#devices", "this device")
}

// login fills in the form and returns the status of the page that follows.
func (b *tab) login(name, password string) int {
	b.t.Helper()
	return b.load(
		chromedp.SetValue("#name", name),
		chromedp.SetValue("#password", password),
		chromedp.Click("#out button"),
	)
}

func (b *tab) cookies() []*network.Cookie {
	b.t.Helper()
	res, err := chromedp.Call(b.ctx, network.GetCookies, network.GetCookiesParams{})
	if err != nil {
		b.t.Fatalf("browser: %v", err)
	}
	return res.Cookies
}

func TestInABrowser(t *testing.T) {
	browser := chromium.Start(t)
	onEachBackend(t, func(t *testing.T, flags ...string) {
		p := start(t, flags...)
		t.Run("one logs in, looks around and logs out", func(t *testing.T) {
			t.Parallel()
			walk(t, p, newTab(t, browser))
		})
		t.Run("another site can neither log in nor out nor write", func(t *testing.T) {
			t.Parallel()
			attack(t, p, newTab(t, browser))
		})
		t.Run("a session that ends is seen", func(t *testing.T) {
			t.Parallel()
			expire(t, start(t, append(flags, "-idle", "2s")...), newTab(t, browser))
		})
	})
	for name, test := range map[string]func(*testing.T, context.Context){
		"a device is ended by another one":             endDevice,
		"all other devices are ended":                  endOthers,
		"a newer login ends this one, which says so":   supersede,
		"a password from long ago is asked for again":  askAgain,
		"a new password keeps this browser in":         changePassword,
		"an administrator changes what others may do":  administer,
		"an administrator ends the sessions of others": endOfOthers,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, browser)
		})
	}
}

func walk(t *testing.T, p *program, b *tab) {
	b.do(chromedp.Navigate(p.url))
	b.awaitText("#out", "Log in")
	if status := b.login("ann", "no"); status != 401 {
		t.Errorf("wrong password: status %d, want 401", status)
	}
	b.awaitText("#error", "Wrong name or password.")
	if got := b.eval("document.querySelector('#name').value"); got != "ann" {
		t.Errorf("the form has the name %q, want what was typed", got)
	}

	if status := b.login("ann", "ann-likes-tea"); status != 200 {
		t.Errorf("after the login: status %d, want 200", status)
	}
	b.awaitText("#subject", "ann")
	b.awaitText("#roles", "user")
	b.await(`/^[12]\d:\d\d$/.test(document.querySelector("#left-text").innerText)`)
	wantSafeCookies(t, b)

	b.do(chromedp.Click("#ask-admin"))
	b.awaitText("#answer-status", "403")
	b.awaitText("#connection", "connected")
	b.do(chromedp.SetValue("#text", "the kettle is on"), chromedp.Click("#note button"))
	b.awaitText("#answer-status", "201")
	b.awaitText("#events li", "the kettle is on")
	root := p.client(t)
	root.login(rootJSON)
	root.post("/note", `{"text":"<b>from root</b>"}`).want(201)
	b.awaitText("#events li", "<b>from root</b>")

	if status := b.load(chromedp.Click(".who button")); status != 200 {
		t.Errorf("after the logout: status %d, want 200", status)
	}
	b.awaitText("#out", "Log in")
	if left := b.cookies(); len(left) != 1 || left[0].Name != "__Host-device" {
		t.Errorf("%d cookies after the logout, want that of the device", len(left))
	}
	b.do(chromedp.Evaluate[chromedp.Void]("history.back()"))
	b.await("document.readyState === 'complete' && document.querySelector('#in').hidden")
	if got := b.eval("document.querySelector('#in').textContent"); strings.Contains(got, "ann") || strings.Contains(got, "kettle") {
		t.Errorf("after the back button the page has\n%s", got)
	}

	b.do(chromedp.Navigate(p.url + "/?next=/admin"))
	b.login("root", "root-likes-keys")
	b.awaitText("body", "Welcome to the admin area, root.")
	b.do(chromedp.Navigate(p.url))
	b.awaitText("#subject", "root")
	b.do(chromedp.Click("#ask-admin"))
	b.awaitText("#answer-status", "200")
}

// wantSafeCookies looks at the cookies as the browser does.
func wantSafeCookies(t *testing.T, b *tab) {
	t.Helper()
	var names []string
	for _, c := range b.cookies() {
		if names = append(names, c.Name); !c.HTTPOnly || !c.Secure || c.SameSite != network.CookieSameSiteLax || c.Path != "/" || c.Domain != "127.0.0.1" {
			t.Errorf("cookie %s: HttpOnly %t, Secure %t, SameSite %s, Path %s, Domain %s", c.Name, c.HTTPOnly, c.Secure, c.SameSite, c.Path, c.Domain)
		}
	}
	slices.Sort(names)
	if !slices.Equal(names, []string{"__Host-device", "__Host-session"}) {
		t.Errorf("cookies %v, want that of the session and that of the device", names)
	}
	if got := b.eval("document.cookie"); got != "" {
		t.Errorf("scripts of the page see the cookies %q, want none", got)
	}
}

func attack(t *testing.T, p *program, b *tab) {
	evil := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = fmt.Fprintf(w, `<form action="%s%s" method="post">
			<input name="name" value="root"><input name="password" value="root-likes-keys"><button>Win</button></form>`, p.url, r.URL.Path)
	}))
	t.Cleanup(evil.Close)
	// The same machine under another name is another site, and gets no Lax cookie with a
	// POST; under the same name and another port it is the same site, and does.
	otherSite := strings.Replace(evil.URL, "127.0.0.1", "localhost", 1)
	otherPort := evil.URL

	b.do(chromedp.Navigate(p.url))
	b.login("ann", "ann-likes-tea")
	b.awaitText("#subject", "ann")
	for _, row := range []struct {
		from, path string
		status     int
	}{
		{otherSite, "/login", 403},
		{otherSite, "/logout", 403},
		{otherSite, "/note", 200}, // arrives without the cookie, and is redirected to the page that logs in
		{otherPort, "/login", 403},
		{otherPort, "/logout", 403},
		{otherPort, "/note", 403}, // arrives with it
	} {
		b.do(chromedp.Navigate(row.from + row.path))
		if got := b.load(chromedp.Click("button")); got != row.status {
			t.Errorf("%s from %s: status %d, want %d", row.path, row.from, got, row.status)
		}
	}
	b.do(chromedp.Navigate(p.url))
	b.awaitText("#subject", "ann") // still in, and still ann
}

func expire(t *testing.T, p *program, b *tab) {
	b.do(chromedp.Navigate(p.url))
	b.login("ann", "ann-likes-tea")
	b.awaitText("#notice", "Your session has ended")
	if got := b.eval("document.querySelector('#in').textContent"); strings.Contains(got, "ann") {
		t.Errorf("the page still has\n%s", got)
	}
}
