package cookie_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/inga-auth/inga/backends/memory"
	"github.com/inga-auth/inga/cookie"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/sliding"
)

func TestNewReportsEveryMistakeAndNamesItsField(t *testing.T) {
	_, err := cookie.New(cookie.Config{
		Keys:                 [][]byte{keyA, []byte("short")},
		Name:                 "__Host-session",
		Path:                 "/app",
		Domain:               "app.example",
		SameSite:             http.SameSiteNoneMode,
		TrustedOrigins:       []string{"https://ok.example", "evil", "https://x.example/path"},
		ClearSiteData:        "a\nb",
		DangerouslyAllowHTTP: true,
	})
	wantMentions(t, err, "Config.Sessions", "Config.Keys[1]: secret has 5 bytes", "Config.Name", "Path", "Domain",
		"Config.SameSite", "Config.TrustedOrigins[1]", "Config.TrustedOrigins[2]", "Config.ClearSiteData")
	if strings.Contains(err.Error(), "short\"") || strings.Contains(err.Error(), "[115") {
		t.Errorf("a key is in the error: %v", err)
	}
	_, err = cookie.New(cookie.Config{})
	wantMentions(t, err, "Config.Sessions", "Config.Keys")
}

func TestNewRefusesWhatBrowsersWouldSilentlyDrop(t *testing.T) {
	// CK-8
	for _, row := range []struct {
		name string
		edit func(*config)
		word string
	}{
		{"__Host- with a domain", func(c *config) { c.Domain = "app.example" }, "Domain"},
		{"__Host- with a path", func(c *config) { c.Path = "/app" }, "Path"},
		{"__Host- in capitals with a path", func(c *config) { c.Name, c.Path = "__HOST-s", "/app" }, "Path"},
		{"__Host-Http- with a path", func(c *config) { c.Name, c.Path = "__Host-Http-s", "/app" }, "Path"},
		{"__Host- without Secure", func(c *config) { c.Name, c.DangerouslyAllowHTTP = "__Host-s", true }, "DangerouslyAllowHTTP"},
		{"__Secure- without Secure", func(c *config) { c.Name, c.DangerouslyAllowHTTP = "__Secure-s", true }, "DangerouslyAllowHTTP"},
		{"SameSite=None without Secure", func(c *config) { c.SameSite, c.DangerouslyAllowHTTP = http.SameSiteNoneMode, true }, "SameSite"},
		{"SameSite that is none", func(c *config) { c.SameSite = 9 }, "SameSite"},
		{"a name with a space", func(c *config) { c.Name = "my session" }, "Name"},
		{"a name that fills the cookie", func(c *config) { c.Name = strings.Repeat("n", 4000) }, "Name"},
		{"a path with a semicolon", func(c *config) { c.Name, c.Path = "s", "/;a" }, "Path"},
		{"a path that is none", func(c *config) { c.Name, c.Path = "s", "app" }, "Path"},
		{"a path with a space before it", func(c *config) { c.Name, c.Path = "s", " /app" }, "Path"},
		{"a path with a space after it", func(c *config) { c.Name, c.Path = "s", "/app " }, "Path"},
		{"an empty key", func(c *config) { c.Keys = [][]byte{{}} }, "Keys[0]"},
		{"a key of 31 bytes", func(c *config) { c.Keys = [][]byte{keyA[:31]} }, "Keys[0]"},
		{"a key that repeats itself", func(c *config) { c.Keys = [][]byte{keyA, bytes.Repeat([]byte("ab"), 16)} }, "Keys[1]"},
		{"a key that somebody thought of", func(c *config) {
			c.Keys = [][]byte{[]byte("correct horse battery staple, twice over")}
		}, "Keys[0]"},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := config{Config: cookie.Config{Sessions: newRegistry(t, registry{Store: memory.New()}), Keys: [][]byte{keyA}}}
			row.edit(&c)
			_, err := cookie.New(c.Config)
			wantMentions(t, err, row.word)
		})
	}
}

func TestTheCookieHasTheAttributesThatTheConfigurationSays(t *testing.T) {
	// CK-1, CK-2, CK-3, CK-4, CK-11: byte by byte, but for the value. Twelve hours are 43200 s.
	for _, row := range []struct {
		name string
		edit func(*config)
		want string
	}{
		{"by default", func(*config) {},
			"__Host-session=V; Path=/; Max-Age=43200; HttpOnly; Secure; SameSite=Lax"},
		{"strict", func(c *config) { c.SameSite = http.SameSiteStrictMode },
			"__Host-session=V; Path=/; Max-Age=43200; HttpOnly; Secure; SameSite=Strict"},
		{"with the newest prefix", func(c *config) { c.Name = "__Host-Http-id" },
			"__Host-Http-id=V; Path=/; Max-Age=43200; HttpOnly; Secure; SameSite=Lax"},
		{"for several hosts", func(c *config) { c.Name, c.Domain, c.Path = "__Secure-id", "app.example", "/app" },
			"__Secure-id=V; Path=/app; Domain=app.example; Max-Age=43200; HttpOnly; Secure; SameSite=Lax"},
		{"for several hosts, with a dot", func(c *config) { c.Name, c.Domain = "__Secure-id", ".App.Example" },
			"__Secure-id=V; Path=/; Domain=app.example; Max-Age=43200; HttpOnly; Secure; SameSite=Lax"},
		{"default mode said aloud", func(c *config) { c.SameSite = http.SameSiteDefaultMode },
			"__Host-session=V; Path=/; Max-Age=43200; HttpOnly; Secure; SameSite=Lax"},
		{"across sites", func(c *config) { c.SameSite = http.SameSiteNoneMode },
			"__Host-session=V; Path=/; Max-Age=43200; HttpOnly; Secure; SameSite=None"},
		{"without TLS", func(c *config) { c.DangerouslyAllowHTTP = true },
			"session=V; Path=/; Max-Age=43200; HttpOnly; SameSite=Lax"},
		{"that follows the idle deadline", func(c *config) { c.Reissue = true },
			"__Host-session=V; Path=/; Max-Age=1800; HttpOnly; Secure; SameSite=Lax"},
		{"longer than browsers keep", func(c *config) { c.Policy = sliding.Policy{Idle: 1e18, Absolute: 2e18} },
			"__Host-session=V; Path=/; Max-Age=34560000; HttpOnly; Secure; SameSite=Lax"}, // CK-7: 400 days
	} {
		t.Run(row.name, func(t *testing.T) {
			b := newBrowser(t, newApp(t, storetest.Memory(t), row.edit))
			w := b.status("POST", "/login", 200, as("1"))
			c := sessionCookie(t, w)
			got := strings.Replace(w.Header().Get("Set-Cookie"), c.Value, "V", 1)
			if got != row.want {
				t.Errorf("Set-Cookie\n got %s\nwant %s", got, row.want)
			}
			if strings.Contains(w.Body.String(), c.Value) {
				t.Error("the secret is in the body")
			}
			if n := len(c.Name) + len(c.Value); n > 4096 { // CK-5
				t.Errorf("name and value have %d bytes, want at most 4096", n)
			}
			// CK-9: a browser drops only what has the same name, path and domain.
			gone := b.status("POST", "/logout", 200).Header().Get("Set-Cookie")
			age := row.want[strings.Index(row.want, "Max-Age="):]
			age = age[:strings.Index(age, ";")]
			want := strings.Replace(strings.Replace(row.want, "=V;", "=;", 1), age, "Max-Age=0", 1)
			if gone != want {
				t.Errorf("deletion\n got %s\nwant %s", gone, want)
			}
		})
	}
}

func TestADomainThatBrowsersRefuseIsAMistake(t *testing.T) {
	// CK-8
	for domain, ok := range map[string]bool{
		"app.example": true, "example.com": true, "shop.example.co.uk": true, "Example.COM": true, ".example.com": true, "me.github.io": true,
		"com": false, "co.uk": false, "github.io": false, "COM": false, ".com": false, "localhost": false,
		"127.0.0.1": false, "127.1": false, ".127.0.0.1": false, "[::1]": false, "::1": false, "app.example:8080": false, "app.example.": false, "*.app.example": false,
		"https://app.example": false, "bücher.example": false, "..com": false, ".": false, " app.example": false,
	} {
		c := cookie.Config{Sessions: newRegistry(t, registry{Store: memory.New()}), Keys: [][]byte{keyA}, Name: "s", Domain: domain}
		if _, err := cookie.New(c); (err == nil) != ok {
			t.Errorf("%q: %v, want that it is good: %v", domain, err, ok)
		}
	}
}
