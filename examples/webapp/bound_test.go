package main

import (
	"context"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/inga-auth/inga/examples/internal/chromium"
)

// secured returns the program behind a proxy that ends TLS, at the origin of the tests of browsers that
// bind sessions.
func (p *program) secured(t *testing.T) (*program, *httptest.Server) {
	t.Helper()
	to, err := url.Parse(p.url)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httptest.NewTLSServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		r.Out.Host = r.In.Host
	}})
	t.Cleanup(proxy.Close)
	outside := *p
	outside.url = "https://app.example.com" + proxy.URL[strings.LastIndex(proxy.URL, ":"):]
	return &outside, proxy
}

func TestADeviceThatIsBoundHasAShield(t *testing.T) {
	// DB-6, DB-9: with a browser that binds its sessions, and one that does not.
	onEachBackend(t, func(t *testing.T, flags func(*testing.T) []string) {
		inside := start(t, flags(t)...)
		p, proxy := inside.secured(t)
		ctx, _ := chromium.StartIn(t, chromium.Profile(t), chromium.BindsSessions(proxy.Certificate(), false)...)
		ctx, cancel := context.WithTimeout(ctx, 2*patience)
		t.Cleanup(cancel)
		b := &tab{t: t, ctx: ctx, url: p.url}
		b.login("guest", p.guest)
		eventually(t, "the shield is there", func() bool {
			b.open("/devices")
			return strings.Contains(b.text("#devices li:nth-child(1)"), "bound to its device since")
		})
		b.wantText("#devices li:nth-child(1)", "this device")

		plain := newTab(t, ctx, inside)
		plain.login("guest", p.guest)
		plain.open("/devices")
		plain.wantText("#devices li:nth-child(1)", "this device")
		if text := plain.text("#devices li:nth-child(1)"); strings.Contains(text, "bound to its device since") {
			t.Errorf("without TLS: %q, want no shield", text)
		}
		plain.wantText("#devices li:nth-child(2)", "bound to its device since")
	})
}
