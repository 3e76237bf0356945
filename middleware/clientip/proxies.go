// Package clientip finds the address of the client that sent a request, including behind
// reverse proxies. A forwarding header is read only if a trusted proxy sent it, and only as far
// as trusted proxies wrote it.
package clientip

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Config configures [New]. Trusted is required.
type Config struct {
	// Trusted lists the addresses and networks of the proxies in front of the server, for example
	// "192.0.2.7" and "10.0.0.0/8". "unix" trusts every client of a Unix socket.
	Trusted []string

	// Header is the header to which each proxy appends the address of its client. Default
	// "X-Forwarded-For". "Forwarded" is parsed according to RFC 7239.
	Header string
}

// Proxies finds the addresses of clients behind trusted proxies. It is safe for concurrent use.
type Proxies struct {
	trusted []netip.Prefix
	unix    bool
	header  string
}

const alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// New returns the Proxies that c describes. The error joins all mistakes, each naming its field.
func New(c Config) (*Proxies, error) {
	p := &Proxies{header: http.CanonicalHeaderKey(cmp.Or(c.Header, "X-Forwarded-For"))}
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("clientip: Config."+format, args...)) }
	if strings.Trim(p.header, alphanumeric+"!#$%&'*+-.^_`|~") != "" {
		bad("Header is %q, want the name of a header", c.Header)
	}
	if len(c.Trusted) == 0 {
		bad("Trusted is empty, want the addresses of the proxies")
	}
	for i, s := range c.Trusted {
		prefix, err := parsePrefix(s)
		switch {
		case s == "unix":
			p.unix = true
		case err != nil:
			bad("Trusted[%d] is %q, want an address, a network, or unix", i, s)
		case prefix.Bits() == 0:
			bad("Trusted[%d] is %q: with every address trusted, any client can choose its own", i, s)
		default:
			p.trusted = append(p.trusted, prefix)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return p, nil
}

func parsePrefix(s string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(s); err == nil {
		a = a.Unmap().WithZone("")
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	prefix, err := netip.ParsePrefix(s)
	if a := prefix.Addr(); err == nil && a.Is4In6() && prefix.Bits() >= 96 {
		prefix = netip.PrefixFrom(a.Unmap(), prefix.Bits()-96)
	}
	return prefix.Masked(), err
}

// Handler makes [Of] return the address of the client, and not that of the proxy, for requests
// to next. Put it around everything else.
func (p *Proxies) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := context.WithValue(r.Context(), key{}, p.client(r))
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// client returns the nearest address that is not that of a trusted proxy. Whatever is to the left
// of it in the header came from that address, and may be made up.
//
// An entry that is not an address ends the search at the proxy that wrote it.
func (p *Proxies) client(r *http.Request) netip.Addr {
	client := parseHop(r.RemoteAddr)
	hops, more := strings.Join(r.Header[p.header], ","), true
	for more && p.trusts(client) {
		var hop string
		hops, hop, more = cutLast(hops, ',')
		if p.header == "Forwarded" {
			hop = forwardedFor(hop)
		}
		addr := parseHop(hop)
		if !addr.IsValid() {
			break
		}
		client = addr
	}
	return client
}

// trusts reports whether a is that of a trusted proxy. On a Unix socket it is invalid.
func (p *Proxies) trusts(a netip.Addr) bool {
	return !a.IsValid() && p.unix || slices.ContainsFunc(p.trusted, func(n netip.Prefix) bool { return n.Contains(a) })
}

// cutLast cuts s around the last separator outside of quotes. It scans from the end, so that a
// quote that a client left open cannot swallow what a proxy appended.
func cutLast(s string, separator byte) (before, after string, found bool) {
	quoted := false
	for i := len(s) - 1; i >= 0; i-- {
		switch {
		case s[i] == '"' && !escaped(s[:i]):
			quoted = !quoted
		case s[i] == separator && !quoted:
			return s[:i], s[i+1:], true
		}
	}
	return "", s, false
}

// escaped reports whether s escapes the character after it: RFC 9110, section 5.6.4.
func escaped(s string) bool {
	return (len(s)-len(strings.TrimRight(s, "\\")))%2 == 1
}

// Of returns the address of the client that sent r: the one that [Proxies.Handler] found, or else
// that of the connection. It is invalid if there is none, as on a Unix socket. It is for logs and
// display, and proves nothing.
func Of(r *http.Request) netip.Addr {
	if a, ok := r.Context().Value(key{}).(netip.Addr); ok {
		return a
	}
	return parseHop(r.RemoteAddr)
}

type key struct{}

// parseHop returns the address in "192.0.2.7", "192.0.2.7:80", "[2001:db8::7]:80" or
// "[2001:db8::7]", without its zone, which has a meaning on one machine only.
func parseHop(s string) netip.Addr {
	s = strings.TrimSpace(s)
	a, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"))
	if err != nil {
		ap, err := netip.ParseAddrPort(s)
		if err != nil {
			return netip.Addr{}
		}
		a = ap.Addr()
	}
	return a.Unmap().WithZone("")
}

// forwardedFor returns the value of the parameter "for" in an element of Forwarded: RFC 7239,
// section 4.
func forwardedFor(element string) string {
	for more := true; more; {
		var pair string
		element, pair, more = cutLast(element, ';')
		name, value, _ := strings.Cut(pair, "=")
		if strings.EqualFold(strings.TrimSpace(name), "for") {
			return node(strings.Trim(strings.TrimSpace(value), `"`))
		}
	}
	return ""
}

// node returns s without an obfuscated port: RFC 7239, section 6.
func node(s string) string {
	host, port, found := strings.Cut(s, ":_")
	if found && port != "" && strings.Trim(port, alphanumeric+"._-") == "" {
		return host
	}
	return s
}
