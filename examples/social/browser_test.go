package social_test

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"golang.org/x/oauth2"

	"github.com/inga-auth/inga/backends/memory"
	"github.com/inga-auth/inga/cookie"
	"github.com/inga-auth/inga/examples/internal/chromium"
	"github.com/inga-auth/inga/examples/social"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/callback"
	"github.com/inga-auth/inga/middleware/session"
	"github.com/inga-auth/inga/sliding"
)

// A site runs at http://localhost, where browsers accept Secure cookies.
type site struct {
	url   string
	store *memory.Store
	last  atomic.Value // the URL of the last callback
}

func newSite(t *testing.T, idp *provider, edit func(*callback.Config)) *site {
	t.Helper()
	s := &site{store: memory.New()}
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	c := callback.Config{Issuer: idp.url, Keys: [][]byte{key}}
	edit(&c)
	logins, err1 := callback.New(c)
	sessions, err2 := session.New(session.Config{
		Store: s.store, Policy: sliding.AAL1(), Events: func(context.Context, middleware.Event) {},
	})
	cookies, err3 := cookie.New(cookie.Config{Sessions: sessions, Keys: [][]byte{key}})
	guard, err4 := middleware.New(middleware.Config{Authenticator: cookies})
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
	app := &social.Site{Users: s.store.Users(), Cookies: cookies, Guard: guard, Logins: logins, UserInfo: idp.url + "/userinfo"}
	handler := app.Handler()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/callback" {
			s.last.Store(r.URL.String())
		}
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	s.url = strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
	app.Provider = &oauth2.Config{
		ClientID: "site", RedirectURL: s.url + "/callback",
		Endpoint: oauth2.Endpoint{AuthURL: idp.url + "/authorize", TokenURL: idp.url + "/token", AuthStyle: oauth2.AuthStyleInParams},
	}
	return s
}

// A tab shares no cookie with another.
type tab struct {
	t   *testing.T
	ctx context.Context
}

func newTab(t *testing.T, browser context.Context) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 4*time.Minute)
	t.Cleanup(cancel)
	return &tab{t, ctx}
}

// open goes to the URL and waits for the text on the page that comes of it.
func (b *tab) open(url, want string) {
	b.t.Helper()
	b.do(chromedp.Navigate(url))
	b.await(want)
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatalf("browser: %v", err)
	}
}

// await waits for the text: the provider may have a page of its own on the way.
func (b *tab) await(want string) {
	b.t.Helper()
	for last := ""; ; {
		text, err := chromedp.Run(b.ctx, chromedp.Evaluate[string]("document.body?.innerText ?? ''"))
		if strings.Contains(text, want) {
			return
		}
		if b.ctx.Err() != nil {
			b.t.Fatalf("page %q, want %q", last, want)
		}
		if err == nil {
			last = text
		}
	}
}

func (b *tab) login() {
	b.t.Helper()
	b.do(chromedp.Click("button"))
	b.await("You are idp:ann.")
}

// again logs in although the page has no button for that any more.
func (b *tab) again() {
	b.t.Helper()
	_, err := chromedp.RunResponse(b.ctx, chromedp.Evaluate[chromedp.Void](`
		document.body.innerHTML = '<form method="post" action="/login"></form>'; document.forms[0].submit()`))
	if err != nil {
		b.t.Fatalf("browser: %v", err)
	}
}

func (s *site) wantLive(t *testing.T, want int) {
	t.Helper()
	if live, err := s.store.List(t.Context(), time.Now(), "idp:ann"); err != nil || len(live) != want {
		t.Errorf("%d sessions, %v; want %d", len(live), err, want)
	}
}

func TestABrowserLogsInAtAProvider(t *testing.T) {
	idp, browser := newProvider(t), chromium.Start(t)
	for name, formPost := range map[string]bool{"with a GET": false, "with a form that the provider posts": true} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, idp, func(c *callback.Config) { c.FormPost = formPost })
			ann := newTab(t, browser)
			ann.open(s.url, "You are a visitor.")
			ann.login()
			ann.open(s.url, "You are idp:ann.")
			s.wantLive(t, 1)

			// Again: the browser sends its session cookie, which is Lax, with a GET and not with the form.
			ann.again()
			ann.await("You are idp:ann.")
			s.wantLive(t, map[bool]int{false: 1, true: 2}[formPost])
		})
	}
}

func TestAnotherBrowserIsNotLoggedInByTheSameLink(t *testing.T) {
	idp, browser := newProvider(t), chromium.Start(t)
	s := newSite(t, idp, func(*callback.Config) {})
	attacker, victim := newTab(t, browser), newTab(t, browser)
	attacker.open(s.url, "You are a visitor.")
	attacker.login()
	link := s.url + s.last.Load().(string)
	victim.open(s.url, "You are a visitor.")
	victim.open(link, "invalid")
	victim.open(s.url, "You are a visitor.")
	attacker.open(link, "invalid") // nor is it good twice
}
