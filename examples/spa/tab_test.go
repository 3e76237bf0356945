package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// A tab of a browser.
type tab struct {
	t   *testing.T
	ctx context.Context
	p   *program

	mu         sync.Mutex
	complaints []string // of the browser about the page
}

// newTab opens a tab that shares no cookie with any other, as one of another device.
func newTab(t *testing.T, browser context.Context, p *program) *tab {
	t.Helper()
	return openTab(t, browser, p, chromedp.WithNewBrowserContext())
}

// another opens a tab of the same browser.
func (b *tab) another() *tab {
	b.t.Helper()
	return openTab(b.t, b.ctx, b.p)
}

func openTab(t *testing.T, parent context.Context, p *program, options ...chromedp.ContextOption) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(parent, options...)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 2*patience)
	t.Cleanup(cancel)
	b := &tab{t: t, ctx: ctx, p: p}
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("open a tab: %v", err)
	}
	if err := chromedp.Listen(ctx, b.hear); err != nil {
		t.Fatalf("listen to a tab: %v", err)
	}
	b.do(chromedp.Navigate(p.url))
	return b
}

// hear collects what a person would see red in the console: exceptions, violations of the
// policy, and requests that failed.
func (b *tab) hear(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		b.complaints = append(b.complaints, fmt.Sprintf("exception: %+v", e.ExceptionDetails))
	case *runtime.EventConsoleAPICalled:
		b.complaints = append(b.complaints, fmt.Sprintf("console: %s %+v", e.Type, e.Args))
	case *log.EventEntryAdded:
		b.complaints = append(b.complaints, fmt.Sprintf("%s: %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL))
	}
}

// wantQuiet wants no complaint but those that have one of the texts.
func (b *tab) wantQuiet(but ...string) {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
next:
	for _, c := range b.complaints {
		for _, text := range but {
			if strings.Contains(c, text) {
				continue next
			}
		}
		b.t.Errorf("the browser complains: %s", c)
	}
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatalf("browser: %v", err)
	}
}

// await waits until the JavaScript expression is true.
func (b *tab) await(expression string) {
	b.t.Helper()
	// Not chromedp.Poll: it runs in the page, whose policy forbids eval.
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		if is, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](expression)); err == nil && is {
			return
		}
		if time.Now().After(deadline) {
			b.t.Fatalf("browser: not true in time: %s\n%s", expression, b.eval("document.body.innerText"))
		}
	}
}

// awaitText waits until the first element that the selector finds is seen and has the text.
func (b *tab) awaitText(selector, text string) {
	b.t.Helper()
	b.await(fmt.Sprintf("(e => e?.checkVisibility() && e.innerText.includes(%q))(document.querySelector(%q))", text, selector))
}

// awaitFocus waits until the keyboard is at the element with the ID.
func (b *tab) awaitFocus(id string) {
	b.t.Helper()
	b.await(fmt.Sprintf("document.activeElement.id === %q", id))
}

func (b *tab) eval(expression string) string {
	b.t.Helper()
	s, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](expression))
	if err != nil {
		b.t.Fatalf("browser: %s: %v", expression, err)
	}
	return s
}

func (b *tab) text(selector string) string {
	b.t.Helper()
	return b.eval(fmt.Sprintf("document.querySelector(%q).innerText", selector))
}

func (b *tab) number(selector string) int {
	b.t.Helper()
	n, err := strconv.Atoi(b.text(selector))
	if err != nil {
		b.t.Fatalf("%s: %v", selector, err)
	}
	return n
}

// awaitMore waits until the number that the element shows has grown by n.
func (b *tab) awaitMore(selector string, n int) {
	b.t.Helper()
	b.await(fmt.Sprintf("Number(document.querySelector(%q).innerText) >= %d", selector, b.number(selector)+n))
}

func (b *tab) click(selector string) {
	b.t.Helper()
	b.do(chromedp.Click(selector))
}

// request clicks on the button that sends the request.
func (b *tab) request(line string) {
	b.t.Helper()
	b.click(fmt.Sprintf("[data-request=%q]", line))
}

// enter logs in.
func (b *tab) enter() {
	b.t.Helper()
	b.login("ann-likes-tea")
	b.awaitText("#subject", "ann")
}

func (b *tab) login(password string) {
	b.t.Helper()
	b.awaitText("#out", "Log in")
	b.do(chromedp.SetValue("#name", "ann"), chromedp.SetValue("#password", password), chromedp.Click("#login button"))
}

// lifecycle freezes the tab, as browsers do with one that nobody looks at, or wakes it up.
func (b *tab) lifecycle(state page.SetWebLifecycleStateState) {
	b.t.Helper()
	if _, err := chromedp.Call(b.ctx, page.SetWebLifecycleState, page.SetWebLifecycleStateParams{State: state}); err != nil {
		b.t.Fatalf("browser: %v", err)
	}
}

// cookies returns those of the browser by their names.
func (b *tab) cookies() map[string]*network.Cookie {
	b.t.Helper()
	res, err := chromedp.Call(b.ctx, network.GetCookies, network.GetCookiesParams{})
	if err != nil {
		b.t.Fatalf("browser: %v", err)
	}
	all := map[string]*network.Cookie{}
	for _, c := range res.Cookies {
		all[c.Name] = c
	}
	return all
}
