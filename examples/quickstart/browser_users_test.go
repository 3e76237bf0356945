package main

import (
	"context"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

func changePassword(t *testing.T, browser context.Context) {
	p := start(t, "-cache")
	here, there := newTab(t, browser), newTab(t, browser)
	there.enter(p, "ann", "ann-likes-tea")
	here.enter(p, "ann", "ann-likes-tea")
	here.do(chromedp.Click("#password-title"))

	here.do(chromedp.SendKeys("#old", "no"), chromedp.SendKeys("#new", "another one\r"))
	here.awaitText("#password-error", "The old password is wrong.")
	here.wantFocus("old")
	if got := here.eval("document.querySelector('#new').value"); got != "another one" {
		t.Errorf("the form has the new password %q, want what was typed", got)
	}
	here.do(chromedp.SendKeys("#old", "ann-likes-tea\r"))
	here.awaitText("#password-said", "The password is changed. Logged out elsewhere: 1.")
	here.await("!document.querySelector('#password-error').textContent")
	if got := here.eval("document.querySelector('#old').value + document.querySelector('#new').value"); got != "" {
		t.Errorf("the form still has %q", got)
	}
	there.awaitText("#notice", revokedText)
	here.awaitText("#subject", "ann")
	here.await(`document.querySelectorAll("#devices li").length === 1`)
	here.do(chromedp.Click("#ask-me"))
	here.awaitText("#answer-status", "200")

	if status := there.login("ann", "ann-likes-tea"); status != 401 {
		t.Errorf("with the old password: status %d, want 401", status)
	}
	there.login("ann", "another one")
	there.awaitText("#subject", "ann")
}

func administer(t *testing.T, browser context.Context) {
	p := start(t, "-cache")
	ann, root := newTab(t, browser), newTab(t, browser)
	ann.enter(p, "ann", "ann-likes-tea")
	if got := ann.eval("String(document.querySelector('#users-section').checkVisibility())"); got != "false" {
		t.Error("ann sees the users, who is no administrator")
	}
	root.enter(p, "root", "root-likes-keys")
	root.awaitText("#users", "ann")
	const box, off = `#users li:first-child input[value="admin"]`, `#users li:first-child .row button`

	root.do(chromedp.Focus(box), chromedp.KeyEvent(" "))
	root.awaitText("#users-said", "ann is user and admin now.")
	root.await(`document.activeElement.value === "admin"`)
	ann.do(chromedp.Click("#ask-admin"))
	ann.awaitText("#answer-status", "200")
	ann.awaitText("#roles", "admin")
	ann.awaitText("#users", "root") // she is one now
	root.do(chromedp.Click(box))
	root.awaitText("#users-said", "ann is user now.")
	ann.do(chromedp.Click("#ask-admin"))
	ann.awaitText("#answer-status", "403")

	root.do(chromedp.Click(off))
	root.awaitText("#users-said", "ann is disabled and logged out everywhere.")
	ann.awaitText("#notice", revokedText)
	if status := ann.login("ann", "ann-likes-tea"); status != 401 {
		t.Errorf("a login of somebody disabled: status %d, want 401", status)
	}
	root.await(`document.activeElement.ariaLabel === "Enable ann"`)
	root.do(chromedp.Click(off))
	root.awaitText("#users-said", "ann is enabled.")
	ann.login("ann", "ann-likes-tea")
	ann.awaitText("#subject", "ann")

	if got := root.eval(`String(document.querySelector('#users li:last-child input[value="admin"]').disabled)`); got != "true" {
		t.Error("root could take the role from root")
	}
	if status := root.load(chromedp.Click(".who button")); status != 200 {
		t.Errorf("after the logout: status %d, want 200", status)
	}
	root.do(chromedp.Evaluate[chromedp.Void]("history.back()"))
	root.await("document.readyState === 'complete' && document.querySelector('#in').hidden")
	if got := root.eval("document.querySelector('#in').textContent"); strings.Contains(got, "ann") || strings.Contains(got, "Linux") {
		t.Errorf("after the back button the page has\n%s", got)
	}
}

func endOfOthers(t *testing.T, browser context.Context) {
	p := start(t, "-cache")
	root, ann := newTab(t, browser), newTab(t, browser)
	ann.enter(p, "ann", "ann-likes-tea")
	other := byOther(t, p, annJSON)
	root.enter(p, "root", "root-likes-keys")
	const sessions = "#users li:first-child details"
	root.do(chromedp.Focus(sessions+" summary"), chromedp.KeyEvent("\r"))
	root.awaitText(sessions, "Firefox on Linux")
	root.click("End Firefox on Linux, 127.0.0.1")
	root.awaitText("#users-said", "Firefox on Linux of ann is logged out.")
	root.await(`document.activeElement.innerText === "Sessions of ann"`)
	other.get("/me").wantProblem(401, problems+"session-revoked")
	root.click("End all sessions of ann")
	root.awaitText("#users-said", "ann is logged out everywhere.")
	root.await(`document.activeElement.innerText === "Sessions of ann"`)
	ann.awaitText("#notice", revokedText)
}
