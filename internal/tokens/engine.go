// Package tokens makes and reads the tokens of sessions, and finds the sessions that they name.
// The packages that carry tokens in HTTP are above it.
package tokens

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/jose"
	"github.com/inga-auth/inga/internal/recall"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/session"
)

// Config is what [New] needs. It has been validated.
type Config struct {
	Registry                   *session.Registry
	Method                     string      // of the identities
	Keys                       []*jose.Key // the first one signs
	Issuer, Audience, ClientID string
	TTL, Leeway, Overlap       time.Duration
	RefreshKeys                RefreshKeys // empty for no refresh tokens

	// Bound and Unbound say whether tokens that are bound to a key of the client, and those that are not,
	// open anything.
	Bound, Unbound bool

	// Custom may be nil, or returns more claims for a token of the user: a value that
	// encoding/json makes an object of, or nil.
	Custom func(ctx context.Context, u backends.User) (any, error)
}

// An Engine opens, finds and refreshes sessions by their tokens. It is safe for concurrent use.
type Engine struct {
	Config
	Sessions       *session.Method
	byID, byHeader map[string]*jose.Key
	validator      *jwt.Validator
	recaller       recall.Store // nil if the store is none
}

// New returns the Engine that c describes.
func New(c Config) *Engine {
	e := &Engine{
		Config:   c,
		Sessions: c.Registry.Method(backends.KindToken, c.Method),
		byID:     make(map[string]*jose.Key),
		byHeader: make(map[string]*jose.Key),
		// It does not check an issuer or audience that is empty, which is why no configuration
		// has one.
		validator: jwt.NewValidator(
			jwt.WithExpirationRequired(),
			jwt.WithIssuer(c.Issuer),
			jwt.WithAudience(c.Audience),
			jwt.WithIssuedAt(),
			jwt.WithLeeway(c.Leeway),
		),
	}
	e.recaller, _ = c.Registry.Store().(recall.Store)
	for _, k := range c.Keys {
		e.byID[k.ID] = k
		e.byHeader[k.Header] = k
	}
	return e
}

// With returns the same Engine for another way of carrying its tokens.
func (e *Engine) With(method string) *Engine {
	c := e.Config
	c.Method = method
	return New(c)
}

// Made returns an error for a nil Engine: that of a value that no constructor returned.
func (e *Engine) Made() error {
	if e == nil {
		return fmt.Errorf("%w: jwtauth: want Tokens that New returned, and not nil or the zero value", middleware.ErrInvalidArgument)
	}
	return nil
}

// Format implements [fmt.Formatter], so that no verb prints a key.
func (e *Engine) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[engine]")) }

// Open opens a session for l, bound to the key of b if that is not zero, and issues its tokens. The former
// sessions of the client end.
func (e *Engine) Open(r *http.Request, l middleware.Login, b backends.Binding, former []string, fits Fits) (issued Issued, err error) {
	secret := e.newSecret()
	if l.Actor != nil {
		secret = backends.Secret{} // there will be no refresh token
	}
	_, err = e.Sessions.Open(r, l, session.Opening{Secret: secret, Former: former, Prepare: func(s *backends.Session) error {
		custom, err := e.customOf(r.Context(), l.Subject)
		s.Binding = b
		if err == nil {
			issued, err = e.begin(s, custom, secret, fits)
		}
		return err
	}})
	return issued, err
}

// Reauthenticate gives the session, as it was just found, a new start because of l, and issues new
// tokens. It is bound to the key that s.Binding names, if any. The former ones open nothing any more,
// and the former sessions of the client end.
func (e *Engine) Reauthenticate(r *http.Request, s backends.Session, u backends.User, l middleware.Login, former []string, fits Fits) (issued Issued, err error) {
	if s.Kind != backends.KindToken {
		return Issued{}, ErrGranted
	}
	custom, err := e.custom(r.Context(), u)
	if err != nil {
		return Issued{}, err
	}
	secret := e.newSecret()
	err = e.Sessions.Reauthenticate(r, &s, l, session.Opening{Secret: secret, Former: former, Prepare: func(s *backends.Session) (err error) {
		issued, err = e.begin(s, custom, secret, fits)
		return err
	}})
	return issued, err
}

// ErrGranted: a token that was granted for a session re-authenticates no one.
var ErrGranted = fmt.Errorf("%w: session was opened by another credential, which would no longer open it", middleware.ErrForbidden)

// newSecret returns the secret of a session's refresh tokens, zero if there are to be none.
func (e *Engine) newSecret() backends.Secret {
	if len(e.RefreshKeys) == 0 {
		return backends.Secret{}
	}
	return backends.NewSecret()
}

// begin makes s a session of tokens and issues its first ones.
func (e *Engine) begin(s *backends.Session, custom []byte, secret backends.Secret, fits Fits) (Issued, error) {
	// Each extension brings a new token, which must come before the old one expires.
	s.RenewalInterval = min(s.RenewalInterval, e.TTL/2)
	refresh := backends.Refresh{} // the session may have had some
	if len(e.RefreshKeys) > 0 && s.Actor == (backends.Actor{}) {
		refresh = backends.Refresh{Generation: s.Refresh.Generation + 1, RotatedAt: s.AuthenticatedAt}
	}
	s.Refresh = refresh
	if b := &s.Binding; b.Thumbprint != "" {
		if b.ProvedAt = s.AuthenticatedAt; b.BoundAt.IsZero() {
			b.BoundAt = s.AuthenticatedAt
		}
	}
	return e.issue(s, "", custom, secret, fits)
}

// A Prove function returns an error if the request that presents a refresh token does not prove the key of
// the session, which may be bound to none.
type Prove func(*backends.Session) error

// Exchange presents a refresh token and issues an access token and the refresh token that is
// current then, in one round trip to the store, or two if there are custom claims or a prove. That comes
// before anything changes. If it is nil, sessions that are bound are refused.
func (e *Engine) Exchange(r *http.Request, rt RefreshToken, prove Prove, fits Fits) (Issued, error) {
	custom, key, err := e.rehearse(r.Context(), rt, prove, fits)
	if err != nil {
		return Issued{}, err
	}
	s, _, err := e.Sessions.Rotate(r, rt.SessionID, rt.Secret, rt.Generation, e.grace())
	if err == nil && s.Binding.Thumbprint != key { // which a cache did not know, or there is no prove
		err = fmt.Errorf("%w: by the refresh token", middleware.ErrUnproved)
	}
	if err != nil {
		return Issued{}, err
	}
	return e.issue(&s, "", custom, rt.Secret, fits)
}

func (e *Engine) grace() backends.Grace { return backends.Grace{Overlap: e.Overlap, Skew: e.Leeway} }

// rehearse returns the custom claims of the next access token, after it has made sure that a token with
// them can be issued, and the thumbprint of the key that was proved. If it fails, the refresh token must
// not be replaced.
func (e *Engine) rehearse(ctx context.Context, rt RefreshToken, prove Prove, fits Fits) (custom []byte, key string, err error) {
	if e.Custom == nil && prove == nil {
		return nil, "", nil
	}
	// Not FindByID: a cache may have read the session before its user authenticated again, and that may
	// have bound it.
	s, u, err := e.Sessions.Find(ctx, rt.SessionID, rt.Secret)
	if err != nil {
		return nil, "", err
	}
	if prove != nil {
		if err := prove(&s); err != nil {
			return nil, "", err
		}
		key = s.Binding.Thumbprint
	}
	custom, err = e.custom(ctx, u)
	if err != nil || e.Custom == nil {
		return nil, key, err
	}
	s.Refresh.Generation = rt.Generation + 1
	_, err = e.issue(&s, "", custom, rt.Secret, fits)
	return custom, key, err
}

// Renew records r as activity of the session behind id, and hands an access token for it to
// fits. ok is false if there was nothing to renew. The token comes first: if there can be none,
// because of its custom claims, the next request tries again. It has no generation: it comes
// without a refresh token. A token that was granted for a bound session has no successor.
func (e *Engine) Renew(h http.Header, r *http.Request, id middleware.Identity, fits Fits) (_ middleware.Identity, ok bool, err error) {
	granted, key := originOf(id)
	if granted != "" {
		s, _, err := e.Sessions.FindAnyKind(r.Context(), id.SessionID)
		switch {
		case errors.Is(err, middleware.ErrInvalidCredentials):
			return id, false, nil // it has just ended
		case err != nil:
			return id, false, err
		case s.Binding.Thumbprint != "":
			// A copy of the cookie gets a token in its minutes, and would then have one for ever.
			return e.Sessions.Renew(h, r, id)
		}
	}
	custom, err := e.customOf(r.Context(), id.Subject)
	if errors.Is(err, middleware.ErrInvalidCredentials) {
		return id, false, nil // the user is gone, and the session with it
	}
	if err != nil {
		return id, false, err
	}
	issued, err := e.issue(&backends.Session{
		ID: id.SessionID, UserID: id.Subject, AuthenticatedAt: id.AuthTime, AbsoluteDeadline: id.Session.AbsoluteDeadline,
		Binding: backends.Binding{Thumbprint: key}, Actor: backends.Actor{UserID: id.Actor},
	}, granted, custom, backends.Secret{}, fits)
	if err != nil {
		return id, false, err
	}
	renewed, ok, err := e.Sessions.Renew(h, r, id)
	if err != nil || !ok {
		return id, false, err
	}
	renewed.ExpiresAt = renewed.Session.IdleDeadline
	if issued.ExpiresAt.Before(renewed.ExpiresAt) {
		renewed.ExpiresAt = issued.ExpiresAt
	}
	return renewed, true, nil
}
