package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

const firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

const revokedText = "You were logged out: in another window or on another device"

// byOther opens a session of the user elsewhere, in a client that says to be Firefox.
func byOther(t *testing.T, p *program, json string) *client {
	t.Helper()
	c := p.client(t)
	c.agent = firefox
	c.login(json)
	return c
}

func endDevice(t *testing.T, browser context.Context) {
	p := start(t, "-cache")
	here, there := newTab(t, browser), newTab(t, browser)
	there.enter(p, "ann", "ann-likes-tea")
	api := byOther(t, p, annJSON)
	here.enter(p, "ann", "ann-likes-tea")
	list := here.text("#devices")
	for _, want := range []string{"Firefox on Linux", "Chrome on Linux", "127.0.0.1", "cookie", "last seen", "this device"} {
		if !strings.Contains(list, want) {
			t.Errorf("the list of devices does not have %q:\n%s", want, list)
		}
	}

	here.click("End Firefox on Linux, 127.0.0.1")
	here.awaitText("#devices-said", "Firefox on Linux is logged out.")
	here.await(`!document.querySelector("#devices").innerText.includes("Firefox")`)
	here.wantFocus("devices-title") // and not on the button that has moved up
	api.get("/me").wantProblem(401, problems+"session-revoked")
	if got := there.text("#subject"); got != "ann" {
		t.Errorf("the other browser is logged out as well: %q", got)
	}

	clicked := time.Now()
	here.do(chromedp.Click("#devices li:not(:has(.tag)) button"))
	there.awaitText("#notice", revokedText)
	t.Logf("the other browser knows it after %v", time.Since(clicked))
	there.awaitText("#out", "Log in")
	there.wantFocus("notice")
	if got := there.eval("document.querySelector('#in').textContent"); strings.Contains(got, "ann") || strings.Contains(got, "Linux") {
		t.Errorf("the page that was logged out still has\n%s", got)
	}
	here.await(`document.querySelectorAll("#devices li").length === 1`)
	if got := here.eval("String(document.querySelector('#end-others').checkVisibility())"); got != "false" {
		t.Error("there is a button to end others, and no other is left")
	}
	if status := here.load(chromedp.Click("button[aria-label='Log out of this device']")); status != 200 {
		t.Errorf("after the logout: status %d, want 200", status)
	}
	here.awaitText("#out", "Log in")
}

func endOthers(t *testing.T, browser context.Context) {
	p := start(t, "-cache")
	here := newTab(t, browser)
	first, second := byOther(t, p, annJSON), byOther(t, p, annJSON)
	here.enter(p, "ann", "ann-likes-tea")
	here.do(chromedp.Focus("#end-others"), chromedp.KeyEvent("\r"))
	here.awaitText("#devices-said", "Logged out elsewhere: 2.")
	here.await(`document.querySelectorAll("#devices li").length === 1`)
	here.wantFocus("devices-title")
	first.get("/me").want(401)
	second.get("/me").want(401)

	// Whoever comes back to the window sees what has happened elsewhere.
	byOther(t, p, annJSON)
	here.do(chromedp.Evaluate[chromedp.Void](`dispatchEvent(new Event("focus"))`))
	here.awaitText("#devices li + li", "Firefox on Linux")
}

func supersede(t *testing.T, browser context.Context) {
	p := start(t, "-cache", "-max-sessions", "1")
	first, second := newTab(t, browser), newTab(t, browser)
	first.enter(p, "ann", "ann-likes-tea")
	second.enter(p, "ann", "ann-likes-tea")
	const text = "You were logged out because you logged in elsewhere."
	first.awaitText("#notice", text)
	first.awaitText("#out", "Log in")
	first.do(chromedp.Navigate(p.url)) // and the server says the same
	first.awaitText("#notice", text)
	first.login("ann", "ann-likes-tea")
	first.awaitText("#subject", "ann")
	first.await("document.querySelector('#notice').hidden")
	second.awaitText("#notice", text)
}

func askAgain(t *testing.T, browser context.Context) {
	p := start(t, "-cache", "-fresh", "8s")
	here := newTab(t, browser)
	other := byOther(t, p, annJSON)
	here.enter(p, "ann", "ann-likes-tea")
	time.Sleep(8 * time.Second)
	const end, open = "End Firefox on Linux, 127.0.0.1", `document.querySelector("#again").open`

	here.click(end)
	here.await(open)
	here.wantFocus("again-password")
	here.do(chromedp.KeyEvent("\x1b")) // Escape
	here.await("!" + open)
	here.await(`document.activeElement.ariaLabel === "` + end + `"`)
	other.get("/me").want(200)

	here.click(end)
	here.await(open)
	here.do(chromedp.SendKeys("#again-password", "no\r"))
	here.awaitText("#again-error", "Wrong password.")
	here.wantFocus("again-password")
	other.get("/me").want(200)
	here.do(chromedp.SendKeys("#again-password", "ann-likes-tea\r"))
	here.awaitText("#devices-said", "Firefox on Linux is logged out.")
	here.await("!" + open)
	here.wantFocus("devices-title")
	other.get("/me").wantProblem(401, problems+"session-revoked")
	if got := here.eval("document.querySelector('#again-password').value"); got != "" {
		t.Errorf("the dialog still has the password %q", got)
	}
	here.awaitText("#subject", "ann")

	// The session may end while the dialog is open.
	byOther(t, p, annJSON)
	time.Sleep(8 * time.Second)
	here.do(chromedp.Evaluate[chromedp.Void](`dispatchEvent(new Event("focus"))`))
	here.awaitText("#devices li + li", "Firefox")
	here.click(end)
	here.await(open)
	root := p.client(t)
	root.login(rootJSON)
	wantEnded(root.delete("/users/ann/sessions"), 2)
	here.awaitText("#notice", revokedText)
	here.await("!" + open)
	here.wantFocus("notice")
}
