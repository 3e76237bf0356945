package jwtauth_test

import (
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/cookie"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/internal/tokentest"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/jwtauth/tokencookie"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/session"
	"github.com/inga-auth/inga/sliding"
)

// A page is logged in by a cookie, and may ask for tokens.
type page struct {
	cookies *cookie.Cookies
	tokens  *jwtauth.Tokens
	browser *tokentest.Browser
}

func newPage(t *testing.T, s backends.Store) *page {
	t.Helper()
	return newPageWith(t, s, sliding.Policy{Idle: time.Hour, Absolute: 12 * time.Hour})
}

func newPageWith(t *testing.T, s backends.Store, policy middleware.Policy) *page {
	t.Helper()
	sessions, err1 := session.New(session.Config{
		Store: s, Policy: policy, Limit: backends.Limit{Total: 1}.ForAll,
		Events: new(tokentest.Journal).Hook,
	})
	cookies, err2 := cookie.New(cookie.Config{Sessions: sessions, Keys: [][]byte{tokentest.RefreshKeyA}})
	tokens, err3 := jwtauth.New(jwtauth.Config{
		Sessions: sessions, Keys: []jwtauth.Key{tokentest.HS256(t)}, Issuer: "https://app.example", Audience: "app",
		RefreshKeys: [][]byte{tokentest.RefreshKeyA},
	})
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	p := &page{cookies, tokens, tokentest.NewBrowser(t, tokentest.Guarded(t, cookies))}
	w := httptest.NewRecorder()
	if _, err := cookies.Login(w, httptest.NewRequest("POST", "/", nil), middleware.Login{Subject: "1", AMR: []string{"pwd", "otp"}}); err != nil {
		t.Fatal(err)
	}
	p.browser.Keep(w)
	return p
}

// identity is what the cookie proves.
func (p *page) identity(t *testing.T) middleware.Identity {
	t.Helper()
	return tokentest.IdentityOf(t, p.browser.Status("GET", "/me", 200))
}

func (p *page) granted(t *testing.T) jwtauth.Response {
	t.Helper()
	resp, err := p.tokens.Grant(httptest.NewRequest("POST", "/token", nil), p.identity(t))
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

func TestATokenForASessionThatACookieOpenedIsTheSameSession(t *testing.T) {
	// TL-11, DV-7: with a limit of one session, both credentials work.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		p := newPage(t, s)
		for range 3 {
			resp := p.granted(t)
			if resp.RefreshToken != "" || resp.ExpiresIn < 299 || resp.ExpiresIn > 300 {
				t.Errorf("refresh token %q, expires in %d; want none, and 300", resp.RefreshToken, resp.ExpiresIn)
			}
			id, got := p.identity(t), middleware.Identity{}
			got, err := p.tokens.Authenticate(tokentest.Presented(resp.AccessToken))
			if err != nil || got.SessionID != id.SessionID || !got.AuthTime.Equal(id.AuthTime) || strings.Join(got.AMR, " ") != "pwd otp" || got.Method != "bearer" {
				t.Errorf("the token proves %+v, %v; want that of %+v", got, err, id)
			}
		}
		tokentest.WantLive(t, s, "1", 1)
	})
}

func TestATokenForASessionThatACookieOpenedEndsWithIt(t *testing.T) {
	// LO-1
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		for name, end := range map[string]func(p *page, token string) error{
			"by the cookie": func(p *page, _ string) error {
				r := httptest.NewRequest("POST", "/", nil)
				tokentest.CookieHeader("__Host-session=" + p.browser.Jar["__Host-session"])(r)
				return p.cookies.Logout(httptest.NewRecorder(), r)
			},
			"by the token": func(p *page, token string) error {
				r := tokentest.Presented(token)
				r.Method = "POST"
				return p.tokens.Logout(httptest.NewRecorder(), r)
			},
		} {
			p := newPage(t, s)
			id, token := p.identity(t), p.granted(t).AccessToken
			if err := end(p, token); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if _, err := p.tokens.Authenticate(tokentest.Presented(token)); !errors.Is(err, middleware.ErrInvalidCredentials) {
				t.Errorf("%s: the token: %v, want ErrInvalidCredentials", name, err)
			}
			p.browser.Status("GET", "/me", 401)
			if _, err := p.tokens.Grant(httptest.NewRequest("POST", "/token", nil), id); !errors.Is(err, middleware.ErrInvalidCredentials) {
				t.Errorf("%s: another token: %v, want ErrInvalidCredentials", name, err)
			}
		}
	})
}

func TestATokenForACookieSlides(t *testing.T) {
	// TL-11
	synctest.Test(t, func(t *testing.T) {
		p := newPage(t, storetest.Memory(t))
		id, err := p.tokens.Authenticate(tokentest.Presented(p.granted(t).AccessToken))
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Minute)
		w := httptest.NewRecorder()
		if _, ok, err := p.tokens.Renew(w.Header(), tokentest.Presented(""), id); !ok || err != nil {
			t.Fatal(ok, err)
		}
		if next, err := p.tokens.Authenticate(tokentest.Presented(w.Header().Get("Access-Token"))); err != nil || next.SessionID != id.SessionID {
			t.Errorf("the renewed token: %v, of session %s; want %s", err, next.SessionID, id.SessionID)
		}
	})
}

func TestATokenForACookieNeverOutlivesTheSession(t *testing.T) {
	// TL-2
	synctest.Test(t, func(t *testing.T) {
		p := newPage(t, storetest.Memory(t))
		for range 14 {
			time.Sleep(50 * time.Minute)
			r := p.browser.Status("GET", "/me", 200)
			if _, ok, err := p.cookies.Renew(r.Header(), tokentest.Presented(""), tokentest.IdentityOf(t, r)); !ok || err != nil {
				t.Fatal(ok, err)
			}
		}
		time.Sleep(18 * time.Minute) // two minutes are left of twelve hours
		resp := p.granted(t)
		if resp.ExpiresIn != 120 {
			t.Errorf("expires in %d, want 120", resp.ExpiresIn)
		}
		time.Sleep(2 * time.Minute)
		if _, err := p.tokens.Authenticate(tokentest.Presented(resp.AccessToken)); err == nil {
			t.Error("good after the deadline of its session")
		}
	})
}

func TestNoTokenIsIssuedForWhatIsNoSessionOfACookie(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		p := newPage(t, s)
		id := p.identity(t)
		with := func(edit func(*middleware.Identity)) middleware.Identity { other := id; edit(&other); return other }
		byToken, err := p.tokens.Authenticate(tokentest.Presented(p.granted(t).AccessToken))
		if err != nil {
			t.Fatal(err)
		}
		for name, row := range map[string]struct {
			id   middleware.Identity
			want error
		}{
			"nobody":              {middleware.Identity{}, middleware.ErrNoCredentials},
			"no session":          {with(func(id *middleware.Identity) { id.SessionID = "" }), middleware.ErrForbidden},
			"another issuer":      {with(func(id *middleware.Identity) { id.Issuer = "https://idp.example" }), middleware.ErrForbidden},
			"a token":             {byToken, middleware.ErrForbidden},
			"another user":        {with(func(id *middleware.Identity) { id.Subject = "2" }), middleware.ErrInvalidCredentials},
			"an unknown session":  {with(func(id *middleware.Identity) { id.SessionID = backends.NewID("1") }), middleware.ErrInvalidCredentials},
			"before the last one": {with(func(id *middleware.Identity) { id.AuthTime = id.AuthTime.Add(-time.Microsecond) }), middleware.ErrInvalidCredentials},
		} {
			if resp, err := p.tokens.Grant(httptest.NewRequest("POST", "/token", nil), row.id); !errors.Is(err, row.want) || resp.AccessToken != "" {
				t.Errorf("%s: %v, want %v", name, err, row.want)
			}
		}
	})
}

func TestReauthenticationByTheCookieEndsItsTokens(t *testing.T) {
	// SID-3
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		p := newPage(t, s)
		id, token := p.identity(t), p.granted(t).AccessToken
		bearer := tokentest.Presented(token)
		bearer.Method = "POST"
		if _, err := p.tokens.Reauthenticate(httptest.NewRecorder(), bearer, middleware.Login{Subject: "1"}); !errors.Is(err, middleware.ErrForbidden) {
			t.Errorf("by the token: %v, want ErrForbidden", err)
		}
		p.identity(t) // the cookie still opens the session

		w, r := httptest.NewRecorder(), httptest.NewRequest("POST", "/", nil)
		tokentest.CookieHeader("__Host-session=" + p.browser.Jar["__Host-session"])(r)
		if _, err := p.cookies.Reauthenticate(w, r, middleware.Login{Subject: "1"}); err != nil {
			t.Fatal(err)
		}
		if _, err := p.tokens.Authenticate(bearer); !errors.Is(err, middleware.ErrInvalidCredentials) {
			t.Errorf("the former token: %v, want ErrInvalidCredentials", err)
		}
		if _, err := p.tokens.Grant(httptest.NewRequest("POST", "/token", nil), id); !errors.Is(err, middleware.ErrInvalidCredentials) {
			t.Errorf("for the former identity: %v, want ErrInvalidCredentials", err)
		}
		p.browser.Keep(w)
		p.granted(t)
	})
}

func TestTokensThatWereNotMadeGrantNothing(t *testing.T) {
	for _, tokens := range []*jwtauth.Tokens{nil, {}} {
		if _, err := tokens.Grant(httptest.NewRequest("POST", "/token", nil), middleware.Identity{}); !errors.Is(err, middleware.ErrInvalidArgument) {
			t.Errorf("%v, want ErrInvalidArgument", err)
		}
	}
}

// The session of token cookies has a refresh token. Its generation is none of the page's business.
func TestATokenForTokenCookiesComesWithoutARefreshToken(t *testing.T) {
	tokens := tokentest.New(t, storetest.Memory(t), tokentest.WithRefresh)
	cookies, err := tokencookie.New(tokencookie.Config{Tokens: tokens})
	if err != nil {
		t.Fatal(err)
	}
	b := tokentest.NewBrowser(t, tokentest.CookieApp(t, cookies))
	b.Login("1")
	resp, err := tokens.Grant(httptest.NewRequest("POST", "/token", nil), tokentest.IdentityOf(t, b.Status("GET", "/me", 200)))
	if err != nil || resp.RefreshToken != "" || tokentest.ClaimsOf(t, resp.AccessToken)["rt_gen"] != nil {
		t.Errorf("%v, refresh token %q, claims %v", err, resp.RefreshToken, tokentest.ClaimsOf(t, resp.AccessToken))
	}
	if _, err := tokens.Authenticate(tokentest.Presented(resp.AccessToken)); err != nil {
		t.Error(err)
	}
}
