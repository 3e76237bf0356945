package callback

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/inga-auth/inga/internal/browser"
	"github.com/inga-auth/inga/internal/seal"
	"github.com/inga-auth/inga/middleware"
)

// Config is what [New] needs. Issuer and Keys are required; the zero value of the rest is the safe
// choice. It describes one provider: each has its own, and its own callback URL.
type Config struct {
	// Issuer is the issuer identifier of the provider, to the letter, as in its metadata:
	// "https://accounts.google.com". A provider without one gets any URL of its own.
	Issuer string
	// IssuerOptional accepts answers without the parameter iss (RFC 9207), from a provider whose
	// metadata has no authorization_response_iss_parameter_supported. An iss that is there must still
	// be right. What then protects against mix-up is that this provider has a callback URL that no
	// other one has.
	IssuerOptional bool

	// Keys seal the cookie, as in cookie.ValueConfig. They may be shared with other providers and
	// with packages cookie and link. To rotate, put the new one last, in all processes; then first;
	// and drop the old one after MaxAge.
	Keys [][]byte `json:"-"`

	// FormPost is for providers that answer with a form which the browser posts
	// (response_mode=form_post). The cookie is then SameSite=None, and only POST is accepted;
	// otherwise only GET is.
	FormPost bool

	// MaxAge is how long a login may take: from a minute to a day. Default 10 minutes.
	MaxAge time.Duration

	// TrustedOrigins may begin logins with a POST, as "https://app.example".
	TrustedOrigins []string

	// DangerouslyAllowHTTP leaves out the Secure attribute, and the prefix __Host- with it: see
	// cookie.Config.
	DangerouslyAllowHTTP bool
}

// Format implements [fmt.Formatter], so that no verb prints the keys.
func (c Config) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[callback.Config]")) }

// LogValue implements [slog.LogValuer].
func (c Config) LogValue() slog.Value { return slog.StringValue("[callback.Config]") }

// Logins begins and finishes logins at one provider. It is safe for concurrent use.
type Logins struct {
	issuer         string
	issuerOptional bool
	formPost       bool
	maxAge         time.Duration
	box            *seal.Box
	cookie         browser.Cookie // Name is the prefix of the names
	origins        browser.Origins
	warning        browser.Warning
}

// errNotMade is for the zero Logins, and nil.
var errNotMade = fmt.Errorf("%w: callback: these Logins are not from New", middleware.ErrInvalidArgument)

// New returns the Logins that c describes. The error joins all mistakes, each naming its field.
func New(c Config) (*Logins, error) {
	if c.MaxAge == 0 {
		c.MaxAge = 10 * time.Minute
	}
	l := &Logins{
		issuer:         c.Issuer,
		issuerOptional: c.IssuerOptional,
		formPost:       c.FormPost,
		maxAge:         c.MaxAge,
		cookie:         browser.Cookie{Cookie: http.Cookie{Secure: !c.DangerouslyAllowHTTP}},
	}
	if c.FormPost {
		l.cookie.SameSite = http.SameSiteNoneMode
	}
	l.cookie = l.cookie.WithDefaults("login-")
	errs := append(c.mistakes(), l.origins.Trust("callback: Config.TrustedOrigins", c.TrustedOrigins)...)
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	l.box = seal.New(c.Keys, "login callback")
	return l, nil
}

func (c Config) mistakes() []error {
	errs := seal.Mistakes("callback: Config.Keys", c.Keys)
	// RFC 8414, section 2. A provider for tests may do without TLS.
	if u, err := url.Parse(c.Issuer); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.RawQuery != "" || u.Fragment != "" {
		errs = append(errs, fmt.Errorf("callback: Config.Issuer is %q, want a URL without query and fragment", c.Issuer))
	}
	if c.MaxAge < time.Minute || c.MaxAge > 24*time.Hour {
		errs = append(errs, fmt.Errorf("callback: Config.MaxAge is %v, want at least 1m and at most 24h", c.MaxAge))
	}
	if c.FormPost && c.DangerouslyAllowHTTP {
		errs = append(errs, errors.New("callback: Config.FormPost needs a cookie with SameSite=None, which browsers accept with Secure only, and DangerouslyAllowHTTP is true"))
	}
	return errs
}

// Format implements [fmt.Formatter], so that no verb prints the keys.
func (l *Logins) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[logins]")) }

// LogValue implements [slog.LogValuer].
func (l *Logins) LogValue() slog.Value { return slog.StringValue("[logins]") }
