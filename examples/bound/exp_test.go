package bound_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/inga-auth/inga/examples/internal/chromium"
)

func browser(t *testing.T, s *site, profile string, lifted bool) (context.Context, func()) {
	features := "DeviceBoundSessions"
	if lifted {
		features += ":RefreshQuota/false"
	}
	ctx, end := chromium.StartIn(t, profile,
		chromedp.Flag("enable-features", features+",EnableBoundSessionCredentialsSoftwareKeysForManualTesting"),
		chromedp.Flag("ignore-certificate-errors-spki-list", s.spki),
		chromedp.Flag("host-resolver-rules", "MAP * 127.0.0.1"))
	err := chromedp.Listen(ctx, func(ev any) {
		switch e := ev.(type) {
		case *network.EventDeviceBoundSessionEventOccurred:
			b, _ := json.Marshal(e)
			t.Logf("dbsc %s", b)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, network.EnableDeviceBoundSessions, network.EnableDeviceBoundSessionsParams{Enable: true}); err != nil {
		t.Fatal(err)
	}
	return ctx, end
}

func TestExp(t *testing.T) {
	s := newSite(t, 3*time.Second)
	ctx, _ := browser(t, s, chromium.Profile(t), true)
	if err := chromedp.Do(ctx, chromedp.Navigate(s.app+"/")); err != nil {
		t.Fatal(err)
	}
	send := func(m, p string) {
		script := fmt.Sprintf(`fetch(%q, {method: %q}).then(async r => r.status + " " + await r.text())`, p, m)
		a, err := chromedp.Run(ctx, chromedp.Evaluate[string](script, chromedp.EvalAwaitPromise))
		t.Log(m, p, a, err)
	}
	send("POST", "/login/1")
	send("GET", "/me")
	time.Sleep(time.Second)
	send("GET", "/me")
	time.Sleep(4 * time.Second)
	send("GET", "/me")
	time.Sleep(4 * time.Second)
	send("POST", "/login/2")
	time.Sleep(4 * time.Second)
	send("GET", "/me")
	send("POST", "/confirm/2")
	send("GET", "/me")
	time.Sleep(4 * time.Second)
	send("GET", "/me")
	send("POST", "/logout")
	time.Sleep(4 * time.Second)
	send("GET", "/me")
	time.Sleep(time.Second)
	s.mu.Lock()
	for _, r := range s.requests {
		r.cookie = ""
		t.Logf("%+v", r)
	}
	for _, e := range s.events {
		t.Logf("%+v", e)
	}
}
