package main

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestAWalkWithARefreshToken(t *testing.T) {
	onEachBackend(t, func(t *testing.T, flags ...string) {
		p := start(t, append(flags, "-refresh-overlap", "1ns")...)
		ann := p.client(t)
		ann.loginToken(annJSON)
		first := ann.refresh

		// RFC 6749, sections 5.1 and 6.
		a := ann.keep(ann.exchange(first).want(200)).wantHeader("Cache-Control", "no-store").wantHeader("Content-Type", "application/json")
		a.wantMember("token_type", "Bearer")
		a.wantMember("expires_in", 300.0)
		if ann.refresh == first || ann.refresh == "" {
			t.Errorf("a refresh leads to %q, want another token", ann.refresh)
		}
		if a.header.Get("Set-Cookie") != "" {
			t.Error("a cookie is set, want tokens only")
		}
		// Its answer might have been lost.
		ann.exchange(first).want(200).wantMember("refresh_token", ann.refresh)
		wantIdentity(t, ann.get("/me").want(200), "ann", "bearer", "user")

		// RFC 6749, section 5.2.
		for _, row := range []struct {
			form url.Values
			want string
		}{
			{url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"junk"}}, "invalid_grant"},
			{url.Values{"grant_type": {"refresh_token"}, "refresh_token": {ann.token}}, "invalid_grant"},
			{url.Values{"grant_type": {"refresh_token"}}, "invalid_request"},
			{url.Values{"grant_type": {"refresh_token"}, "refresh_token": {ann.refresh, ann.refresh}}, "invalid_request"},
			{url.Values{"grant_type": {"password"}, "username": {"ann"}, "password": {"ann-likes-tea"}}, "unsupported_grant_type"},
		} {
			ann.form("/token", row.form).want(400).wantHeader("Cache-Control", "no-store").wantMember("error", row.want)
		}
		ann.get("/me", "Authorization: Bearer "+ann.refresh).want(400) // beside the access token
		ann.exchange(ann.refresh).want(200)                            // and nothing of this ended the session

		ann.post("/logout", "").want(204)
		ann.exchange(ann.refresh).want(400).wantMember("error", "invalid_grant")
	})
}

func TestAHundredRefreshesAtOnceGetTheSameToken(t *testing.T) {
	onEachBackend(t, func(t *testing.T, flags ...string) {
		ann := start(t, append(flags, "-refresh-overlap", "1ns")...).client(t)
		ann.loginToken(annJSON)
		answers := make([]*answer, 100)
		var wait sync.WaitGroup
		for i := range answers {
			wait.Go(func() { answers[i] = ann.exchange(ann.refresh) })
		}
		wait.Wait()
		next := answers[0].want(200).json()["refresh_token"]
		if next == ann.refresh {
			t.Error("the token is not replaced")
		}
		for _, a := range answers {
			a.want(200).wantMember("refresh_token", next)
		}
	})
}

func TestATokenThatWasReplacedLongBeforeEndsTheSession(t *testing.T) {
	onEachBackend(t, func(t *testing.T, flags ...string) {
		p := start(t, append(flags, "-refresh-overlap", "1ns")...)
		ann, phone := p.client(t), p.client(t)
		ann.loginToken(annJSON)
		phone.loginToken(annJSON)
		stolen := ann.refresh
		ann.keep(ann.exchange(stolen).want(200))
		ann.exchange(stolen).want(200).wantMember("refresh_token", ann.refresh) // its successor may be lost
		ann.keep(ann.exchange(ann.refresh).want(200))                           // and now it is not

		ann.exchange(stolen).want(400).wantMember("error", "invalid_grant")
		ann.get("/me").wantProblem(401, problems+"session-stolen")
		ann.exchange(ann.refresh).want(400).wantMember("error", "invalid_grant")
		phone.get("/me").want(200) // another session
		phone.exchange(phone.refresh).want(200)
	})
}

func TestRevokeAndIntrospect(t *testing.T) {
	onEachBackend(t, func(t *testing.T, flags ...string) {
		p := start(t, flags...)
		ann, root := p.client(t), p.client(t)
		ann.loginToken(annJSON)
		root.loginToken(rootJSON)
		about := func(token string) *answer {
			t.Helper()
			return root.form("/introspect", url.Values{"token": {token}}).want(200)
		}
		sid := ann.get("/me").json()["session_id"]
		for kind, token := range map[string]string{"Bearer": ann.token, "refresh_token": ann.refresh} {
			a := about(token)
			a.wantMember("active", true)
			a.wantMember("sub", "ann")
			a.wantMember("token_type", kind)
			a.wantMember("sid", sid)
			a.wantMember("iss", "https://quickstart.example")
			a.wantMember("aud", "quickstart")
		}
		const inactive = `{"active":false}` + "\n"
		if got := about("junk").body; got != inactive {
			t.Errorf("junk: body %q, want %q", got, inactive)
		}
		// RFC 7662, section 2.1: it reveals who a token belongs to.
		ann.form("/introspect", url.Values{"token": {root.token}}).wantProblem(403, problems+"forbidden")

		nobody := p.client(t)
		nobody.form("/revoke", url.Values{"token": {"junk"}}).want(200) // RFC 7009, section 2.2
		nobody.form("/revoke", nil).want(400).wantMember("error", "invalid_request")
		ann.get("/me").want(200)
		nobody.form("/revoke", url.Values{"token": {ann.refresh}}).want(200)
		ann.get("/me").wantProblem(401, problems+"session-revoked")
		for _, token := range []string{ann.token, ann.refresh} {
			if got := about(token).body; got != inactive {
				t.Errorf("after the revocation: body %q, want %q", got, inactive)
			}
		}
		root.form("/revoke", url.Values{"token": {root.token}}).want(200) // by an access token too
		root.get("/me").want(401)
	})
}

func TestAWalkWithTokensInCookies(t *testing.T) {
	onEachBackend(t, func(t *testing.T, flags ...string) {
		p := start(t, flags...)
		ann := p.client(t)

		login := ann.post("/login/cookies", annJSON).want(200).wantHeader("Cache-Control", "no-store")
		login.wantMember("user_id", "ann")
		login.wantMember("kind", "token")
		for name, age := range map[string]string{"__Host-access": "300", "__Host-refresh": "43200"} {
			got := strings.Replace(attributes(login.header, name), "Max-Age=301", "Max-Age=300", 1) // exp is in whole seconds
			if want := name + "; Path=/; Max-Age=" + age + "; HttpOnly; Secure; SameSite=Lax"; got != want {
				t.Errorf("Set-Cookie\n got %s\nwant %s", got, want)
			}
		}
		wantIdentity(t, ann.get("/me").want(200).wantHeader("Set-Cookie", ""), "ann", "token-cookie", "user")
		ann.get("/").want(200).wantBody(`<section id="out" aria-labelledby="out-title" hidden>`)
		ann.post("/note", `{"text":"hello"}`).want(201).wantMember("by", "ann")
		ann.post("/note", `{"text":"hello"}`, "Sec-Fetch-Site: cross-site").wantProblem(403, problems+"cross-origin")
		ann.get("/admin").wantProblem(403, problems+"forbidden")
		if status, _ := ann.listen(t.Context()); status != 200 {
			t.Errorf("events: status %d, want 200", status)
		}

		// The refresh cookie alone is enough, and the access cookie alone opens nothing.
		access, refresh := login.cookieNamed("__Host-access"), login.cookieNamed("__Host-refresh")
		wantIdentity(t, p.client(t).get("/me", "Cookie: __Host-refresh="+refresh.Value).want(200), "ann", "token-cookie", "user")
		p.client(t).get("/me", "Cookie: __Host-access="+access.Value).wantProblem(401, problems+"no-credentials")
		p.client(t).post("/note", `{"text":"hi"}`, "Cookie: __Host-refresh="+refresh.Value, "Sec-Fetch-Site: cross-site").
			wantProblem(403, problems+"cross-origin")

		logout := ann.post("/logout", "").want(204)
		for _, name := range []string{"__Host-access", "__Host-refresh", "__Host-session"} {
			if got, want := attributes(logout.header, name), name+"; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax"; got != want {
				t.Errorf("Set-Cookie\n got %s\nwant %s", got, want)
			}
		}
		ann.get("/me").wantProblem(401, problems+"no-credentials")
		ann.get("/me", "Cookie: __Host-refresh="+refresh.Value).wantProblem(401, problems+"session-revoked")
		ann.post("/refresh", "", "Cookie: __Host-refresh="+refresh.Value).wantProblem(401, problems+"session-revoked")
	})
}

func TestTokensInCookiesAreReplacedWhenThePageAsks(t *testing.T) {
	onEachBackend(t, func(t *testing.T, flags ...string) {
		p := start(t, append(flags, "-refresh-overlap", "1ns")...)
		ann := p.client(t)
		login := ann.post("/login/cookies", annJSON).want(200)
		former := "Cookie: __Host-refresh=" + login.cookieNamed("__Host-refresh").Value
		ann.post("/refresh", "", "Sec-Fetch-Site: cross-site").wantProblem(403, problems+"cross-origin").wantHeader("Set-Cookie", "")
		ann.get("/refresh").want(405).wantHeader("Set-Cookie", "")
		p.client(t).post("/refresh", "").wantProblem(401, problems+"no-credentials")

		// Any number of tabs ask, each with what the browser had when it did.
		answers := make([]*answer, 20)
		var wait sync.WaitGroup
		for i := range answers {
			wait.Go(func() { answers[i] = p.client(t).post("/refresh", "", former) })
		}
		wait.Wait()
		next := answers[0].want(200).cookieNamed("__Host-refresh")
		for _, a := range answers {
			a.want(200).wantMember("id", login.json()["id"])
			if c := a.cookieNamed("__Host-refresh"); c == nil || c.Value != next.Value || "Cookie: __Host-refresh="+c.Value == former {
				t.Error("two requests at the same time did not get the same new refresh token")
			}
			for _, c := range (&http.Response{Header: a.header}).Cookies() {
				if strings.Contains(a.body, c.Value) {
					t.Errorf("the value of %s is in the body", c.Name)
				}
			}
		}
		p.client(t).get("/me", "Cookie: __Host-refresh="+next.Value).want(200)
	})
}

func TestABrowserHasOneLogin(t *testing.T) {
	onEachBackend(t, func(t *testing.T, flags ...string) {
		p := start(t, flags...)
		c := p.client(t)
		ended := func(c *http.Cookie) {
			t.Helper()
			p.client(t).get("/me", "Cookie: "+c.Name+"="+c.Value).wantProblem(401, problems+"session-revoked")
		}
		tokens := c.post("/login/cookies", annJSON).want(200)
		session := c.login(rootJSON)
		wantIdentity(t, c.get("/me").want(200), "root", "cookie", "user", "admin")
		ended(tokens.cookieNamed("__Host-refresh"))

		c.post("/login/cookies", annJSON).want(200)
		wantIdentity(t, c.get("/me").want(200), "ann", "token-cookie", "user")
		ended(session.cookie())
	})
}

func TestTheJWKSHasThePublicKeyOfEachAlgorithm(t *testing.T) {
	t.Parallel()
	for alg, kty := range map[string]string{"": "EC", "ES256": "EC", "EdDSA": "OKP", "RS256": "RSA", "PS256": "RSA", "HS256": ""} {
		t.Run(alg, func(t *testing.T) {
			t.Parallel()
			var flags []string
			if alg != "" {
				flags = []string{"-alg", alg}
			}
			c := start(t, flags...).client(t)
			c.loginToken(annJSON)
			c.get("/me").want(200)
			h := header(t, c.token)
			if want := cmp.Or(alg, "ES256"); h["alg"] != want || h["typ"] != "at+jwt" {
				t.Errorf("alg %q and typ %q, want %s and at+jwt", h["alg"], h["typ"], want)
			}
			set := jwks(t, c)
			if kty == "" {
				if len(set) != 0 {
					t.Error("the JWKS has a key, and all there is is secret")
				}
				return
			}
			if len(set) != 1 || set[0]["kty"] != kty || set[0]["kid"] != h["kid"] || set[0]["alg"] != h["alg"] {
				t.Errorf("JWKS %v, want one %s key with the kid and alg of the token", set, kty)
			}
			for _, secret := range []string{"d", "p", "q", "dp", "dq", "qi", "k"} {
				if _, there := set[0][secret]; there {
					t.Errorf("the JWKS has the secret member %s", secret)
				}
			}
		})
	}
}

// jwks is the keys of the set.
func jwks(t *testing.T, c *client) []map[string]string {
	t.Helper()
	a := c.get("/.well-known/jwks.json").want(200).wantHeader("Content-Type", "application/jwk-set+json").
		wantHeader("Cache-Control", "public, max-age=300")
	var set struct{ Keys []map[string]string }
	if err := json.Unmarshal([]byte(a.body), &set); err != nil {
		t.Fatal(err)
	}
	return set.Keys
}

// header is that of a JWT.
func header(t *testing.T, token string) map[string]string {
	t.Helper()
	text, _, _ := strings.Cut(token, ".")
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	var h map[string]string
	if err := json.Unmarshal(raw, &h); err != nil {
		t.Fatal(err)
	}
	return h
}

func TestARefreshTokenIsReplacedOnceItIsOlderThanTheOverlap(t *testing.T) {
	onEachBackend(t, func(t *testing.T, flags ...string) {
		ann := start(t, append(flags, "-refresh-overlap", "2s")...).client(t)
		before := time.Now()
		ann.loginToken(annJSON)
		after, first := time.Now(), ann.refresh
		for {
			sent := time.Now()
			a := ann.exchange(first).want(200)
			age := time.Since(before) // at least
			if a.json()["refresh_token"] != first {
				if age < 2*time.Second {
					t.Errorf("replaced after %v, want 2s", age)
				}
				return
			}
			if age := sent.Sub(after); age > 2*time.Second {
				t.Fatalf("not replaced after %v, want 2s", age)
			}
			time.Sleep(50 * time.Millisecond)
		}
	})
}
