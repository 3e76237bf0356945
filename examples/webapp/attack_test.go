package main

import (
	"context"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// newEvil returns a site on which each page has a form for that page of the program, with the
// fields of its query.
func newEvil(t *testing.T, p *program) *httptest.Server {
	t.Helper()
	evil := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = fmt.Fprintf(w, `<!doctype html><html lang="en"><title>Win</title><link rel="icon" href="data:,"><form action="%s" method="post">`, p.url+r.URL.Path)
		for name, values := range r.URL.Query() {
			_, _ = fmt.Fprintf(w, `<input name="%s" value="%s">`, name, html.EscapeString(values[0]))
		}
		_, _ = fmt.Fprint(w, `<button>Win</button></form>`)
	}))
	t.Cleanup(evil.Close)
	return evil
}

func attack(t *testing.T, browser context.Context, p *program) {
	evil := newEvil(t, p)
	// The same machine under another name is another site, and gets no Lax cookie with a
	// POST; under the same name and another port it is the same site, and does.
	otherSite := strings.Replace(evil.URL, "127.0.0.1", "localhost", 1)
	otherPort := evil.URL

	p.client(t).signUp("eve")
	b := newTab(t, browser, p).signUp("ann")
	other := p.client(t).login("ann", passphrase)
	for _, row := range []struct { // CS-1, CS-6
		path   string
		form   url.Values
		status int // from the other site: a form that brings no cookie ends at the login
	}{
		{"/signup", url.Values{"name": {"mallory"}, "password": {passphrase}}, 403},
		{"/login", url.Values{"name": {"eve"}, "password": {passphrase}}, 403},
		{"/logout", nil, 403},
		{"/confirm", url.Values{"password": {passphrase}}, 200},
		{"/password", url.Values{"old": {passphrase}, "new": {"the pot of eve"}, "again": {"the pot of eve"}}, 200},
		{"/devices", url.Values{"do": {"end-others"}}, 200},
		{"/delete", url.Values{"name": {"ann"}}, 200},
		{"/live", url.Values{"text": {"buy tea"}}, 200},
	} {
		b.do(chromedp.Navigate(otherPort + row.path + "?" + row.form.Encode()))
		b.press("Win", 403)
		b.wantText("h1", "You may not do that")
		b.do(chromedp.Navigate(otherSite + row.path + "?" + row.form.Encode()))
		b.press("Win", row.status)
	}
	b.open("/live").wantNoText("buy tea")
	b.wantText("header", "ann") // still in, and still ann
	other.get("/").want(200).wantText("Hello, ann")
	p.client(t).login("ann", passphrase)
	p.client(t).post("/login", "name", "mallory", "password", passphrase).want(401)
}
