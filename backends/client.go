package backends

import (
	"net/netip"

	"github.com/inga-auth/inga/internal/text"
)

// A Client describes where a session was opened, as far as the request said. It proves
// nothing: it is shown to the user and never used to decide.
type Client struct {
	IP        string `json:"ip,omitempty"`         // without port and zone; "" when unknown
	UserAgent string `json:"user_agent,omitempty"` // as the client sent it
	Label     string `json:"label,omitempty"`      // a name for people: "Ann's phone"
}

// NewClient returns a Client that every store accepts and any log can print. It removes the
// port and the zone of remoteAddr, replaces control characters by spaces, drops bytes that are
// not UTF-8, and cuts the user agent to 512 bytes and the label to 128.
func NewClient(remoteAddr, userAgent, label string) Client {
	var ip string
	if ap, err := netip.ParseAddrPort(remoteAddr); err == nil {
		ip = address(ap.Addr())
	} else if a, err := netip.ParseAddr(remoteAddr); err == nil {
		ip = address(a)
	}
	return Client{IP: ip, UserAgent: text.Printable(userAgent, maxUserAgent), Label: text.Printable(label, maxLabel)}
}

// address drops the zone, which means something on one machine only and may hold anything.
func address(a netip.Addr) string { return a.Unmap().WithZone("").String() }
