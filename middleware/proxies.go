package middleware

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
)

// ProxyConfig is what [NewProxies] needs.
type ProxyConfig struct {
	// Trusted are the addresses and networks of the proxies before the server: "10.0.0.0/8",
	// "192.0.2.7". "unix" is whoever connects through a Unix socket. Required.
	Trusted []string

	// Header is the one to which each of them appends the address of its client. Default
	// "X-Forwarded-For"; "Forwarded" is read as RFC 7239 says.
	Header string
}

// Proxies finds the address of a client behind proxies. It is safe for concurrent use.
type Proxies struct {
	trusted []netip.Prefix
	unix    bool
	header  string
}

const alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// NewProxies returns the Proxies that the ProxyConfig describes. The error joins all
// mistakes, each naming its field.
func NewProxies(c ProxyConfig) (*Proxies, error) {
	p := &Proxies{header: http.CanonicalHeaderKey(c.Header)}
	if c.Header == "" {
		p.header = "X-Forwarded-For"
	}
	var errs []error
	if strings.Trim(p.header, alphanumeric+"!#$%&'*+-.^_`|~") != "" {
		errs = append(errs, fmt.Errorf("middleware: ProxyConfig.Header is %q, want the name of a header", c.Header))
	}
	if len(c.Trusted) == 0 {
		errs = append(errs, errors.New("middleware: ProxyConfig.Trusted is empty, want the addresses of the proxies"))
	}
	for i, s := range c.Trusted {
		prefix, err := parsePrefix(s)
		switch {
		case s == "unix":
			p.unix = true
		case err != nil:
			errs = append(errs, fmt.Errorf("middleware: ProxyConfig.Trusted[%d] is %q, want an address, a network, or unix", i, s))
		case prefix.Bits() == 0:
			errs = append(errs, fmt.Errorf("middleware: ProxyConfig.Trusted[%d] is %q: with everybody trusted, everybody can say who they are", i, s))
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

// Handler has [ClientIP] return the address of the client for the requests to next. Put it
// outermost.
func (p *Proxies) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := context.WithValue(r.Context(), clientIPKey{}, p.client(r))
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// client returns the address nearest to us that no trusted proxy has. What stands left of it
// in the header is what a client made up, or a proxy that nobody vouches for.
//
// An entry that is no address ends the search: who was before it is unknown.
func (p *Proxies) client(r *http.Request) netip.Addr {
	client, trusted := remoteAddr(r), false
	if !client.IsValid() {
		trusted = p.unix
	} else {
		trusted = p.trusts(client)
	}
	if !trusted {
		return client
	}
	hops, more := strings.Join(r.Header[p.header], ","), true
	for more && trusted {
		var hop string
		hops, hop, more = p.cutLast(hops)
		addr := parseHop(hop)
		if !addr.IsValid() {
			break
		}
		client, trusted = addr, p.trusts(addr)
	}
	return client
}

func (p *Proxies) cutLast(hops string) (before, hop string, more bool) {
	if p.header != "Forwarded" {
		if i := strings.LastIndexByte(hops, ','); i >= 0 {
			return hops[:i], hops[i+1:], true
		}
		return "", hops, false
	}
	before, element, more := cutLast(hops, ',')
	return before, forwardedFor(element), more
}

// cutLast returns what is before and after the last separator that stands in no quotes. It
// begins at the end, so that a quote that a client left open closes nothing of a proxy's.
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

// escaped reports whether the character after s is: RFC 9110, section 5.6.4.
func escaped(s string) bool {
	return (len(s)-len(strings.TrimRight(s, "\\")))%2 == 1
}

func (p *Proxies) trusts(a netip.Addr) bool {
	for _, prefix := range p.trusted {
		if prefix.Contains(a) {
			return true
		}
	}
	return false
}

// ClientIP returns the address of the client that sent r: that of the connection, unless
// [Proxies.Handler] knows better. It is not valid if there is none, as on a Unix socket.
//
// It is shown and logged, and proves nothing.
func ClientIP(r *http.Request) netip.Addr {
	if a, ok := r.Context().Value(clientIPKey{}).(netip.Addr); ok {
		return a
	}
	return remoteAddr(r)
}

type clientIPKey struct{}

func remoteAddr(r *http.Request) netip.Addr { return parseHop(r.RemoteAddr) }

// parseHop returns the address in "192.0.2.7", "192.0.2.7:80", "[2001:db8::7]:80" or
// "[2001:db8::7]", without its zone: that means something on one machine only.
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

// forwardedFor returns the value of "for" in an element of Forwarded: RFC 7239, section 4.
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
