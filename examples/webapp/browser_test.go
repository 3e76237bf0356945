package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// A tab is one that shares no cookie with another.
type tab struct {
	t   *testing.T
	ctx context.Context
	url string

	mu         sync.Mutex
	complaints []string // of the browser
}

// newTab opens a tab for the program, in which no script runs: see withScripts. The browser must
// not complain about a page while the test lasts.
func newTab(t *testing.T, browser context.Context, p *program) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 2*patience)
	t.Cleanup(cancel)
	b := &tab{t: t, ctx: ctx, url: p.url}
	if err := chromedp.Listen(ctx, b.listen); err != nil {
		t.Fatalf("browser: %v", err)
	}
	call(b, log.Enable, cdp.Empty{})
	call(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	t.Cleanup(func() {
		for _, text := range b.complained() {
			t.Errorf("the browser complains: %s", text)
		}
	})
	return b
}

// withScripts lets scripts run: for the live page, the only one that has any.
func (b *tab) withScripts() *tab {
	call(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: false})
	return b
}

func call[P, R any](b *tab, command cdp.Command[P, R], params P) R {
	b.t.Helper()
	res, err := chromedp.Call(b.ctx, command, params)
	if err != nil {
		b.t.Fatalf("browser: %v", err)
	}
	return res
}

// listen notes what a developer would see in red or yellow in the console: errors of scripts,
// violations of the Content-Security-Policy, what cannot be loaded.
func (b *tab) listen(event any) {
	text := ""
	switch e := event.(type) {
	case *log.EventEntryAdded:
		// That a page answers 401 or 422 is told too, and is what the test has asked for.
		ours := e.Entry.Source == log.EntrySourceNetwork && strings.Contains(e.Entry.Text, "the server responded with a status of 4")
		if (e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning) && !ours {
			text = fmt.Sprintf("%s: %s (%s)", e.Entry.Source, e.Entry.Text, e.Entry.URL)
		}
	case *runtime.EventConsoleAPICalled:
		text = fmt.Sprintf("console.%s", e.Type)
	case *runtime.EventExceptionThrown:
		text = e.ExceptionDetails.Text + ": " + e.ExceptionDetails.URL
	}
	if text != "" {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.complaints = append(b.complaints, text)
	}
}

func (b *tab) complained() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := b.complaints
	b.complaints = nil
	return all
}

// load does what leads to another page, and returns the status of that.
func (b *tab) load(steps ...chromedp.Action[chromedp.Void]) int {
	b.t.Helper()
	res, err := chromedp.RunResponse(b.ctx, steps...)
	if err != nil {
		b.t.Fatalf("browser: %v\n%s", err, b.text("body"))
	}
	return int(res.Status)
}

// open goes to the path and wants the page to be answered with 200.
func (b *tab) open(path string) *tab {
	b.t.Helper()
	if status := b.load(chromedp.Navigate(b.url + path)); status != 200 {
		b.t.Fatalf("%s: status %d, want 200", path, status)
	}
	return b
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatalf("browser: %v", err)
	}
}

// fill types into the fields with the IDs: pairs of one and a text.
func (b *tab) fill(pairs ...string) *tab {
	b.t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		b.do(chromedp.Clear("#"+pairs[i]), chromedp.SendKeys("#"+pairs[i], pairs[i+1]))
	}
	return b
}

// press clicks on the button that a screen reader would call by the name, and wants the status of
// the page that follows.
func (b *tab) press(name string, status int) {
	b.t.Helper()
	b.click("button", name, status)
}

// follow is press for a link, to a page that is there.
func (b *tab) follow(name string) {
	b.t.Helper()
	b.click("a", name, 200)
}

func (b *tab) click(element, name string, status int) {
	b.t.Helper()
	path := fmt.Sprintf(`//%s[@aria-label=%q or (not(@aria-label) and normalize-space()=%q)]`, element, name, name)
	if got := b.load(chromedp.Click(chromedp.Search(path))); got != status {
		b.t.Fatalf("after %q: status %d, want %d\n%s", name, got, status, b.text("body"))
	}
}

func (b *tab) signUp(name string) *tab {
	b.t.Helper()
	b.open("/signup").fill("name", name, "password", passphrase).press("Create my account", 200)
	b.wantText("#notice", "Welcome, "+name+".")
	return b
}

func (b *tab) login(name, password string) *tab {
	b.t.Helper()
	b.open("/login").fill("name", name, "password", password).press("Log in", 200)
	b.wantPath("/")
	return b
}

// await waits until the JavaScript expression is true.
func (b *tab) await(expression string) {
	b.t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		if is, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](expression)); err == nil && is {
			return
		}
		if time.Now().After(deadline) {
			b.t.Fatalf("browser: not true in time: %s\n%s", expression, b.text("body"))
		}
	}
}

func eval[T any](b *tab, expression string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		b.t.Fatalf("browser: %s: %v", expression, err)
	}
	return v
}

func (b *tab) text(selector string) string {
	b.t.Helper()
	return eval[string](b, fmt.Sprintf("document.querySelector(%q)?.innerText ?? ''", selector))
}

// wantText wants the first element that the selector finds to be seen, and to have the text.
func (b *tab) wantText(selector, text string) {
	b.t.Helper()
	if got := b.text(selector); !strings.Contains(got, text) {
		b.t.Errorf("%s: %s is %q, want %q in it", b.path(), selector, got, text)
	}
}

// awaitText waits for what wantText wants.
func (b *tab) awaitText(selector, text string) {
	b.t.Helper()
	b.await(fmt.Sprintf("document.querySelector(%q)?.innerText.includes(%q)", selector, text))
}

func (b *tab) wantNoText(texts ...string) {
	b.t.Helper()
	body := eval[string](b, "document.documentElement.innerHTML")
	for _, text := range texts {
		if strings.Contains(body, text) {
			b.t.Errorf("%s: the page has %q:\n%s", b.path(), text, body)
		}
	}
}

func (b *tab) path() string {
	b.t.Helper()
	return eval[string](b, "location.pathname + location.search")
}

func (b *tab) wantPath(path string) {
	b.t.Helper()
	if got := b.path(); got != path {
		b.t.Errorf("the page is %s, want %s\n%s", got, path, b.text("body"))
	}
}

// wantFocus wants the keyboard to be at the element with the ID.
func (b *tab) wantFocus(id string) {
	b.t.Helper()
	b.await(fmt.Sprintf("document.activeElement.id === %q", id))
}

// cookie is the one of the session. The browser has one of the device besides, and no other.
func (b *tab) cookie() (session *network.Cookie) {
	b.t.Helper()
	all := map[string]*network.Cookie{}
	for _, c := range call(b, network.GetCookies, network.GetCookiesParams{}).Cookies {
		all[c.Name] = c
	}
	session, device := all["__Host-session"], all["__Host-device"]
	if len(all) != 2 || session == nil || device == nil {
		b.t.Fatalf("cookies %v, want __Host-session and __Host-device", slices.Collect(maps.Keys(all)))
	}
	return session
}
