package cookie

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/gorilla/securecookie"
	"golang.org/x/net/publicsuffix"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/bound"
	"github.com/inga-auth/inga/internal/browser"
	"github.com/inga-auth/inga/internal/entropy"
	"github.com/inga-auth/inga/internal/recall"
	"github.com/inga-auth/inga/middleware/session"
)

// Config is what [New] needs. Sessions and Keys are required; the rest is safe by default.
type Config struct {
	// Sessions is where the cookie's sessions are opened and ended.
	Sessions *session.Registry

	// Keys sign the cookie (HMAC-SHA-256): 32 random bytes or more, or the hexadecimal or base64
	// text of as many. The first one signs, all of them verify. To rotate, put the new one last,
	// in all processes; then first; and drop the old one when the sessions that it signed have
	// ended, at the longest absolute deadline.
	Keys [][]byte `json:"-"`

	// Name of the cookie. Default "__Host-session". A second one, whose name has -acting at its end,
	// is that of a login with an Actor.
	Name string
	// Path and Domain of the cookie. Default "/" and none. A name that begins with __Host-
	// allows nothing else.
	Path, Domain string
	// SameSite is Lax by default, or Strict. None sends the cookie along with requests that other
	// sites make; then http.CrossOriginProtection alone decides what these may do.
	SameSite http.SameSite

	// TrustedOrigins may send unsafe requests with the cookie. Each is one origin, like
	// "https://app.example" or "http://localhost:3000", without wildcards.
	TrustedOrigins []string

	// Reissue sends the cookie again with each renewal, its Max-Age following the idle deadline, so
	// that the browser drops it when the session ends. A response that arrives late, after the same
	// browser has logged in again, then brings the old cookie back and logs the user out. So does one
	// that loses the cookie, if all do until the former Max-Age is over: http.TimeoutHandler replaces
	// all cookies where its handler sets one of its own.
	//
	// By default the cookie is sent once and kept until the absolute deadline, or for the 400 days
	// that browsers keep any cookie. The server refuses an idle session whatever the browser keeps.
	Reissue bool

	// Bind, if it has a Path, binds sessions to the device of their browser where the browser can do
	// that, so that a copy of the cookies is good for minutes only. See package middleware/dbsc. Without
	// it, sessions that were bound before are refused, and their users log in again.
	Bind session.Bind

	// ClearSiteData, if not empty, is the value of the header of that name in the response to a
	// logout: `"cache", "storage"`, for example.
	ClearSiteData string

	// DangerouslyAllowHTTP leaves out the Secure attribute, for a server that browsers reach
	// without TLS: anyone on the way can then read and use the cookie. The default Name is
	// "session" in that case. It is not needed for http://localhost, where browsers accept
	// secure cookies.
	DangerouslyAllowHTTP bool
}

// Format implements [fmt.Formatter], so that no verb prints the keys.
func (c Config) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[cookie.Config]")) }

// New returns the Cookies that c describes. The error joins all mistakes, each naming its field.
func New(c Config) (*Cookies, error) {
	k := &Cookies{reissue: c.Reissue, clearSiteData: c.ClearSiteData}
	k.cookie = browser.Cookie{Cookie: http.Cookie{
		Name: c.Name, Path: c.Path, Domain: c.Domain, SameSite: c.SameSite, Secure: !c.DangerouslyAllowHTTP,
	}}.WithDefaults("session")
	errs := slices.Concat(
		c.mistakes(),
		k.cookie.Mistakes("cookie: Config.", "Name"),
		k.origins.Trust("cookie: Config.TrustedOrigins", c.TrustedOrigins),
		bound.Mistakes("cookie: Config.Bind.", c.Bind, k.cookie, c.store()),
	)
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	k.sessions = c.Sessions.Method(backends.KindCookie, Method)
	k.recaller, _ = c.Sessions.Store().(recall.Store)
	k.bound = bound.New(bound.Config{Registry: c.Sessions, Method: k.sessions, Bind: c.Bind, Keys: c.Keys, Cookie: k.cookie})
	for _, key := range c.Keys {
		// MaxAge(0): the row decides how long a session lives.
		codec := securecookie.New(slices.Clone(key), nil).SetSerializer(securecookie.NopEncoder{}).MaxAge(0)
		k.codecs = append(k.codecs, codec)
	}
	k.acting = &Cookies{sessions: k.sessions, codecs: k.codecs, cookie: k.cookie}
	k.acting.cookie.Name += actingSuffix
	return k, nil
}

// store returns that of the sessions, or nil.
func (c Config) store() backends.Store {
	if c.Sessions == nil {
		return nil
	}
	return c.Sessions.Store()
}

func (c Config) mistakes() []error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("cookie: Config."+format, args...)) }
	if c.store() == nil {
		bad("Sessions is nil, want what session.New returns")
	}
	if len(c.Keys) == 0 {
		bad("Keys is empty, want at least one key of 32 random bytes (openssl rand -hex 32)")
	}
	for i, key := range c.Keys {
		if err := entropy.Check(key); err != nil {
			bad("Keys[%d]: %w", i, err)
		}
	}
	if refused(c.Domain) {
		bad("Domain is %q, which browsers refuse, want the name of a site like example.com, or none", c.Domain)
	}
	if strings.ContainsFunc(c.ClearSiteData, func(r rune) bool { return r < 0x20 || r > 0x7e }) {
		bad("ClearSiteData is %q, want printable ASCII", c.ClearSiteData)
	}
	return errs
}

// refused reports whether browsers refuse a cookie for the domain: an address, a public suffix like
// com or co.uk, and what has an empty label.
func refused(domain string) bool {
	name := strings.ToLower(strings.TrimPrefix(domain, "."))
	suffix, _ := publicsuffix.PublicSuffix(name)
	return domain != "" && (suffix == name || slices.Contains(strings.Split(name, "."), ""))
}
