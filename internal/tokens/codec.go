// Package tokens makes and reads the tokens of sessions, and finds the sessions that they name.
// A [Codec] is the pure part: it knows keys and claims, and no store. An [Engine] puts it on top
// of a registry of sessions. The packages that carry tokens in HTTP are above both.
package tokens

import (
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/inga-auth/inga/internal/jose"
)

// Config is what [NewCodec] needs. It has been validated.
type Config struct {
	Keys                       []*jose.Key // the first one signs
	Issuer, Audience, ClientID string
	TTL, Leeway                time.Duration
	RefreshKeys                [][]byte // the first one authenticates new refresh tokens
}

// A Codec makes and reads tokens. It is safe for concurrent use.
type Codec struct {
	config             Config
	byID, byHeader     map[string]*jose.Key
	validator, ageless *jwt.Validator // ageless does not require exp
	refreshKeys        []refreshKey
}

// NewCodec returns the Codec that c describes.
func NewCodec(c Config) *Codec {
	codec := &Codec{
		config:    c,
		byID:      make(map[string]*jose.Key),
		byHeader:  make(map[string]*jose.Key),
		validator: c.validator(jwt.WithExpirationRequired()),
		ageless:   c.validator(),
	}
	for _, k := range c.Keys {
		codec.byID[k.ID] = k
		codec.byHeader[k.Header] = k
	}
	for _, key := range c.RefreshKeys {
		codec.refreshKeys = append(codec.refreshKeys, newRefreshKey(key))
	}
	return codec
}

// validator returns golang-jwt's check of the times, the issuer and the audience. It does not
// check an issuer or audience that is empty, which is why no configuration has one.
func (c Config) validator(more ...jwt.ParserOption) *jwt.Validator {
	return jwt.NewValidator(append(more,
		jwt.WithIssuer(c.Issuer),
		jwt.WithAudience(c.Audience),
		jwt.WithIssuedAt(),
		jwt.WithLeeway(c.Leeway),
	)...)
}

// Refreshes reports whether there are refresh tokens.
func (c *Codec) Refreshes() bool { return len(c.refreshKeys) > 0 }

// Issuer, Audience and ClientID return the claims iss, aud and client_id of all tokens.
func (c *Codec) Issuer() string   { return c.config.Issuer }
func (c *Codec) Audience() string { return c.config.Audience }
func (c *Codec) ClientID() string { return c.config.ClientID }

// Format implements [fmt.Formatter], so that no verb prints a key, of an [Engine] neither.
func (c *Codec) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[codec]")) }

// JWKS returns the public keys as a JWK set.
func (c *Codec) JWKS() []byte { return jose.JWKS(c.config.Keys) }
