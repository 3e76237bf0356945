package main

import (
	"context"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/inga-auth/inga/examples/internal/chromium"
)

func TestInABrowser(t *testing.T) {
	browser := chromium.Start(t)
	onEachBackend(t, func(t *testing.T, flags func(*testing.T) []string) {
		for name, test := range map[string]func(*testing.T, context.Context, *program){
			"one signs up, logs out and in, with the keyboard": walk,
			"one device is ended, and then all others":         endDevices,
			"an administrator administers":                     administer,
			"a live page hears of notes, and of the end":       live,
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				test(t, browser, start(t, flags(t)...))
			})
		}
	})
	for _, row := range []struct {
		name  string
		test  func(*testing.T, context.Context, *program)
		flags []string
	}{
		{"remember me is for longer", remember, nil},
		{"a new password keeps this browser in", changePassword, nil},
		{"an account is deleted", deleteAccount, nil},
		{"what is sensitive takes a recent password", stepUp, []string{"-fresh", "3s"}},
		{"other sites can post nothing", attack, nil},
		{"a session that expires is told of", expire, []string{"-idle", "2s"}},
		{"a live page finds that the server knows nobody", reconnect, nil},
		{"every page is readable", readable, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			row.test(t, browser, start(t, row.flags...))
		})
	}
}

func walk(t *testing.T, browser context.Context, p *program) {
	b := newTab(t, browser, p).open("/")
	b.wantText("h1", "Come in")
	b.follow("Sign up")
	b.wantFocus("name")
	if status := b.load(chromedp.KeyEvent("ann\tshort\r")); status != 422 {
		t.Errorf("a short password: status %d, want 422", status)
	}
	b.wantText("#password-mistake", "At least 8 characters, please.")
	b.wantFocus("password")
	if got := eval[string](b, "document.querySelector('#name').value"); got != "ann" {
		t.Errorf("the form has the name %q, want what was typed", got)
	}
	if status := b.load(chromedp.KeyEvent(passphrase + "\r")); status != 200 {
		t.Errorf("after signing up: status %d, want 200", status)
	}
	b.wantPath("/")
	b.wantText("#notice", "Welcome, ann.")
	b.wantText("h1", "Hello, ann")
	b.open("/")
	if got := b.text("#notice"); got != "" {
		t.Errorf("the notice is there again: %q", got)
	}
	wantSafeCookie(b, 12*time.Hour)
	first := b.cookie().Value

	b.withScripts().open("/").open("/password").open("/devices").press("Log out", 200)
	b.wantPath("/login?said=out")
	b.wantText("#notice", "You are logged out.")
	if left := call(b, network.GetCookies, network.GetCookiesParams{}).Cookies; len(left) != 0 {
		t.Errorf("%d cookies after the logout, want none", len(left))
	}
	wantNothingBehind(b)

	b.open("/devices")
	b.wantPath("/login?next=%2Fdevices")
	b.fill("name", "ann", "password", "wrong").press("Log in", 401)
	b.wantText("[role=alert]", "Wrong name or password.")
	b.fill("password", passphrase).press("Log in", 200)
	b.wantPath("/devices")
	if b.cookie().Value == first { // SID-2
		t.Error("the cookie is that of the first session")
	}
}

// wantNothingBehind goes back through the pages that were private.
func wantNothingBehind(b *tab) {
	b.t.Helper()
	for _, page := range []string{"/login?next=%2Fdevices", "/login?next=%2Fpassword", "/"} {
		b.do(chromedp.Evaluate[chromedp.Void]("history.back()"))
		b.await(fmt.Sprintf("location.pathname + location.search === %q && document.readyState === 'complete'", page))
		b.wantNoText("ann", "127.0.0.1", "this device")
	}
	b.wantText("h1", "Come in")
}

// wantSafeCookie looks at the cookie as the browser does.
func wantSafeCookie(b *tab, kept time.Duration) {
	b.t.Helper()
	c := b.cookie() // CK-1, CK-2, CK-3, CK-4
	if c.Name != "__Host-session" || !c.HTTPOnly || !c.Secure || c.SameSite != network.CookieSameSiteLax || c.Path != "/" || c.Domain != "127.0.0.1" {
		b.t.Errorf("cookie %s: HttpOnly %t, Secure %t, SameSite %s, Path %s, Domain %s", c.Name, c.HTTPOnly, c.Secure, c.SameSite, c.Path, c.Domain)
	}
	left := time.Until(time.UnixMilli(int64(c.Expires * 1000)))
	if c.Session || math.Abs((left-kept).Minutes()) > 2 {
		b.t.Errorf("the browser drops the cookie at its end: %t, or after %v; want to keep it for %v", c.Session, left, kept)
	}
	if got := eval[string](b, "document.cookie"); got != "" {
		b.t.Errorf("scripts of the page see the cookies %q, want none", got)
	}
}

func remember(t *testing.T, browser context.Context, p *program) {
	p.client(t).signUp("ann")
	b := newTab(t, browser, p).open("/login").fill("name", "ann", "password", passphrase)
	b.do(chromedp.Click("label[for=remember]"))
	b.press("Log in", 200)
	wantSafeCookie(b, 30*24*time.Hour)
	b.wantText("dl", time.Now().UTC().Add(30*24*time.Hour).Format("2 Jan 2006")) // in the row as well

	// It is asked for each time, and is true of one session.
	other := newTab(t, browser, p).open("/login")
	if eval[bool](other, "document.querySelector('#remember').checked") {
		t.Error("the box is checked before anybody has done so")
	}
	other.fill("name", "ann", "password", "wrong")
	other.do(chromedp.Click("#remember"))
	other.press("Log in", 401)
	if !eval[bool](other, "document.querySelector('#remember').checked") {
		t.Error("the box is not checked any more after a mistake")
	}
	other.do(chromedp.Click("#remember"))
	other.fill("password", passphrase).press("Log in", 200)
	wantSafeCookie(other, 12*time.Hour)

	// A new password gives the session a new start, and it stays one that is remembered.
	b.open("/password").fill("old", passphrase, "new", "another pot", "again", "another pot").press("Change password", 200)
	wantSafeCookie(b, 30*24*time.Hour)
}

func deleteAccount(t *testing.T, browser context.Context, p *program) {
	b, other := newTab(t, browser, p).signUp("ann"), p.client(t).login("ann", passphrase)
	b.open("/delete").fill("name", "bob").press("Delete my account", 422)
	b.wantText("#name-mistake", "That is not your name.")
	b.fill("name", "ann").press("Delete my account", 200)
	b.wantText("#notice", "Your account is deleted.")
	other.get("/devices").wantRedirect("/login?next=%2Fdevices")
	b.fill("name", "ann", "password", passphrase).press("Log in", 401)

	// The name is free, and who takes it gets nothing of before.
	again := p.client(t).signUp("ann")
	again.get("/devices").want(200).wantNoText("End Chrome")
	p.admin(t).post("/delete", "name", "admin").want(409).wantText("Administrators cannot delete themselves")
}

func expire(t *testing.T, browser context.Context, p *program) {
	b := newTab(t, browser, p).withScripts().signUp("ann").open("/live")
	b.awaitText("#ended", "Your session has ended: it was not used for a while")
	b.wantNoText("ann")
	b.follow("Log in again")
	b.wantText("#notice", "Your session has ended: it was not used for a while")
	b.fill("name", "ann", "password", passphrase).press("Log in", 200)
	b.wantPath("/live")
}
