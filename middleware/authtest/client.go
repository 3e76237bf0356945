package authtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// A Login opens a session and responds to r as the login handler of the application does: with
// cookies, or with an access token (RFC 6749, section 5.1).
//
//	func(w http.ResponseWriter, r *http.Request) error { // packages cookie and tokencookie
//		_, err := cookies.Login(w, r, middleware.Login{Subject: "ann"})
//		return err
//	}
//	func(w http.ResponseWriter, r *http.Request) error { // package jwtauth
//		response, err := tokens.Login(r, middleware.Login{Subject: "ann"})
//		if err == nil {
//			response.Write(w)
//		}
//		return err
//	}
type Login func(w http.ResponseWriter, r *http.Request) error

// Client returns a client of the server that is logged in by login, or is anonymous if login is
// nil. It follows redirects, keeps cookies, and resolves paths against the URL of the server:
// client.Get("/account").
//
// It sends Secure cookies to this server over plain HTTP too, so that tests need no other cookies
// than production. It sends the access_token of the login in the Authorization header, until a
// response has a new one in the header Access-Token. Other hosts get neither. A request that has
// an Authorization header keeps it.
//
// The client does not refresh expired tokens. It is not a browser: it sends neither Origin nor
// Sec-Fetch-Site, and keeps cookies that browsers refuse.
func Client(t testing.TB, server *httptest.Server, login Login) *http.Client {
	t.Helper()
	return newClient(t, server.URL, server.Client().Transport, login)
}

// InMemoryClient is like [Client], but calls a handler and uses no network, for a bubble of
// testing/synctest for example; see [Transport]. The server is https://app.example, and requests
// to any other fail.
func InMemoryClient(t testing.TB, h http.Handler, login Login) *http.Client {
	t.Helper()
	const address = "https://app.example"
	return newClient(t, address, only{address, Transport(h)}, login)
}

// only is a network with a single server.
type only struct {
	address string
	server  http.RoundTripper
}

func (o only) RoundTrip(r *http.Request) (*http.Response, error) {
	if origin := r.URL.Scheme + "://" + r.URL.Host; origin != o.address {
		return nil, fmt.Errorf("authtest: %s is asked for, and there is only %s", origin, o.address)
	}
	return o.server.RoundTrip(r)
}

func newClient(t testing.TB, address string, network http.RoundTripper, login Login) *http.Client {
	t.Helper()
	base, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	own, _ := cookiejar.New(nil) // the error is always nil
	others, _ := cookiejar.New(nil)
	a := &agent{site: site{base}, network: network}
	client := &http.Client{Transport: a, Jar: &jar{site{base}, own, others}}
	if login != nil {
		a.logIn(t, client.Jar, login)
	}
	return client
}

// A site is the server of a client.
type site struct{ base *url.URL }

// find resolves u against the site, and reports whether it is on the site.
func (s site) find(u *url.URL) (*url.URL, bool) {
	u = s.base.ResolveReference(u)
	return u, u.Host == s.base.Host
}

// A jar treats requests to the site as HTTPS. It keeps the cookies of the site apart, because
// cookies are shared by all ports of a host (RFC 6265, section 8.5), and test servers differ by
// nothing else.
type jar struct {
	site
	own, others *cookiejar.Jar
}

// Cookies implements [http.CookieJar].
func (j *jar) Cookies(u *url.URL) []*http.Cookie {
	cookies, u := j.of(u)
	return cookies.Cookies(u)
}

// SetCookies implements [http.CookieJar].
func (j *jar) SetCookies(u *url.URL, set []*http.Cookie) {
	cookies, u := j.of(u)
	cookies.SetCookies(u, set)
}

func (j *jar) of(u *url.URL) (*cookiejar.Jar, *url.URL) {
	u, here := j.find(u)
	if !here {
		return j.others, u
	}
	https := *u
	https.Scheme = "https" // before Go 1.26, a cookiejar does not even treat localhost as secure
	return j.own, &https
}

// An agent sends its access token to the site.
type agent struct {
	site
	network http.RoundTripper

	mu    sync.Mutex
	token string
}

// RoundTrip implements [http.RoundTripper].
func (a *agent) RoundTrip(r *http.Request) (*http.Response, error) {
	u, here := a.find(r.URL)
	r = r.Clone(r.Context())
	r.URL = u
	if token := a.current(); here && token != "" && r.Header["Authorization"] == nil {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := a.network.RoundTrip(r)
	if err == nil && here {
		a.take(resp.Header.Get("Access-Token"))
	}
	return resp, err
}

func (a *agent) current() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.token
}

// take replaces the token, unless the new one is empty.
func (a *agent) take(token string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if token != "" {
		a.token = token
	}
}

func (a *agent) logIn(t testing.TB, jar http.CookieJar, login Login) {
	t.Helper()
	w := httptest.NewRecorder()
	if err := login(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, a.base.String()+"/", nil)); err != nil {
		t.Fatalf("authtest: login: %v", err)
	}
	resp := w.Result()
	if resp.StatusCode >= 400 {
		t.Fatalf("authtest: login: status %d: %s", resp.StatusCode, w.Body)
	}
	jar.SetCookies(a.base, resp.Cookies())
	a.take(accessToken(w.Body.Bytes()))
	if len(resp.Cookies()) == 0 && a.token == "" {
		t.Fatal("authtest: login: no cookie is set, and the body has no access_token")
	}
}

// accessToken returns the token of a response of RFC 6749, section 5.1, or "".
func accessToken(body []byte) string {
	var response struct {
		AccessToken string `json:"access_token"`
		TokenType   string `json:"token_type"`
	}
	if err := json.Unmarshal(body, &response); err != nil || !strings.EqualFold(response.TokenType, "Bearer") {
		return ""
	}
	return response.AccessToken
}
