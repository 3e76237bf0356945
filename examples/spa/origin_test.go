package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

func attack(t *testing.T, browser context.Context) {
	// CS-1, CS-6.
	p := start(t, "-rotate", "1h") // so that the page itself does not refresh
	// The same machine under another name is another site, and gets no Lax cookie with a
	// POST; under the same name and another port it is the same site, and does.
	otherPort := newEvil(t, p.url)
	otherSite := strings.Replace(otherPort, "127.0.0.1", "localhost", 1)

	b := newTab(t, browser, p)
	b.enter()
	before := b.cookies()["__Host-refresh"].Value
	for _, row := range []struct {
		from, path string
		status     int
	}{
		{otherSite, "/login", 415}, // a form has no JSON
		{otherSite, "/refresh", 403},
		{otherSite, "/logout", 403},
		{otherSite, "/api/echo", 401}, // arrives without the cookie
		{otherPort, "/login", 415},
		{otherPort, "/refresh", 403},
		{otherPort, "/logout", 403},
		{otherPort, "/api/echo", 403}, // arrives with it
	} {
		b.do(chromedp.Navigate(row.from + row.path))
		res, err := chromedp.RunResponse(b.ctx, chromedp.Click("button"))
		if err != nil {
			t.Fatal(err)
		}
		if int(res.Status) != row.status {
			t.Errorf("%s from %s: status %d, want %d", row.path, row.from, int(res.Status), row.status)
		}
	}
	b.do(chromedp.Navigate(p.url))
	b.awaitText("#subject", "ann")
	if b.cookies()["__Host-refresh"].Value != before {
		t.Error("another site has refreshed")
	}
	p.wantSessions(1)
}

// newEvil returns the address of a site whose pages send a form to the path that they have.
func newEvil(t *testing.T, victim string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = fmt.Fprintf(w, `<form action="%s%s" method="post" enctype="text/plain">
			<input name='{"name":"ann","password":"ann-likes-tea","x":"' value='"}'><button>Win</button></form>`, victim, r.URL.Path)
	}))
	t.Cleanup(server.Close)
	return server.URL
}
