package jwtauth

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/entropy"
	"github.com/inga-auth/inga/internal/jose"
	"github.com/inga-auth/inga/internal/tokens"
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

	// Leeway is by how much the clocks of servers may differ: a token is good that long after it
	// expires, and that long before it was issued. At most a minute. Default 30 seconds. The
	// deadlines of the session have no leeway.
	Leeway time.Duration

	// RefreshKeys make refresh tokens: 32 random bytes or more each, or the hexadecimal or base64
	// text of as many, used for nothing else, and not by Tokens of another Audience either: a
	// refresh token does not say which API it is for. The first one authenticates new tokens, all
	// of them verify. To rotate, put the new one last, in all processes, then first, and drop the
	// old one an idle timeout later. Without any there are no refresh tokens. The store must be a
	// [backends.Rotator].
	RefreshKeys [][]byte

	// RefreshOverlap is how long a new refresh token is not replaced again, and how long its
	// predecessor is accepted while both are in use, up to 10 minutes. Default 10 seconds. It must
	// be longer than the clocks of servers may differ: one that is ahead by more replaces a token
	// that is new, and its predecessor, if another client still brings it, is taken for a theft.
	RefreshOverlap time.Duration

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

const (
	minAccessTTL = time.Second
	maxAccessTTL = 24 * time.Hour
	maxOverlap   = 10 * time.Minute
)

// New returns the Tokens that c describes. The error joins all mistakes, each naming its field.
func New(c Config) (*Tokens, error) {
	c.AccessTTL = cmp.Or(c.AccessTTL, 5*time.Minute)
	c.Leeway = cmp.Or(c.Leeway, 30*time.Second)
	c.RefreshOverlap = cmp.Or(c.RefreshOverlap, 10*time.Second)
	c.ClientID = cmp.Or(c.ClientID, c.Audience)
	c.Header = cmp.Or(c.Header, "Access-Token")
	if err := errors.Join(slices.Concat(c.mistakes(), c.keyMistakes(), c.storeMistakes())...); err != nil {
		return nil, err
	}
	engine := tokens.New(tokens.Config{
		Registry: c.Sessions, Method: Method, Keys: c.keys(), Issuer: c.Issuer, Audience: c.Audience, ClientID: c.ClientID,
		TTL: c.AccessTTL, Leeway: c.Leeway, Overlap: c.RefreshOverlap,
		RefreshKeys: tokens.NewRefreshKeys(c.RefreshKeys), Custom: c.Claims,
	})
	return &Tokens{engine: engine, header: c.Header}, nil
}

func (c Config) keys() []*jose.Key {
	keys := make([]*jose.Key, len(c.Keys))
	for i, k := range c.Keys {
		keys[i] = k.k
	}
	return keys
}

func (c Config) mistakes() []error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("jwtauth: Config."+format, args...)) }
	for _, field := range []struct{ name, value string }{{"Issuer", c.Issuer}, {"Audience", c.Audience}, {"ClientID", c.ClientID}} {
		if !backends.ValidText(field.value) || strings.TrimSpace(field.value) != field.value {
			bad("%s is %q, want 1 to 255 bytes of text without space around it", field.name, field.value)
		}
	}
	if c.AccessTTL < minAccessTTL || c.AccessTTL > maxAccessTTL {
		bad("AccessTTL is %v, want %v to %v", c.AccessTTL, minAccessTTL, maxAccessTTL)
	}
	if c.Leeway < 0 || c.Leeway > jose.MaxLeeway {
		bad("Leeway is %v, want more than 0 and at most %v, or 0 for the default", c.Leeway, jose.MaxLeeway)
	}
	if c.RefreshOverlap < 0 || c.RefreshOverlap > maxOverlap {
		bad("RefreshOverlap is %v, want more than 0 and at most %v, or 0 for the default", c.RefreshOverlap, maxOverlap)
	}
	if !isFieldName(c.Header) {
		bad("Header is %q, want the name of a header", c.Header)
	}
	for i, key := range c.RefreshKeys {
		if err := entropy.Check(key); err != nil {
			bad("RefreshKeys[%d]: %w", i, err)
		}
	}
	return errs
}

// storeMistakes returns what the store of the sessions lacks.
func (c Config) storeMistakes() []error {
	if c.Sessions == nil {
		return []error{errors.New("jwtauth: Config.Sessions is nil, want what session.New returns")}
	}
	var errs []error
	store := c.Sessions.Store()
	if len(c.RefreshKeys) > 0 && !backends.Supports[backends.Rotator](store) {
		errs = append(errs, fmt.Errorf("jwtauth: Config.RefreshKeys: the store of Sessions, a %T, is not a backends.Rotator", store))
	}
	if c.Claims != nil && !backends.Supports[backends.UserFinder](store) {
		errs = append(errs, fmt.Errorf("jwtauth: Config.Claims: the store of Sessions, a %T, is not a backends.UserFinder", store))
	}
	return errs
}

func (c Config) keyMistakes() []error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("jwtauth: Config."+format, args...)) }
	if len(c.Keys) == 0 {
		bad("Keys is empty, want at least one key that signs")
	}
	seen := make(map[string]int)
	for i, k := range c.Keys {
		if k.k == nil {
			bad("Keys[%d] is the zero Key, want one that a constructor returned", i)
			continue
		}
		if i == 0 && k.k.Sign == nil {
			bad("Keys[0] can only verify, want one that signs")
		}
		for j, refresh := range c.RefreshKeys {
			if k.k.IsOf(refresh) {
				bad("RefreshKeys[%d] is the secret of Keys[%d], want one that is used for nothing else", j, i)
			}
		}
		if first, again := seen[k.k.ID]; again {
			bad("Keys[%d] has the ID %q, as Keys[%d] has: a token could not say which it means", i, k.k.ID, first)
			continue
		}
		seen[k.k.ID] = i
	}
	return errs
}

// isFieldName reports whether s is a token of RFC 9110, section 5.6.2.
func isFieldName(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return !isAlphanumeric(r) && (r > '~' || !strings.ContainsRune("!#$%&'*+-.^_`|~", r))
	})
}

func isAlphanumeric(r rune) bool {
	return '0' <= r && r <= '9' || 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z'
}
