package main

import (
	"context"
	_ "embed"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// flaws returns what is wrong with the page for people who do not see it, or not well.
//
//go:embed flaws_test.js
var flaws string

// readable looks at every page in a wide and in a narrow window, by day and by night.
func readable(t *testing.T, browser context.Context, p *program) {
	visitor := newTab(t, browser, p)
	for _, path := range []string{"/", "/login", "/login?said=out", "/signup"} {
		wantReadable(visitor.open(path))
	}
	visitor.open("/signup").fill("name", "x", "password", "x").press("Create my account", 422)
	wantReadable(visitor)
	visitor.open("/login").fill("name", "x", "password", "x").press("Log in", 401)
	wantReadable(visitor)
	if status := visitor.load(chromedp.Navigate(p.url + "/nothing")); status != 404 {
		t.Errorf("status %d, want 404", status)
	}
	wantReadable(visitor)

	long := strings.Repeat("w", 32) // the widest name
	b := newTab(t, browser, p).withScripts().signUp(long)
	phone := p.client(t)
	phone.agent = iPhone
	phone.login(long, passphrase)
	phone.post("/live", "text", strings.Repeat("w", 200)).wantRedirect("/live")
	for _, path := range []string{"/", "/devices", "/password", "/confirm?next=/delete", "/delete", "/live"} {
		wantReadable(b.open(path))
	}
	root := p.admin(t)
	root.post("/admin/users/"+root.userID(long), "do", "roles", "role", "user", "role", "admin").wantRedirect("/admin/users/" + root.userID(long))
	p.client(t).signUp("bob")
	root.post("/admin/users/"+root.userID("bob"), "do", "disable").wantRedirect("/admin/users/" + root.userID("bob"))
	for _, path := range []string{"/admin", "/admin/users/" + root.userID(long), "/admin/users/" + root.userID("bob")} {
		wantReadable(b.open(path))
	}
	b.open("/admin/users/"+root.userID(long)).press("Disable this account", 409)
	wantReadable(b)
	phone.post("/devices", "do", "end-others").wantRedirect("/devices")
	if status := b.load(chromedp.Navigate(p.url + "/live")); status != 200 {
		t.Errorf("status %d, want 200", status)
	}
	wantReadable(b)
}

func wantReadable(b *tab) {
	b.t.Helper()
	for _, width := range []int64{320, 800} {
		b.do(chromedp.EmulateViewport(width, 700))
		if got := eval[int](b, "document.documentElement.scrollWidth"); got > int(width) {
			b.t.Errorf("%s is %d wide in a window of %d", b.path(), got, width)
		}
		for scheme, ground := range map[string]string{"light": "rgb(245, 246, 250)", "dark": "rgb(18, 20, 27)"} {
			b.prefer(scheme)
			if got := eval[string](b, "getComputedStyle(document.body).backgroundColor"); got != ground {
				b.t.Errorf("%s in %s has the ground %s, want %s", b.path(), scheme, got, ground)
			}
			for _, flaw := range eval[[]string](b, flaws) {
				b.t.Errorf("%s, %s, %d wide: %s", b.path(), scheme, width, flaw)
			}
		}
	}
}

// prefer has the browser say that its user prefers the color scheme.
func (b *tab) prefer(scheme string) {
	b.t.Helper()
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
}

func TestEachPageSaysWhatItMayLoadAndIsNotKept(t *testing.T) {
	// ER-6
	t.Parallel()
	p := start(t)
	c := p.client(t).signUp("ann")
	for _, path := range []string{"/", "/login?next=/", "/signup", "/devices", "/password", "/delete", "/confirm", "/live", "/admin", "/nothing"} {
		a := c.get(path)
		a.wantHeader("Cache-Control", "no-store")
		csp := a.header.Get("Content-Security-Policy")
		if !strings.HasPrefix(csp, "default-src 'none'; ") || strings.Contains(csp, "unsafe") || !strings.Contains(csp, "frame-ancestors 'none'") {
			t.Errorf("%s: Content-Security-Policy %q", path, csp)
		}
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin",
		} {
			a.wantHeader(name, want)
		}
		if strings.Contains(strings.ReplaceAll(a.body, `href="https://github.com/inga-auth/inga"`, ""), `="http`) {
			t.Errorf("%s: the page refers to something elsewhere:\n%s", path, a.body)
		}
	}
	for _, path := range []string{"/assets/style.css", "/assets/live.js", "/assets/icon.svg"} {
		a := c.get(path).want(200).wantHeader("Cache-Control", "no-cache")
		c.get(path, "If-None-Match: "+a.header.Get("ETag")).want(304)
		if strings.Contains(a.body, "url(") || strings.Contains(a.body, "@import") {
			t.Errorf("%s refers to something else", path)
		}
	}
}
