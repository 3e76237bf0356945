package main

import (
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

const (
	firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
	iPhone  = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"

	passphrase = "a pot of green tea" // of all who sign up here
)

// A client is a browser as far as the server can see: it keeps cookies, posts forms, and
// follows no redirect unless it is told to.
type client struct {
	t     *testing.T
	url   string
	agent string
	http  *http.Client
}

func (p *program) client(t *testing.T) *client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &client{t: t, url: p.url, agent: firefox, http: &http.Client{
		Jar:           loopbackJar{jar},
		Timeout:       patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// A loopbackJar does what browsers do, and Go's jar does not: the way to this machine itself is
// as good as TLS, so Secure cookies travel on it.
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
func (c *client) send(method, path string, form url.Values, header ...string) *answer {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("User-Agent", c.agent)
	r.Header.Set("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")
	if method == "POST" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Referer", r.URL.String()) // of the page with the form, which has the same URL
	}
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
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
	return c.send("GET", path, nil, header...)
}

// post posts a form of pairs of a name and a value.
func (c *client) post(path string, pairs ...string) *answer {
	c.t.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return c.send("POST", path, form)
}

func (c *client) signUp(name string) *client {
	c.t.Helper()
	c.post("/signup", "name", name, "password", passphrase).wantRedirect("/")
	return c
}

func (c *client) login(name, password string) *client {
	c.t.Helper()
	c.post("/login", "name", name, "password", password).wantRedirect("/")
	return c
}

// admin is a client in which the administrator is logged in.
func (p *program) admin(t *testing.T) *client {
	t.Helper()
	return p.client(t).login("admin", p.password)
}

// userID is that of the user, as the administrator's list has it.
func (c *client) userID(name string) string {
	c.t.Helper()
	body := c.get("/admin").want(200).body
	m := regexp.MustCompile(`<a href="/admin/users/([^"]+)">` + name + `</a>`).FindStringSubmatch(body)
	if m == nil {
		c.t.Fatalf("there is no %s among the users:\n%s", name, body)
	}
	return m[1]
}

func (a *answer) want(status int) *answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("%s: status %d, want %d\n%s", a.what, a.status, status, a.body)
	}
	return a
}

func (a *answer) wantRedirect(to string) {
	a.t.Helper()
	a.want(303).wantHeader("Location", to)
}

func (a *answer) wantHeader(name, want string) *answer {
	a.t.Helper()
	if got := strings.Join(a.header.Values(name), "; "); got != want {
		a.t.Errorf("%s: %s\n got %q\nwant %q", a.what, name, got, want)
	}
	return a
}

// wantText wants the text in the page.
func (a *answer) wantText(text string) *answer {
	a.t.Helper()
	if !strings.Contains(html.UnescapeString(a.body), text) {
		a.t.Errorf("%s: the page does not have %q:\n%s", a.what, text, a.body)
	}
	return a
}

// wantNoText wants the text not to be there.
func (a *answer) wantNoText(text string) *answer {
	a.t.Helper()
	if strings.Contains(html.UnescapeString(a.body), text) {
		a.t.Errorf("%s: the page has %q:\n%s", a.what, text, a.body)
	}
	return a
}
