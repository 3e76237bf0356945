package parity_test

import (
	"encoding/json"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestABrowserComesBackToThePageThatAskedForTheLogin(t *testing.T) {
	onEveryRouter(t, nil, func(t *testing.T, p *program) {
		c := p.client(t, "HTTP/1.1")
		jar, err := cookiejar.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		c.http.Jar = loopbackJar{jar}
		const browser = "Accept: text/html"

		asked, _ := c.send("GET", "/account?tab=keys", "", browser)
		_, page := c.send("GET", asked.Location, "", browser)
		field := regexp.MustCompile(`name="next" value="([^"]*)"`).FindStringSubmatch(page)
		if field == nil {
			t.Fatalf("no field next in the page at %q:\n%s", asked.Location, page)
		}
		// As a browser sends it, with its origin.
		in, _ := c.send("POST", "/login", form("next", field[1], "name", "ann", "password", passwords["ann"]), browser, "Origin: "+p.url)
		if in.Status != 303 || in.Location != "/account?tab=keys" {
			t.Fatalf("after the login: status %d to %q, want 303 to /account?tab=keys", in.Status, in.Location)
		}
		if back, text := c.send("GET", in.Location, "", browser); back.Status != 200 || !strings.Contains(text, `"subject":"ann"`) {
			t.Errorf("back: status %d, want 200 for ann\n%s", back.Status, text)
		}
		out, _ := c.send("POST", "/logout", "", browser, "Origin: "+p.url)
		if out.Status != 303 || out.Location != "/" {
			t.Errorf("after the logout: status %d to %q, want 303 to /", out.Status, out.Location)
		}
		if _, text := c.send("GET", "/", "", browser); !strings.Contains(text, "Hello stranger") {
			t.Errorf("home after the logout is not that of a stranger:\n%s", text)
		}
	})
}

// A loopbackJar does what browsers do, and Go's jar does not: the way to this machine itself
// is as good as TLS, so Secure cookies travel on it.
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

// TL-1, TL-5.
func TestASessionThatNobodyUsesExpires(t *testing.T) {
	onEveryRouter(t, []string{"-idle", "2s"}, func(t *testing.T, p *program) {
		c := p.client(t, "HTTP/1.1")
		cookie, token := c.cookie("ann"), c.token("ann")
		for _, credential := range []string{cookie, token} {
			untilRefused(t, c, credential)
		}
		for _, r := range []struct {
			credential string
			want       answer
		}{{cookie, refused(401, realm)}, {token, refused(401, invalid)}} {
			got, text := c.send("GET", "/account", "", r.credential)
			if got != r.want || !strings.Contains(text, "session-expired") {
				t.Errorf("an expired session\n got %+v\nwant %+v, session-expired\n%s", got, r.want, text)
			}
		}
		if got, want := first(c.send("GET", "/account", "", cookie, "Accept: text/html")), toLogin("%2Faccount"); got != want {
			t.Errorf("an expired session in a browser\n got %+v\nwant %+v", got, want)
		}
	})
}

// TL-6, TL-12: -idle 30s makes the renewal interval three seconds.
func TestASessionInUseIsProlonged(t *testing.T) {
	onEveryRouter(t, []string{"-idle", "30s"}, func(t *testing.T, p *program) {
		c := p.client(t, "HTTP/1.1")
		cookie, token := c.cookie("ann"), c.token("ann")

		begin := identity(c.do("GET", "/account", "", cookie))
		waitFor(t, "a later deadline", func() bool {
			return identity(c.do("GET", "/account", "", cookie)).ExpiresAt.After(begin.ExpiresAt)
		})
		var renewed http.Header
		waitFor(t, "a new token", func() bool {
			res := c.do("GET", "/account", "", token)
			_ = res.Body.Close()
			renewed = res.Header
			return renewed.Get("Access-Token") != ""
		})
		p.log.keepSecret(renewed.Get("Access-Token"))
		if got := renewed.Get("Access-Token-Expires-In"); got != "300" {
			t.Errorf("Access-Token-Expires-In is %q, want 300: five minutes", got)
		}
		if id := identity(c.do("GET", "/account", "", "Authorization: Bearer "+renewed.Get("Access-Token"))); id.Subject != "ann" {
			t.Errorf("the new token is that of %q, want ann", id.Subject)
		}
	})
}

// identity reads the body of /account.
func identity(res *http.Response) (id struct {
	Subject   string    `json:"subject"`
	ExpiresAt time.Time `json:"expires_at"`
}) {
	defer func() { _ = res.Body.Close() }()
	_ = json.NewDecoder(res.Body).Decode(&id)
	return id
}

func waitFor(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !is(); <-time.After(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not in %v: %s", patience, what)
		}
	}
}

func first(a answer, _ string) answer { return a }

// untilRefused waits. The path of the WebSocket has a guard and does not slide, so asking
// there is no activity.
func untilRefused(t *testing.T, c *client, credential string) {
	t.Helper()
	waitFor(t, "the end of the session", func() bool {
		a, text := c.send("GET", "/ws", "", credential)
		if a.Status != 401 && a.Status != 426 {
			t.Fatalf("status %d, want 426 for no handshake, and then 401\n%s", a.Status, text)
		}
		return a.Status == 401
	})
}
