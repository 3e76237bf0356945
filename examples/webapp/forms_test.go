package main

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// mistake is the text beside the field, "" if there is none.
func (a *answer) mistake(field string) string {
	m := regexp.MustCompile(`<p class="mistake" id="` + field + `-mistake">([^<]*)</p>`).FindStringSubmatch(a.body)
	if m == nil {
		return ""
	}
	if !strings.Contains(a.body, `aria-describedby="`+field+`-mistake`) {
		a.t.Errorf("%s: the mistake is not what describes the field %s", a.what, field)
	}
	return m[1]
}

func TestAFormIsShownAgainWithItsMistakes(t *testing.T) {
	onEachBackend(t, func(t *testing.T, flags func(*testing.T) []string) {
		p := start(t, flags(t)...)
		p.client(t).signUp("ann")
		bob := p.client(t).signUp("bob")
		for _, row := range []struct {
			path           string
			form           []string
			status         int
			field, mistake string
		}{
			{"/signup", []string{"name", "", "password", passphrase}, 422, "name", "Please fill this in."},
			{"/signup", []string{"name", "a", "password", passphrase}, 422, "name", "Two to 32 letters, digits, dots and hyphens, please."},
			{"/signup", []string{"name", "<b>ann", "password", passphrase}, 422, "name", "Two to 32 letters, digits, dots and hyphens, please."},
			{"/signup", []string{"name", "carol", "password", "7 chars"}, 422, "password", "At least 8 characters, please."},
			{"/signup", []string{"name", "carol", "password", strings.Repeat("x", 1025)}, 422, "password", "That is too long."},
			{"/signup", []string{"name", " Ann ", "password", passphrase}, 409, "name", "This name is taken."},
			{"/login", []string{"name", "ann", "password", ""}, 422, "password", "Please fill this in."},
			{"/confirm", []string{"password", "wrong"}, 401, "password", "That is not your password."},
			{"/password", []string{"old", "wrong", "new", "another pot", "again", "another pot"}, 401, "old", "That is not your password."},
			{"/password", []string{"old", passphrase, "new", "short", "again", "short"}, 422, "new", "At least 8 characters, please."},
			{"/password", []string{"old", passphrase, "new", "another pot", "again", "another pet"}, 422, "again", "This is not the same as above."},
			{"/delete", []string{"name", "ann"}, 422, "name", "That is not your name."},
			{"/live", []string{"text", "  "}, 422, "text", "Please say something."},
			{"/live", []string{"text", strings.Repeat("é", 201)}, 422, "text", "At most 200 characters, please."},
		} {
			a := bob.post(row.path, row.form...).want(row.status).wantHeader("Cache-Control", "no-store")
			if got := a.mistake(row.field); got != row.mistake {
				t.Errorf("%s %q: beside %s %q, want %q", row.path, row.form, row.field, got, row.mistake)
			}
			a.wantText("<title>Error: ")
			for _, secret := range []string{passphrase, "7 chars", "another pot"} {
				a.wantNoText(secret)
			}
		}
		bob.get("/").want(200).wantText("Hello, bob")
		p.client(t).login("Bob", passphrase) // none of it has changed anything
	})
}

func TestAWrongNameAndAWrongPasswordLookTheSame(t *testing.T) {
	// ER-7
	t.Parallel()
	p := start(t)
	p.client(t).signUp("ann")
	known := p.client(t).post("/login", "name", "ann", "password", "wrong").want(401)
	unknown := p.client(t).post("/login", "name", "eve", "password", "wrong").want(401)
	known.wantText(`role="alert">Wrong name or password.`)
	if got := strings.ReplaceAll(unknown.body, `value="eve"`, `value="ann"`); got != known.body {
		t.Errorf("the pages differ:\n%s\n\n%s", known.body, got)
	}
	known.wantHeader("WWW-Authenticate", `Cookie realm="inga"`)
	unknown.wantHeader("WWW-Authenticate", `Cookie realm="inga"`)
}

func TestWhatIsNoFormOfOursIsRefused(t *testing.T) {
	t.Parallel()
	p := start(t)
	ann := p.client(t).signUp("ann")
	ann.post("/devices", "do", "something").want(400).wantText("That was not understood")
	ann.post("/login", "name", strings.Repeat("x", 9<<10)).want(413).wantText("That was too much")
	ann.send("POST", "/login", url.Values{}, "Content-Type: application/x-www-form-urlencoded; x").want(400)
	ann.get("/nothing").want(404).wantText("There is no such page")
	ann.get("/assets/nothing.css").want(404)
	ann.get("/logout").want(404) // CS-5
	ann.get("/").want(200).wantText("Hello, ann")
}

func TestAdministratorsAreAskedForThePasswordAgain(t *testing.T) {
	// AZ-4
	t.Parallel()
	p := start(t, "-fresh", "1s")
	p.client(t).signUp("ann")
	root := p.admin(t)
	page := "/admin/users/" + root.userID("ann")
	eventually(t, "the password is asked for again", func() bool {
		a := root.post(page, "do", "roles", "role", "user").want(303)
		if a.header.Get("Location") == "/confirm?next="+url.QueryEscape(page) {
			return true
		}
		a.wantHeader("Location", page)
		return false
	})
	root.post(page, "do", "disable").wantRedirect("/confirm?next=" + url.QueryEscape(page))
	root.get(page).want(200).wantText("Disable this account") // to look is no danger
	root.post("/confirm", "password", p.password, "next", page).wantRedirect(page)

	// Who has no role is told that, and not asked for a password in vain.
	ann := p.client(t).login("ann", passphrase)
	ann.post(page, "do", "disable").want(403)
}

func TestUsersAreListedInPages(t *testing.T) {
	t.Parallel()
	p := start(t)
	for _, letter := range "abcdefghijklmnopqrstu" {
		p.client(t).signUp("user-" + string(letter))
	}
	root := p.admin(t)
	first := root.get("/admin").want(200).wantText(">admin</a>").wantText(">guest</a>").wantText(">user-r</a>").wantNoText(">user-s</a>")
	next := regexp.MustCompile(`href="(/admin\?after=[^"]+)"`).FindStringSubmatch(first.body)
	if next == nil {
		t.Fatalf("there is no link to more users:\n%s", first.body)
	}
	root.get(next[1]).want(200).wantText(">user-s</a>").wantText(">user-u</a>").wantNoText(">user-r</a>").wantNoText("More users")
	root.get("/admin?after=%00").want(400)
	root.get("/admin/users/nobody").want(404)
	root.post("/admin/users/nobody", "do", "disable").want(404)
	root.post("/admin/users/"+root.userID("user-a"), "do", "roles", "role", "king").want(400)
}

func TestNoSecretIsLogged(t *testing.T) {
	// SID-8
	t.Parallel()
	p := start(t)
	ann := p.client(t)
	secrets := []string{passphrase, "a wrong password", "another pot", p.password}
	keep := func(a *answer) {
		for _, c := range (&http.Response{Header: a.header}).Cookies() {
			secrets = append(secrets, c.Value)
		}
	}
	keep(ann.post("/signup", "name", "log-reader", "password", passphrase).want(303))
	ann.post("/confirm", "password", "a wrong password").want(401)
	keep(ann.post("/confirm", "password", passphrase).want(303))
	keep(ann.post("/password", "old", passphrase, "new", "another pot", "again", "another pot").want(303))
	ann.post("/logout").want(303)
	p.admin(t).get("/admin").want(200)
	if len(secrets) != 7 {
		t.Errorf("%d secrets, want 7", len(secrets))
	}
	log := logs.String()
	for _, want := range []string{"login_failed", "password_changed", "reauthenticated"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log says nothing of %s", want)
		}
	}
	for _, secret := range secrets {
		if strings.Contains(log, secret) {
			t.Errorf("the log has the secret %q", secret)
		}
	}
}

func TestTheWayBackIsLocal(t *testing.T) {
	t.Parallel()
	p := start(t)
	p.client(t).signUp("ann")
	p.client(t).get("/devices").wantRedirect("/login?next=%2Fdevices")
	p.client(t).post("/login", "name", "ann", "password", passphrase, "next", "/devices").wantRedirect("/devices")
	p.client(t).post("/login", "name", "ann", "password", passphrase, "next", "//evil.example/").wantRedirect("/")
	p.client(t).post("/login", "name", "ann", "password", passphrase, "next", "https://evil.example/").wantRedirect("/")
}
