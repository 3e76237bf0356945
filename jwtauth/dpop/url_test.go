package dpop_test

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/inga-auth/inga/internal/prooftest"
	"github.com/inga-auth/inga/jwtauth/dpop"
)

func TestURLsAreComparedAfterTheNormalizationOfRFC3986(t *testing.T) {
	// DP-2.
	d := prooftest.New(t, "ES256")
	for _, row := range []struct {
		url, target, htu string // of the application, of the request as it arrives, of the proof
		same             bool
	}{
		{"https://app.example", "/a", "https://app.example/a", true},
		{"https://app.example", "/a?b=c", "https://app.example/a", true},
		{"https://app.example", "/a", "https://app.example/a?x=y#z", true},
		{"https://app.example", "/", "https://app.example", true},
		{"https://app.example/", "/a", "https://app.example/a", true},
		{"https://app.example:443", "/a", "HTTPS://APP.example/a", true},
		{"https://app.example", "/a", "https://app.example:443/a", true},
		{"https://app.example", "/a", "https://app.example:/a", true},
		{"https://app.example:8443", "/a", "https://app.example:8443/a", true},
		{"http://localhost", "/a", "http://localhost:80/a", true},
		{"http://127.0.0.1:8080", "/a", "http://127.0.0.1:8080/a", true},
		{"https://[::1]", "/a", "https://[::1]:443/a", true},
		{"https://app.example", "/%7eann/%c3%a9", "https://app.example/~ann/%C3%A9", true},
		{"https://app.example", "/~ann", "https://app.example/%7Eann", true},
		{"https://app.example", "/a%2Fb", "https://app.example/a%2fb", true},
		{"https://app.example", "/a/./b/../c", "https://app.example/a/c", true},
		{"https://app.example", "/a/c", "https://app.example/a/b/%2E%2e/c", true},
		{"https://app.example", "/c", "https://app.example/../../c", true},
		{"https://app.example", "/a/", "https://app.example/a/b/..", true},
		{"https://app.example", "/a/", "https://app.example/a/.", true},
		{"https://example.com/app", "/a", "https://example.com/app/a", true},
		{"https://example.com/app/", "/", "https://example.com/app/", true},

		{"https://app.example", "/a", "https://app.example/A", false},
		{"https://app.example", "/a", "https://app.example/a/", false},
		{"https://app.example", "/a/b", "https://app.example/a//b", false},
		{"https://app.example", "/a/b", "https://app.example/a%2Fb", false},
		{"https://app.example", "/a", "https://app.example:444/a", false},
		{"https://app.example", "/a", "https://app.example:80/a", false},
		{"https://app.example", "/a", "https://app.example.evil.example/a", false},
		{"https://app.example", "/a", "https://app.example@evil.example/a", false},
		{"https://app.example", "/a", "//app.example/a", false},
		{"https://app.example", "/a", "https:/app.example/a", false},
		{"https://app.example", "/a", "https:app.example/a", false},
		{"https://app.example", "/a", "https://app.example/a%", false},
		{"https://app.example", "/a", "https://app.example/a%0", false},
		{"https://example.com/app", "/a", "https://example.com/a", false},
		{"https://example.com/app", "/../a", "https://example.com/app/a", false},
	} {
		p := proofs(t, func(c *dpop.Config) { c.URL = row.url })
		r := httptest.NewRequest("GET", "/", nil)
		r.RequestURI, r.Host = row.target, "10.0.0.7:8080"
		r.Header.Set("X-Forwarded-Host", "evil.example")
		r.Header.Set("Forwarded", "host=evil.example;proto=http")
		r.URL.Path = "/stripped" // as http.StripPrefix does
		r.Header.Set("DPoP", d.Proof(t, "dpop+jwt", claims("htu", row.htu)))
		if _, err := p.Check(r, token, ""); (err == nil) != row.same {
			t.Errorf("%s%s and %s: %v, want the same: %v", row.url, row.target, row.htu, err, row.same)
		}
	}
}

func TestARequestThatNoServerReadHasThePathOfItsURL(t *testing.T) {
	r := httptest.NewRequest("GET", "/a%2Fb?c=d", nil)
	r.RequestURI = ""
	r.Header.Set("DPoP", prooftest.New(t, "ES256").Proof(t, "dpop+jwt", claims("htu", "https://app.example/a%2fb")))
	if _, err := proofs(t).Check(r, token, ""); err != nil {
		t.Error(err)
	}
}

// No URL panics, and one that is compared is the same as itself.
func FuzzURL(f *testing.F) {
	for _, htu := range []string{"https://app.example/a", "https://app.example/%2e./%", "https://app.example", "://", "https://app.example/..%2f/./..//"} {
		f.Add(htu)
	}
	d := prooftest.New(f, "EdDSA")
	p := proofs(f)
	f.Fuzz(func(t *testing.T, target string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.RequestURI = "/" + strings.TrimPrefix(target, "/")
		htu := "https://app.example" + r.RequestURI
		r.Header.Set("DPoP", d.Proof(t, "dpop+jwt", claims("htu", strings.ToValidUTF8(htu, ""))))
		if _, err := p.Check(r, token, ""); err != nil && strings.Contains(err.Error(), "htu is not the URL of the request") && utf8.ValidString(target) && !strings.Contains(target, "#") {
			if _, err := url.ParseRequestURI(r.RequestURI); err == nil {
				t.Errorf("%q is another URL than %q", r.RequestURI, htu)
			}
		}
	})
}
