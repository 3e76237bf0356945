package backends_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/inga-auth/inga/backends"
)

func TestAClientCanBeStoredAndPrinted(t *testing.T) {
	// OB-1: a line break in a user agent forges no line of a log.
	for _, row := range []struct{ addr, agent, label, wantIP, wantAgent, wantLabel string }{
		{"192.0.2.7:51234", "curl/8.5.0", "Ann's phone", "192.0.2.7", "curl/8.5.0", "Ann's phone"},
		{"192.0.2.7", "", "", "192.0.2.7", "", ""},
		{"[2001:db8::7]:443", "안녕 😀", "", "2001:db8::7", "안녕 😀", ""},
		{"2001:DB8::7", "", "", "2001:db8::7", "", ""},
		{"[::]:443", "", "", "", "", ""},
		{"0.0.0.0", "", "", "", "", ""},
		{"[::%eth0]:443", "", "", "", "", ""},
		{"[::ffff:0.0.0.0]:443", "", "", "", "", ""},
		{"[::ffff:192.0.2.7]:443", "", "", "192.0.2.7", "", ""},
		{"[fe80::1%eth0]:443", "", "", "fe80::1", "", ""},
		{"[::1%\x00\x00\x02\x00]:1", "", "", "::1", "", ""},
		{"", "x\r\nlevel=INFO msg=\"login ok\"", "a\tb", "", "x  level=INFO msg=\"login ok\"", "a b"},
		{"@", "x\x00y\x1b[31mz", "", "", "x y [31mz", ""},
		{"evil\n:80", "\u2028line\u202etfel", "", "", "line tfel", ""},
		{"unix.sock:0", "\xff\xfebad\xe2\x82", " spaces ", "", "bad", "spaces"},
		{"", strings.Repeat("u", 513), strings.Repeat("l", 129), "", strings.Repeat("u", 512), strings.Repeat("l", 128)},
		{"", strings.Repeat("u", 511) + "é", strings.Repeat("전", 43), "", strings.Repeat("u", 511), strings.Repeat("전", 42)},
	} {
		c := backends.NewClient(row.addr, row.agent, row.label)
		if ip, err := c.IP.MarshalText(); err != nil || string(ip) != row.wantIP || c.UserAgent != row.wantAgent || c.Label != row.wantLabel {
			t.Errorf("%.40q, %.40q, %.40q: got %.60q, want %.60q, %.60q, %.60q", row.addr, row.agent, row.label, c, row.wantIP, row.wantAgent, row.wantLabel)
		}
	}
}

func FuzzClient(f *testing.F) {
	f.Add("192.0.2.7:51234", "curl/8.5.0", "Ann's phone")
	f.Add("[fe80::1%eth0]:1", "x\r\ny", strings.Repeat("전", 43))
	f.Add("::ffff:192.0.2.7%eth0", strings.Repeat("é", 257), "\u0085")
	f.Add("::%eth0", "", "")
	f.Add("[::ffff:192.0.2.7]:443", "\xff\xfe\u2028", "\x00")
	f.Fuzz(func(t *testing.T, addr, agent, label string) {
		c := backends.NewClient(addr, agent, label)
		for field, s := range map[string]string{"IP": c.IP.String(), "UserAgent": c.UserAgent, "Label": c.Label} {
			if len(s) > 512 || !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Errorf("%s is %q", field, s)
			}
		}
		session := validSession()
		session.Client = c
		if err := session.Validate(); err != nil {
			t.Errorf("%+v is not valid: %v", c, err)
		}
		if len(c.Label) > 128 {
			t.Errorf("label of %d bytes, want at most 128", len(c.Label))
		}
	})
}

func TestValidTextIsWhatEveryBackendCanHold(t *testing.T) {
	// SID-10.
	for s, want := range map[string]bool{
		"a":                            true,
		"ann@example.com":              true,
		"안나 😀":                         true,
		"o'Hara; --":                   true,
		strings.Repeat("x", 255):       true,
		strings.Repeat("전", 85):        true,
		"":                             false,
		strings.Repeat("x", 256):       false,
		strings.Repeat("전", 85) + "x":  false,
		"\x00":                         false,
		"ann\n":                        false,
		"ann\x7f":                      false,
		"ann\u0085":                    false,
		"\xff":                         false,
		"ann\xe2\x82":                  false,
		"\xed\xa0\x80":                 false,
		strings.Repeat("\xff", 1<<20):  false,
		"ann\t":                        false,
		strings.Repeat("x", 254) + "é": false,
	} {
		if got := backends.ValidText(s); got != want {
			t.Errorf("ValidText(%.40q) is %v, want %v", s, got, want)
		}
	}
}
