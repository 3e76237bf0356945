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

	"github.com/golang-jwt/jwt/v5"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/jose"
	"github.com/inga-auth/inga/internal/session"
	"github.com/inga-auth/inga/middleware"
)

// Config is what [New] needs. Store, Keys, Issuer, Audience and Policy are required; the
// zero value of the rest is the safe choice.
type Config struct {
	Store backends.Store

	// Keys sign and verify. The first one signs, all of them verify.
	Keys []Key

	// Issuer is who we are, usually the URL of the application: the claim iss.
	Issuer string
	// Audience is whom the tokens are for, usually the URL of the API: the claim aud.
	Audience string

	// Policy says how long a session lives; usually a sliding.Policy.
	Policy middleware.Policy

	// AccessTTL is how long a token lives, from a second to a day. Default 5 minutes.
	AccessTTL time.Duration

	// Leeway is by how much the clocks of servers may differ: a token is good that long
	// after it expires, and that long before it was issued. At most a minute. Default 30
	// seconds. The deadlines of the session know no leeway.
	Leeway time.Duration

	// RefreshKeys make refresh tokens: at least 32 random bytes each, which are the keys of
	// nothing else. The first one authenticates new tokens, all of them verify: to rotate, put
	// the new one last, in all processes, then first, and drop the old one an idle timeout
	// later. Without any there are no refresh tokens. Store must be a [backends.Rotator].
	RefreshKeys [][]byte

	// RefreshGrace says for how long a refresh token that has been replaced is answered with
	// its successor. Default: 10 seconds, and a minute while the successor has not been seen
	// in use.
	RefreshGrace backends.Grace

	// Limit, if not nil, says how many sessions a user may have at once: a new login ends those
	// that were used least recently, or is refused. backends.Limit{Total: 1}.ForAll is "no
	// concurrent logins". Give the same to package cookie if both share a store.
	Limit func(backends.User) backends.Limit

	// Events is told of logins, refreshes, theft and more. Default: they are logged, to
	// [slog.Default]; see [middleware.LogEvents].
	Events middleware.EventHook

	// Logger gets the reasons for which the handlers answer 503. Default [slog.Default].
	Logger *slog.Logger

	// ClientID is the claim client_id of RFC 9068. Default Audience.
	ClientID string

	// Header is the response header for the token of a sliding renewal. The same name with
	// -Expires-In has its lifetime in seconds. Default "Access-Token".
	Header string

	// Claims, if not nil, is asked for more claims of a token: a value that encoding/json
	// makes an object of, a struct usually, or nil for none. It is asked at every issue
	// and must not repeat the claims that this package sets, in whatever case. It costs a
	// look-up of the user each time. Its errors become [middleware.ErrUnavailable]: without
	// its claims no token is issued.
	//
	// Handlers read them with [middleware.Identity.DecodeClaims].
	Claims func(ctx context.Context, u backends.User) (any, error)
}

const (
	minAccessTTL = time.Second
	maxAccessTTL = 24 * time.Hour
)

// New returns the tokens that the Config describes. The error joins all mistakes, each
// naming its field.
func New(c Config) (*Tokens, error) {
	c = c.withDefaults()
	if err := errors.Join(c.mistakes()...); err != nil {
		return nil, err
	}
	t := &Tokens{
		store: c.Store,
		door: session.NewDoor(session.Door{
			Store: c.Store, Kind: backends.KindToken, Method: Method, Policy: c.Policy, Limit: c.Limit, Events: c.Events,
		}),
		issuer:    c.Issuer,
		audience:  c.Audience,
		logger:    c.Logger,
		clientID:  c.ClientID,
		ttl:       c.AccessTTL,
		header:    c.Header,
		custom:    c.Claims,
		grace:     c.RefreshGrace,
		leeway:    c.Leeway,
		signer:    c.Keys[0].k,
		byID:      make(map[string]*key),
		byHeader:  make(map[string]*key),
		validator: c.validator(jwt.WithExpirationRequired()),
		ageless:   c.validator(),
		jwks:      jwksOf(c.Keys),
	}
	for _, k := range c.Keys {
		t.byID[k.k.id] = k.k
		t.byHeader[k.k.header] = k.k
	}
	t.rotator, _ = c.Store.(backends.Rotator)
	t.recaller, _ = c.Store.(backends.Recaller)
	for _, key := range c.RefreshKeys {
		t.refreshKeys = append(t.refreshKeys, newRefreshKey(key))
	}
	return t, nil
}

func (c Config) withDefaults() Config {
	c.AccessTTL = cmp.Or(c.AccessTTL, 5*time.Minute)
	c.Leeway = cmp.Or(c.Leeway, 30*time.Second)
	c.ClientID = cmp.Or(c.ClientID, c.Audience)
	c.Header = cmp.Or(c.Header, "Access-Token")
	c.Logger = cmp.Or(c.Logger, slog.Default())
	c.RefreshGrace = cmp.Or(c.RefreshGrace, backends.Grace{Overlap: defaultOverlap, Unseen: defaultUnseen})
	return c
}

// validator returns golang-jwt's check of the times, the issuer and the audience. With an
// empty issuer or audience it would not check them, which is why New refuses these.
func (c Config) validator(more ...jwt.ParserOption) *jwt.Validator {
	return jwt.NewValidator(append(more,
		jwt.WithIssuer(c.Issuer),
		jwt.WithAudience(c.Audience),
		jwt.WithIssuedAt(),
		jwt.WithLeeway(c.Leeway),
	)...)
}

func (c Config) mistakes() []error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("jwtauth: Config."+format, args...)) }
	if c.Store == nil {
		bad("Store is nil, want a backend")
	}
	for _, field := range []struct{ name, value string }{{"Issuer", c.Issuer}, {"Audience", c.Audience}, {"ClientID", c.ClientID}} {
		if !backends.ValidText(field.value) || strings.TrimSpace(field.value) != field.value {
			bad("%s is %q, want 1 to 255 bytes of text without space around it", field.name, field.value)
		}
	}
	if c.Policy == nil {
		bad("Policy is nil, want a sliding.Policy")
	} else if err := c.Policy.Validate(); err != nil {
		bad("Policy: %w", err)
	}
	if c.AccessTTL < minAccessTTL || c.AccessTTL > maxAccessTTL {
		bad("AccessTTL is %v, want %v to %v", c.AccessTTL, minAccessTTL, maxAccessTTL)
	}
	if c.Leeway < 0 || c.Leeway > jose.MaxLeeway {
		bad("Leeway is %v, want more than 0 and at most %v, or 0 for the default", c.Leeway, jose.MaxLeeway)
	}
	if !isFieldName(c.Header) {
		bad("Header is %q, want the name of a header", c.Header)
	}
	return slices.Concat(errs, c.keyMistakes(), c.refreshMistakes())
}

func (c Config) keyMistakes() []error {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("jwtauth: Config.Keys"+format, args...))
	}
	if len(c.Keys) == 0 {
		bad(" is empty, want at least one key that signs")
	}
	seen := make(map[string]int)
	for i, k := range c.Keys {
		if k.k == nil {
			bad("[%d] is the zero Key, want one that a constructor returned", i)
			continue
		}
		if i == 0 && k.k.sign == nil {
			bad("[0] can only verify, want one that signs")
		}
		if first, again := seen[k.k.id]; again {
			bad("[%d] has the ID %q, as Keys[%d] has: no token could say which it means", i, k.k.id, first)
			continue
		}
		seen[k.k.id] = i
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
