package jwtauth

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/entropy"
	"github.com/inga-auth/inga/internal/jose"
	"github.com/inga-auth/inga/internal/nilcheck"
	"github.com/inga-auth/inga/internal/tokens"
	"github.com/inga-auth/inga/jwtauth/dpop"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/session"
)

// Config is what [New] needs. Sessions, Keys, Issuer and Audience are required; the zero value
// of the rest is the safe choice.
type Config struct {
	// Sessions is where the sessions of the tokens are opened and ended.
	Sessions *session.Registry

	// Keys sign and verify. The first one signs, all of them verify.
	Keys []Key

	// Issuer is the claim iss: usually the URL of the application.
	Issuer string
	// Audience is the claim aud: usually the URL of the API that the tokens are for.
	Audience string

	// AccessTTL is how long an access token lives, from a second to a day. Default 5 minutes.
	AccessTTL time.Duration

	// Leeway is by how much the clocks of servers may differ: an access token is good that long
	// after it expires, and that long before it was issued. At most a minute. Default 30 seconds.
	// The deadlines of the session have no leeway.
	Leeway time.Duration

	// RefreshKeys make refresh tokens: 32 random bytes or more each, or the hexadecimal or base64
	// text of as many, used for nothing else. The first one authenticates new tokens, all of them
	// verify. A token is good for this Issuer and Audience only. To rotate, put the new one last, in
	// all processes, then first, and drop the old one an idle timeout later. Without any there are no
	// refresh tokens. The store must be a [backends.Rotator].
	RefreshKeys [][]byte `json:"-"`

	// RefreshOverlap, with Leeway, is how long a new refresh token is not replaced again, and how
	// long its predecessor is accepted while both are in use. At most 10 minutes. Default 10
	// seconds.
	RefreshOverlap time.Duration

	// DPoP says whether tokens are bound to a key of the client, so that a copy of one opens nothing; see
	// package dpop. With [DPoPOffered] and [DPoPRequired], Proofs is required. Default [DPoPOff].
	DPoP DPoP

	// Proofs checks the proofs of clients.
	Proofs *dpop.Proofs

	// UnboundPolicy, if not nil, is the policy of sessions that are not bound, in place of that of
	// Sessions: a shorter one. A Login that has a policy keeps it.
	UnboundPolicy middleware.Policy

	// ClientID is the claim client_id of RFC 9068. Default Audience.
	ClientID string

	// Header is the response header for the token of a sliding renewal. The same name with
	// -Expires-In has its lifetime in seconds. Default "Access-Token".
	Header string

	// Claims, if not nil, returns more claims for a token: a value that encoding/json makes an
	// object of, usually a struct, or nil for none. It is called at every issue and must not use
	// the names of the claims that this package sets, in whatever case. It costs a look-up of the
	// user each time, for which the store must be a [backends.UserFinder]. Its errors become
	// [middleware.ErrUnavailable]; claims that cannot stand in a token are
	// [middleware.ErrInvalidArgument]. No token is issued without its claims.
	//
	// Handlers read them with [middleware.Identity.DecodeClaims].
	Claims func(ctx context.Context, u backends.User) (any, error)
}

// Format implements [fmt.Formatter], so that no verb prints a key.
func (c Config) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[jwtauth.Config]")) }

// LogValue implements [slog.LogValuer].
func (c Config) LogValue() slog.Value { return slog.StringValue("[jwtauth.Config]") }

// New returns the Tokens that c describes. The error joins all mistakes, each naming its field.
func New(c Config) (*Tokens, error) {
	c.AccessTTL = cmp.Or(c.AccessTTL, 5*time.Minute)
	c.Leeway = cmp.Or(c.Leeway, 30*time.Second)
	c.RefreshOverlap = cmp.Or(c.RefreshOverlap, 10*time.Second)
	c.ClientID = cmp.Or(c.ClientID, c.Audience)
	c.Header = cmp.Or(c.Header, "Access-Token")
	var errs mistakes
	c.check(&errs)
	keys := c.checkKeys(&errs)
	c.checkStore(&errs)
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	engine := tokens.New(tokens.Config{
		Registry: c.Sessions, Method: Method, Keys: keys, Issuer: c.Issuer, Audience: c.Audience, ClientID: c.ClientID,
		TTL: c.AccessTTL, Leeway: c.Leeway, Overlap: c.RefreshOverlap,
		RefreshKeys: tokens.NewRefreshKeys(c.RefreshKeys, c.Issuer, c.Audience), Custom: c.Claims, Bound: c.DPoP != DPoPOff, Unbound: c.DPoP != DPoPRequired,
	})
	return &Tokens{
		engine: engine, header: c.Header,
		dpop: c.DPoP, proofs: c.Proofs, unbound: c.UnboundPolicy, schemes: c.DPoP.schemes(),
	}, nil
}

type mistakes []error

func (m *mistakes) add(format string, args ...any) {
	*m = append(*m, fmt.Errorf("jwtauth: Config."+format, args...))
}

func (c Config) check(errs *mistakes) {
	for _, field := range []struct{ name, value string }{{"Issuer", c.Issuer}, {"Audience", c.Audience}, {"ClientID", c.ClientID}} {
		if field.name == "ClientID" && c.ClientID == c.Audience {
			continue // by default, and then the mistake is that of Audience
		}
		if !backends.ValidText(field.value) || strings.TrimSpace(field.value) != field.value {
			errs.add("%s is %q, want 1 to 255 bytes of text without space around it", field.name, field.value)
		}
	}
	for _, field := range []struct {
		name            string
		value, min, max time.Duration
	}{
		{"AccessTTL", c.AccessTTL, time.Second, 24 * time.Hour},
		{"Leeway", c.Leeway, 1, jose.MaxLeeway},
		{"RefreshOverlap", c.RefreshOverlap, 1, 10 * time.Minute},
	} {
		if field.value < field.min || field.value > field.max {
			errs.add("%s is %v, want %v to %v, or 0 for the default", field.name, field.value, field.min, field.max)
		}
	}
	// A token of RFC 9110, section 5.6.2, as the name of a cookie is.
	if err := (&http.Cookie{Name: c.Header}).Valid(); err != nil {
		errs.add("Header is %q, want the name of a header", c.Header)
	}
	switch {
	case !c.DPoP.valid():
		errs.add("DPoP is %d, want DPoPOff, DPoPOffered or DPoPRequired", c.DPoP)
	case c.DPoP != DPoPOff && c.Proofs == nil:
		errs.add("Proofs is nil, want what dpop.New returns, or DPoPOff")
	case c.DPoP == DPoPOff && c.Proofs != nil:
		errs.add("Proofs is set, and DPoP is DPoPOff: nothing would ask for a proof")
	}
	if c.UnboundPolicy != nil && nilcheck.IsNil(c.UnboundPolicy) {
		errs.add("UnboundPolicy is a nil %T, want a policy, or none", c.UnboundPolicy)
	} else if c.UnboundPolicy != nil {
		if err := c.UnboundPolicy.Validate(); err != nil {
			errs.add("UnboundPolicy: %w", err)
		}
	}
	for i, key := range c.RefreshKeys {
		if err := entropy.Check(key); err != nil {
			errs.add("RefreshKeys[%d]: %w", i, err)
		}
	}
}

// checkStore checks what the store of the sessions can do.
func (c Config) checkStore(errs *mistakes) {
	if c.Sessions == nil || c.Sessions.Store() == nil {
		errs.add("Sessions is nil, want what session.New returns")
		return
	}
	store := c.Sessions.Store()
	if len(c.RefreshKeys) > 0 && !backends.Supports[backends.Rotator](store) {
		errs.add("RefreshKeys: the store of Sessions, a %T, is not a backends.Rotator", store)
	}
	if c.Claims != nil && !backends.Supports[backends.UserFinder](store) {
		errs.add("Claims: the store of Sessions, a %T, is not a backends.UserFinder", store)
	}
}

func (c Config) checkKeys(errs *mistakes) (keys []*jose.Key) {
	if len(c.Keys) == 0 {
		errs.add("Keys is empty, want at least one key that signs")
	}
	seen := make(map[string]int)
	for i, k := range c.Keys {
		if k.k == nil {
			errs.add("Keys[%d] is the zero Key, want one that a constructor returned", i)
			continue
		}
		keys = append(keys, k.k)
		if i == 0 && k.k.Sign == nil {
			errs.add("Keys[0] can only verify, want one that signs")
		}
		for j, refresh := range c.RefreshKeys {
			if k.k.IsOf(refresh) {
				errs.add("RefreshKeys[%d] is the secret of Keys[%d], want one that is used for nothing else", j, i)
			}
		}
		if first, again := seen[k.k.ID]; again {
			errs.add("Keys[%d] has the ID %q, as Keys[%d] has: a token could not say which it means", i, k.k.ID, first)
			continue
		}
		seen[k.k.ID] = i
	}
	return keys
}
