package parity_test

import (
	"encoding/json"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// protocols are the versions of HTTP that the programs speak without TLS.
var protocols = []string{"HTTP/1.1", "HTTP/2.0"}

// A client speaks one version of HTTP, follows no redirect and keeps no cookie.
type client struct {
	t        *testing.T
	program  *program
	protocol string
	http     *http.Client
}

func (p *program) client(t *testing.T, protocol string) *client {
	t.Helper()
	var speaks http.Protocols
	speaks.SetHTTP1(protocol == "HTTP/1.1")
	speaks.SetUnencryptedHTTP2(protocol == "HTTP/2.0")
	transport := &http.Transport{Protocols: &speaks}
	t.Cleanup(transport.CloseIdleConnections)
	return &client{t, p, protocol, &http.Client{
		Transport:     transport,
		Timeout:       patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// do sends a request, with header lines as "Name: value". A body is a form.
func (c *client) do(method, path, body string, header ...string) *http.Response {
	c.t.Helper()
	res, err := c.try(method, path, body, header...)
	// A login that takes longer than the server's timeout, on a busy machine, gets no answer.
	for begin := time.Now(); err != nil && strings.HasPrefix(path, "/login") && time.Since(begin) < patience; {
		res, err = c.try(method, path, body, header...)
	}
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	if res.Proto != c.protocol {
		c.t.Errorf("%s %s: answered with %s, want %s", method, path, res.Proto, c.protocol)
	}
	return res
}

func (c *client) try(method, path, body string, header ...string) (*http.Response, error) {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.program.url+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Add(name, value)
	}
	return c.http.Do(r)
}

// An answer is a response that was read, as far as routers may not differ in it.
type answer struct {
	Status    int
	Challenge string // the header WWW-Authenticate
	Cookie    string // Set-Cookie, with the value masked
	Cache     string // Cache-Control
	Vary      string
	Location  string
	Kind      string // what the body is, by its media type
}

// send is do, and reads the response.
func (c *client) send(method, path, body string, header ...string) (a answer, text string) {
	c.t.Helper()
	res := c.do(method, path, body, header...)
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	return answerOf(res), string(b)
}

func answerOf(res *http.Response) answer {
	all := func(name string) string { return strings.Join(res.Header.Values(name), " | ") }
	kind, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	return answer{
		Status:    res.StatusCode,
		Challenge: all("WWW-Authenticate"),
		Cookie:    cookieValue.ReplaceAllString(all("Set-Cookie"), "=*;"),
		Cache:     all("Cache-Control"),
		Vary:      all("Vary"),
		Location:  all("Location"),
		Kind:      kind,
	}
}

// cookieValue is that of a cookie that is set: one that is taken away has none.
var cookieValue = regexp.MustCompile(`=[A-Za-z0-9_+/=-]{40,};`)

// Who can log in.
var passwords = map[string]string{"ann": "ann-likes-tea", "root": "root-likes-keys"}

func form(pairs ...string) string {
	values := url.Values{}
	for pair := range slices.Chunk(pairs, 2) {
		values.Set(pair[0], pair[1])
	}
	return values.Encode()
}

// cookie logs in and returns the cookie of the session, as a header line. The other one makes the
// device known.
func (c *client) cookie(name string) string {
	c.t.Helper()
	res := c.do("POST", "/login", form("name", name, "password", passwords[name]))
	_ = res.Body.Close()
	set := map[string]string{}
	for _, cookie := range res.Cookies() {
		set[cookie.Name] = cookie.Value
		c.program.log.keepSecret(cookie.Value)
	}
	if len(set) != 2 || set["__Host-session"] == "" || set["__Host-device"] == "" {
		c.t.Fatalf("login of %s: status %d, cookies %v, want __Host-session and __Host-device", name, res.StatusCode, slices.Collect(maps.Keys(set)))
	}
	return "Cookie: __Host-session=" + set["__Host-session"]
}

// token logs in and returns the token, as a header line.
func (c *client) token(name string) string {
	c.t.Helper()
	return "Authorization: Bearer " + c.bareToken(name)
}

func (c *client) bareToken(name string) string {
	c.t.Helper()
	res := c.do("POST", "/login/token", form("name", name, "password", passwords[name]))
	defer func() { _ = res.Body.Close() }()
	var tokens struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.NewDecoder(res.Body).Decode(&tokens); err != nil || tokens.AccessToken == "" {
		c.t.Fatalf("login of %s: status %d, %v", name, res.StatusCode, err)
	}
	c.program.log.keepSecret(tokens.AccessToken)
	return tokens.AccessToken
}

// logout ends the session of the credential.
func (c *client) logout(credential string) {
	c.t.Helper()
	if a, text := c.send("POST", "/logout", "", credential); a.Status != 303 {
		c.t.Fatalf("logout: status %d, want 303\n%s", a.Status, text)
	}
}
