package backends

import (
	"net/netip"

	"github.com/inga-auth/inga/internal/text"
)

// A Client describes where a session was opened, as far as the request said. It proves
// nothing: it is shown to the user and never used to decide.
type Client struct {
	IP        netip.Addr `json:"ip,omitzero"`          // without a zone; zero when unknown
	UserAgent string     `json:"user_agent,omitempty"` // as the client sent it
	Label     string     `json:"label,omitempty"`      // a name for people: "Ann's phone"
}

// NewClient returns a Client that every store accepts and any log can print. It removes the
// port and the zone of remoteAddr, replaces control characters by spaces, drops bytes that are
// not UTF-8, and cuts the user agent to 512 bytes and the label to 128.
func NewClient(remoteAddr, userAgent, label string) Client {
	ip, err := netip.ParseAddr(remoteAddr)
	if err != nil {
		ap, _ := netip.ParseAddrPort(remoteAddr)
		ip = ap.Addr()
	}
	return Client{IP: plain(ip), UserAgent: text.Printable(userAgent, maxUserAgent), Label: text.Printable(label, maxLabel)}
}

// plain returns a in its one spelling, or the zero Addr if it is that of no machine. The zone is
// dropped: it means something on one machine only and may hold anything.
func plain(a netip.Addr) netip.Addr {
	if a.IsUnspecified() {
		return netip.Addr{}
	}
	return a.Unmap().WithZone("")
}
