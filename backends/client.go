package backends

import (
	"net/netip"

	"github.com/inga-auth/inga/internal/text"
)

// A Client is where a session was opened, as far as the request told. Nothing in it is
// proof of anything: it is shown to the user, never used to decide.
type Client struct {
	IP        string `json:"ip,omitempty"` // without port and zone; "" when unknown
	UserAgent string `json:"user_agent,omitempty"`
	Label     string `json:"label,omitempty"` // a name for people: "Ann's phone"
}

// The lengths to which [NewClient] cuts, in bytes.
const (
	maxUserAgent = 512
	maxLabel     = 128
)

// NewClient returns a Client that any backend can store and any log can print: the port
// and the zone are taken off remoteAddr, control characters are replaced by a space, bytes
// that are not UTF-8 are left out, and long text is cut.
func NewClient(remoteAddr, userAgent, label string) Client {
	var ip string
	if ap, err := netip.ParseAddrPort(remoteAddr); err == nil {
		ip = address(ap.Addr())
	} else if a, err := netip.ParseAddr(remoteAddr); err == nil {
		ip = address(a)
	}
	return Client{IP: ip, UserAgent: text.Printable(userAgent, maxUserAgent), Label: text.Printable(label, maxLabel)}
}

// address leaves the zone out: it means something on this machine only, and may hold anything.
func address(a netip.Addr) string { return a.Unmap().WithZone("").String() }
