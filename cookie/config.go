package cookie

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/gorilla/securecookie"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/ambient"
	"github.com/inga-auth/inga/internal/entropy"
	"github.com/inga-auth/inga/internal/session"
	"github.com/inga-auth/inga/middleware"
)

// Config is what [New] needs. Store, Keys and Policy are required; the zero value of the
// rest is the safe choice.
type Config struct {
	Store backends.Store

	// Keys sign the cookie (HMAC-SHA-256): 32 random bytes or more, or the hexadecimal or
	// base64 text of as many. The first one signs, all of them verify. To rotate, put the new
	// one last, in all processes; then first; and drop the old one when the sessions that it
	// signed have ended, at the longest absolute deadline.
	Keys [][]byte

	// Policy says how long a session lives; usually a sliding.Policy.
	Policy middleware.Policy

	// Name of the cookie. Default "__Host-session".
	Name string
	// Path and Domain of the cookie. Default "/" and none. A name that begins with __Host-
	// allows nothing else.
	Path, Domain string
	// SameSite is Lax by default, or Strict. None sends the cookie along with requests that
	// other sites make; what they may do then is up to CrossOriginProtection alone.
	SameSite http.SameSite

	// Limit, if not nil, says how many sessions a user may have at once: a new login ends those
	// that were used least recently, or is refused. backends.Limit{Total: 1}.ForAll is "no
	// concurrent logins". Give the same to package jwtauth if both share a store.
	Limit func(backends.User) backends.Limit

	// Events is told of logins, renewals and logouts. Default: they are logged, to
	// [slog.Default]; see [middleware.LogEvents].
	Events middleware.EventHook

	// TrustedOrigins may send unsafe requests with the cookie, as "https://app.example".
	TrustedOrigins []string

	// Reissue sends the cookie again with each renewal, its Max-Age following the idle
	// deadline, so that the browser drops it when the session ends.
	//
	// By default the cookie is sent once and kept until the absolute deadline; a renewal
	// moves the row only, and the server refuses an idle session whatever the browser keeps.
	// That is safer: a response that comes late, after the same browser has logged in
	// anew, would bring the old cookie back and thereby log the user out.
	Reissue bool

	// ClearSiteData, if not empty, is the header of that name in the answer to a logout:
	// `"cache", "storage"`, for example.
	ClearSiteData string

	// DangerouslyAllowHTTP leaves out the Secure attribute, for a server that browsers reach
	// without TLS: everybody on the way can then read and use the cookie. The default Name
	// is "session" in that case. It is not needed for http://localhost, where browsers
	// accept secure cookies.
	DangerouslyAllowHTTP bool
}

// New returns the cookie sessions that the Config describes. The error joins all mistakes,
// each naming its field.
func New(c Config) (*Sessions, error) {
	s := &Sessions{config: c, door: session.NewDoor(session.Door{
		Store: c.Store, Kind: backends.KindCookie, Method: Method, Policy: c.Policy, Limit: c.Limit, Events: c.Events,
	}), cookie: ambient.Cookie{
		Name:                 c.Name,
		Path:                 c.Path,
		Domain:               c.Domain,
		SameSite:             c.SameSite,
		DangerouslyAllowHTTP: c.DangerouslyAllowHTTP,
	}.WithDefaults("session")}
	errs := slices.Concat(
		c.mistakes(),
		s.cookie.Mistakes("cookie: Config.", "Name"),
		s.origins.Trust("cookie: Config.TrustedOrigins", c.TrustedOrigins),
	)
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	s.recaller, _ = c.Store.(backends.Recaller)
	for _, key := range c.Keys {
		// MaxAge(0): how long a session lives is the row's to say.
		s.codecs = append(s.codecs, securecookie.New(key, nil).SetSerializer(securecookie.NopEncoder{}).MaxAge(0))
	}
	return s, nil
}

func (c Config) mistakes() []error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("cookie: Config."+format, args...)) }
	if c.Store == nil {
		bad("Store is nil, want a backend")
	}
	if len(c.Keys) == 0 {
		bad("Keys is empty, want at least one key of 32 random bytes (openssl rand -hex 32)")
	}
	for i, key := range c.Keys {
		if err := entropy.Check(key); err != nil {
			bad("Keys[%d]: %w", i, err)
		}
	}
	if c.Policy == nil {
		bad("Policy is nil, want a sliding.Policy")
	} else if err := c.Policy.Validate(); err != nil {
		bad("Policy: %w", err)
	}
	if strings.ContainsFunc(c.ClearSiteData, func(r rune) bool { return r < 0x20 || r > 0x7e }) {
		bad("ClearSiteData is %q, want printable ASCII", c.ClearSiteData)
	}
	return errs
}
