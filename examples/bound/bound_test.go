package bound_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/inga-auth/inga/examples/internal/chromium"
)

// short is the life of bound cookies in these tests, unless they wait for none to end.
const short = 2 * time.Second

func isBound(name string) bool { return strings.Contains(name, "-bound-") }

func TestALoginInABrowserIsBound(t *testing.T) {
	// DB-6, by script and by a form whose answer is a redirect, in both kinds of cookies.
	t.Parallel()
	s := newSite(t, sessionCookie, time.Minute)
	b := s.newBrowser(t)
	b.login("1")
	b.want("POST", "/logout", "200 ")
	b.want("GET", "/me", "401 ")
	b.open("/")
	b.do(chromedp.Click("form button"), chromedp.WaitVisible("#mine"))
	b.eventually("the session is bound", func() bool { return b.send("GET", "/me") == "200 user 1, proved" })
	if n := s.happened("unproved"); n != 0 {
		t.Errorf("%d requests came without a proof, want none", n)
	}
}

// polls sends twelve requests at once, so many times, with so many milliseconds in between, and returns
// what was not answered with 200.
const polls = `(async () => {
	const failed = []
	for (let round = 0; round < %d; round++) {
		const all = await Promise.all(Array.from({length: 12}, () => fetch("/me").then(r => r.status, String)))
		failed.push(...all.filter(status => status != 200))
		await new Promise(done => setTimeout(done, %d))
	}
	return failed.join(" ")
})()`

func TestAPageThatPollsSeesNoRefresh(t *testing.T) {
	// DB-7: two tabs with twelve requests at once, whose bound cookie is over each time.
	for name, with := range kinds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, with, short)
			b := s.newBrowser(t)
			b.login("1")
			other, before := b.another(), s.count(refreshed)
			answers := make(chan string, 2)
			for _, tab := range []*tab{b.tab, other} {
				go func() {
					answer := "an error of the tab"
					defer func() { answers <- answer }()
					answer = tab.run(fmt.Sprintf(polls, 5, 3000))
				}()
			}
			for range 2 {
				if failed := <-answers; failed != "" {
					t.Errorf("requests failed with %s, want none", failed)
				}
			}
			if n := s.count(refreshed) - before; n < 4 {
				t.Errorf("%d refreshes, want at least 4: nothing ended", n)
			}
			if n := s.happened("unproved"); n != 0 {
				t.Errorf("%d requests came without a proof, want none", n)
			}
		})
	}
}

// A thief has a copy of a browser's cookies, and an HTTP client.
type thief struct {
	t      *testing.T
	client *http.Client
	site   *site
	jar    map[string]string
}

func (s *site) thief(t *testing.T, jar map[string]string) *thief {
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // the certificate is for another name
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, s.server.Listener.Addr().String())
		},
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &thief{t, &http.Client{Transport: transport}, s, jar}
}

// try sends a request with the cookies, and returns its status.
func (c *thief) try(method, path string, headers ...string) int {
	c.t.Helper()
	r := httptest.NewRequest(method, c.site.app+path, nil)
	r.RequestURI = ""
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	for name, value := range c.jar {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	res, err := c.client.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	_, _ = io.Copy(io.Discard, res.Body)
	return res.StatusCode
}

func TestACopyOfTheCookiesIsGoodUntilTheBoundCookieIsOver(t *testing.T) {
	// DB-1, DB-2, DB-3: and the owner notices nothing of what the thief tries.
	for name, with := range kinds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, with, short)
			b := s.newBrowser(t)
			b.login("1")
			c := s.thief(t, b.jar())
			if status := c.try("GET", "/me"); status != 200 {
				t.Errorf("at once: %d, want 200", status)
			}
			b.eventually("the thief is refused", func() bool { return c.try("GET", "/me") == 401 })
			for _, try := range [][]string{
				{"GET", "/me", "Secure-Session-Skipped", "server_error"},
				{"GET", "/page"}, {"POST", "/pay"}, {"POST", "/again/1"}, {"POST", "/logout"},
			} {
				if status := c.try(try[0], try[1], try[2:]...); status != 401 {
					t.Errorf("%q: %d, want 401", try, status)
				}
			}
			if status := c.try("POST", "/dbsc/register"); status != 400 {
				t.Errorf("registration: %d, want 400", status)
			}
			if status := c.try("POST", "/login/2"); status != 200 { // as themselves, with the stolen cookies
				t.Errorf("login: %d, want 200", status)
			}
			b.want("GET", "/me", "200 user 1, proved")
			if s.happened("unproved") == 0 {
				t.Error("no event says what was tried")
			}
		})
	}
}

func TestABindingOutlivesTheBrowser(t *testing.T) {
	// DB-7: the keys are in its profile.
	t.Parallel()
	s := newSite(t, sessionCookie, short)
	b := s.newBrowser(t)
	b.login("1")
	b.close()
	again := s.start(t, b.profile, false)
	again.want("GET", "/me", "200 user 1, proved")
	again.expired()
	again.want("GET", "/me", "200 user 1, proved")
	if n := s.happened("bound"); n != 1 {
		t.Errorf("bound %d times, want once", n)
	}
}

// held is a refresh with a proof that has been answered, but whose answer is still on its way.
type held struct {
	arrived chan struct{}
	release chan struct{}
}

// await has the browser send requests until one has begun the refresh: one that was under way before
// it could be held begins none.
func (h held) await(b *browser) {
	b.eventually("a refresh is held", func() bool {
		b.want("GET", "/me", "200 user 1, proved")
		select {
		case <-h.arrived:
			return true
		default:
			return false
		}
	})
}

// hold holds the answer to the next refresh with a proof.
func (s *site) hold(t *testing.T) held {
	h := held{make(chan struct{}), make(chan struct{})}
	var first atomic.Bool
	s.intercept(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/dbsc/refresh" || r.Header.Get("Secure-Session-Response") == "" || !first.CompareAndSwap(false, true) {
			pass(w, r)
			return
		}
		answer := httptest.NewRecorder()
		pass(answer, r)
		if answer.Code != 200 { // of an old challenge
			first.Store(false)
		} else {
			close(h.arrived)
			<-h.release
		}
		for name, values := range answer.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes())
	})
	t.Cleanup(func() {
		select {
		case <-h.release:
		default:
			close(h.release)
		}
	})
	return h
}

func TestALogoutDuringARefreshOfAnotherTabIsALogout(t *testing.T) {
	// DB-5: the refresh brings its cookie after the logout, and that opens nothing.
	t.Parallel()
	s := newSite(t, sessionCookie, time.Minute) // less than 2 minutes: each request begins a refresh beside it
	b := s.newBrowser(t)
	b.login("1")
	other := b.another()
	h := s.hold(t)
	h.await(b)
	other.want("POST", "/logout", "200 ")
	if n := s.live(t, "1"); n != 0 {
		t.Errorf("%d sessions after the logout, want none", n)
	}
	close(h.release)
	b.eventually("the refresh brings its cookie", func() bool {
		for name := range b.jar() {
			if isBound(name) {
				return true
			}
		}
		return false
	})
	b.want("GET", "/me", "401 ")
	other.want("GET", "/me", "401 ")
	b.login("2")
	b.want("GET", "/me", "200 user 2, proved")
}

func TestALoginAsAnotherUserDuringARefreshIsNotDisturbed(t *testing.T) {
	// DB-5
	t.Parallel()
	s := newSite(t, sessionCookie, time.Minute)
	b := s.newBrowser(t)
	b.login("1")
	former := b.jar()
	h := s.hold(t)
	h.await(b)
	b.login("2")
	close(h.release)
	b.eventually("the refresh brings its cookie", func() bool {
		for name, value := range b.jar() {
			if was, is := former[name]; is && isBound(name) && was != value {
				return true
			}
		}
		return false
	})
	b.want("GET", "/me", "200 user 2, proved")
	if n := s.live(t, "1"); n != 0 {
		t.Errorf("the former user has %d sessions, want none", n)
	}
	if n := s.happened("unproved"); n != 0 {
		t.Errorf("%d requests came without a proof, want none", n)
	}
}

func TestALinkFromAnotherSiteFindsTheUserLoggedIn(t *testing.T) {
	// DB-7: its refresh brings no SameSite cookie.
	t.Parallel()
	s := newSite(t, sessionCookie, short)
	b := s.newBrowser(t)
	b.login("1")
	b.do(chromedp.Navigate(b.other + "/elsewhere"))
	b.expired()
	b.do(chromedp.Click("#link"), chromedp.WaitVisible("#mine"))
	if n := s.count(func(r request) bool { return refreshed(r) && !r.login }); n == 0 {
		t.Error("no refresh came without the cookie of the session: the link did not cause one")
	}
	if n := s.happened("unproved"); n != 0 {
		t.Errorf("%d requests came without a proof, want none", n)
	}
}

func TestASensitiveRouteAsksTheBrowserToProveItsKeyAgain(t *testing.T) {
	// DB-10: and the body of the request survives.
	t.Parallel()
	s := newSite(t, sessionCookie, 10*time.Minute)
	b := s.newBrowser(t)
	b.login("1")
	redirected := func(r request) bool { return r.path == "/pay" && r.status == 307 }
	b.eventually("the last proof is too old", func() bool {
		answer := b.run(`fetch("/pay", {method: "POST", body: "ten won"}).then(async r => r.status + " " + await r.text())`)
		if answer != "200 ten won" {
			t.Fatalf("%q, want 200 and the body", answer)
		}
		return s.count(redirected) > 0
	})
	if n := s.count(refreshed); n != 1 {
		t.Errorf("%d refreshes, want 1", n)
	}
}

func TestAnOutageEndsNoBinding(t *testing.T) {
	// DB-8
	t.Parallel()
	s := newSite(t, sessionCookie, short)
	b := s.newBrowser(t)
	b.login("1")
	s.intercept(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) })
	b.expired()
	for range 3 {
		b.want("GET", "/me", "503 ")
	}
	s.intercept(nil)
	b.eventually("the user is back", func() bool { return b.send("GET", "/me") == "200 user 1, proved" })
	if n := s.happened("bound"); n != 1 {
		t.Errorf("bound %d times, want once", n)
	}
}

func TestABrowserThatMayProveNothingMoreIsRefusedAndStaysLoggedIn(t *testing.T) {
	// DB-2: six proofs in nine minutes.
	t.Parallel()
	s := newSite(t, sessionCookie, short)
	b := s.start(t, chromium.Profile(t), true)
	b.login("1")
	b.eventually("the quota is used up", func() bool {
		b.expired()
		return b.send("GET", "/me") == "401 "
	})
	if n := s.count(func(r request) bool { return r.path == "/me" && strings.Contains(r.skipped, "quota_exceeded") }); n == 0 {
		t.Error("no request says that the quota is used up")
	}
	if n := s.live(t, "1"); n != 1 || s.happened("unproved") == 0 {
		t.Errorf("%d sessions and %d events, want one and some", n, s.happened("unproved"))
	}
}

func TestAProfileWithoutItsKeysLogsInAgain(t *testing.T) {
	// DB-2
	t.Parallel()
	s := newSite(t, sessionCookie, short)
	b := s.newBrowser(t)
	b.login("1")
	b.close()
	if n := removeKeys(t, b.profile); n == 0 {
		t.Fatal("the profile has no keys")
	}
	again := s.start(t, b.profile, false)
	again.expired()
	again.want("GET", "/me", "401 ")
	again.login("1")
	again.expired()
	again.want("GET", "/me", "200 user 1, proved")
	if n := s.live(t, "1"); n != 1 {
		t.Errorf("%d sessions, want one: the former was replaced", n)
	}
}

// removeKeys removes what the browser keeps of bound sessions, and returns how many files that were.
func removeKeys(t *testing.T, profile string) (n int) {
	t.Helper()
	err := filepath.WalkDir(profile, func(path string, d os.DirEntry, err error) error {
		if err == nil && strings.HasPrefix(d.Name(), "Device Bound Sessions") {
			n++
			return os.RemoveAll(path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestAuthenticatingAgainBindsTheSessionAnew(t *testing.T) {
	// DB-3
	t.Parallel()
	s := newSite(t, sessionCookie, short)
	b := s.newBrowser(t)
	b.login("1")
	before := b.jar()
	b.want("POST", "/again/1", "200 ")
	b.eventually("the session is bound again", func() bool { return s.happened("bound") == 2 && b.send("GET", "/me") == "200 user 1, proved" })
	b.expired()
	b.want("GET", "/me", "200 user 1, proved")
	if status := s.thief(t, before).try("GET", "/me"); status != 401 {
		t.Errorf("the former cookies: %d, want 401", status)
	}
}
