package devices_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/inga-auth/inga/middleware/devices"
)

// userAgents are what browsers and programs really send, and what people call them.
var userAgents = []struct{ sent, want string }{
	{firefox, "Firefox on Linux"},
	{"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:141.0) Gecko/20100101 Firefox/141.0", "Firefox on Windows"},
	{"Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0", "Firefox on Android"},
	{"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/140.0 Mobile/15E148 Safari/605.1.15", "Firefox on iPhone"},
	{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36", "Chrome on Windows"},
	{"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36", "Chrome on macOS"},
	{"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36", "Chrome on ChromeOS"},
	{"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Mobile Safari/537.36", "Chrome on Android"},
	{"Mozilla/5.0 (Linux; Android 13; SM-S901B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36", "Samsung Browser on Android"},
	{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36 Edg/138.0.0.0", "Edge on Windows"},
	{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/136.0.0.0 Safari/537.36 OPR/121.0.0.0", "Opera on Windows"},
	{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Whale/4.32.315.22 Chrome/136.0.0.0 Safari/537.36", "Whale on Windows"},
	{"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15", "Safari on macOS"},
	{iphone, "Safari on iPhone"},
	{"Mozilla/5.0 (iPad; CPU OS 17_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.7 Mobile/15E148 Safari/604.1", "Safari on iPad"},
	{"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "Googlebot"},
	{"curl/8.5.0", "curl"},
	{"Go-http-client/2.0", "Go-http-client"},
	{"python-requests/2.32.3", "python-requests"},
	{"okhttp/4.12.0", "okhttp"},

	{"", "Unknown device"},
	{"  \t ", "Unknown device"},
	{"\x00\x01", "Unknown device"},
}

func TestALabelIsWhatPeopleCallADevice(t *testing.T) {
	for _, row := range userAgents {
		if got := devices.Label(row.sent); got != row.want {
			t.Errorf("%q: got %q, want %q", row.sent, got, row.want)
		}
	}
}

func TestALabelSaysNothingTwice(t *testing.T) {
	// The web view of an app on an iPhone, which names no browser.
	for sent, want := range map[string]string{
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148": "iPhone",
		"Mozilla/5.0 (iPad; CPU OS 17_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148":          "iPad",
	} {
		if got := devices.Label(sent); got != want {
			t.Errorf("%q: got %q, want %q", sent, got, want)
		}
	}
}

func TestALabelIsShortHoweverLongTheNamesAre(t *testing.T) {
	for sent, want := range map[string]string{
		strings.Repeat("x", 100) + "/1.0":       strings.Repeat("x", 64),
		"a" + strings.Repeat("é", 100) + "/1.0": "a" + strings.Repeat("é", 31), // no half of a letter
		"app\r\nlevel=ERROR/1.0":                "app  level=ERROR",
	} {
		if got := devices.Label(sent); got != want {
			t.Errorf("%q: got %q, want %q", sent, got, want)
		}
	}
}

func TestTheLabelOfTheLoginWins(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		for _, row := range []struct{ label, agent, want string }{
			{"Ann's phone", firefox, "Ann's phone"},
			{"Ann's phone", "", "Ann's phone"},
			{"", firefox, "Firefox on Linux"},
			{"", "curl/8.5.0", "curl"},
			{"", "", "Unknown device"},
			{strings.Repeat("long", 32), firefox, strings.Repeat("long", 32)}, // as long as the backends keep
		} {
			c := a.browser(t, "1", header("Label", row.label), header("User-Agent", row.agent))
			for _, d := range c.list("/sessions") {
				if d.Current && (d.Label != row.want || d.UserAgent != row.agent) {
					t.Errorf("label %q, user agent %q: got %q, %q, want %q", row.label, row.agent, d.Label, d.UserAgent, row.want)
				}
			}
		}
	})
}

func FuzzLabel(f *testing.F) {
	for _, row := range userAgents {
		f.Add(row.sent)
	}
	f.Add(strings.Repeat("é", 100) + "/1.0 (\r\n\x1b[31m)")
	f.Fuzz(func(t *testing.T, userAgent string) {
		got := devices.Label(userAgent)
		if got == "" || len(got) > 64 || strings.TrimSpace(got) != got {
			t.Errorf("%q: label %q of %d bytes, want 1 to 64 without space around", userAgent, got, len(got))
		}
		if !utf8.ValidString(got) || strings.ContainsFunc(got, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("%q: label %q, want printable UTF-8", userAgent, got)
		}
	})
}
