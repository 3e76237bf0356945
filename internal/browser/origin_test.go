package browser_test

import (
	"crypto/tls"
	"errors"
	"net/http/httptest"
	"testing"

	"github.com/inga-auth/inga/internal/browser"
	"github.com/inga-auth/inga/middleware"
)

func TestATrustedOriginIsTheOneThatBrowsersSend(t *testing.T) {
	for origin, sent := range map[string]string{
		"https://app.example":            "https://app.example",
		"https://App.EXAMPLE":            "https://app.example",
		"HTTPS://app.example":            "https://app.example",
		"https://app.example:443":        "https://app.example",
		"http://app.example:80":          "http://app.example",
		"https://app.example:":           "https://app.example",
		"https://app.example:80":         "https://app.example:80",
		"https://app.example:08443":      "https://app.example:8443",
		"http://localhost:3000":          "http://localhost:3000",
		"http://my_app:8080":             "http://my_app:8080",
		"https://xn--bcher-kva.example":  "https://xn--bcher-kva.example",
		"https://192.0.2.7":              "https://192.0.2.7",
		"https://[2001:DB8:0:0:0:0:0:7]": "https://[2001:db8::7]",
		"https://[2001:db8::7]:8443":     "https://[2001:db8::7]:8443",
	} {
		var o browser.Origins
		if errs := o.Trust("Origins", []string{origin}); errs != nil {
			t.Errorf("%s: %v", origin, errs)
		}
		r := httptest.NewRequest("POST", "https://api.example/", nil)
		r.Header.Set("Origin", sent)
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		if err := o.Check(r); err != nil {
			t.Errorf("%s trusted, %s sent: %v", origin, sent, err)
		}
	}
}

func TestAnOriginThatNoBrowserSendsIsAMistake(t *testing.T) {
	for _, origin := range []string{
		"", "null", "app.example", "//app.example", "https://", "https:app.example", "https://*.app.example", "https://*",
		"https://app.example/", "https://app.example/path", "https://app.example?", "https://app.example?q", "https://app.example#", "https://app.example#f",
		"https://ann@app.example", "https://ann:secret@app.example", "https://@app.example", "https://:443",
		"ftp://app.example", "wss://app.example", "file:///etc", "chrome-extension://abcdefgh", "capacitor://localhost",
		"https://bücher.example", "https://b%C3%BCcher.example", "https://app..example", "https://.app.example", "https://app.example.",
		"https://app.example:0", "https://app.example:65536", "https://app.example:https", "https://app example", " https://app.example", "https://app.example ",
		"https://app.example,https://b.example", "https://192.0.2", "https://192.0.2.7.8", "https://192.0.2.07", "https://[::ffff:192.0.2.7]", "https://[fe80::1%25en0]", "https://[app.example]", "https://a\tb.example",
	} {
		var o browser.Origins
		if errs := o.Trust("Origins", []string{"https://ok.example", origin}); len(errs) != 1 || errs[0].Error()[:11] != "Origins[1] " {
			t.Errorf("%q: %v, want a mistake in Origins[1]", origin, errs)
		}
	}
}

func TestOurOwnOriginHasOurSchemeAndHost(t *testing.T) {
	// CS-3, CS-8: of a browser that sends no Sec-Fetch-Site, and for handshakes of WebSockets too. The scheme
	// is not known without TLS: a proxy may have ended it.
	for _, row := range []struct {
		host, origin string
		tls, own     bool
	}{
		{"app.example", "https://app.example", true, true},
		{"app.example", "https://app.example", false, true},
		{"app.example", "http://app.example", true, false},
		{"app.example", "http://app.example", false, true},
		{"app.example:443", "https://app.example", true, true},
		{"app.example:443", "https://app.example", false, true},
		{"app.example:443", "http://app.example", true, false},
		{"app.example:443", "http://app.example", false, false},
		{"app.example:80", "http://app.example", false, true},
		{"app.example:80", "https://app.example", false, false},
		{"app.example:8443", "https://app.example:8443", true, true},
		{"app.example:8443", "https://app.example", true, false},
		{"app.example", "https://app.example:8443", true, false},
		{"app.example", "https://evil.example", true, false},
		{"app.example", "https://app.example.evil.example", true, false},
		{"app.example", "ftp://app.example", false, false},
		{"app.example", "foo://app.example", true, false},
		{"app.example", "null", true, false},
		{"app.example", "http://", true, false},
		{"app.example", "https://", true, false},
		{"app.example", "app.example", true, false},
		{"", "https://", true, true}, // no browser sends either
		{"[2001:db8::7]:443", "https://[2001:db8::7]", true, true},
	} {
		for _, method := range []string{"POST", "WebSocket"} {
			r := httptest.NewRequest("POST", "/", nil)
			if method == "WebSocket" {
				r.Method = "GET"
				r.Header.Set("Upgrade", "websocket")
			}
			r.Host, r.TLS = row.host, nil
			if row.tls {
				r.TLS = &tls.ConnectionState{}
			}
			r.Header.Set("Origin", row.origin)
			var o browser.Origins
			err := o.Check(r)
			if own := err == nil; own != row.own || !own && !errors.Is(err, middleware.ErrCrossOrigin) {
				t.Errorf("%s, Host %q, Origin %q, TLS %v: %v, want own: %v", method, row.host, row.origin, row.tls, err, row.own)
			}
			if r.Host != row.host {
				t.Errorf("the host of the request became %q", r.Host)
			}
		}
	}
}

func TestATrustedOriginMayHaveAnotherScheme(t *testing.T) {
	var o browser.Origins
	if errs := o.Trust("", []string{"http://app.example"}); errs != nil {
		t.Fatal(errs)
	}
	r := httptest.NewRequest("POST", "https://app.example/", nil)
	r.Header.Set("Origin", "http://app.example")
	if err := o.Check(r); err != nil {
		t.Error(err)
	}
}
