package dpop

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/jose"
	"github.com/inga-auth/inga/internal/nilcheck"
	"github.com/inga-auth/inga/internal/proof"
	"github.com/inga-auth/inga/internal/seal"
)

// Config is what [New] needs. URL is required, and one of Claims and InMemory. The zero value of the rest
// is the safe choice.
type Config struct {
	// URL is where clients find the application, whatever stands before it: https://app.example. With a
	// path, as in https://example.com/app, a proxy removes that path from requests before they come here.
	URL string

	// Claims remembers the proofs that were used, for all processes: a backend, or the cache around it.
	Claims backends.Claims

	// InMemory remembers them in the memory of this process instead. A proof that was used here can then
	// be used again at each other process, until it is too old.
	InMemory bool

	// NonceKeys, if there are any, let clients prove when they made a proof by a nonce of the server: 32
	// random bytes or more each, the same in all processes. The first one makes new nonces, all of them
	// verify.
	NonceKeys [][]byte `json:"-"`

	// Window is how old a proof may be, from 5 seconds to 10 minutes. Default a minute. With NonceKeys,
	// a nonce is good for one to two Windows.
	Window time.Duration

	// Leeway is by how much the clock of a client, and that of another server, may differ from ours. At
	// most a minute. Default 30 seconds.
	Leeway time.Duration

	// Algorithms are the accepted ones. Default: all there are, ES256, ES384, EdDSA, Ed25519, PS256 and
	// RS256.
	Algorithms []string

	// DangerouslyAllowHTTP allows a URL without TLS: anyone on the way can then read what a request returns.
	// Loopback addresses are allowed without it.
	DangerouslyAllowHTTP bool
}

// Format implements [fmt.Formatter], so that no verb prints a key.
func (c Config) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[dpop.Config]")) }

// LogValue implements [slog.LogValuer].
func (c Config) LogValue() slog.Value { return slog.StringValue("[dpop.Config]") }

const minWindow, maxWindow = 5 * time.Second, 10 * time.Minute

var algorithms = []string{"ES256", "ES384", "EdDSA", "Ed25519", "PS256", "RS256"}

// New returns the Proofs that c describes. The error joins all mistakes, each naming its field.
func New(c Config) (*Proofs, error) {
	c.Window = cmp.Or(c.Window, time.Minute)
	c.Leeway = cmp.Or(c.Leeway, 30*time.Second)
	if len(c.Algorithms) == 0 {
		c.Algorithms = algorithms
	}
	if err := errors.Join(c.mistakes()...); err != nil {
		return nil, err
	}
	base, _ := url.Parse(c.URL)
	p := &Proofs{
		base:   base,
		window: c.Window, leeway: c.Leeway,
		reader: proof.Reader{Type: proof.DPoP, Algorithms: slices.Clone(c.Algorithms)},
		nonces: newNonces(c.NonceKeys, c.Window, c.URL),
		used:   c.Claims,
	}
	if c.InMemory {
		p.used = newMemory(maxRemembered)
	}
	return p, nil
}

func (c Config) mistakes() (errs []error) {
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("dpop: Config."+format, args...)) }
	if err := checkURL(c.URL, c.DangerouslyAllowHTTP); err != nil {
		bad("URL is %.200q, %w", c.URL, err)
	}
	store, isStore := c.Claims.(backends.Store)
	switch none := nilcheck.IsNil(c.Claims); {
	case none && !c.InMemory:
		bad("Claims is nil, want a backend, or InMemory")
	case !none && c.InMemory:
		bad("InMemory is true, and there are Claims: want one of both")
	case isStore && !none && !backends.Supports[backends.Claims](store):
		bad("Claims: a %T has none", c.Claims)
	}
	if len(c.NonceKeys) > 0 {
		errs = append(errs, seal.Mistakes("dpop: Config.NonceKeys", c.NonceKeys)...)
	}
	if c.Window < minWindow || c.Window > maxWindow {
		bad("Window is %v, want %v to %v, or 0 for the default", c.Window, minWindow, maxWindow)
	}
	if c.Leeway < 1 || c.Leeway > jose.MaxLeeway {
		bad("Leeway is %v, want at most %v, or 0 for the default", c.Leeway, jose.MaxLeeway)
	}
	for i, name := range c.Algorithms {
		if !slices.Contains(algorithms, name) {
			bad("Algorithms[%d] is %q, want one of %s", i, name, strings.Join(algorithms, ", "))
		}
	}
	return errs
}

func checkURL(address string, allowHTTP bool) error {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.Opaque != "":
		return errors.New("want one that begins with https://")
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return errors.New("want one without user, query and fragment")
	case u.Scheme == "http" && !allowHTTP && !isLoopback(u.Hostname()):
		return errors.New("want https, or DangerouslyAllowHTTP")
	}
	return nil
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}
