package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

const loggedOut = "You were logged out: in another window or on another device, by a new password, or by an administrator."

func endDevices(t *testing.T, browser context.Context, p *program) {
	b := newTab(t, browser, p).signUp("ann")
	desk, phone, eve := p.client(t).login("ann", passphrase), p.client(t), p.client(t).signUp("eve")
	phone.agent = iPhone
	phone.login("ann", passphrase)

	b.open("/devices")
	list := b.text("#devices")
	for _, want := range []string{"Firefox on Linux", "Safari on iPhone", "Chrome on Linux", "this device", "127.0.0.1", "used just now"} {
		if !strings.Contains(list, want) {
			t.Errorf("the list of devices does not have %q:\n%s", want, list)
		}
	}
	if got := eval[int](b, "document.querySelectorAll('#devices li').length"); got != 3 {
		t.Errorf("%d devices, want 3 and not those of others", got)
	}
	b.press("End Firefox on Linux, 127.0.0.1", 200)
	b.wantPath("/devices")
	b.wantText("#notice", "Firefox on Linux is logged out.")
	desk.get("/devices").wantRedirect("/login?next=%2Fdevices")
	desk.get("/login").want(200).wantText(loggedOut)
	phone.get("/devices").want(200)

	b.press("Log out everywhere else", 200)
	b.wantText("#notice", "You are logged out everywhere else.")
	phone.get("/devices").wantRedirect("/login?next=%2Fdevices")
	eve.get("/devices").want(200)
	if got := eval[int](b, "document.querySelectorAll('#devices li, main button').length"); got != 2 {
		t.Errorf("%d devices and buttons, want one of each: there is no other to end", got)
	}

	// DV-2: the ID of somebody else's session ends nothing.
	id := sessionID(eve, p)
	p.client(t).login("ann", passphrase).post("/devices", "do", "end", "id", id).wantRedirect("/devices")
	eve.get("/devices").want(200)
}

// sessionID is that of the client's session, as another login of its user sees it.
func sessionID(c *client, p *program) string {
	c.t.Helper()
	body := p.client(c.t).login("eve", passphrase).get("/devices").want(200).body
	_, id, _ := strings.Cut(body, `name="id" value="`)
	id, _, ok := strings.Cut(id, `"`)
	if !ok {
		c.t.Fatalf("no other session is listed:\n%s", body)
	}
	return id
}

func changePassword(t *testing.T, browser context.Context, p *program) {
	b, other := newTab(t, browser, p).signUp("ann"), p.client(t).login("ann", passphrase)
	before := b.cookie().Value
	b.open("/password")
	b.wantFocus("old")
	b.fill("old", "wrong", "new", "another pot", "again", "another pot").press("Change password", 401)
	b.wantText("#old-mistake", "That is not your password.")
	b.wantFocus("old")
	b.fill("old", passphrase, "new", "another pot", "again", "another pot").press("Change password", 200)
	b.wantPath("/")
	b.wantText("#notice", "Your password is changed. One other session was ended.")
	if b.cookie().Value == before { // LO-3
		t.Error("the cookie is still that of before")
	}
	other.get("/devices").wantRedirect("/login?next=%2Fdevices")
	other.post("/login", "name", "ann", "password", passphrase).want(401)
	other.login("ann", "another pot")
}

func stepUp(t *testing.T, browser context.Context, p *program) {
	b := newTab(t, browser, p).signUp("ann")
	other := p.client(t).login("ann", passphrase)
	before := b.cookie().Value
	// Each step is repeated if the machine is so busy that the password is not recent any more.
	eventually(t, "a password that was given a moment ago is enough", func() bool {
		b.open("/confirm?next=/delete").fill("password", passphrase).press("Go on", 200)
		return b.path() == "/delete"
	})
	b.wantText("h1", "Delete your account")
	eventually(t, "it is not recent any more", func() bool { return b.open("/delete").path() != "/delete" }) // AZ-4
	b.wantPath("/confirm?next=%2Fdelete")
	b.wantText("h1", "Confirm that it is you")
	b.fill("password", "wrong").press("Go on", 401)
	b.wantText("#password-mistake", "That is not your password.")
	eventually(t, "the page comes back", func() bool {
		b.fill("password", passphrase).press("Go on", 200)
		return b.path() == "/delete"
	})
	b.wantText("#notice", "Thank you. You can go on now.")
	if b.cookie().Value == before { // SID-3
		t.Error("the cookie is still that of before")
	}

	// A form that comes too late is not done, and its page comes back.
	const end = "End Firefox on Linux, 127.0.0.1"
	eventually(t, "it is not recent any more", func() bool { return b.open("/delete").path() != "/delete" })
	b.open("/devices").press(end, 200)
	b.wantPath("/confirm?next=%2Fdevices")
	other.get("/devices").want(200)
	eventually(t, "the session can be ended", func() bool {
		b.fill("password", passphrase).press("Go on", 200)
		b.wantPath("/devices")
		b.press(end, 200)
		return b.path() == "/devices"
	})
	b.wantText("#notice", "Firefox on Linux is logged out.")
	other.get("/devices").wantRedirect("/login?next=%2Fdevices")
}

func administer(t *testing.T, browser context.Context, p *program) {
	ann, root := p.client(t).signUp("ann"), newTab(t, browser, p)
	ann.get("/admin").want(403).wantText("You may not do that")
	ann.get("/").want(200).wantNoText(`href="/admin"`)

	root.login("admin", p.password).follow("Users")
	root.wantText("#users", "ann")
	root.follow("ann")
	root.do(chromedp.Click("input[value=admin]"))
	root.press("Save roles", 200)
	root.wantText("#notice", "The roles are changed.")
	ann.get("/admin").want(200) // AZ-2
	root.do(chromedp.Click("input[value=admin]"))
	root.press("Save roles", 200)
	ann.get("/admin").want(403)

	root.press("End Firefox on Linux, 127.0.0.1", 200)
	root.wantText("#notice", "Firefox on Linux is logged out.")
	ann.get("/devices").wantRedirect("/login?next=%2Fdevices")
	root.wantText("main", "ann is not logged in anywhere.")
	ann.login("ann", passphrase)
	phone := p.client(t).login("ann", passphrase)
	root.follow("Users")
	root.wantText("#users tbody tr:last-child .number", "2")
	root.follow("ann")
	root.press("End all sessions", 200)
	ann.get("/devices").wantRedirect("/login?next=%2Fdevices")
	phone.get("/devices").wantRedirect("/login?next=%2Fdevices")

	ann.login("ann", passphrase)
	root.press("Disable this account", 200)
	root.wantText("h1", "disabled")
	ann.get("/devices").wantRedirect("/login?next=%2Fdevices") // LO-2
	ann.post("/login", "name", "ann", "password", passphrase).want(401)
	root.press("Enable this account", 200)
	ann.login("ann", passphrase)

	wantNoSelfHarm(root)
}

// wantNoSelfHarm wants that an administrator is left.
func wantNoSelfHarm(root *tab) {
	root.t.Helper()
	root.follow("Users")
	root.follow("admin")
	root.press("Disable this account", 409)
	root.wantText("[role=alert]", "You cannot do that to yourself.")
	root.do(chromedp.Click("input[value=admin]"))
	root.press("Save roles", 409)
	root.open("/admin").wantText("#users tbody tr:first-child", "admin")
}

func live(t *testing.T, browser context.Context, p *program) {
	here := newTab(t, browser, p).withScripts().signUp("ann").open("/live")
	there := newTab(t, browser, p).login("ann", passphrase)
	bob := p.client(t).signUp("bob")
	here.awaitText("#connection", "connected")
	bob.post("/live", "text", "<b>the kettle is on</b>").wantRedirect("/live")
	here.awaitText("#notes li", "<b>the kettle is on</b>")

	// Without a script the page has what was there when it was loaded, and can say something.
	there.open("/live").wantText("#notes li", "the kettle is on")
	there.wantText("noscript", "does not listen")
	there.fill("text", "good").press("Say it", 200)
	there.wantText("#notes li", "good")
	here.awaitText("#notes li", "good")

	// What is said before the stream is there is not missed.
	here.fill("text", "coming").press("Say it", 200)
	here.wantText("#notes li", "coming")
	here.awaitText("#connection", "connected")
	if got := eval[int](here, "document.querySelectorAll('#notes li').length"); got != 3 {
		t.Errorf("%d notes, want 3", got)
	}

	ended := time.Now()
	there.open("/devices").press("Log out everywhere else", 200)
	here.awaitText("#ended", loggedOut)
	t.Logf("the live page knew it %v after the click", time.Since(ended))
	here.wantFocus("ended")
	here.wantNoText("ann", "bob", "the kettle is on")
	here.follow("Log in again")
	here.wantText("#notice", loggedOut)
}
