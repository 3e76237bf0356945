package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"flag"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/inga-auth/inga/internal/pgtest"
)

func TestMain(m *testing.M) {
	flag.Parse()
	// These tests wait, for time to pass and for a browser, more than they work.
	if p := flag.Lookup("test.parallel"); p.Value.String() == p.DefValue {
		_ = p.Value.Set("6")
	}
	os.Exit(pgtest.Main(m))
}

// onEachBackend runs the test on memory and on a database of its own. The flags that it is
// given start the program on either.
func onEachBackend(t *testing.T, test func(t *testing.T, flags ...string)) {
	t.Helper()
	t.Parallel()
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		test(t)
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, "-database-url", newDatabase(t))
	})
}

// newDatabase returns the URL of an empty database. The program keeps its tables in one
// schema, always the same, so a schema for each test would not do.
func newDatabase(t *testing.T) string {
	t.Helper()
	server := pgtest.URL(t)
	name := "quickstart_" + strings.ToLower(rand.Text())
	execute(t, server, "CREATE DATABASE "+name)
	t.Cleanup(func() { execute(t, server, "DROP DATABASE "+name+" WITH (FORCE)") })
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}

func execute(t *testing.T, databaseURL, sql string) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	conn, err := pgx.Connect(ctx, databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, sql); err != nil {
		t.Fatal(err)
	}
}

// A program is a quickstart that runs.
type program struct {
	url    string
	stop   func() // it returns when the program has
	output *output
}

// start starts the program on a free port, and stops it when the test ends.
func start(t *testing.T, flags ...string) *program {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	p := &program{output: &output{}}
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, append([]string{"-addr", "127.0.0.1:0"}, flags...), p.output) }()
	p.stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("the program ended with: %v", err)
			}
		case <-time.After(time.Minute):
			t.Error("the program does not end")
		}
	})
	t.Cleanup(p.stop)
	for deadline := time.Now().Add(time.Minute); p.url == ""; time.Sleep(5 * time.Millisecond) {
		select {
		case err := <-ended:
			ended <- err
			t.Fatal("the program did not start")
		default:
		}
		if time.Now().After(deadline) {
			t.Fatal("the program says no address")
		}
		p.url = regexp.MustCompile(`http://127\.0\.0\.1:[1-9]\d*`).FindString(p.output.String())
	}
	return p
}

// output is what the program prints.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// A client is a user agent with a cookie jar, or with tokens.
type client struct {
	t       *testing.T
	url     string
	token   string
	refresh string
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
		Timeout:       60 * time.Second,
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

// keep takes the tokens out of the answer.
func (c *client) keep(a *answer) *answer {
	c.t.Helper()
	c.token, _ = a.json()["access_token"].(string)
	c.refresh, _ = a.json()["refresh_token"].(string)
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
