package callback_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/callback"
)

func TestAnAnswerToALoginOfAnotherBrowserIsRefused(t *testing.T) {
	// LC-1: the attacker began it, and sends the victim the link with code and state.
	l, attacker, victim := newLogins(t), newBrowser(t), newBrowser(t)
	begun := attacker.begin(l, callback.Intent{})
	for name, prepare := range map[string]func(){
		"no login has begun": func() {},
		"another one has":    func() { victim.begin(l, callback.Intent{}) },
	} {
		prepare()
		before := len(victim.jar)
		r := victim.back(good(begun))
		done, res, err := victim.finish(l, r)
		if !errors.Is(err, callback.ErrNotBegun) || !errors.Is(err, middleware.ErrInvalidCredentials) || res != (callback.Result{}) {
			t.Errorf("%s: %v, want ErrNotBegun", name, err)
		}
		if len(victim.jar) != before {
			t.Errorf("%s: the answer made the browser drop its own login", name)
		}
		if _, err := newCookies(t).Login(httptest.NewRecorder(), done, middleware.Login{Subject: "ann"}); err == nil {
			t.Errorf("%s: logged in all the same", name)
		}
	}
}

func TestAStateThatIsNotOursIsRefused(t *testing.T) {
	// LC-1
	l, b := newLogins(t), newBrowser(t)
	begun := b.begin(l, callback.Intent{})
	changed := begun.State[:42] + "_"
	if changed == begun.State {
		changed = begun.State[:42] + "-"
	}
	for name, state := range map[string]string{
		"none": "", "short": begun.State[:11], "with the name of the cookie": changed,
		"long": begun.State + "A", "64 KB": strings.Repeat("A", 64<<10), "NUL": strings.Repeat("\x00", 43), "not UTF-8": strings.Repeat("\xff", 43),
	} {
		if _, _, err := b.finish(l, b.back(with(good(begun), "state", state))); !errors.Is(err, callback.ErrNotBegun) {
			t.Errorf("%s: %v, want ErrNotBegun", name, err)
		}
	}
	if _, _, err := b.finish(l, b.back(good(begun))); err != nil {
		t.Errorf("the login itself: %v", err)
	}
}

// A copy under the name of another login is no login.
func TestACookieOfALoginIsGoodUnderItsOwnNameOnly(t *testing.T) {
	// LC-1, CK-12
	l, attacker, victim := newLogins(t), newBrowser(t), newBrowser(t)
	theirs, ours := attacker.begin(l, callback.Intent{}), victim.begin(l, callback.Intent{})
	name := "__Host-login-" + ours.State[:11]
	planted := attacker.jar["__Host-login-"+theirs.State[:11]].Value
	r := httptest.NewRequest("GET", "https://app.example/callback?"+good(ours).Encode(), nil)
	r.Header.Set("Cookie", name+"="+planted)
	if _, _, err := l.Finish(httptest.NewRecorder(), r); !errors.Is(err, callback.ErrNotBegun) {
		t.Errorf("planted alone: %v, want ErrNotBegun", err)
	}
	r.Header.Set("Cookie", name+"="+planted+"; "+name+"=junk; "+name+"="+victim.jar[name].Value)
	if _, _, err := l.Finish(httptest.NewRecorder(), r); err != nil {
		t.Errorf("beside ours: %v", err)
	}
}

func TestAReplayedAnswerIsRefused(t *testing.T) {
	// LC-1
	l, b := newLogins(t), newBrowser(t)
	begun := b.begin(l, callback.Intent{})
	if _, _, err := b.finish(l, b.back(good(begun))); err != nil {
		t.Fatal(err)
	}
	if _, _, err := b.finish(l, b.back(good(begun))); !errors.Is(err, callback.ErrNotBegun) {
		t.Errorf("again: %v, want ErrNotBegun", err)
	}
}

func TestALoginThatTookTooLongIsRefused(t *testing.T) {
	// LC-1
	synctest.Test(t, func(t *testing.T) {
		l, b := newLogins(t), newBrowser(t)
		begun := b.begin(l, callback.Intent{})
		time.Sleep(10 * time.Minute)
		if _, _, err := b.finish(l, b.back(good(begun))); !errors.Is(err, callback.ErrNotBegun) {
			t.Errorf("%v, want ErrNotBegun", err)
		}
	})
}

func TestAnAnswerOfAnotherIssuerIsRefused(t *testing.T) {
	// LC-2
	evil := func(c *callback.Config) { c.Issuer = "https://evil.example" }
	optional := func(c *callback.Config) { c.IssuerOptional = true }
	for name, row := range map[string]struct {
		edit []func(*callback.Config)
		iss  []string
		want error
	}{
		"right":                 {nil, []string{issuer}, nil},
		"missing":               {nil, nil, callback.ErrIssuer},
		"empty":                 {nil, []string{""}, callback.ErrIssuer},
		"another":               {nil, []string{"https://evil.example"}, callback.ErrIssuer},
		"with a slash":          {nil, []string{issuer + "/"}, callback.ErrIssuer},
		"in another case":       {nil, []string{"https://IDP.example"}, callback.ErrIssuer},
		"twice":                 {nil, []string{issuer, "https://evil.example"}, middleware.ErrMalformedRequest},
		"optional, missing":     {[]func(*callback.Config){optional}, nil, nil},
		"optional, right":       {[]func(*callback.Config){optional}, []string{issuer}, nil},
		"optional, another":     {[]func(*callback.Config){optional}, []string{"https://evil.example"}, callback.ErrIssuer},
		"optional, empty":       {[]func(*callback.Config){optional}, []string{""}, callback.ErrIssuer},
		"at another's callback": {[]func(*callback.Config){evil, optional}, nil, callback.ErrIssuer},
	} {
		b := newBrowser(t)
		begun := b.begin(newLogins(t), callback.Intent{})
		_, res, err := b.finish(newLogins(t, row.edit...), b.back(with(good(begun), "iss", row.iss...)))
		if !errors.Is(err, row.want) || row.want != nil && res != (callback.Result{}) {
			t.Errorf("%s: %v, want %v", name, err, row.want)
		}
	}
}

func TestAnErrorOfTheProviderIsTyped(t *testing.T) {
	for code, want := range map[string]error{
		"access_denied":           middleware.ErrInvalidCredentials,
		"login_required":          middleware.ErrInvalidCredentials,
		"temporarily_unavailable": middleware.ErrUnavailable,
		"invalid_scope":           middleware.ErrInvalidArgument,
		"\r\nforged log line":     middleware.ErrInvalidArgument,
	} {
		l, b := newLogins(t), newBrowser(t)
		begun := b.begin(l, callback.Intent{})
		answer := url.Values{"state": {begun.State}, "iss": {issuer}, "error": {code}, "error_description": {"no\nluck"}}
		done, _, err := b.finish(l, b.back(answer))
		var e *callback.ProviderError
		if !errors.As(err, &e) || e.Code != strings.TrimSpace(code) || e.Description != "no luck" || !errors.Is(err, want) {
			t.Errorf("%q: %q, want a ProviderError that is %v", code, err, want)
		}
		if len(b.jar) != 0 || strings.ContainsAny(err.Error(), "\r\n") {
			t.Errorf("%q: the login is remembered, or the error has several lines", code)
		}
		if _, err := newCookies(t).Login(httptest.NewRecorder(), done, middleware.Login{Subject: "ann"}); err == nil {
			t.Errorf("%q: logged in", code)
		}
	}
	// Without the state of a login it is no word of the provider.
	b := newBrowser(t)
	if _, _, err := b.finish(newLogins(t), b.back(url.Values{"error": {"access_denied"}})); !errors.Is(err, callback.ErrNotBegun) {
		t.Errorf("without state: %v, want ErrNotBegun", err)
	}
}

func TestAnAnswerThatIsNoActOfTheUserChangesNothing(t *testing.T) {
	// CS-5
	get, post := newLogins(t), newLogins(t, formPost)
	b := newBrowser(t)
	begun, posted := b.begin(get, callback.Intent{}), b.begin(post, callback.Intent{})
	edit := func(r *http.Request, name, value string) *http.Request { r.Header.Set(name, value); return r }
	head := b.back(good(begun))
	head.Method = "HEAD"
	twice, halves := good(begun), b.back(good(begun))
	twice["code"] = []string{"a", "b"}
	halves.URL.RawQuery += "&%zz"
	bodiless := b.posted(good(posted))
	bodiless.Body = nil // as in a request that no server read
	for name, row := range map[string]struct {
		l *callback.Logins
		r *http.Request
	}{
		"no body":              {post, bodiless},
		"HEAD":                 {get, head},
		"prefetch":             {get, edit(b.back(good(begun)), "Sec-Purpose", "prefetch;prerender")},
		"prefetch, older":      {get, edit(b.back(good(begun)), "Purpose", "prefetch")},
		"POST in place of GET": {get, b.posted(good(begun))},
		"GET in place of POST": {post, b.back(good(posted))},
		"two codes":            {get, b.back(twice)},
		"no query":             {get, halves},
		"a form of 1 MB":       {post, b.posted(with(good(posted), "more", strings.Repeat("x", 1<<20)))},
	} {
		if _, _, err := b.finish(row.l, row.r); !errors.Is(err, middleware.ErrMalformedRequest) {
			t.Errorf("%s: %v, want ErrMalformedRequest", name, err)
		}
	}
	if len(b.jar) != 2 {
		t.Fatalf("%d logins are remembered, want 2", len(b.jar))
	}
	if _, _, err := b.finish(get, b.back(with(good(begun), "code"))); !errors.Is(err, middleware.ErrMalformedRequest) {
		t.Errorf("neither code nor error: %v, want ErrMalformedRequest", err)
	}
	begun = b.begin(get, callback.Intent{})
	if _, _, err := b.finish(get, b.back(with(good(begun), "error", "access_denied"))); !errors.Is(err, middleware.ErrMalformedRequest) {
		t.Errorf("code and error: %v, want ErrMalformedRequest", err)
	}
}

func TestNoOtherSiteBeginsALogin(t *testing.T) {
	// LO-8, CS-6
	l := newLogins(t, func(c *callback.Config) { c.TrustedOrigins = []string{"https://www.app.example"} })
	for name, row := range map[string]struct {
		method, site, origin string
		want                 error
	}{
		"a form":                   {"POST", "same-origin", "", nil},
		"a link":                   {"GET", "same-origin", "", nil},
		"the address bar":          {"GET", "none", "", nil},
		"a trusted page":           {"POST", "same-site", "https://www.app.example", nil},
		"a link elsewhere":         {"GET", "cross-site", "", middleware.ErrCrossOrigin},
		"a form elsewhere":         {"POST", "cross-site", "https://evil.example", middleware.ErrCrossOrigin},
		"a sibling":                {"GET", "same-site", "", middleware.ErrCrossOrigin},
		"a form of an old browser": {"POST", "", "https://evil.example", middleware.ErrCrossOrigin},
		"HEAD":                     {"HEAD", "same-origin", "", middleware.ErrMalformedRequest},
	} {
		r, w := httptest.NewRequest(row.method, "https://app.example/login", nil), httptest.NewRecorder()
		for header, value := range map[string]string{"Sec-Fetch-Site": row.site, "Origin": row.origin} {
			if value != "" {
				r.Header.Set(header, value)
			}
		}
		if _, err := l.Begin(w, r, callback.Intent{}); !errors.Is(err, row.want) || (len(w.Header()) > 0) != (err == nil) {
			t.Errorf("%s: %v, header %v; want %v", name, err, w.Header(), row.want)
		}
	}
	r := httptest.NewRequest("GET", "https://app.example/login", nil)
	r.Header.Set("Sec-Purpose", "prefetch")
	if _, err := l.Begin(httptest.NewRecorder(), r, callback.Intent{}); !errors.Is(err, middleware.ErrMalformedRequest) {
		t.Errorf("prefetch: %v, want ErrMalformedRequest", err)
	}
}

func FuzzFinish(f *testing.F) {
	l, b := newLogins(f), newBrowser(f)
	begun := b.begin(l, callback.Intent{})
	c := b.jar["__Host-login-"+begun.State[:11]]
	f.Add("state="+begun.State+"&code=c&iss="+url.QueryEscape(issuer), c.Name+"="+c.Value)
	f.Add("state="+begun.State+"&error=x&iss="+url.QueryEscape(issuer), c.Name+"="+c.Value)
	f.Add("state=&state=&code=%zz", "__Host-login-=; __Host-login-AAAAAAAAAAA=AAAA")
	f.Add("state="+strings.Repeat("A", 43), "__Host-login-AAAAAAAAAAA="+c.Value)
	posted := newLogins(f, formPost)
	f.Fuzz(func(t *testing.T, query, cookies string) {
		for _, l := range []*callback.Logins{l, posted} {
			r := httptest.NewRequest("GET", "https://app.example/callback", nil)
			r.URL.RawQuery = query
			if l == posted {
				r = httptest.NewRequest("POST", "https://app.example/callback", strings.NewReader(query))
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			}
			r.Header.Set("Cookie", cookies)
			done, res, err := l.Finish(httptest.NewRecorder(), r)
			if done == nil || err == nil && (res.Code == "" || res.Verifier == "" || res.Nonce == "" || res.Next == "") {
				t.Errorf("%q, %q: %v, %v", query, cookies, res, err)
			}
		}
	})
}
