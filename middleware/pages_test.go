package middleware_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/inga-auth/inga/middleware"
)

// pages has a page for each kind of refusal.
var pages = middleware.LoginRedirect{
	Path: "/login", Again: "/confirm", SecondFactor: "/code",
	Page: middleware.DenierFunc(func(w http.ResponseWriter, _ *http.Request, d middleware.Denial) {
		w.WriteHeader(d.Status)
		fmt.Fprint(w, d.Title)
	}),
}

// form makes of a request one that posts a form, as browsers do with TLS.
func form(r *http.Request) {
	browser(r)
	r.Method = http.MethodPost
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Mode", "navigate")
	r.Header.Set("Referer", "https://example.com/edit?id=7")
}

func TestEachKindOfRefusalHasItsPageInABrowserAndNoneInAProgram(t *testing.T) {
	// ER-4
	stale := &oracle{identity: middleware.Identity{Subject: "ann", AMR: []string{"pwd"}, AuthTime: time.Now().Add(-time.Hour)}}
	for name, row := range map[string]struct {
		a        middleware.Authenticator
		rule     middleware.Authorizer
		status   int
		to, body string
	}{
		"a visitor":                {a: refuses(middleware.ErrNoCredentials), status: 401, to: "/login"},
		"a session that has ended": {a: refuses(middleware.ErrSessionExpired), status: 401, to: "/login"},
		"a login of long ago":      {a: stale, rule: middleware.Fresh(time.Minute), status: 401, to: "/confirm"},
		"no second factor":         {a: stale, rule: middleware.HasAMR("otp", "hwk"), status: 401, to: "/code"},
		"forbidden":                {a: stale, rule: middleware.HasScope("write"), status: 403, body: "Not allowed"},
		"another site":             {a: refuses(middleware.ErrCrossOrigin), status: 403, body: "Cross-origin request refused"},
		"too many attempts":        {a: refuses(tooSoon(time.Second)), status: 429, body: "Too many attempts"},
		"an outage":                {a: refuses(middleware.ErrUnavailable), status: 503, body: "Try again later"},
		"a malformed request":      {a: refuses(middleware.ErrMalformedRequest), status: 400, body: "Request is malformed"},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGuard(t, middleware.Config{Authenticator: row.a, Denier: pages})
			if row.rule != nil {
				g = require(t, g, row.rule)
			}
			for next, edit := range map[string]func(*http.Request){"%2Fpage%3Fq%3D1": browser, "%2Fedit%3Fid%3D7": form} {
				status, location := row.status, ""
				if row.to != "" {
					status, location = 303, row.to+"?next="+next
				}
				w := get(g.Handler(whoami), edit)
				if w.Code != status || w.Header().Get("Location") != location || location == "" && w.Body.String() != row.body {
					t.Errorf("got %d to %q, %q; want %d to %q, %q", w.Code, w.Header().Get("Location"), w.Body, status, location, row.body)
				}
			}
			w := get(g.Handler(whoami))
			if got := w.Header().Get("Content-Type"); w.Code != row.status || got != "application/problem+json" {
				t.Errorf("a program: %d %s, want %d and a problem", w.Code, got, row.status)
			}
		})
	}
}

func TestOnlyWhatABrowserWillShowIsAnsweredWithAPage(t *testing.T) {
	for name, row := range map[string]struct {
		method string
		header map[string]string
		want   int
	}{
		"a form":                     {"POST", map[string]string{"Sec-Fetch-Mode": "navigate"}, 303},
		"a form without TLS":         {"POST", map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, 303},
		"a form with a file":         {"POST", map[string]string{"Content-Type": "multipart/form-data; boundary=x"}, 303},
		"a script that posts a form": {"POST", map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Mode": "cors"}, 401},
		"a script that posts JSON":   {"POST", map[string]string{"Content-Type": "application/json"}, 401},
		"a script that deletes":      {"DELETE", map[string]string{"Sec-Fetch-Mode": "cors"}, 401},
		"a form for a program":       {"POST", map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Accept": "*/*"}, 401},
		"a HEAD of a page":           {"HEAD", nil, 303},
	} {
		g := newGuard(t, middleware.Config{Authenticator: refuses(middleware.ErrNoCredentials), Denier: pages})
		w := get(g.Handler(whoami), browser, func(r *http.Request) {
			r.Method = row.method
			for name, value := range row.header {
				r.Header.Set(name, value)
			}
		})
		if w.Code != row.want {
			t.Errorf("%s: status %d, want %d", name, w.Code, row.want)
		}
	}
}

func TestAFormThatIsPostedTooLateLeadsBackToItsPage(t *testing.T) {
	for referer, want := range map[string]string{
		"https://example.com/edit?id=7": "/edit?id=7",
		"http://EXAMPLE.com/edit":       "/edit",
		"https://evil.example/edit":     "/",
		"https://example.com//evil":     "/",
		"https://example.com":           "/",
		"/edit":                         "/",
		"":                              "/",
		"%zz":                           "/",
	} {
		g := newGuard(t, middleware.Config{Authenticator: refuses(middleware.ErrNoCredentials), Denier: pages})
		w := get(g.Handler(whoami), form, func(r *http.Request) { r.Header.Set("Referer", referer) })
		if got := w.Header().Get("Location"); got != "/login?next="+url.QueryEscape(want) {
			t.Errorf("%q: Location %q, want next to be %q", referer, got, want)
		}
	}
}

func TestAFormThatIsFilledInWrongIsAnsweredWithItsPage(t *testing.T) {
	wrong := fmt.Errorf("%w: wrong password", middleware.ErrInvalidCredentials)
	for _, row := range []struct {
		target string
		err    error
		want   string // "" for the page
	}{
		{"/login", wrong, ""},
		{"/confirm", wrong, ""},
		{"/code?next=%2Freport", wrong, ""},
		{"/confirm", middleware.ErrSessionExpired, "/login?next=%2Freport"},
		{"/confirm", middleware.ErrNoCredentials, "/login?next=%2Freport"},
		{"/code", middleware.ErrInsufficientAuthentication, "/confirm?next=%2Freport"},
		{"/report", wrong, "/login?next=%2Freport"},
	} {
		g := newGuard(t, middleware.Config{Authenticator: refuses(middleware.ErrNoCredentials), Denier: pages})
		r := httptest.NewRequest("POST", "https://example.com"+row.target, nil)
		form(r)
		r.Header.Set("Referer", "https://example.com/confirm?next=%2Freport")
		w := httptest.NewRecorder()
		g.Refuse(w, r, row.err)
		status := 303
		if row.want == "" {
			status = 401
		}
		if got := w.Header().Get("Location"); w.Code != status || got != row.want {
			t.Errorf("%s because of %v: %d to %q, want %d to %q", row.target, row.err, w.Code, got, status, row.want)
		}
	}
	// Without a form nothing was typed.
	g := newGuard(t, middleware.Config{Authenticator: refuses(wrong), Denier: pages})
	r := httptest.NewRequest("GET", "https://example.com/confirm?next=%2Freport", nil)
	browser(r)
	w := httptest.NewRecorder()
	if g.Handler(whoami).ServeHTTP(w, r); w.Header().Get("Location") != "/login?next=%2Freport" {
		t.Errorf("GET: %d to %q, want the login page", w.Code, w.Header().Get("Location"))
	}
}

func TestNoPageIsRedirectedToItself(t *testing.T) {
	for _, row := range []struct {
		path   string // of the login page
		target string
		err    error
		want   string // "" for no redirect
	}{
		{"/login", "/login", middleware.ErrNoCredentials, ""},
		{"/login", "/login?next=%2Freport", middleware.ErrSessionExpired, ""},
		{"/login", "/login/", middleware.ErrNoCredentials, ""},
		{"/login", "//login", middleware.ErrNoCredentials, "/login?next=%2F"},
		{"/login", "/confirm?next=%2Freport", middleware.ErrInsufficientAuthentication, ""},
		{"/login", "/confirm?next=%2Freport", middleware.ErrNoCredentials, "/login?next=%2Freport"},
		{"/login", "/confirm", middleware.ErrNoCredentials, "/login?next=%2F"},
		{"/login", "/code?next=%2Fconfirm%3Fnext%3D%252Freport", middleware.ErrNoCredentials, "/login?next=%2F"},
		{"/login", "/confirm?next=%2F%2Fevil.example", middleware.ErrNoCredentials, "/login?next=%2F"},
		{"/login", "/report?next=%2Flogin", middleware.ErrNoCredentials, "/login?next=%2Freport%3Fnext%3D%252Flogin"},
		{"/?view=login", "/?view=login&next=%2F", middleware.ErrNoCredentials, ""},
		{"/?view=login", "/?view=orders", middleware.ErrNoCredentials, "/?view=login&next=%2F%3Fview%3Dorders"},
	} {
		p := pages
		p.Path = row.path
		g := newGuard(t, middleware.Config{Authenticator: refuses(row.err), Denier: p})
		r := httptest.NewRequest("GET", "https://app.example"+row.target, nil)
		browser(r)
		w := httptest.NewRecorder()
		g.Handler(whoami).ServeHTTP(w, r)
		if got := w.Header().Get("Location"); got != row.want || row.want == "" && w.Code != 401 {
			t.Errorf("%s behind %s: %d to %q, want %q", row.target, row.path, w.Code, got, row.want)
		}
	}
}

func TestARedirectToAPageIsFollowedOnceAtMost(t *testing.T) {
	// All pages are behind the guard, which is a mistake: browsers do not go round in circles all the same.
	for _, err := range []error{middleware.ErrNoCredentials, middleware.ErrInsufficientAuthentication} {
		server := httptest.NewTLSServer(newGuard(t, middleware.Config{Authenticator: refuses(err), Denier: pages}).Handler(whoami))
		defer server.Close()
		client, hops := server.Client(), 0
		client.CheckRedirect = func(*http.Request, []*http.Request) error {
			if hops++; hops > 5 {
				return errors.New("a circle")
			}
			return nil
		}
		r, _ := http.NewRequest("GET", server.URL+"/report", nil)
		browser(r)
		res, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if hops != 1 || res.StatusCode != 401 || res.Request.URL.Query().Get("next") != "/report" {
			t.Errorf("%d redirects to %v, %d; want 1, and 401 there", hops, res.Request.URL, res.StatusCode)
		}
	}
}

func TestTheOtherPagesAreChecked(t *testing.T) {
	var none *middleware.LoginRedirect
	err := middleware.LoginRedirect{Path: "/login", SecondFactor: "https://evil.example", Page: none}.Validate()
	wantMentions(t, err, "LoginRedirect.SecondFactor", "LoginRedirect.Page")
	if strings.Contains(err.Error(), "LoginRedirect.Path") || pages.Validate() != nil {
		t.Errorf("want mistakes of these two fields alone, and none of %+v: %v", pages, err)
	}
}
