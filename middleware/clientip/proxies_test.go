package clientip_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/inga-auth/inga/middleware/clientip"
)

// trustedProxies are those of the tests: a network, an address, and both again with IPv6.
var trustedProxies = []string{"10.0.0.0/8", "192.0.2.7", "2001:db8:1::/48", "fe80::1"}

func newProxies(t testing.TB, header string, trusted ...string) *clientip.Proxies {
	t.Helper()
	p, err := clientip.New(clientip.Config{Trusted: trusted, Header: header})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// clientIP returns what Of says inside the handler of p, "" for no address.
func clientIP(p *clientip.Proxies, remote, header string, lines ...string) string {
	r := httptest.NewRequest("GET", "/", nil)
	r.RemoteAddr = remote
	for _, line := range lines {
		r.Header.Add(header, line)
	}
	var ip netip.Addr
	p.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { ip = clientip.Of(r) })).ServeHTTP(nil, r)
	if !ip.IsValid() {
		return ""
	}
	return ip.String()
}

// A proxied request, and the address of its client. The lines are those of the header.
type proxied struct {
	name, remote string
	lines        []string
	want         string
}

var forwardedFor = []proxied{
	{"no header", "10.0.0.1:443", nil, "10.0.0.1"},
	{"one proxy", "10.0.0.1:443", []string{"203.0.113.9"}, "203.0.113.9"},
	{"three proxies", "10.0.0.1:443", []string{"203.0.113.9, 192.0.2.7, 10.0.0.2"}, "203.0.113.9"},
	{"proxies only", "10.0.0.1:443", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
	{"space", "10.0.0.1:443", []string{" 203.0.113.9\t,\t 10.0.0.2 "}, "203.0.113.9"},
	{"no space", "10.0.0.1:443", []string{"203.0.113.9,10.0.0.2"}, "203.0.113.9"},

	{"the client made one up", "10.0.0.1:443", []string{"198.51.100.1, 203.0.113.9"}, "203.0.113.9"},
	{"the client made up a proxy", "10.0.0.1:443", []string{"198.51.100.1, 10.6.6.6, 203.0.113.9"}, "203.0.113.9"},
	{"the client made up nonsense", "10.0.0.1:443", []string{`",;=[, 203.0.113.9`}, "203.0.113.9"},
	{"the client's own line comes first", "10.0.0.1:443", []string{"198.51.100.1", "203.0.113.9"}, "203.0.113.9"},
	{"each proxy added a line", "10.0.0.1:443", []string{"203.0.113.9", "192.0.2.7", "10.0.0.2"}, "203.0.113.9"},
	{"some did", "10.0.0.1:443", []string{"198.51.100.1, 203.0.113.9", "10.0.0.3, 10.0.0.2"}, "203.0.113.9"},

	{"a port", "10.0.0.1:443", []string{"203.0.113.9:4711"}, "203.0.113.9"},
	{"a proxy with a port", "10.0.0.1:443", []string{"203.0.113.9, 10.0.0.2:4711"}, "203.0.113.9"},
	{"IPv6", "10.0.0.1:443", []string{"2001:db8:9::7"}, "2001:db8:9::7"},
	{"IPv6 in capitals", "10.0.0.1:443", []string{"2001:DB8:9:0::7"}, "2001:db8:9::7"},
	{"IPv6 in brackets", "10.0.0.1:443", []string{"[2001:db8:9::7]"}, "2001:db8:9::7"},
	{"IPv6 with a port", "10.0.0.1:443", []string{"[2001:db8:9::7]:4711"}, "2001:db8:9::7"},
	{"an IPv6 proxy", "10.0.0.1:443", []string{"203.0.113.9, 2001:db8:1:2::3"}, "203.0.113.9"},
	{"an IPv6 proxy with a port", "10.0.0.1:443", []string{"203.0.113.9, [2001:db8:1:2::3]:4711"}, "203.0.113.9"},
	{"IPv4-mapped", "10.0.0.1:443", []string{"::ffff:203.0.113.9"}, "203.0.113.9"},
	{"IPv4-mapped in hexadecimal", "10.0.0.1:443", []string{"::ffff:cb00:7109"}, "203.0.113.9"},
	{"IPv4-mapped with a port", "10.0.0.1:443", []string{"[::ffff:203.0.113.9]:4711"}, "203.0.113.9"},
	{"an IPv4-mapped proxy", "10.0.0.1:443", []string{"203.0.113.9, ::ffff:10.0.0.2"}, "203.0.113.9"},
	{"a zone", "10.0.0.1:443", []string{"fe80::9%eth0"}, "fe80::9"},
	{"a zone with a port", "10.0.0.1:443", []string{"[fe80::9%eth0]:4711"}, "fe80::9"},
	{"a proxy with a zone", "10.0.0.1:443", []string{"203.0.113.9, fe80::1%eth0"}, "203.0.113.9"},

	{"an empty header", "10.0.0.1:443", []string{""}, "10.0.0.1"},
	{"commas", "10.0.0.1:443", []string{",,,"}, "10.0.0.1"},
	{"nobody at the end", "10.0.0.1:443", []string{"203.0.113.9,"}, "10.0.0.1"},
	{"nobody on the last line", "10.0.0.1:443", []string{"203.0.113.9", ""}, "10.0.0.1"},
	{"nobody in between", "10.0.0.1:443", []string{"203.0.113.9, , 10.0.0.2"}, "10.0.0.2"},
	{"a word", "10.0.0.1:443", []string{"unknown"}, "10.0.0.1"},
	{"a word in between", "10.0.0.1:443", []string{"203.0.113.9, evil, 10.0.0.2"}, "10.0.0.2"},
	{"a name", "10.0.0.1:443", []string{"localhost"}, "10.0.0.1"},
	{"no IPv4", "10.0.0.1:443", []string{"203.0.113.256"}, "10.0.0.1"},
	{"a leading zero", "10.0.0.1:443", []string{"203.0.113.09"}, "10.0.0.1"},
	{"a network", "10.0.0.1:443", []string{"203.0.113.0/24"}, "10.0.0.1"},
	{"no port", "10.0.0.1:443", []string{"203.0.113.9:http"}, "10.0.0.1"},
	{"two addresses", "10.0.0.1:443", []string{"198.51.100.1 203.0.113.9"}, "10.0.0.1"},
	{"an address in quotes", "10.0.0.1:443", []string{`"203.0.113.9"`}, "10.0.0.1"},
	{"the other header's syntax", "10.0.0.1:443", []string{"for=203.0.113.9"}, "10.0.0.1"},

	{"an IPv6 peer", "[2001:db8:1::1]:443", []string{"203.0.113.9"}, "203.0.113.9"},
	{"an IPv4-mapped peer", "[::ffff:10.0.0.1]:443", []string{"203.0.113.9"}, "203.0.113.9"},
	{"a peer with a zone", "[fe80::1%eth0]:443", []string{"203.0.113.9"}, "203.0.113.9"},
	{"a peer without a port", "10.0.0.1", []string{"203.0.113.9"}, "203.0.113.9"},

	// AZ-3
	{"a peer that is no proxy", "198.51.100.1:443", []string{"203.0.113.9"}, "198.51.100.1"},
	{"a peer that is no proxy and names one", "198.51.100.1:443", []string{"203.0.113.9, 10.0.0.1"}, "198.51.100.1"},
	{"a neighbour of a proxy", "192.0.2.8:443", []string{"203.0.113.9"}, "192.0.2.8"},
	{"a neighbour of the network", "11.0.0.1:443", []string{"203.0.113.9"}, "11.0.0.1"},
	{"an IPv6 peer that is no proxy", "[2001:db8:2::1]:443", []string{"203.0.113.9"}, "2001:db8:2::1"},
	{"an IPv4-mapped peer that is no proxy", "[::ffff:198.51.100.1]:443", []string{"203.0.113.9"}, "198.51.100.1"},
	{"a peer with a zone that is no proxy", "[fe80::2%eth0]:443", []string{"203.0.113.9"}, "fe80::2"},
	{"a Unix socket that is no proxy", "@", []string{"203.0.113.9"}, ""},
	{"a peer without an address", "", []string{"203.0.113.9"}, ""},
}

var forwarded = []proxied{
	// The examples of RFC 7239, sections 4 and 7.1. The clients there are behind nobody we trust.
	{"section 4, obfuscated", "10.0.0.1:443", []string{`for="_gazonk"`}, "10.0.0.1"},
	{"section 4, IPv6", "10.0.0.1:443", []string{`For="[2001:db8:cafe::17]:4711"`}, "2001:db8:cafe::17"},
	{"section 4, three pairs", "10.0.0.1:443", []string{"for=192.0.2.60;proto=http;by=203.0.113.43"}, "192.0.2.60"},
	{"section 4, two elements", "10.0.0.1:443", []string{"for=192.0.2.43, for=198.51.100.17"}, "198.51.100.17"},
	{"section 7.1, one line", "10.0.0.1:443", []string{`for=192.0.2.43, for="[2001:db8:cafe::17]"`}, "2001:db8:cafe::17"},
	{"section 7.1, two lines", "10.0.0.1:443", []string{"for=192.0.2.43", `for="[2001:db8:cafe::17]"`}, "2001:db8:cafe::17"},

	{"no header", "10.0.0.1:443", nil, "10.0.0.1"},
	{"the client made one up", "10.0.0.1:443", []string{"for=198.51.100.1, for=203.0.113.9"}, "203.0.113.9"},
	{"the client left a quote open", "10.0.0.1:443", []string{`for="198.51.100.1, for=203.0.113.9`}, "203.0.113.9"},
	{"the client left a quote open, and the proxy quotes", "10.0.0.1:443", []string{`for="198.51.100.1, for="[2001:db8:9::7]"`}, "2001:db8:9::7"},
	{"the client left a quote open on its line", "10.0.0.1:443", []string{`for="198.51.100.1`, "for=203.0.113.9"}, "203.0.113.9"},
	{"three proxies", "10.0.0.1:443", []string{`for=203.0.113.9;by=192.0.2.7, for=192.0.2.7, for="[2001:db8:1::2]:80"`}, "203.0.113.9"},
	{"in capitals", "10.0.0.1:443", []string{"PROTO=https;FOR=203.0.113.9"}, "203.0.113.9"},
	{"in quotes", "10.0.0.1:443", []string{`for="203.0.113.9"`}, "203.0.113.9"},
	{"in quotes with a port", "10.0.0.1:443", []string{`for="203.0.113.9:4711"`}, "203.0.113.9"},
	{"IPv6 without a port", "10.0.0.1:443", []string{`by=_a;for="[2001:db8:9::7]"`}, "2001:db8:9::7"},

	{"hidden", "10.0.0.1:443", []string{"for=_hidden"}, "10.0.0.1"},
	{"hidden in between", "10.0.0.1:443", []string{"for=203.0.113.9, for=_hidden, for=10.0.0.2"}, "10.0.0.2"},
	{"unknown", "10.0.0.1:443", []string{"for=unknown"}, "10.0.0.1"},
	{"unknown in quotes", "10.0.0.1:443", []string{`for="unknown"`}, "10.0.0.1"},
	{"an element without for", "10.0.0.1:443", []string{"for=203.0.113.9, proto=https"}, "10.0.0.1"},
	{"a name that ends in for", "10.0.0.1:443", []string{"x-for=203.0.113.9"}, "10.0.0.1"},
	{"no value", "10.0.0.1:443", []string{"for="}, "10.0.0.1"},
	{"no equals sign", "10.0.0.1:443", []string{"for"}, "10.0.0.1"},
	{"no name", "10.0.0.1:443", []string{"=203.0.113.9"}, "10.0.0.1"},
	{"an empty header", "10.0.0.1:443", []string{""}, "10.0.0.1"},
	{"garbage", "10.0.0.1:443", []string{`;;==",",`}, "10.0.0.1"},
	{"the other header's syntax", "10.0.0.1:443", []string{"203.0.113.9"}, "10.0.0.1"},

	{"a peer that is no proxy", "198.51.100.1:443", []string{"for=203.0.113.9"}, "198.51.100.1"}, // AZ-3
}

func TestTheClientIsTheNearestAddressThatNoTrustedProxyHas(t *testing.T) {
	for header, rows := range map[string][]proxied{"X-Forwarded-For": forwardedFor, "Forwarded": forwarded} {
		p := newProxies(t, header, trustedProxies...)
		for _, row := range rows {
			if got := clientIP(p, row.remote, header, row.lines...); got != row.want {
				t.Errorf("%s, %s: %s and %q: got %q, want %q", header, row.name, row.remote, row.lines, got, row.want)
			}
		}
	}
}

func TestAUnixSocketMayBeTrusted(t *testing.T) {
	for _, row := range []struct {
		proxied
		trusted []string
	}{
		{proxied{"no header", "@", nil, ""}, []string{"unix"}},
		{proxied{"a client", "@", []string{"203.0.113.9"}, "203.0.113.9"}, []string{"unix"}},
		{proxied{"a socket without a name", "", []string{"203.0.113.9"}, "203.0.113.9"}, []string{"unix"}},
		{proxied{"a socket with a path", "/run/app.sock", []string{"203.0.113.9"}, "203.0.113.9"}, []string{"unix"}},
		{proxied{"the client made one up", "@", []string{"198.51.100.1, 203.0.113.9"}, "203.0.113.9"}, []string{"unix"}},
		{proxied{"a proxy before the socket", "@", []string{"203.0.113.9, 10.0.0.2"}, "203.0.113.9"}, []string{"unix", "10.0.0.0/8"}},
		{proxied{"a proxy before the socket that nobody trusts", "@", []string{"203.0.113.9, 10.0.0.2"}, "10.0.0.2"}, []string{"unix"}},
		{proxied{"garbage", "@", []string{"unix"}, ""}, []string{"unix"}},
		{proxied{"a peer with an address", "198.51.100.1:443", []string{"203.0.113.9"}, "198.51.100.1"}, []string{"unix"}}, // AZ-3
	} {
		p := newProxies(t, "", row.trusted...)
		if got := clientIP(p, row.remote, "X-Forwarded-For", row.lines...); got != row.want {
			t.Errorf("%s: got %q, want %q", row.name, got, row.want)
		}
	}
}

func TestWhatStandsInQuotesIsOneValueOfForwarded(t *testing.T) {
	// RFC 7239, section 4: a value is a token or a quoted string, and what separates pairs and
	// elements separates nothing in the latter. Proxies put the Host there, which is the client's.
	p := newProxies(t, "Forwarded", trustedProxies...)
	for _, row := range []proxied{
		{"a comma", "10.0.0.1:443", []string{`for=203.0.113.9;host="a,for=198.51.100.1"`}, "203.0.113.9"},
		{"a comma and space", "10.0.0.1:443", []string{`for=203.0.113.9;host="a, for=198.51.100.1 "`}, "203.0.113.9"},
		{"a semicolon", "10.0.0.1:443", []string{`host="a;for=198.51.100.1";for=203.0.113.9`}, "203.0.113.9"},
		{"a semicolon in what follows", "10.0.0.1:443", []string{`for=203.0.113.9;host="a;for=198.51.100.1"`}, "203.0.113.9"},
		{"a quote that is escaped, in what follows", "10.0.0.1:443", []string{`for=203.0.113.9;host="a\",for=198.51.100.1;b=\""`}, "203.0.113.9"},
		{"a quote that is escaped", "10.0.0.1:443", []string{`host="a\";for=198.51.100.1";for=203.0.113.9`}, "203.0.113.9"},
		{"a backslash that is escaped", "10.0.0.1:443", []string{`host="a;for=198.51.100.1;\\";for=203.0.113.9`}, "203.0.113.9"},
		{"two quoted values", "10.0.0.1:443", []string{`for="[2001:db8:9::7]";host="a,for=198.51.100.1;b"`}, "2001:db8:9::7"},
	} {
		if got := clientIP(p, row.remote, "Forwarded", row.lines...); got != row.want {
			t.Errorf("%s: %q: got %q, want %q", row.name, row.lines, got, row.want)
		}
	}
}

func TestAnObfuscatedPortOfForwardedHidesNoAddress(t *testing.T) {
	// RFC 7239, section 6: node-port = port / obfport.
	p := newProxies(t, "Forwarded", trustedProxies...)
	for line, want := range map[string]string{
		`for="203.0.113.9:_http"`:      "203.0.113.9",
		`for="[2001:db8:9::7]:_a.b-c"`: "2001:db8:9::7",
		`for="unknown:_a"`:             "10.0.0.1",
		`for="203.0.113.9:_"`:          "10.0.0.1",
	} {
		if got := clientIP(p, "10.0.0.1:443", "Forwarded", line); got != want {
			t.Errorf("%s: got %q, want %q", line, got, want)
		}
	}
}

func TestOnlyTheConfiguredHeaderIsRead(t *testing.T) {
	// AZ-3: whatever a proxy does not write comes from the client.
	all := map[string]string{
		"X-Forwarded-For": "198.51.100.1", "Forwarded": "for=198.51.100.2", "X-Real-Ip": "198.51.100.3",
		"True-Client-Ip": "198.51.100.4", "Client-Ip": "198.51.100.5", "X-Client-Ip": "198.51.100.6",
	}
	for _, row := range []struct{ header, want string }{
		{"", "198.51.100.1"},
		{"X-Forwarded-For", "198.51.100.1"},
		{"x-forwarded-for", "198.51.100.1"},
		{"forwarded", "198.51.100.2"},
		{"X-Real-IP", "198.51.100.3"},
		{"CF-Connecting-IP", "10.0.0.1"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = "10.0.0.1:443"
		for name, value := range all {
			r.Header.Set(name, value)
		}
		newProxies(t, row.header, "10.0.0.1").Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if got := clientip.Of(r).String(); got != row.want {
				t.Errorf("%q: got %s, want %s", row.header, got, row.want)
			}
		})).ServeHTTP(nil, r)
		if got := clientip.Of(r).String(); got != "10.0.0.1" {
			t.Errorf("%q: without the handler: got %s, want 10.0.0.1", row.header, got)
		}
	}
}

func TestTheHandlerOfProxiesPassesOnTheWriterAndACopyOfTheRequest(t *testing.T) {
	r, w := httptest.NewRequest("GET", "/", nil), httptest.NewRecorder()
	r.RemoteAddr = "10.0.0.1:443"
	r.Header.Set("X-Forwarded-For", "203.0.113.9")
	before := r.Context()
	newProxies(t, "", "10.0.0.1").Handler(http.HandlerFunc(func(got http.ResponseWriter, inner *http.Request) {
		if got != w {
			t.Errorf("handler got %T, want the recorder itself", got)
		}
		if inner.RemoteAddr != "10.0.0.1:443" || inner.Header.Get("X-Forwarded-For") != "203.0.113.9" {
			t.Errorf("handler got the peer %s and the header %q, want them as they came", inner.RemoteAddr, inner.Header)
		}
	})).ServeHTTP(w, r)
	if r.Context() != before {
		t.Error("the request that came in was edited")
	}
}

func wantMentions(t *testing.T, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("error does not mention %s:\n%v", word, err)
		}
	}
}

func TestNewReportsEveryMistakeAndNamesItsField(t *testing.T) {
	_, err := clientip.New(clientip.Config{})
	wantMentions(t, err, "Config.Trusted is empty")

	_, err = clientip.New(clientip.Config{Trusted: []string{
		"10.0.0.0/33", "10.0.0.0/8", "0.0.0.0/0", "::/0", "proxy.internal", "", "unix", "Unix", "10.0.0.1:443", "*", "fe80::/10%eth0", "::1",
	}})
	wantMentions(t, err, "Trusted[0]", `"10.0.0.0/33"`, "Trusted[2]", `"0.0.0.0/0"`, "Trusted[3]", `"::/0"`, "Trusted[4]", `"proxy.internal"`,
		"Trusted[5]", `""`, "Trusted[7]", `"Unix"`, "Trusted[8]", `"10.0.0.1:443"`, "Trusted[9]", `"*"`, "Trusted[10]", `"fe80::/10%eth0"`)
	if lines := strings.Count(err.Error(), "\n") + 1; lines != 9 {
		t.Errorf("%d mistakes, want 9:\n%v", lines, err)
	}
}

func TestANetworkMayBeNamedByAnyAddressInIt(t *testing.T) {
	p := newProxies(t, "", "10.1.2.3/8", "2001:db8:1::5/48")
	for _, remote := range []string{"10.0.0.1:443", "[2001:db8:1:9::1]:443"} {
		if got := clientIP(p, remote, "X-Forwarded-For", "203.0.113.9"); got != "203.0.113.9" {
			t.Errorf("%s: got %s, want 203.0.113.9", remote, got)
		}
	}
}

func TestAnIPv4MappedProxyIsTrustedOrAMistake(t *testing.T) {
	// RFC 4291, section 2.5.5.2: ::ffff:10.0.0.0/104 is 10.0.0.0/8, and ::ffff:0.0.0.0/96 everybody.
	for _, trusted := range []string{"::ffff:10.0.0.1", "::ffff:10.0.0.0/104", "::ffff:0a00:0/104"} {
		p, err := clientip.New(clientip.Config{Trusted: []string{trusted}})
		if err != nil {
			wantMentions(t, err, "Config.Trusted[0]")
			continue
		}
		if got := clientIP(p, "10.0.0.1:443", "X-Forwarded-For", "203.0.113.9"); got != "203.0.113.9" {
			t.Errorf("%s: got %s, want 203.0.113.9", trusted, got)
		}
	}
	_, err := clientip.New(clientip.Config{Trusted: []string{"::ffff:0.0.0.0/96"}})
	if err == nil {
		t.Error("::ffff:0.0.0.0/96, which is every IPv4 address: no error")
	}
}

func TestAHeaderThatNoRequestCanHaveIsAMistake(t *testing.T) {
	// IN-1: with it every client would silently have the address of the proxy.
	for _, header := range []string{"X Forwarded For", "X-Forwarded-For:", " X-Forwarded-For", "x-weiter-für", "X-Forwarded-For\r\n"} {
		_, err := clientip.New(clientip.Config{Header: header})
		if err == nil || !strings.Contains(err.Error(), "Config.Header") || !strings.Contains(err.Error(), "Config.Trusted") {
			t.Errorf("%q: want an error that names Config.Header and Config.Trusted, got:\n%v", header, err)
		}
	}
}

// peers are those of the fuzz target: an address, and whether it is one of trustedProxies.
var peers = []struct {
	remote, addr string
	trusted      bool
}{
	{"10.0.0.1:443", "10.0.0.1", true},
	{"[2001:db8:1::1]:443", "2001:db8:1::1", true},
	{"[fe80::1%eth0]:443", "fe80::1", true},
	{"198.51.100.1:443", "198.51.100.1", false},
	{"[2001:db8:2::1]:443", "2001:db8:2::1", false},
	{"@", "", false},
}

func FuzzClientIP(f *testing.F) {
	for _, rows := range [][]proxied{forwardedFor, forwarded} {
		for i, row := range rows {
			f.Add(uint8(0), strings.Join(row.lines, "\n"))
			f.Add(uint8(i), strings.Join(row.lines, "\n"))
		}
	}
	all := map[string]*clientip.Proxies{}
	for _, header := range []string{"X-Forwarded-For", "Forwarded"} {
		all[header] = newProxies(f, header, trustedProxies...)
	}
	f.Fuzz(func(t *testing.T, i uint8, text string) {
		peer, lines := peers[int(i)%len(peers)], strings.Split(text, "\n")
		for header, p := range all {
			got := clientIP(p, peer.remote, header, lines...)
			switch {
			case got == peer.addr:
			case !peer.trusted:
				t.Fatalf("%s: got %q from %q, want the peer, which nobody trusts: %s", header, got, lines, peer.addr)
			case !standsIn(lines, got):
				t.Fatalf("%s: got %q, which is neither the peer nor stands in %q", header, got, lines)
			}
			if !peer.trusted {
				continue
			}
			// Whatever a client sends in the header: what the proxy adds decides.
			added := map[string]string{"X-Forwarded-For": "203.0.113.9", "Forwarded": "for=203.0.113.9"}[header]
			if got := clientIP(p, peer.remote, header, text+", "+added); got != "203.0.113.9" {
				t.Fatalf("%s: %q made the client %q, want the one that the proxy added", header, text, got)
			}
			if got := clientIP(p, peer.remote, header, append(lines, added)...); got != "203.0.113.9" {
				t.Fatalf("%s: the lines %q made the client %q, want the one that the proxy added", header, lines, got)
			}
		}
	})
}

// standsIn reports whether any part of a line is the address, however it is spelled there.
func standsIn(lines []string, addr string) bool {
	const longest = 45 // of an IPv6 address: RFC 4291, section 2.2, the third form
	for _, line := range lines {
		for from := range len(line) {
			for to := from + 1; to <= min(from+longest, len(line)); to++ {
				if a, err := netip.ParseAddr(line[from:to]); err == nil && a.Unmap().String() == addr {
					return true
				}
			}
		}
	}
	return false
}

func FuzzTheHostInForwardedIsNobodysAddress(f *testing.F) {
	for _, host := range []string{
		"app.example", "a,for=198.51.100.1", "a, for=198.51.100.1 ", "a;for=198.51.100.1", `a";for=198.51.100.1`, `a\`, `a\",for=198.51.100.1;b="`,
	} {
		f.Add(host)
	}
	p := newProxies(f, "Forwarded", trustedProxies...)
	f.Fuzz(func(t *testing.T, host string) {
		// RFC 9110, section 5.6.4: how a proxy quotes what it was sent.
		quoted := `host="` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(host) + `"`
		for _, line := range []string{"for=203.0.113.9;" + quoted, quoted + ";for=203.0.113.9"} {
			if got := clientIP(p, "10.0.0.1:443", "Forwarded", line); got != "203.0.113.9" {
				t.Fatalf("%q: got %q, want 203.0.113.9", line, got)
			}
		}
	})
}
