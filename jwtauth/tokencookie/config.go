package tokencookie

import (
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/bound"
	"github.com/inga-auth/inga/internal/browser"
	"github.com/inga-auth/inga/internal/tokens"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/middleware/session"
)

// Config is what [New] needs. Tokens is required; the zero value of the rest is the safe choice.
type Config struct {
	// Tokens issues and verifies. It must have RefreshKeys.
	Tokens *jwtauth.Tokens

	// AccessName and RefreshName name the cookies. Default "__Host-access" and "__Host-refresh".
	AccessName, RefreshName string

	// SameSite is Lax by default, or Strict. None sends the cookies along with requests that
	// other sites make; then http.CrossOriginProtection alone decides what these may do.
	SameSite http.SameSite

	// TrustedOrigins may send unsafe requests with the cookies, as "https://app.example".
	TrustedOrigins []string

	// Bind, if it has a Path, binds sessions to the device of their browser where the browser can do
	// that, so that a copy of the cookies is good for minutes only. See package middleware/dbsc. Without
	// it, sessions that are bound are refused.
	Bind session.Bind

	// DangerouslyAllowHTTP leaves out the Secure attribute, and the prefix of the default names:
	// anyone on the way can then read and use the tokens.
	DangerouslyAllowHTTP bool
}

// New returns the Cookies that c describes. The error joins all mistakes, each naming its field.
func New(c Config) (*Cookies, error) {
	base := browser.Cookie{Cookie: http.Cookie{SameSite: c.SameSite, Secure: !c.DangerouslyAllowHTTP}}
	k := &Cookies{access: base, refresh: base}
	k.access.Name, k.refresh.Name = c.AccessName, c.RefreshName
	k.access, k.refresh = k.access.WithDefaults("access"), k.refresh.WithDefaults("refresh")

	var errs []error
	engine := c.Tokens.Engine()
	if engine.Made() != nil || len(engine.RefreshKeys) == 0 {
		errs = append(errs, errors.New("tokencookie: Config.Tokens is nil or has no RefreshKeys, want one that refreshes"))
	}
	if k.access.Name == k.refresh.Name {
		errs = append(errs, fmt.Errorf("tokencookie: Config.RefreshName is %q, want another name than AccessName", k.refresh.Name))
	}
	errs = slices.Concat(errs,
		k.access.Mistakes("tokencookie: Config.", "AccessName"),
		k.refresh.Mistakes("tokencookie: Config.", "RefreshName"),
		k.origins.Trust("tokencookie: Config.TrustedOrigins", c.TrustedOrigins),
		bound.Mistakes("tokencookie: Config.Bind.", c.Bind, k.refresh, storeOf(engine)),
	)
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	k.engine = engine.With(Method)
	k.bound = bound.New(bound.Config{
		Registry: engine.Registry, Method: k.engine.Sessions, Bind: c.Bind,
		Keys: engine.RefreshKeys.Derive("bound token cookies"), Cookie: k.refresh,
	})
	return k, nil
}

// storeOf returns that of the engine's sessions, or nil.
func storeOf(e *tokens.Engine) backends.Store {
	if e.Made() != nil {
		return nil
	}
	return e.Registry.Store()
}
