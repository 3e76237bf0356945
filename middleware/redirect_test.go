package middleware_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/inga-auth/inga/middleware"
)

// local has targets that may be redirected to, and foreign those that may not.
var (
	local = []string{
		"/", "/a", "/a/b?c=d&e=f", "/a?next=https://other.example/", "/a%20b", "/search?q=%2F%2Fx", "/a#b", "/~ann/", "/a/..b",
	}
	foreign = []string{
		"", "a", "https://evil.example/", "//evil.example/", "///evil.example", `/\evil.example`, `\\evil.example`,
		"/\t/evil.example", "/\n/evil.example", "\t//evil.example", " //evil.example", "javascript:alert(1)",
		"/%5Cevil.example", "/%2F/evil.example", "/%2fevil.example/", "/%09/evil.example", "/a\x00b", "/a\r\nSet-Cookie: x=y", "/%0d%0aLocation:x",
		"http:evil.example", "/é", "/%zz", "?next=/", "#/", "/a b", `/a?b=\c`, "/a?b= c",
	}
)

func TestOnlyLocalPathsAreReturnedTo(t *testing.T) {
	for _, target := range local {
		if got := middleware.LocalPath(target); got != target {
			t.Errorf("LocalPath(%q) is %q, want it unchanged", target, got)
		}
	}
	for _, target := range foreign {
		if got := middleware.LocalPath(target); got != "/" {
			t.Errorf("LocalPath(%q) is %q, want /", target, got)
		}
	}
}

func FuzzLocalPath(f *testing.F) {
	for _, target := range append(local, foreign...) {
		f.Add(target)
	}
	f.Fuzz(func(t *testing.T, target string) {
		got := middleware.LocalPath(target)
		if got != target && got != "/" {
			t.Fatalf("LocalPath(%q) made up %q", target, got)
		}
		// What browsers do before they parse: drop tabs and line breaks, read \ as /.
		seen := strings.NewReplacer("\t", "", "\n", "", "\r", "", `\`, "/").Replace(strings.TrimSpace(got))
		base, _ := url.Parse("https://app.example/login")
		u, err := base.Parse(seen)
		if err != nil || u.Host != "app.example" || u.Scheme != "https" {
			t.Fatalf("LocalPath(%q) is %q, which leads to %v", target, got, u)
		}
		// net/http must be able to send it in one header line.
		w := httptest.NewRecorder()
		http.Redirect(w, httptest.NewRequest("GET", "https://app.example/login", nil), got, http.StatusSeeOther)
		if loc := w.Header().Get("Location"); strings.HasPrefix(loc, "//") || strings.ContainsAny(loc, "\r\n") {
			t.Fatalf("LocalPath(%q) became Location %q", target, loc)
		}
	})
}

func FuzzLoginRedirect(f *testing.F) {
	for _, target := range append(local, foreign...) {
		f.Add(target, "https://app.example"+target, "text/html", false)
		f.Add("/pay", target, "text/html", true)
		f.Add("/login?next="+url.QueryEscape(target), target, "text/html;q=0.5, */*;q=0.1", false)
		f.Add("/confirm?next=%2Flogin%3Fnext%3D"+url.QueryEscape(url.QueryEscape(target)), "https://app.example/login?next="+url.QueryEscape(target), "text/html", true)
	}
	pages := middleware.LoginRedirect{Path: "/login", Again: "/confirm", SecondFactor: "/code?now"}
	denials := map[string]middleware.Denial{
		"/login":   {Status: http.StatusUnauthorized},
		"/confirm": {Status: http.StatusUnauthorized, Code: "insufficient_user_authentication"},
		"/code":    {Status: http.StatusUnauthorized, Code: "insufficient_user_authentication", AMR: "otp"},
	}
	f.Fuzz(func(t *testing.T, target, referer, accept string, form bool) {
		u, err := url.ParseRequestURI(target)
		if err != nil {
			t.Skip() // net/http refuses it
		}
		r := httptest.NewRequest("GET", "https://app.example/", nil)
		if form {
			r = httptest.NewRequest("POST", "https://app.example/", strings.NewReader("a=b"))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		r.URL, r.RequestURI = u, target
		r.Header["Referer"], r.Header["Accept"] = []string{referer}, []string{accept}
		for page, d := range denials {
			w := httptest.NewRecorder()
			pages.Deny(w, r, d)
			if w.Code == http.StatusUnauthorized {
				continue
			}
			to, err := url.Parse(w.Header().Get("Location"))
			if err != nil || w.Code != http.StatusSeeOther || to.Scheme != "" || to.Host != "" || to.Path != page {
				t.Fatalf("%q from %q: %d to %v (%v), want %s", target, referer, w.Code, to, err, page)
			}
			next := to.Query().Get("next")
			back, err := url.Parse(next)
			if middleware.LocalPath(next) != next || err != nil || back.Path == "/login" || back.Path == "/confirm" {
				t.Fatalf("%q from %q: back to %q (%v)", target, referer, next, err)
			}
		}
	})
}

func TestBrowsersAreSentToTheLoginPageAndOthersAreNot(t *testing.T) {
	// ER-4: content negotiation decides.
	html := "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
	for _, row := range []struct {
		name, method, target, accept string
		err                          error
		status                       int
		location                     string
	}{
		{"a browser", "GET", "/report?year=2026", html, middleware.ErrNoCredentials, 303, "/login?next=%2Freport%3Fyear%3D2026"},
		{"a browser with a dead session", "GET", "/report", html, middleware.ErrInvalidCredentials, 303, "/login?next=%2Freport"},
		{"an API client", "GET", "/report", "application/json", middleware.ErrNoCredentials, 401, ""},
		{"a client that wants no page", "GET", "/report", "application/json, text/html;q=0", middleware.ErrNoCredentials, 401, ""},
		{"a client that prefers others", "GET", "/report", "application/json, text/html;q=0.1", middleware.ErrNoCredentials, 303, "/login?next=%2Freport"},
		{"curl", "GET", "/report", "*/*", middleware.ErrNoCredentials, 401, ""},
		{"a client that says nothing", "GET", "/report", "", middleware.ErrNoCredentials, 401, ""},
		{"a script that posts", "POST", "/report", html, middleware.ErrNoCredentials, 401, ""},
		{"a browser that may not", "GET", "/report", html, middleware.ErrForbidden, 403, ""},
		{"a browser in an outage", "GET", "/report", html, errors.New("down"), 503, ""},
		{"a path that is another host to browsers", "GET", "//evil.example/x", html, middleware.ErrNoCredentials, 303, "/login?next=%2F"},
	} {
		t.Run(row.name, func(t *testing.T) {
			g := newGuard(t, middleware.Config{Authenticator: challenging{refuses(row.err)}, Denier: middleware.LoginRedirect{Path: "/login"}})
			r := httptest.NewRequest(row.method, "/", nil)
			u, err := url.ParseRequestURI(row.target)
			if err != nil {
				t.Fatal(err)
			}
			r.URL, r.RequestURI = u, row.target
			if row.accept != "" {
				r.Header.Set("Accept", row.accept)
			}
			w := httptest.NewRecorder()
			g.Handler(whoami).ServeHTTP(w, r)
			if w.Code != row.status || w.Header().Get("Location") != row.location {
				t.Errorf("got %d to %q, want %d to %q", w.Code, w.Header().Get("Location"), row.status, row.location)
			}
			if got := w.Header().Get("WWW-Authenticate") != ""; got != (row.status == 401 || row.status == 403) {
				t.Errorf("a challenge is there: %v", got)
			}
		})
	}
}

func TestThePageThatWasRequestedIsReturnedToWhateverTheRouterMadeOfIt(t *testing.T) {
	for name, row := range map[string]struct {
		requestURI, path string
		want             string
	}{
		"a prefix that was stripped":        {"/app/report?year=2026", "/report", "/app/report?year=2026"},
		"a whole URL, as proxies get":       {"http://app.example/report", "/report", "/report"},
		"a request that no server has read": {"", "/report", "/report"},
		"another host to browsers":          {"//evil.example/x", "/x", "/"},
		"all of them":                       {"*", "/", "/"},
	} {
		g := newGuard(t, middleware.Config{Authenticator: refuses(middleware.ErrNoCredentials), Denier: middleware.LoginRedirect{Path: "/login"}})
		w := get(g.Handler(whoami), browser, func(r *http.Request) {
			r.RequestURI, r.URL = row.requestURI, &url.URL{Path: row.path}
		})
		if got, want := w.Header().Get("Location"), "/login?next="+url.QueryEscape(row.want); got != want {
			t.Errorf("%s: Location %q, want %q", name, got, want)
		}
	}
}

func TestTheLoginPageHasNoFragment(t *testing.T) {
	// What was wanted would be in the fragment, which browsers do not send.
	for _, l := range []middleware.LoginRedirect{{Path: "/app#login"}, {Path: "/login", Again: "/app#prove"}} {
		if err := l.Validate(); err == nil || !strings.Contains(err.Error(), "#") {
			t.Errorf("%+v: want an error about the path, got %v", l, err)
		}
	}
}

func TestTheLoginPageMayHaveAQueryOfItsOwn(t *testing.T) {
	g := newGuard(t, middleware.Config{Authenticator: refuses(middleware.ErrNoCredentials), Denier: middleware.LoginRedirect{Path: "/login?lang=ko", Param: "back"}})
	w := get(g.Handler(whoami), func(r *http.Request) { r.Header.Set("Accept", "text/html") })
	if got := w.Header().Get("Location"); got != "/login?lang=ko&back=%2Fpage%3Fq%3D1" {
		t.Errorf("Location %q", got)
	}
}
