package jwtauth

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/bearer"
	"github.com/inga-auth/inga/internal/session"
	"github.com/inga-auth/inga/middleware"
)

// Method is the method of the identities that a token proves.
const Method = "bearer"

// Tokens issues access tokens and authenticates requests that bring one. It is safe for
// concurrent use.
type Tokens struct {
	store              backends.Store
	door               *session.Door
	recaller           backends.Recaller // nil if the store is none
	logger             *slog.Logger
	issuer, audience   string
	clientID           string
	ttl                time.Duration
	header             string // of the response, for a renewed token
	custom             func(context.Context, backends.User) (any, error)
	signer             *key
	byID, byHeader     map[string]*key
	validator, ageless *jwt.Validator // the latter does not ask for exp
	leeway             time.Duration
	jwks               []byte

	rotator     backends.Rotator // nil if the store is none, and then there are no refreshKeys
	refreshKeys []refreshKey     // the first one authenticates new tokens
	grace       backends.Grace
}

var (
	_ middleware.Authenticator = (*Tokens)(nil)
	_ middleware.Renewer       = (*Tokens)(nil)
	_ middleware.Challenger    = (*Tokens)(nil)
	_ middleware.Attendant     = (*Tokens)(nil)
)

// Authenticate implements [middleware.Authenticator]: one look-up for a good token, none
// for any other. The identity has the user's roles of this moment, and the claims of the
// token.
func (t *Tokens) Authenticate(r *http.Request) (id middleware.Identity, err error) {
	token, err := bearer.Presented(r)
	if err != nil {
		return id, err
	}
	if t.recall(token, Method, &id) {
		return id, nil
	}
	if err := bearer.Check(token); err != nil {
		return id, err
	}
	return t.lookUp(r.Context(), token, Method)
}

// identify returns who an access token says that the request is from.
func (t *Tokens) identify(ctx context.Context, token, method string) (id middleware.Identity, err error) {
	if t.recall(token, method, &id) {
		return id, nil
	}
	return t.lookUp(ctx, token, method)
}

// lookUp is identify for a token that is not remembered.
func (t *Tokens) lookUp(ctx context.Context, token, method string) (middleware.Identity, error) {
	c, err := t.verify(token)
	if err != nil {
		return middleware.Identity{}, err
	}
	now := session.Now()
	row, user, err := t.find(ctx, now, c)
	if err != nil {
		return middleware.Identity{}, err
	}
	t.markSeen(ctx, now, &row, c.Generation)
	t.remember(token, c, &row)
	return identity(c, &row, &user, method), nil
}

// identity returns what a verified token and the session that it names say.
func identity(c *claims, row *backends.Session, user *backends.User, method string) middleware.Identity {
	id := session.Identity(row, user, method)
	id.Claims = string(c.Raw)
	addTimes(&id, c, row)
	return id
}

// addTimes has the identity say when the token expires, and when its user authenticated.
func addTimes(id *middleware.Identity, c *claims, row *backends.Session) {
	id.ExpiresAt = earlier(c.ExpiresAt.Time.UTC(), row.IdleDeadline)
	if c.AuthTime.Unix() > row.AuthenticatedAt.Unix() {
		// The row was read before its user authenticated again; see package cache.
		id.AuthTime = c.AuthTime
	}
}

// find returns the session that a verified token names, and its user. A token from before
// its user authenticated again names it no longer: whoever had it then did not do that.
func (t *Tokens) find(ctx context.Context, now time.Time, c *claims) (backends.Session, backends.User, error) {
	row, user, err := t.store.FindByID(ctx, now, c.SessionID)
	if err != nil {
		return row, user, session.Refusal(&row, err)
	}
	switch {
	case row.Kind != backends.KindToken || row.UserID != c.Subject:
		err = bearer.Invalid(errors.New("sid is not a session of sub for tokens"))
	case !c.AuthTime.IsZero() && c.AuthTime.Unix() < row.AuthenticatedAt.Unix():
		err = bearer.Invalid(errors.New("token is from before the user authenticated again"))
	}
	return row, user, err
}

// Attend implements [middleware.Attendant].
func (t *Tokens) Attend(id middleware.Identity, end func(cause error)) (stop func()) {
	return session.Attend(t.store, id.SessionID, id.Subject, end)
}

// Challenge implements [middleware.Challenger].
func (t *Tokens) Challenge(r *http.Request, d middleware.Denial) string {
	return bearer.Challenge(r, d)
}

// Issuer is the claim iss of the tokens, as Config.Issuer says.
func (t *Tokens) Issuer() string { return t.issuer }

// Login opens a session for l.Subject and issues a token, after the application has made
// sure of who the user is. A program that logs in again has one session more: what it had it
// ends with [Tokens.Logout], or Config.Limit does.
//
// Errors: [middleware.ErrMalformedRequest] for a GET and other safe methods;
// [middleware.ErrInvalidCredentials] if the user does not exist, is disabled, or has
// another version than l says; [middleware.ErrTooManySessions] if Config.Limit refuses;
// [middleware.ErrUnavailable].
func (t *Tokens) Login(r *http.Request, l middleware.Login) (Response, error) {
	return t.login(t.door, r, l, nil, anyFits)
}

// anyFits is for clients that take whatever they are answered.
func anyFits(Response) error { return nil }

// login asks fits about the response before anything is stored.
func (t *Tokens) login(door *session.Door, r *http.Request, l middleware.Login, former []string, fits func(Response) error) (resp Response, err error) {
	if err := session.Unsafe(r); err != nil {
		return Response{}, err
	}
	now := session.Now()
	secret, hash := t.newSecret()
	_, err = door.Login(r, now, l, session.Opening{Former: former, Hash: hash, Prepare: func(row *backends.Session) error {
		t.prepare(now, row)
		custom, err := t.customClaimsOfUser(r.Context(), l.Subject)
		if err != nil {
			return err
		}
		if resp, err = t.respond(now, row, custom, secret); err != nil {
			return err
		}
		return fits(resp)
	}})
	if err != nil {
		return Response{}, err
	}
	return resp, nil
}

// Reauthenticate gives the session whose token r brings a new start, after its user has
// proved again who they are: a new authentication time, new deadlines, new tokens. All tokens
// of before open nothing any more. The session keeps its ID and, unless l has a Policy, its
// own timeouts; its AMR becomes l.AMR.
//
// A token that a renewal has put into the header of w is one of before, and is taken out of it.
// So it must be called before the response begins.
//
// l.Subject must be the user of the session. Errors are those of Login, and those of
// Authenticate.
func (t *Tokens) Reauthenticate(w http.ResponseWriter, r *http.Request, l middleware.Login) (Response, error) {
	if err := session.Unsafe(r); err != nil {
		return Response{}, err
	}
	token, err := bearer.Token(r)
	if err != nil {
		return Response{}, err
	}
	now := session.Now()
	row, err := t.sessionOf(r.Context(), now, token)
	if err != nil {
		return Response{}, err
	}
	resp, err := t.reauthenticate(t.door, r, now, row, l, anyFits)
	if err == nil {
		t.clear(w.Header())
	}
	return resp, err
}

// sessionOf returns the session that a good access token names.
func (t *Tokens) sessionOf(ctx context.Context, now time.Time, token string) (backends.Session, error) {
	c, err := t.verify(token)
	if err != nil {
		return backends.Session{}, err
	}
	row, _, err := t.find(ctx, now, c)
	return row, err
}

// reauthenticate asks fits about the response before anything is stored.
func (t *Tokens) reauthenticate(door *session.Door, r *http.Request, now time.Time, row backends.Session, l middleware.Login, fits func(Response) error) (resp Response, err error) {
	custom, err := t.customClaimsOf(r.Context(), now, row.ID)
	if err != nil {
		return Response{}, err
	}
	// The claim auth_time has whole seconds, and must tell the tokens of before from the new.
	at := now
	if last := row.AuthenticatedAt.Truncate(time.Second); at.Sub(last) < time.Second {
		at = last.Add(time.Second)
	}
	secret, hash := t.newSecret()
	err = door.Reauthenticate(r, now, at, &row, l, hash, func(row *backends.Session) (err error) {
		t.prepare(now, row)
		if resp, err = t.respond(now, row, custom, secret); err != nil {
			return err
		}
		return fits(resp)
	})
	if err != nil {
		return Response{}, err
	}
	return resp, nil
}

// newSecret returns the secret of a session's refresh tokens. If there are to be none, the
// hash is that of no secret.
func (t *Tokens) newSecret() (backends.Secret, backends.SecretHash) {
	if len(t.refreshKeys) == 0 {
		return backends.Secret{}, backends.SecretHash{}
	}
	secret := backends.NewSecret()
	return secret, secret.Hash()
}

// prepare makes the row one of a session of tokens that begins at now.
func (t *Tokens) prepare(now time.Time, row *backends.Session) {
	// Each extension brings a new token, which must come before the old one expires.
	row.RenewalInterval = min(row.RenewalInterval, t.ttl/2)
	if len(t.refreshKeys) == 0 {
		row.Refresh = backends.Refresh{} // the session may have had some
		return
	}
	row.Refresh = backends.Refresh{Generation: row.Refresh.Generation + 1, RotatedAt: now}
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
	token, err := bearer.Token(r)
	if err != nil {
		return err
	}
	c, err := t.verifyAgeless(token)
	if err != nil {
		return err
	}
	if err := t.door.Logout(r, session.Now(), &backends.Session{ID: c.SessionID, UserID: c.Subject}); err != nil {
		return err
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
