package tokens

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/bearer"
	"github.com/inga-auth/inga/internal/recall"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/session"
)

// An Engine opens, finds and refreshes sessions by their tokens. It is safe for concurrent use.
type Engine struct {
	*Codec
	registry *session.Registry
	sessions *session.Method
	recaller recall.Store // nil if the store is none
	custom   Custom       // may be nil
	grace    backends.Grace
	method   string
}

// NewEngine returns an Engine for the sessions of the registry, which are proved by the method.
func NewEngine(c *Codec, registry *session.Registry, method string, custom Custom, overlap time.Duration) *Engine {
	e := &Engine{Codec: c, registry: registry, custom: custom, grace: backends.Grace{Overlap: overlap, Skew: c.config.Leeway}}
	return e.With(method)
}

// With returns the same Engine for another way of carrying its tokens.
func (e *Engine) With(method string) *Engine {
	other := *e
	other.method = method
	other.sessions = e.registry.Method(backends.KindToken, method)
	other.recaller, _ = e.registry.Store().(recall.Store)
	return &other
}

// Sessions returns the way of proving of the Engine's sessions.
func (e *Engine) Sessions() *session.Method { return e.sessions }

// Issued are the tokens of a session.
type Issued struct {
	Access  Access
	Refresh string // "" if there are no refresh tokens
	Session backends.Session
}

// A Fits function returns an error if the tokens cannot be sent to the client. It is called
// before anything is stored.
type Fits func(Issued) error

// Open opens a session for l and issues its tokens. The former sessions of the client end.
func (e *Engine) Open(r *http.Request, l middleware.Login, former []string, fits Fits) (issued Issued, err error) {
	secret := e.newSecret()
	_, err = e.sessions.Open(r, l, session.Opening{Secret: secret, Former: former, Prepare: func(s *backends.Session) error {
		custom, err := e.claimsFor(r.Context(), func() (backends.User, error) { return e.registry.FindUser(r.Context(), l.Subject) })
		if err == nil {
			e.prepare(s)
			issued, err = e.respond(s, custom, secret, fits)
		}
		return err
	}})
	return issued, err
}

// Reauthenticate gives the session, as it was just found, a new start because of l, and issues
// new tokens. The former ones open nothing any more.
func (e *Engine) Reauthenticate(r *http.Request, s backends.Session, u backends.User, l middleware.Login, fits Fits) (issued Issued, err error) {
	custom, err := e.claimsFor(r.Context(), func() (backends.User, error) { return u, nil })
	if err != nil {
		return Issued{}, err
	}
	secret := e.newSecret()
	err = e.sessions.Reauthenticate(r, &s, l, session.Opening{Secret: secret, Prepare: func(s *backends.Session) (err error) {
		e.prepare(s)
		issued, err = e.respond(s, custom, secret, fits)
		return err
	}})
	return issued, err
}

// newSecret returns the secret of a session's refresh tokens, zero if there are to be none.
func (e *Engine) newSecret() backends.Secret {
	if !e.Refreshes() {
		return backends.Secret{}
	}
	return backends.NewSecret()
}

// prepare makes s a session of tokens that begins.
func (e *Engine) prepare(s *backends.Session) {
	// Each extension brings a new token, which must come before the old one expires.
	s.RenewalInterval = min(s.RenewalInterval, e.config.TTL/2)
	if !e.Refreshes() {
		s.Refresh = backends.Refresh{} // the session may have had some
		return
	}
	s.Refresh = backends.Refresh{Generation: s.Refresh.Generation + 1, RotatedAt: s.AuthenticatedAt}
}

// respond issues an access token for the session, and its current refresh token if there are
// any.
func (e *Engine) respond(s *backends.Session, custom []byte, secret backends.Secret, fits Fits) (Issued, error) {
	a, err := e.Issue(time.Now(), s, s.Refresh.Generation, custom)
	if err != nil {
		return Issued{}, fmt.Errorf("%w: jwtauth: %w", middleware.ErrInvalidArgument, err)
	}
	issued := Issued{Access: a, Session: *s}
	if s.Refresh.Generation > 0 {
		issued.Refresh = e.Encode(RefreshToken{s.ID, s.Refresh.Generation, secret})
	}
	return issued, fits(issued)
}

// Exchange presents a refresh token and issues an access token and the refresh token that is
// current then, in one round trip to the store, or two if there are custom claims.
func (e *Engine) Exchange(r *http.Request, rt RefreshToken, fits Fits) (Issued, error) {
	custom, err := e.rehearse(r.Context(), rt, fits)
	if err != nil {
		return Issued{}, err
	}
	s, _, err := e.sessions.Rotate(r, rt.SessionID, rt.Secret, rt.Generation, e.grace)
	if err != nil {
		return Issued{}, err
	}
	return e.respond(&s, custom, rt.Secret, fits)
}

// rehearse returns the custom claims of the next access token, after it has made sure that a
// token with them can be issued. If it cannot, the refresh token must not be replaced.
func (e *Engine) rehearse(ctx context.Context, rt RefreshToken, fits Fits) ([]byte, error) {
	if e.custom == nil {
		return nil, nil
	}
	s, u, err := e.sessions.FindByID(ctx, rt.SessionID)
	if err != nil {
		return nil, err
	}
	custom, err := e.claimsFor(ctx, func() (backends.User, error) { return u, nil })
	if err != nil {
		return nil, err
	}
	s.Refresh.Generation = rt.Generation + 1
	_, err = e.respond(&s, custom, rt.Secret, fits)
	return custom, err
}

// FindRefresh returns the session of a refresh token that would be accepted, and its user. It
// changes nothing.
func (e *Engine) FindRefresh(ctx context.Context, rt RefreshToken) (backends.Session, backends.User, error) {
	s, u, err := e.sessions.Find(ctx, rt.SessionID, rt.Secret)
	if err == nil && rt.Generation > s.Refresh.Generation {
		// A cache may have read the session before another process replaced the token, which no feed
		// reports. MarkSeen makes it read the session again.
		e.sessions.MarkSeen(ctx, &s, rt.Generation)
		s, u, err = e.sessions.Find(ctx, rt.SessionID, rt.Secret)
	}
	if err != nil {
		return s, u, err
	}
	switch s.Rotation(time.Now(), rt.Generation, e.grace) {
	case backends.Rotated, backends.Replayed:
		return s, u, nil
	}
	return s, u, bearer.Invalid(errors.New("refresh token is not the current one"))
}

// FindAccess returns the session that verified claims name, and its user.
func (e *Engine) FindAccess(ctx context.Context, c *Claims) (backends.Session, backends.User, error) {
	s, u, err := e.sessions.FindByID(ctx, c.SessionID)
	switch {
	case err != nil:
	case s.UserID != c.Subject:
		err = bearer.Invalid(errors.New("sid is not a session of sub"))
	case c.precedes(&s):
		err = bearer.Invalid(errors.New("token is older than the last authentication"))
	}
	return s, u, err
}

// Renew records r as activity of the session behind id, and issues an access token for it. ok is
// false if there was nothing to renew. The token comes first: if there can be none, because of
// its custom claims, the next request tries again. It has no generation: it comes without a
// refresh token.
func (e *Engine) Renew(h http.Header, r *http.Request, id middleware.Identity, fits Fits) (renewed middleware.Identity, a Access, ok bool, err error) {
	custom, err := e.claimsFor(r.Context(), func() (backends.User, error) {
		_, u, err := e.sessions.FindByID(r.Context(), id.SessionID)
		return u, err
	})
	if errors.Is(err, middleware.ErrInvalidCredentials) {
		return id, a, false, nil // the session has ended meanwhile
	}
	if err != nil {
		return id, a, false, err
	}
	a, err = e.Issue(time.Now(), &backends.Session{
		ID: id.SessionID, UserID: id.Subject, AuthenticatedAt: id.AuthTime, AbsoluteDeadline: id.Session.AbsoluteDeadline,
	}, 0, custom)
	if err == nil {
		err = fits(Issued{Access: a})
	}
	if err != nil {
		return id, a, false, err
	}
	renewed, ok, err = e.sessions.Renew(h, r, id)
	if err != nil || !ok {
		return id, a, false, err
	}
	renewed.ExpiresAt = renewed.Session.IdleDeadline
	if a.ExpiresAt.Before(renewed.ExpiresAt) {
		renewed.ExpiresAt = a.ExpiresAt
	}
	return renewed, a, true, nil
}

// Named returns the session that a token of either kind names, expired or not, with its user if
// the token says so. ok is false if the token is not one of ours.
func (e *Engine) Named(token string) (id middleware.Identity, ok bool) {
	if rt, err := e.ParseRefresh(token); err == nil {
		return middleware.Identity{SessionID: rt.SessionID}, true
	}
	if c, err := e.VerifyAgeless(token); err == nil {
		return middleware.Identity{SessionID: c.SessionID, Subject: c.Subject}, true
	}
	return middleware.Identity{}, false
}
