package jwtauth

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/session"
	"github.com/inga-auth/inga/middleware"
)

// Method is the method of the identities that a token proves.
const Method = "bearer"

// Tokens issues access tokens and authenticates requests that bring one. It is safe for
// concurrent use.
type Tokens struct {
	store              backends.Store
	policy             middleware.Policy
	issuer, audience   string
	clientID           string
	ttl                time.Duration
	header             string // of the response, for a renewed token
	custom             func(context.Context, backends.User) (any, error)
	signer             *key
	byID, byHeader     map[string]*key
	validator, ageless *jwt.Validator // the latter does not ask for exp
	jwks               []byte

	rotator     backends.Rotator // nil if the store is none, and then there are no refreshKeys
	refreshKeys []refreshKey     // the first one authenticates new tokens
	grace       backends.Grace
	events      middleware.EventHook
}

var (
	_ middleware.Authenticator = (*Tokens)(nil)
	_ middleware.Renewer       = (*Tokens)(nil)
	_ middleware.Challenger    = (*Tokens)(nil)
)

// Authenticate implements [middleware.Authenticator]: one look-up for a good token, none
// for any other. The identity has the user's roles of this moment, and the claims of the
// token.
func (t *Tokens) Authenticate(r *http.Request) (middleware.Identity, error) {
	token, err := bearer(r)
	if err != nil {
		return middleware.Identity{}, err
	}
	return t.identify(r.Context(), token, Method)
}

// identify returns who an access token says that the request is from.
func (t *Tokens) identify(ctx context.Context, token, method string) (middleware.Identity, error) {
	c, err := t.verify(token)
	if err != nil {
		return middleware.Identity{}, err
	}
	now := session.Now()
	row, user, err := t.find(ctx, now, c)
	if err != nil {
		return middleware.Identity{}, err
	}
	t.markSeen(ctx, now, &row, c.generation)
	return identity(c, &row, &user, method), nil
}

// identity returns what a verified token and the session that it names say.
func identity(c *claims, row *backends.Session, user *backends.User, method string) middleware.Identity {
	id := session.Identity(row, user, method)
	id.Claims = c.raw
	id.ExpiresAt = earlier(c.ExpiresAt.Time.UTC(), row.IdleDeadline)
	return id
}

// find returns the session that a verified token names, and its user.
func (t *Tokens) find(ctx context.Context, now time.Time, c *claims) (backends.Session, backends.User, error) {
	row, user, err := t.store.FindByID(ctx, now, c.sessionID)
	if err == nil && (row.Kind != backends.KindToken || row.UserID != c.Subject) {
		err = fmt.Errorf("%w: sid is not a session of sub for tokens", backends.ErrNotFound)
	}
	return row, user, session.Error(err)
}

// Login opens a session for l.Subject and issues a token, after the application has made
// sure of who the user is.
//
// Errors: [middleware.ErrMalformedRequest] for a GET and other safe methods;
// [middleware.ErrInvalidCredentials] if the user does not exist, is disabled, or has
// another version than l says; [middleware.ErrUnavailable].
func (t *Tokens) Login(r *http.Request, l middleware.Login) (Response, error) {
	if err := session.Unsafe(r); err != nil {
		return Response{}, err
	}
	now := session.Now()
	row, err := session.New(r, now, backends.KindToken, t.policy, l)
	if err != nil {
		return Response{}, fmt.Errorf("jwtauth: %w", err)
	}
	// Each extension brings a new token, which must come before the old one expires.
	row.RenewalInterval = min(row.RenewalInterval, t.ttl/2)
	secret, hash := t.refreshable(now, &row)
	if err := t.store.Create(r.Context(), row, hash, l.UserVersion); err != nil {
		return Response{}, session.Error(err)
	}
	resp, err := t.first(r.Context(), now, &row, secret)
	if err != nil {
		// Nobody will ever use the session. If ending it fails as well, it ends by itself.
		_, _ = t.store.Revoke(r.Context(), now, row.ID, backends.ReasonRevoked)
	}
	return resp, err
}

// refreshable gives a new session its first generation of refresh tokens and returns their
// secret. If there are to be none, it has neither, and the hash is that of no secret.
func (t *Tokens) refreshable(now time.Time, row *backends.Session) (backends.Secret, backends.SecretHash) {
	if len(t.refreshKeys) == 0 {
		return backends.Secret{}, backends.SecretHash{}
	}
	row.Refresh = backends.Refresh{Generation: 1, RotatedAt: now}
	secret := backends.NewSecret()
	return secret, secret.Hash()
}

// first is the answer to a login.
func (t *Tokens) first(ctx context.Context, now time.Time, row *backends.Session, secret backends.Secret) (Response, error) {
	custom, err := t.customClaimsOf(ctx, now, row.ID)
	if err != nil {
		return Response{}, err
	}
	return t.respond(now, row, custom, secret)
}

// Logout ends the session that the token of r names, and takes a token out of the header of
// w that a renewal has put there. A session that has ended already is no error. It must be
// called before the response begins.
//
// A token that has expired is good enough: all it can do is to end its own session, and
// somebody who logs out after a break wants just that.
//
// Errors are those of Authenticate for a token that is not ours or none,
// [middleware.ErrMalformedRequest] for a GET and other safe methods, and
// [middleware.ErrUnavailable]: the session then still lives.
func (t *Tokens) Logout(w http.ResponseWriter, r *http.Request) error {
	if err := session.Unsafe(r); err != nil {
		return err
	}
	token, err := bearer(r)
	if err != nil {
		return err
	}
	c, err := t.verifyAgeless(token)
	if err != nil {
		return err
	}
	if _, err := t.store.Revoke(r.Context(), session.Now(), c.sessionID, backends.ReasonLogout); err != nil {
		return session.Error(err)
	}
	t.clear(w.Header())
	return nil
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
