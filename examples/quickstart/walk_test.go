package main

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

const problems = "https://inga-auth.github.io/problems/"

func TestAWalkWithACookie(t *testing.T) {
	onEachBackend(t, func(t *testing.T, flags ...string) {
		p := start(t, flags...)
		ann := p.client(t)

		ann.get("/me").wantProblem(401, problems+"no-credentials").wantHeader("Cache-Control", "no-store").
			wantHeader("Vary", "Cookie, Authorization")

		login := ann.login(annJSON).wantHeader("Content-Type", "application/json").wantHeader("Cache-Control", "no-store")
		login.wantMember("user_id", "ann")
		login.wantMember("kind", "cookie")
		if got, want := attributes(login.header, "__Host-session"), "__Host-session; Path=/; Max-Age=1800; HttpOnly; Secure; SameSite=Lax"; got != want {
			t.Errorf("Set-Cookie\n got %s\nwant %s", got, want)
		}
		secret := login.cookie()
		if strings.Contains(login.body, secret.Value) {
			t.Error("the secret is in the body")
		}

		me := ann.get("/me").want(200).wantHeader("Cache-Control", "no-store").wantHeader("Vary", "Cookie, Authorization")
		wantIdentity(t, me, "ann", "cookie", "user")
		me.wantMember("session_id", login.json()["id"])

		note := ann.post("/note", `{"text":" hello "}`).want(201)
		note.wantMember("text", "hello")
		note.wantMember("by", "ann")

		ann.get("/admin").wantProblem(403, problems+"forbidden")
		root := p.client(t)
		root.login(rootJSON)
		wantIdentity(t, root.get("/me"), "root", "cookie", "user", "admin")
		root.get("/admin").want(200).wantBody("root")

		logout := ann.post("/logout", "").want(204)
		if got, want := attributes(logout.header, "__Host-session"), "__Host-session; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax"; got != want {
			t.Errorf("Set-Cookie\n got %s\nwant %s", got, want)
		}
		ann.get("/me").wantProblem(401, problems+"no-credentials")
		ann.get("/me", "Cookie: "+secret.Name+"="+secret.Value).wantProblem(401, problems+"session-revoked")
		ann.post("/logout", "", "Cookie: "+secret.Name+"="+secret.Value).want(204)
		ann.post("/logout", "").want(204)
		root.get("/me").want(200)
	})
}

func TestAWalkWithABearerToken(t *testing.T) {
	onEachBackend(t, func(t *testing.T, flags ...string) {
		p := start(t, flags...)
		ann, root := p.client(t), p.client(t)

		// RFC 6749, section 5.1.
		login := ann.loginToken(annJSON).wantHeader("Cache-Control", "no-store")
		login.wantMember("token_type", "Bearer")
		login.wantMember("expires_in", 300.0)
		if login.cookie() != nil {
			t.Error("a cookie is set, want a token only")
		}
		me := ann.get("/me").want(200).wantHeader("Cache-Control", "no-store")
		wantIdentity(t, me, "ann", "bearer", "user")
		ann.post("/note", `{"text":"hello"}`).want(201).wantMember("by", "ann")
		denied := ann.get("/admin").wantProblem(403, problems+"forbidden")
		if got := denied.header.Get("WWW-Authenticate"); !strings.Contains(got, `error="insufficient_scope"`) {
			t.Errorf("WWW-Authenticate %q, want insufficient_scope", got)
		}
		root.loginToken(rootJSON)
		root.get("/admin").want(200).wantBody("root")

		// A page of another site cannot make a browser send the header, so it is not asked for.
		ann.post("/note", `{"text":"hello"}`, "Sec-Fetch-Site: cross-site").want(201)

		ann.post("/logout", "").want(204)
		ended := ann.get("/me").wantProblem(401, problems+"session-revoked")
		if got := ended.header.Get("WWW-Authenticate"); !strings.Contains(got, `error="invalid_token"`) {
			t.Errorf("WWW-Authenticate %q, want invalid_token", got)
		}
		ann.post("/logout", "").want(204)
		root.get("/me").want(200)
	})
}

func TestTheFormOfThePage(t *testing.T) {
	onEachBackend(t, func(t *testing.T, flags ...string) {
		p := start(t, flags...)
		ann := p.client(t)
		form := func(password, next string) url.Values {
			return url.Values{"name": {"ann"}, "password": {password}, "next": {next}}
		}

		wrong := ann.form("/login", url.Values{"name": {`<ann>"`}, "password": {"no"}, "next": {"/me"}}).want(401)
		wrong.wantHeader("Content-Type", "text/html; charset=utf-8").wantBody("Wrong name or password.")
		wrong.wantBody(`value="&lt;ann&gt;&#34;"`)
		wrong.wantBody(`name="next" value="/me"`)
		if wrong.cookie() != nil {
			t.Error("a cookie is set after a wrong password")
		}

		for _, row := range []struct{ next, want string }{
			{"", "/"},
			{"/me?a=b", "/me?a=b"},
			{"https://evil.example/", "/"},
			{`/\evil.example`, "/"},
			{"//evil.example", "/"},
		} {
			ann.form("/login", form("ann-likes-tea", row.next)).want(303).wantHeader("Location", row.want)
		}
		wantIdentity(t, ann.get("/me").want(200), "ann", "cookie", "user")
		ann.form("/logout", nil).want(303).wantHeader("Location", "/")
		ann.get("/me").want(401)
	})
}

func TestABrowserWithoutASessionIsSentToThePage(t *testing.T) {
	onEachBackend(t, func(t *testing.T, flags ...string) {
		c := start(t, flags...).client(t)
		c.get("/admin?a=b", "Accept: text/html").want(303).wantHeader("Location", "/?next=%2Fadmin%3Fa%3Db")
		c.get("/?next=%2Fadmin").want(200).wantBody(`name="next" value="/admin"`)
	})
}

func TestRefusals(t *testing.T) {
	onEachBackend(t, func(t *testing.T, flags ...string) {
		p := start(t, flags...)
		ann := p.client(t)
		cookie := ann.login(annJSON).cookie()
		tampered := []byte(cookie.Value)
		tampered[len(tampered)/2] ^= 1
		const json, blank = "Content-Type: application/json", "about:blank"

		for _, row := range []struct {
			name, method, path, body string
			header                   []string
			status                   int
			kind                     string
		}{
			{"a wrong password", "POST", "/login", `{"name":"ann","password":"no"}`, []string{json}, 401, problems + "invalid-credentials"},
			{"an unknown user", "POST", "/login", `{"name":"eve","password":"no"}`, []string{json}, 401, problems + "invalid-credentials"},
			{"a wrong password for a token", "POST", "/login/token", `{"name":"ann","password":"no"}`, []string{json}, 401, problems + "invalid-credentials"},
			{"no password at all", "POST", "/login", `{}`, []string{json}, 401, problems + "invalid-credentials"},
			{"no body", "POST", "/login", "", []string{json}, 400, blank},
			{"broken JSON", "POST", "/login", `{"name":`, []string{json}, 400, blank},
			{"two JSON values", "POST", "/login", annJSON + annJSON, []string{json}, 400, blank},
			{"a member too many", "POST", "/login", `{"name":"ann","password":"ann-likes-tea","admin":true}`, []string{json}, 400, blank},
			{"a body too large", "POST", "/login", `{"name":"` + strings.Repeat("a", maxBody) + `"}`, []string{json}, 413, blank},
			{"a form too large", "POST", "/login", "name=" + strings.Repeat("a", maxBody), []string{"Content-Type: application/x-www-form-urlencoded"}, 413, blank},
			{"a broken form", "POST", "/login", "name=%zz", []string{"Content-Type: application/x-www-form-urlencoded"}, 400, blank},
			{"no content type", "POST", "/login", annJSON, nil, 415, blank},
			{"another content type", "POST", "/login", annJSON, []string{"Content-Type: text/plain"}, 415, blank},
			{"a form for a token", "POST", "/login/token", "name=ann", []string{"Content-Type: application/x-www-form-urlencoded"}, 415, blank},
			{"a form for cookies", "POST", "/login/cookies", "name=ann", []string{"Content-Type: application/x-www-form-urlencoded"}, 415, blank},
			{"a wrong password for cookies", "POST", "/login/cookies", `{"name":"ann","password":"no"}`, []string{json}, 401, problems + "invalid-credentials"},
			{"a login with cookies from another site", "POST", "/login/cookies", annJSON, []string{json, "Sec-Fetch-Site: cross-site"}, 403, problems + "cross-origin"},
			{"a refresh of nothing", "POST", "/refresh", "", nil, 401, problems + "no-credentials"},
			{"a refresh from another site", "POST", "/refresh", "", []string{"Sec-Fetch-Site: cross-site"}, 403, problems + "cross-origin"},
			{"a refresh with junk", "POST", "/refresh", "", []string{"Cookie: __Host-refresh=junk"}, 401, problems + "invalid-credentials"},
			{"a page opened with junk", "GET", "/me", "", []string{"Cookie: __Host-access=junk; __Host-refresh=junk"}, 401, problems + "invalid-credentials"},
			{"an introspection by nobody", "POST", "/introspect", "token=junk", []string{"Content-Type: application/x-www-form-urlencoded"}, 401, problems + "no-credentials"},
			{"a login from another site", "POST", "/login", annJSON, []string{json, "Sec-Fetch-Site: cross-site"}, 403, problems + "cross-origin"},
			{"a logout from another site", "POST", "/logout", "", []string{"Sec-Fetch-Site: cross-site"}, 403, problems + "cross-origin"},
			{"a forged cookie", "GET", "/me", "", []string{"Cookie: __Host-session=" + string(tampered)}, 401, problems + "invalid-credentials"},
			{"a cookie that is none", "GET", "/me", "", []string{"Cookie: __Host-session=ann"}, 401, problems + "invalid-credentials"},
			{"a forged token", "GET", "/me", "", []string{"Authorization: Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJyb290In0."}, 401, problems + "invalid-credentials"},
			{"two tokens", "GET", "/me", "", []string{"Authorization: Bearer a", "Authorization: Bearer b"}, 400, problems + "malformed-request"},
			{"a note of nobody", "POST", "/note", `{"text":"hi"}`, []string{json}, 401, problems + "no-credentials"},
			{"a stream for nobody", "GET", "/events", "", nil, 401, problems + "no-credentials"},
			{"the admin area for nobody", "GET", "/admin", "", nil, 401, problems + "no-credentials"},
		} {
			t.Run(row.name, func(t *testing.T) {
				c := p.client(t)
				a := c.send(row.method, row.path, row.body, row.header...).wantProblem(row.status, row.kind)
				if a.status == 401 && a.header.Get("WWW-Authenticate") == "" {
					t.Error("no WWW-Authenticate, want a challenge: RFC 9110, section 15.5.2")
				}
				if a.cookie() != nil {
					t.Error("a cookie is set")
				}
			})
		}
		for _, row := range []struct {
			name, body string
			header     []string
			status     int
			kind       string
		}{
			{"a note from another site", `{"text":"hi"}`, []string{json, "Sec-Fetch-Site: cross-site"}, 403, problems + "cross-origin"},
			{"a note from another origin, by an old browser", `{"text":"hi"}`, []string{json, "Origin: https://evil.example"}, 403, problems + "cross-origin"},
			{"a note as text", `{"text":"hi"}`, []string{"Content-Type: text/plain"}, 415, blank},
			{"an empty note", `{"text":" "}`, []string{json}, 422, blank},
			{"a long note", `{"text":"` + strings.Repeat("a", maxNote+1) + `"}`, []string{json}, 422, blank},
			{"a note too large to read", `{"text":"` + strings.Repeat("a", maxBody) + `"}`, []string{json}, 413, blank},
		} {
			t.Run(row.name, func(t *testing.T) {
				ann := *ann
				ann.t = t
				ann.send("POST", "/note", row.body, row.header...).wantProblem(row.status, row.kind)
			})
		}
		ann.get("/me").want(200)
	})
}

func TestAWrongMethodIs405(t *testing.T) {
	t.Parallel()
	c := start(t).client(t)
	for _, row := range []struct{ method, path, allow string }{
		{"GET", "/login", "POST"},
		{"GET", "/logout", "POST"},
		{"GET", "/login/token", "POST"},
		{"GET", "/login/cookies", "POST"},
		{"GET", "/refresh", "POST"},
		{"GET", "/token", "POST"},
		{"GET", "/revoke", "POST"},
		{"GET", "/introspect", "POST"},
		{"POST", "/.well-known/jwks.json", "GET, HEAD"},
		{"GET", "/note", "POST"},
		{"POST", "/me", "GET, HEAD"},
		{"DELETE", "/admin", "GET, HEAD"},
		{"GET", "/reauthenticate", "POST"},
		{"GET", "/password", "POST"},
		{"POST", "/sessions", "DELETE, GET, HEAD"},
		{"GET", "/sessions/1", "DELETE"},
		{"POST", "/users", "GET, HEAD"},
		{"GET", "/users/ann/roles", "PUT"},
		{"POST", "/users/ann/disabled", "PUT"},
		{"PUT", "/users/ann/sessions", "DELETE, GET, HEAD"},
		{"GET", "/users/ann/sessions/1", "DELETE"},
	} {
		c.send(row.method, row.path, "").want(405).wantHeader("Allow", row.allow)
	}
	c.get("/nothing").want(404)
}

func TestHealthzIsOpen(t *testing.T) {
	t.Parallel()
	c := start(t).client(t)
	if got := c.get("/healthz", "Cookie: __Host-session=junk").want(200).body; got != "ok\n" {
		t.Errorf("body %q, want ok", got)
	}
}

func TestThePageRunsNothingThatItDoesNotServe(t *testing.T) {
	t.Parallel()
	p := start(t)
	c := p.client(t)
	page := c.get("/").want(200)
	page.wantHeader("Content-Type", "text/html; charset=utf-8").wantHeader("Cache-Control", "no-store").
		wantHeader("X-Content-Type-Options", "nosniff").wantHeader("Referrer-Policy", "same-origin").
		wantHeader("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "+
			"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	if inline := regexp.MustCompile(`(?i)<style|\sstyle=|<script>|\son[a-z]+=|javascript:|https?://`).FindString(page.body); inline != "" {
		t.Errorf("the page has %q in it", inline)
	}
	for path, kind := range map[string]string{
		"/page/style.css":   "text/css; charset=utf-8",
		"/page/lists.css":   "text/css; charset=utf-8",
		"/page/again.js":    "text/javascript; charset=utf-8",
		"/page/ask.js":      "text/javascript; charset=utf-8",
		"/page/devices.js":  "text/javascript; charset=utf-8",
		"/page/dom.js":      "text/javascript; charset=utf-8",
		"/page/expiry.js":   "text/javascript; charset=utf-8",
		"/page/live.js":     "text/javascript; charset=utf-8",
		"/page/page.js":     "text/javascript; charset=utf-8",
		"/page/password.js": "text/javascript; charset=utf-8",
		"/page/users.js":    "text/javascript; charset=utf-8",
		"/page/icon.svg":    "image/svg+xml",
	} {
		c.get(path).want(200).wantHeader("Content-Type", kind).wantHeader("X-Content-Type-Options", "nosniff")
	}
	c.get("/page/").want(404)
	c.get("/page/nothing.js").want(404)

	// Users who are logged in get the same page: what is theirs is asked for by its script.
	c.login(annJSON)
	c.get("/").want(200).wantBody(`<section id="out" aria-labelledby="out-title" hidden>`)
	c.get("/", "Cookie: __Host-session=junk").want(200)
}

func TestFlagsThatMakeNoSenseAreErrors(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ flags, want string }{
		{"-idle 0s", "Policy.Idle"},
		{"-absolute 0s", "Policy.Absolute"},
		{"-absolute 1m", "Policy.Absolute"},
		{"-access-ttl -1s", "Config.AccessTTL"},
		{"-refresh-overlap 0s", "-refresh-overlap"},
		{"-refresh-overlap -1s", "-refresh-overlap"},
		{"-refresh-overlap 1h", "Config.RefreshOverlap"},
		{"-alg none", "-alg"},
		{"-rotate-keys", "-keys"},
		{"-database-url nonsense://", "database"},
		{"-redis nonsense://", "redis"},
		{"-redis redis://localhost -database-url postgres://localhost", "-database-url"},
		{"-addr nowhere", "listen"},
		{"-max-sessions -1", "-max-sessions"},
		{"-on-limit throw", "-on-limit"},
		{"-max-sessions 1 -on-limit=", "-on-limit"},
		{"-max-lag 1s", "-max-lag"},
		{"-cache -max-lag 0s", "-max-lag"},
		{"-cache -max-lag -1s", "-max-lag"},
		{"-cache -max-lag 1ms", "-max-lag"},
		{"-cache -max-lag 1h", "-max-lag"},
		{"-fresh 0s", "-fresh"},
		{"-fresh -1s", "-fresh"},
		{"-trusted-proxies here", "-trusted-proxies"},
		{"-trusted-proxies 10.0.0.0/8,", "-trusted-proxies"},
		{"-trusted-proxies 0.0.0.0/0", "-trusted-proxies"},
		{"-fresh 0s -on-limit throw", "-fresh"}, // with the other one
		{"-fresh 0s -on-limit throw", "-on-limit"},
	} {
		err := runFlags(t.Context(), strings.Fields(row.flags), &output{})
		if err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: error %v, want one about %s", row.flags, err, row.want)
		}
	}
}

func TestWithoutTLSTheCookieIsPlainIfOneAsksForIt(t *testing.T) {
	t.Parallel()
	c := start(t, "-dangerously-allow-http").client(t)
	if got, want := attributes(c.login(annJSON).header, "session"), "session; Path=/; Max-Age=1800; HttpOnly; SameSite=Lax"; got != want {
		t.Errorf("Set-Cookie\n got %s\nwant %s", got, want)
	}
	c.get("/me").want(200)
}

func TestARestartLogsEveryoneOutAndKeepsTheUsers(t *testing.T) {
	t.Parallel()
	database := newDatabase(t)
	first := start(t, "-database-url", database)
	ann := first.client(t)
	ann.login(annJSON)
	first.stop()

	second := start(t, "-database-url", database)
	ann.url = second.url // the port is no part of what a cookie is for
	ann.get("/me").wantProblem(401, problems+"invalid-credentials")
	ann.login(annJSON)
	ann.get("/me").want(200)
}

// attributes is the cookie as the header sets it, without its value.
func attributes(h http.Header, name string) string {
	for _, line := range h.Values("Set-Cookie") {
		if value, ok := strings.CutPrefix(line, name+"="); ok {
			return regexp.MustCompile(`^[^;]*`).ReplaceAllString(value, name)
		}
	}
	return ""
}

func wantIdentity(t *testing.T, a *answer, subject, method string, roles ...string) {
	t.Helper()
	a.wantMember("subject", subject)
	a.wantMember("method", method)
	var got []string
	list, _ := a.json()["roles"].([]any)
	for _, role := range list {
		s, _ := role.(string)
		got = append(got, s)
	}
	slices.Sort(got)
	slices.Sort(roles)
	if !slices.Equal(got, roles) {
		t.Errorf("roles %q, want %q", got, roles)
	}
	if id, _ := a.json()["session_id"].(string); len(id) != 26 {
		t.Errorf("session_id %q, want 26 characters", id)
	}
	authTime, _ := a.json()["auth_time"].(string)
	at, err := time.Parse(time.RFC3339, authTime)
	if err != nil || time.Since(at) > 2*patience || time.Until(at) > 0 {
		t.Errorf("auth_time %q, want the time of the login", authTime)
	}
	if left := time.Until(a.expiresAt()); left <= 0 || left > 30*time.Minute {
		t.Errorf("expires in %v, want something up to 30m", left)
	}
}
