package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"
)

// A client is a user agent with a cookie jar, or with tokens.
type client struct {
	t       *testing.T
	url     string
	token   string
	refresh string
	agent   string // what it says it is
	http    *http.Client
}

func (p *program) client(t *testing.T) *client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &client{t: t, url: p.url, http: &http.Client{
		Jar:           loopbackJar{jar},
		Timeout:       patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// A loopbackJar does what browsers and curl do, and Go's jar does not: the way to this
// machine itself is as good as TLS, so Secure cookies travel on it.
type loopbackJar struct{ http.CookieJar }

func (j loopbackJar) SetCookies(u *url.URL, cookies []*http.Cookie) {
	j.CookieJar.SetCookies(overTLS(u), cookies)
}

func (j loopbackJar) Cookies(u *url.URL) []*http.Cookie { return j.CookieJar.Cookies(overTLS(u)) }

func overTLS(u *url.URL) *url.URL {
	c := *u
	c.Scheme = "https"
	return &c
}

// An answer is a response that was read.
type answer struct {
	t      *testing.T
	what   string
	status int
	header http.Header
	body   string
}

// send sends a request, with header lines as "Name: value".
func (c *client) send(method, path, body string, header ...string) *answer {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.url+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	if c.agent != "" {
		r.Header.Set("User-Agent", c.agent)
	}
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Add(name, value)
	}
	res, err := c.http.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return &answer{t: c.t, what: method + " " + path, status: res.StatusCode, header: res.Header, body: string(b)}
}

func (c *client) get(path string, header ...string) *answer {
	c.t.Helper()
	return c.send("GET", path, "", header...)
}

func (c *client) post(path, json string, header ...string) *answer {
	c.t.Helper()
	return c.send("POST", path, json, append(header, "Content-Type: application/json")...)
}

func (c *client) put(path, json string) *answer {
	c.t.Helper()
	return c.send("PUT", path, json, "Content-Type: application/json")
}

func (c *client) delete(path string) *answer {
	c.t.Helper()
	return c.send("DELETE", path, "")
}

func (c *client) form(path string, values url.Values, header ...string) *answer {
	c.t.Helper()
	return c.send("POST", path, values.Encode(), append(header, "Content-Type: application/x-www-form-urlencoded")...)
}

const (
	annJSON  = `{"name":"ann","password":"ann-likes-tea"}`
	rootJSON = `{"name":"root","password":"root-likes-keys"}`
)

// login logs in with a cookie.
func (c *client) login(json string) *answer {
	c.t.Helper()
	return c.post("/login", json).want(200)
}

// loginToken logs in with tokens. The client then sends the access token.
func (c *client) loginToken(json string) *answer {
	c.t.Helper()
	return c.keep(c.post("/login/token", json).want(200))
}

// proofs are the ways to prove a session, by the path where one logs in.
var proofs = map[string]string{"cookie": "/login", "bearer": "/login/token", "token-cookie": "/login/cookies"}

// open logs in with the proof.
func (c *client) open(proof, json string) *answer {
	c.t.Helper()
	a := c.post(proofs[proof], json).want(200)
	if proof == "bearer" {
		c.keep(a)
	}
	return a
}

// sessionID is that of the session that the client is in.
func (c *client) sessionID() string {
	c.t.Helper()
	id, _ := c.get("/me").want(200).json()["session_id"].(string)
	return id
}

// drop drops the cookie, as a browser does when it has expired.
func (c *client) drop(name string) {
	c.t.Helper()
	u, err := url.Parse(c.url)
	if err != nil {
		c.t.Fatal(err)
	}
	c.http.Jar.SetCookies(u, []*http.Cookie{{Name: name, Path: "/", Secure: true, MaxAge: -1}})
}

// freshly sends the request, and authenticates again if the last time is too long ago. On a busy
// machine it may be again by then.
func (c *client) freshly(send func() *answer) *answer {
	c.t.Helper()
	for {
		a := send()
		if a.status != 401 || a.json()["type"] != problems+"insufficient-authentication" {
			return a
		}
		again := c.post("/reauthenticate", `{"password":"ann-likes-tea"}`).want(200)
		if c.token != "" {
			c.keep(again)
		}
	}
}

// keep takes the tokens out of the answer.
func (c *client) keep(a *answer) *answer {
	c.t.Helper()
	c.token, _ = a.json()["access_token"].(string)
	c.refresh, _ = a.json()["refresh_token"].(string)
	return a
}

// changePassword changes it. A client with a token then sends the new one.
func (c *client) changePassword(old, new string) *answer {
	c.t.Helper()
	a := c.post("/password", `{"old":"`+old+`","new":"`+new+`"}`).want(200)
	if c.token != "" {
		c.token, _ = a.json()["login"].(map[string]any)["access_token"].(string)
	}
	return a
}

// exchange presents a refresh token.
func (c *client) exchange(token string) *answer {
	c.t.Helper()
	return c.form("/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}})
}

func (a *answer) want(status int) *answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("%s: status %d, want %d\n%s", a.what, a.status, status, a.body)
	}
	return a
}

func (a *answer) wantHeader(name, want string) *answer {
	a.t.Helper()
	if got := strings.Join(a.header.Values(name), "; "); got != want {
		a.t.Errorf("%s: %s\n got %q\nwant %q", a.what, name, got, want)
	}
	return a
}

// wantProblem asks for the body of RFC 9457.
func (a *answer) wantProblem(status int, kind string) *answer {
	a.t.Helper()
	a.want(status).wantHeader("Content-Type", "application/problem+json")
	a.wantMember("type", kind)
	a.wantMember("status", float64(status))
	return a
}

func (a *answer) wantMember(name string, want any) {
	a.t.Helper()
	if got := a.json()[name]; got != want {
		a.t.Errorf("%s: member %s is %v, want %v", a.what, name, got, want)
	}
}

func (a *answer) wantBody(part string) {
	a.t.Helper()
	if !strings.Contains(a.body, part) {
		a.t.Errorf("%s: the body does not have %q:\n%s", a.what, part, a.body)
	}
}

// noticed reports whether the page has the notice.
func (a *answer) noticed(text string) bool {
	return strings.Contains(a.body, `<p id="notice" role="status" tabindex="-1" >`+text+`</p>`)
}

func (a *answer) json() map[string]any {
	a.t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(a.body), &v); err != nil {
		a.t.Fatalf("%s: %v\n%s", a.what, err, a.body)
	}
	return v
}

// expiresAt is the member of that name.
func (a *answer) expiresAt() time.Time {
	a.t.Helper()
	s, _ := a.json()["expires_at"].(string)
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		a.t.Fatalf("%s: expires_at: %v", a.what, err)
	}
	return at
}

// cookie is the session cookie that the answer sets, or nil.
func (a *answer) cookie() *http.Cookie { return a.cookieNamed("__Host-session") }

func (a *answer) cookieNamed(name string) *http.Cookie {
	for _, c := range (&http.Response{Header: a.header}).Cookies() {
		if c.Name == name {
			return c
		}
	}
	return nil
}
