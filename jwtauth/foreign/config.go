package foreign

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/jose"
	"github.com/inga-auth/inga/jwtauth/dpop"
)

// Config says which tokens of one issuer are accepted, and which roles and scopes they give.
// Issuer and Audience are required; the zero value of the rest is the safe choice.
type Config struct {
	// Issuer is the claim iss of its tokens, exactly.
	Issuer string

	// Audience must be among the values of the claim aud. Use the name of the API: with that of
	// a client, and the type JWT, ID tokens would pass.
	Audience string

	// AudienceClaim is the claim to look for Audience in, a string or a list. Default aud. Access
	// tokens of Cognito have no aud: there it is client_id, which ID tokens lack, and Audience is
	// the ID of the client.
	AudienceClaim string

	// JWKSURL is where the public keys of the issuer are. Default: the jwks_uri in the document
	// at Issuer + /.well-known/openid-configuration (OpenID Connect Discovery), for which Issuer
	// must be a URL.
	JWKSURL string

	// Algorithms are the accepted ones, each with a key that it fits: RS256, RS384, RS512,
	// PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, Ed25519 (RFC 9864). Default RS256, PS256,
	// ES256, EdDSA, Ed25519.
	Algorithms []string

	// Types are the accepted values of the header parameter typ, compared without case and
	// without application/. Default at+jwt, which RFC 9068 requires of an access token. Many
	// issuers send JWT or none, which is "": then only Audience distinguishes their access tokens
	// from their ID tokens.
	Types []string

	// Leeway is by how much the issuer's clock may differ from ours. At most a minute.
	// Default 30 seconds.
	Leeway time.Duration

	// MaxAge is how long the last keys fetched are used while the issuer cannot be reached, from
	// 10 minutes to 7 days. Default 24 hours. After that, requests with its tokens get 503.
	MaxAge time.Duration

	// Roles returns the roles that a token gives, for example func(c foreign.Claims) []string {
	// return c.Strings("realm_access", "roles") }. Default none. It is called concurrently, and
	// with verified claims only.
	Roles func(Claims) []string

	// Scopes returns the scopes of a token. Default: the words of the claim scope (RFC 9068,
	// section 2.2.3), or of scp if there is none.
	Scopes func(Claims) []string

	// Proofs checks the proofs of clients whose tokens are bound to a key (RFC 9449): usually the ones of
	// our own tokens. Without it, such tokens are refused.
	Proofs *dpop.Proofs

	// HTTPClient fetches the keys. Default: one that uses the proxy of the environment. With
	// any client, a fetch takes 5 seconds at most. Unless the client has a CheckRedirect, it
	// follows redirects within one host only, and none from HTTPS to HTTP.
	HTTPClient *http.Client

	// Logger receives the reasons why keys could not be fetched. Default [slog.Default].
	Logger *slog.Logger

	// DangerouslyAllowHTTP allows addresses without TLS. An attacker on the network can then
	// substitute the keys, and pose as any user. Loopback addresses are allowed without it.
	DangerouslyAllowHTTP bool
}

const (
	minMaxAge = 10 * time.Minute // when keys are fetched before they are used
	maxMaxAge = 7 * 24 * time.Hour
)

var defaultAlgorithms = []string{"RS256", "PS256", "ES256", "EdDSA", "Ed25519"}

func (c Config) withDefaults() Config {
	if len(c.Algorithms) == 0 {
		c.Algorithms = defaultAlgorithms
	}
	if len(c.Types) == 0 {
		c.Types = []string{jose.AccessType}
	}
	c.AudienceClaim = cmp.Or(c.AudienceClaim, "aud")
	c.Leeway = cmp.Or(c.Leeway, 30*time.Second)
	c.MaxAge = cmp.Or(c.MaxAge, 24*time.Hour)
	if c.Scopes == nil {
		c.Scopes = scopesOf
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return c
}

func (c Config) mistakes() []error {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("foreign: Config %q: "+format, append([]any{c.Issuer}, args...)...))
	}
	for _, field := range []struct{ name, value string }{{"Issuer", c.Issuer}, {"Audience", c.Audience}, {"AudienceClaim", c.AudienceClaim}} {
		if !backends.ValidText(field.value) || strings.TrimSpace(field.value) != field.value {
			bad("%s is %q, want 1 to 255 bytes of text without space around it", field.name, field.value)
		}
	}
	if c.JWKSURL != "" {
		if _, err := checkURL(c.JWKSURL, c.DangerouslyAllowHTTP); err != nil {
			bad("JWKSURL is %q: %w", c.JWKSURL, err)
		}
	} else if err := checkDiscovery(c.Issuer, c.DangerouslyAllowHTTP); err != nil {
		bad("JWKSURL is empty, and Issuer does not tell where to ask: %w", err)
	}
	for _, name := range c.Algorithms {
		if _, ok := jose.Asymmetric[name]; !ok {
			bad("Algorithms has %q, want some of %s", name, strings.Join(algorithmNames(), ", "))
		}
	}
	if c.Leeway < 0 || c.Leeway > jose.MaxLeeway {
		bad("Leeway is %v, want 0 to %v", c.Leeway, jose.MaxLeeway)
	}
	if c.MaxAge < minMaxAge || c.MaxAge > maxMaxAge {
		bad("MaxAge is %v, want %v to %v", c.MaxAge, minMaxAge, maxMaxAge)
	}
	return errs
}

func checkDiscovery(issuer string, allowHTTP bool) error {
	u, err := checkURL(issuer, allowHTTP)
	if err == nil && (u.RawQuery != "" || u.ForceQuery) {
		err = errors.New("want a URL without a query")
	}
	return err
}

// checkURL parses an address from which keys may be fetched.
func checkURL(address string, allowHTTP bool) (*url.URL, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return nil, errors.New("want a URL")
	case u.Scheme != "https" && u.Scheme != "http" || u.Host == "":
		return nil, errors.New("want a URL that begins with https://")
	case u.User != nil || u.Fragment != "":
		return nil, errors.New("want a URL without user and fragment")
	case u.Scheme == "http" && !allowHTTP && !isLoopback(u.Hostname()):
		return nil, errors.New("want https, or DangerouslyAllowHTTP")
	}
	return u, nil
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}
