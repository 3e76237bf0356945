package browser_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/inga-auth/inga/internal/browser"
)

func logged(t *testing.T, do func()) string {
	t.Helper()
	var out bytes.Buffer
	former := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&out, nil)))
	defer slog.SetDefault(former)
	do()
	return out.String()
}

func TestASecureCookieForAPageWithoutTLSIsWarnedAboutOnce(t *testing.T) {
	secure := browser.Cookie{Cookie: http.Cookie{Secure: true}}.WithDefaults("session")
	for _, row := range []struct {
		url, origin string
		cookie      browser.Cookie
		want        int
	}{
		{"http://192.168.1.5:8080/login", "http://192.168.1.5:8080", secure, 1},
		{"http://app.example/login", "http://app.example", secure, 1},
		{"http://app.example/login", "http://app.example", browser.Cookie{}.WithDefaults("session"), 0},
		{"http://app.example/login", "https://app.example", secure, 0}, // a proxy ends TLS
		{"http://app.example/login", "http://other.example", secure, 0},
		{"http://app.example/login", "", secure, 0},
		{"http://app.example/login", "null", secure, 0},
		{"http://localhost:8080/login", "http://localhost:8080", secure, 0},
		{"http://app.localhost/login", "http://app.localhost", secure, 0},
		{"http://127.0.0.1:8080/login", "http://127.0.0.1:8080", secure, 0},
		{"http://[::1]:8080/login", "http://[::1]:8080", secure, 0},
		{"https://app.example/login", "https://app.example", secure, 0},
	} {
		var w browser.Warning
		out := logged(t, func() {
			for range 3 {
				r := httptest.NewRequest("POST", row.url, nil)
				if row.origin != "" {
					r.Header.Set("Origin", row.origin)
				}
				w.OfHTTP(r, row.cookie, "Config.DangerouslyAllowHTTP")
			}
		})
		if n := strings.Count(out, "level=WARN"); n != row.want || n != strings.Count(out, "setting=Config.DangerouslyAllowHTTP") {
			t.Errorf("%s from %q: %d warnings, want %d: %s", row.url, row.origin, n, row.want, out)
		}
	}
}
