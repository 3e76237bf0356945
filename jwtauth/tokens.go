package jwtauth

import (
	"fmt"
	"log/slog"
	"net/http"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/bearer"
	"github.com/inga-auth/inga/internal/browser"
	"github.com/inga-auth/inga/internal/tokens"
	"github.com/inga-auth/inga/jwtauth/dpop"
	"github.com/inga-auth/inga/middleware"
)

// Method is the Method of the identities that a token proves.
const Method = "bearer"

// Tokens issues the tokens of sessions and authenticates requests that bring one. It is safe for
// concurrent use.
type Tokens struct {
	engine *tokens.Engine
	header string // of the response, for a renewed token

	dpop    DPoP
	proofs  *dpop.Proofs // nil if dpop is DPoPOff
	schemes []bearer.Scheme
	unbound middleware.Policy // of sessions that are not bound; nil for that of the registry
}

var (
	_ middleware.Authenticator  = (*Tokens)(nil)
	_ middleware.Renewer        = (*Tokens)(nil)
	_ middleware.Challenger     = (*Tokens)(nil)
	_ middleware.SessionWatcher = (*Tokens)(nil)
)

// Engine is for the packages of this module that carry tokens otherwise than in the
// Authorization header. Its type is internal.
func (t *Tokens) Engine() *tokens.Engine {
	if t == nil {
		return nil
	}
	return t.engine
}

// Authenticate implements [middleware.Authenticator]: one look-up for a good token, none for any
// other. The identity has the current roles of the user, and the claims of the token. A token that is
// bound to a key needs the proof of it in r; see [Config].DPoP.
func (t *Tokens) Authenticate(r *http.Request) (id middleware.Identity, err error) {
	if err := t.Engine().Made(); err != nil {
		return id, err
	}
	token, scheme, err := bearer.Token(r, t.schemes)
	if err != nil {
		return id, err
	}
	return t.authenticate(r, token, scheme)
}

// authenticate returns the identity of a request with the token.
func (t *Tokens) authenticate(r *http.Request, token string, scheme bearer.Scheme) (id middleware.Identity, err error) {
	key, err := t.engine.Identify(r.Context(), token, &id)
	if err != nil || key == "" && t.dpop == DPoPOff {
		return id, err
	}
	if err := t.prove(r, token, scheme, key, id); err != nil {
		return middleware.Identity{}, err
	}
	id.Binding.Proved = key != ""
	return id, nil
}

// WatchSession implements [middleware.SessionWatcher].
func (t *Tokens) WatchSession(id middleware.Identity, end func(cause error)) (stop func()) {
	return t.engine.Sessions.WatchSession(id, end)
}

// Challenge implements [middleware.Challenger].
func (t *Tokens) Challenge(r *http.Request, d middleware.Denial) string {
	return bearer.Challenge(r, d, t.schemes, t.proofs.Algorithms())
}

// Login opens a session for l.Subject and issues its tokens, after the application has made sure
// of who the user is. A program that logs in again has one session more: it should end the
// previous one with [Tokens.Logout], unless the limit of the registry does.
//
// If r has a proof of a key, and Config.DPoP does not say otherwise, the session is bound to that key.
//
// With l.Actor, whose token r brings, the tokens are those of a session in which that user acts as
// l.Subject: see package middleware/session. They name both, in the claim act (RFC 8693, section 4.1),
// and have no auth_time and no refresh token. The actor's own tokens stay good.
//
// Errors: [middleware.ErrMalformedRequest] for a GET and other safe methods;
// [middleware.ErrUnproved] for a proof that is not good, or is missing and required; and those of
// session.Method.Open. See package middleware/callback for logins that another site sends back.
func (t *Tokens) Login(r *http.Request, l middleware.Login) (Response, error) {
	if err := t.change(r, browser.MayLogin); err != nil {
		return Response{}, err
	}
	b, err := t.bind(r, "", middleware.Identity{Subject: l.Subject})
	if err != nil {
		return Response{}, err
	}
	if b.Thumbprint == "" && l.Policy == nil {
		l.Policy = t.unbound
	}
	issued, err := t.engine.Open(r, l, b, nil, anyFits)
	return t.response(issued, err)
}

// change returns an error unless r may change a session, as method says.
func (t *Tokens) change(r *http.Request, method func(*http.Request) error) error {
	if err := t.Engine().Made(); err != nil {
		return err
	}
	return method(r)
}

// anyFits is for clients that take any response.
func anyFits(tokens.Issued) error { return nil }

// Reauthenticate gives the session whose token r brings a new start, after its user has
// authenticated again: a new authentication time, new deadlines, new tokens. Earlier tokens no
// longer open anything. The session keeps its ID and, unless l has a Policy, its own timeouts;
// its AMR becomes l.AMR, and nothing of the former one is kept. If l names a UserVersion, the user
// must still have it.
//
// A token that a renewal has put into the header of w is an earlier one, and is removed from
// it. Reauthenticate must be called before the response begins.
//
// A session that is bound to a key stays bound to it, and r must prove the key. One that is not is bound to
// that of a proof in r, if there is one. The proof is for the access token of r.
//
// l.Subject must be the user of the session. Errors are those of Login, those of Authenticate, and
// [middleware.ErrForbidden] if the token comes from [Tokens.Grant]: the cookie that opened the session
// would no longer open it.
func (t *Tokens) Reauthenticate(w http.ResponseWriter, r *http.Request, l middleware.Login) (Response, error) {
	if err := t.change(r, browser.MayLogin); err != nil {
		return Response{}, err
	}
	token, scheme, err := bearer.Token(r, t.schemes)
	if err != nil {
		return Response{}, err
	}
	c, err := t.engine.Verify(token)
	if err != nil {
		return Response{}, err
	}
	s, u, err := t.engine.FindAccess(r.Context(), c)
	if err == nil && c.Kind != "" {
		err = tokens.ErrGranted
	}
	if err == nil {
		err = t.rebind(r, token, scheme, &s)
	}
	if err != nil {
		return Response{}, err
	}
	issued, err := t.engine.Reauthenticate(r, s, u, l, nil, anyFits)
	if err == nil {
		t.clear(w.Header())
	}
	return t.response(issued, err)
}

// Refresh exchanges a refresh token for an access token and the refresh token that is current then, in
// one round trip to the store, or two unless Config.DPoP is [DPoPOff]. It counts as activity of the
// session and never moves the absolute deadline. The user is looked at again, so a role that changed is
// in the access token.
//
// However many clients bring the same token at the same time, all get the same one back. The
// package documentation says which token is replaced, which is answered again, and which one is
// theft: the session ends, and both clients have to log in again. Of a session that is bound to a key, r
// must prove that key first: without the proof nothing changes. With [DPoPOff] no token here can be bound;
// one out of the cookies of package tokencookie, whose session is bound, is then refused too, but only
// after the store has replaced it, or found it to be theft.
//
// Errors: [middleware.ErrInvalidCredentials], also for a token that is forged or cut, which changes
// nothing; [middleware.ErrUnproved], which wraps it; [middleware.ErrMalformedRequest] for a GET and
// other safe methods; [middleware.ErrUnavailable].
func (t *Tokens) Refresh(r *http.Request, token string) (Response, error) {
	if err := t.change(r, browser.Unsafe); err != nil {
		return Response{}, err
	}
	rt, err := t.engine.RefreshKeys.Parse(token)
	if err != nil {
		return Response{}, err
	}
	var prove tokens.Prove
	if t.dpop != DPoPOff {
		prove = func(s *backends.Session) error { return t.proveRefresh(r, s) }
	}
	issued, err := t.engine.Exchange(r, rt, prove, anyFits)
	return t.response(issued, err)
}

// Logout ends the session that the token of r names, and removes a token from the header of w
// that a renewal has put there. A session that has ended already is no error. It must be called
// before the response begins.
//
// A token that has expired is good enough: all it can do is end its own session, which is what
// a user who logs out after a break wants. Where the session is bound to a key, r must prove it,
// whichever token it brings, a refresh token too: a copy ends nothing. A token from [Tokens.Grant] needs a
// proof if Grant has bound it.
//
// Errors are those of Authenticate for a token that is missing or not ours,
// [middleware.ErrMalformedRequest] for a GET and other safe methods, and
// [middleware.ErrUnavailable]: the session then still lives.
func (t *Tokens) Logout(w http.ResponseWriter, r *http.Request) error {
	if err := t.change(r, browser.Unsafe); err != nil {
		return err
	}
	token, scheme, err := bearer.Token(r, t.schemes)
	if err != nil {
		return err
	}
	about, err := t.engine.Named(token)
	if err != nil {
		return err
	}
	key, err := t.engine.KeyToEnd(r.Context(), token, about)
	if err == nil && key != "" {
		err = t.prove(r, token, scheme, key, about)
	}
	if err != nil {
		return err
	}
	if err := t.engine.Sessions.Logout(r, about); err != nil {
		return err
	}
	t.clear(w.Header())
	return nil
}

// Format implements [fmt.Formatter], so that no verb prints a key.
func (t *Tokens) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[tokens]")) }

// LogValue implements [slog.LogValuer].
func (t *Tokens) LogValue() slog.Value { return slog.StringValue("[tokens]") }
