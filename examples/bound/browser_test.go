package bound_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/chromedp"

	"github.com/inga-auth/inga/examples/internal/chromium"
)

// patience is how long tests wait for what must happen: far longer than a busy machine takes.
const patience = 2 * time.Minute

// A browser is a Chromium that binds sessions.
type browser struct {
	*tab
	profile string
	close   func() // returns when it has gone
}

// start starts a browser with the profile, and opens the site.
func (s *site) start(t *testing.T, profile string, limited bool) *browser {
	t.Helper()
	ctx, end := chromium.StartIn(t, profile, chromium.BindsSessions(s.server.Certificate(), limited)...)
	b := &browser{&tab{t, ctx, s}, profile, end}
	b.open("/")
	return b
}

// newBrowser starts a browser with a new profile, which may prove keys as often as it likes.
func (s *site) newBrowser(t *testing.T) *browser {
	t.Helper()
	return s.start(t, chromium.Profile(t), false)
}

// A tab is one of the browser.
type tab struct {
	t   *testing.T
	ctx context.Context
	*site
}

// another opens another tab, which shares the cookies and the keys.
func (b *browser) another() *tab {
	b.t.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx)
	b.t.Cleanup(cancel)
	another := &tab{b.t, ctx, b.site}
	if err := chromedp.Do(ctx); err != nil { // opens the tab, which lives as long as this context
		b.t.Fatalf("browser: %v", err)
	}
	another.open("/")
	return another
}

func (b *tab) open(path string) {
	b.t.Helper()
	b.do(chromedp.Navigate(b.app + path))
}

func (b *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		b.t.Fatalf("browser: %v", err)
	}
}

// run returns what a script of the page returns.
func (b *tab) run(script string) string {
	b.t.Helper()
	return b.runFor(patience, script)
}

func (b *tab) runFor(d time.Duration, script string) string {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, d)
	defer cancel()
	answer, err := chromedp.Run(ctx, chromedp.Evaluate[string](script, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("browser: %v", err)
	}
	return answer
}

// send returns the status and the body of a request of the page.
func (b *tab) send(method, path string) string {
	b.t.Helper()
	return b.run(fmt.Sprintf(`fetch(%q, {method: %q}).then(async r => r.status + " " + (r.ok ? await r.text() : ""))`, path, method))
}

func (b *tab) want(method, path, want string) {
	b.t.Helper()
	if got := b.send(method, path); got != want {
		b.t.Errorf("%s %s: %q, want %q", method, path, got, want)
	}
}

// login logs in, and waits until the browser has bound the session.
func (b *tab) login(user string) {
	b.t.Helper()
	before := b.happened("bound")
	b.want("POST", "/login/"+user, "200 ")
	b.eventually("the session is bound", func() bool { return b.happened("bound") > before })
	b.eventually("the browser has the bound cookie", func() bool { return b.send("GET", "/me") == "200 user "+user+", proved" })
}

func (b *tab) eventually(what string, is func() bool) {
	b.t.Helper()
	for deadline := time.Now().Add(patience); !is(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			b.t.Fatalf("it does not happen that %s", what)
		}
	}
}

// jar returns the cookies of the browser, as a thief copies them.
func (b *tab) jar() (jar map[string]string) {
	b.t.Helper()
	all, err := chromedp.Call(b.ctx, storage.GetCookies, storage.GetCookiesParams{})
	if err != nil {
		b.t.Fatalf("browser: %v", err)
	}
	jar = map[string]string{}
	for _, c := range all.Cookies {
		jar[c.Name] = c.Value
	}
	return jar
}

// expired waits until the browser has dropped its bound cookies.
func (b *tab) expired() {
	b.t.Helper()
	b.eventually("the bound cookie is over", func() bool {
		for name := range b.jar() {
			if isBound(name) {
				return false
			}
		}
		return true
	})
}
