package tokencookie

import (
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/bound"
	"github.com/inga-auth/inga/internal/browser"
	"github.com/inga-auth/inga/internal/tokens"
	"github.com/inga-auth/inga/middleware"
)

// Method is the Method of the identities that a token in a cookie proves.
const Method = "token-cookie"

// Cookies logs in and out with tokens in cookies, and authenticates requests that bring them. It
// is safe for concurrent use.
type Cookies struct {
	engine          *tokens.Engine
	access, refresh browser.Cookie
	origins         browser.Origins
	warning         browser.Warning
	bound           *bound.Binder // nil if it binds nothing
}

var (
	_ middleware.Authenticator  = (*Cookies)(nil)
	_ middleware.Renewer        = (*Cookies)(nil)
	_ middleware.Challenger     = (*Cookies)(nil)
	_ middleware.SessionWatcher = (*Cookies)(nil)
)

// Login opens a session for l.Subject and sets both cookies. It must be called before the
// response begins, and only after the application has made sure of who the user is. Sessions
// that the browser had end.
//
// Errors: [middleware.ErrCrossOrigin]; [middleware.ErrMalformedRequest] for a GET and other safe
// methods; [middleware.ErrInvalidArgument] for an l.Actor; and those of session.Method.Open. On an
// error no cookie is set. See package
// middleware/callback for logins that another site sends back.
func (k *Cookies) Login(w http.ResponseWriter, r *http.Request, l middleware.Login) (backends.Session, error) {
	if err := k.check(r, (*browser.Origins).CheckLogin); err != nil {
		return backends.Session{}, err
	}
	if l.Actor != nil {
		// Its session would have the refresh cookie alone, and it has no refresh token.
		return backends.Session{}, fmt.Errorf("%w: tokencookie: Login.Actor is set, want cookie.Cookies or jwtauth.Tokens for that", middleware.ErrInvalidArgument)
	}
	former, _, err := k.former(r, l.Subject)
	if err != nil {
		return backends.Session{}, err
	}
	header := http.Header{}
	issued, err := k.engine.Open(r, l, backends.Binding{}, former, k.into(header, l.BrowserSession))
	if err == nil {
		k.bound.Offer(w.Header(), &issued.Session)
	}
	return send(w, header, issued, err)
}

// Reauthenticate gives the session of r a new start, after its user has authenticated again, and
// sets both cookies anew; see jwtauth.Tokens.Reauthenticate. A cookie that ends with the browser stays
// one. Other sessions that the cookies of r
// name end. Errors are those of Login and of Authenticate.
func (k *Cookies) Reauthenticate(w http.ResponseWriter, r *http.Request, l middleware.Login) (backends.Session, error) {
	c, err := k.change(r, (*browser.Origins).CheckLogin)
	if err != nil {
		return backends.Session{}, err
	}
	s, u, err := k.find(r, c)
	if err != nil {
		return backends.Session{}, err
	}
	former, _, err := k.former(r, l.Subject)
	if err != nil {
		return backends.Session{}, err
	}
	s.Binding = backends.Binding{} // to be bound anew, to the same key or another one
	header := http.Header{}
	issued, err := k.engine.Reauthenticate(r, s, u, l, former, k.into(header, c.ends || l.BrowserSession))
	if err == nil {
		k.bound.Offer(w.Header(), &issued.Session)
	}
	return send(w, header, issued, err)
}

// Refresh replaces the refresh token and sets both cookies anew; see jwtauth.Tokens.Refresh. A
// page calls it once in a while with a POST.
//
// Errors: [middleware.ErrInvalidCredentials], [middleware.ErrCrossOrigin],
// [middleware.ErrMalformedRequest] for a GET and other safe methods,
// [middleware.ErrNoCredentials] without the cookie, [middleware.ErrUnavailable]. They change no
// cookie: the refresh that failed may be the older one.
func (k *Cookies) Refresh(w http.ResponseWriter, r *http.Request) (backends.Session, error) {
	c, err := k.change(r, (*browser.Origins).CheckUnsafe)
	if err != nil {
		return backends.Session{}, err
	}
	var prove tokens.Prove
	if k.bound != nil || k.engine.Bound { // there may be sessions that are bound
		// Whether the token is the current one is not asked here: that is how theft is noticed.
		prove = func(s *backends.Session) error { return k.prove(r, s, &backends.User{ID: s.UserID}) }
	}
	header := http.Header{}
	issued, err := k.engine.Exchange(r, c.token, prove, k.into(header, c.ends))
	return send(w, header, issued, err)
}

// check reports what keeps r from changing a session, its origin included.
func (k *Cookies) check(r *http.Request, origin func(*browser.Origins, *http.Request) error) error {
	if err := k.made(); err != nil {
		return err
	}
	k.warning.OfHTTP(r, k.refresh, "tokencookie: Config.DangerouslyAllowHTTP")
	return origin(&k.origins, r)
}

// made returns an error for the zero Cookies, and nil.
func (k *Cookies) made() error {
	if k == nil {
		return (*tokens.Engine)(nil).Made()
	}
	return k.engine.Made()
}

// change returns the refresh cookie of a request that may change the session, as origin says.
func (k *Cookies) change(r *http.Request, origin func(*browser.Origins, *http.Request) error) (refreshCookie, error) {
	if err := k.check(r, origin); err != nil {
		return refreshCookie{}, err
	}
	return k.current(r)
}

// find returns the session of the refresh cookie, whose key was proved if it is bound, and its user.
func (k *Cookies) find(r *http.Request, c refreshCookie) (backends.Session, backends.User, error) {
	s, u, err := k.engine.FindRefresh(r.Context(), c.token)
	if err == nil {
		err = k.prove(r, &s, &u)
	}
	return s, u, err
}

// prove returns an error if r may not use the session s of the user u: see [bound.Binder.Check].
func (k *Cookies) prove(r *http.Request, s *backends.Session, u *backends.User) error {
	id := k.engine.Sessions.Identity(s, u)
	return k.bound.Check(r, &id)
}

// into puts tokens into cookies in h. It fails if a browser would not keep one of them, which is
// because of the custom claims. If they end with the browser, it drops the refresh cookie when it is
// closed, and the access cookie, which opens nothing without it, when that expires.
func (k *Cookies) into(h http.Header, ends bool) tokens.Fits {
	return func(issued tokens.Issued) error {
		now := time.Now()
		err := k.access.Put(h, issued.Access, now, issued.ExpiresAt)
		if err == nil && issued.Refresh != "" {
			value, until := issued.Refresh, issued.Session.AbsoluteDeadline
			if ends {
				value, until = value+browserSession, time.Time{}
			}
			err = k.refresh.Put(h, value, now, until)
		}
		if err != nil {
			return fmt.Errorf("%w: tokencookie: Config.Claims: %w", middleware.ErrInvalidArgument, err)
		}
		return nil
	}
}

// send moves the cookies of what was issued into the response.
func send(w http.ResponseWriter, cookies http.Header, issued tokens.Issued, err error) (backends.Session, error) {
	if err != nil {
		return backends.Session{}, err
	}
	browser.Move(w.Header(), cookies)
	return issued.Session, nil
}

// Logout ends every session that the cookies of r name, and tells the browser to drop both. A
// session that has ended already is no error. It must be called before the response begins.
//
// Errors are [middleware.ErrCrossOrigin], [middleware.ErrMalformedRequest] for a GET and other
// safe methods, [middleware.ErrUnproved] if a session is bound and r has no proof of its key, and
// [middleware.ErrUnavailable]: a session then still lives, and the cookies stay.
func (k *Cookies) Logout(w http.ResponseWriter, r *http.Request) error {
	if err := k.check(r, (*browser.Origins).CheckUnsafe); err != nil {
		return err
	}
	ids, unproved, err := k.former(r, "")
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := k.engine.Sessions.Logout(r, middleware.Identity{SessionID: id}); err != nil {
			return err
		}
	}
	if unproved != nil {
		return unproved
	}
	k.access.Clear(w.Header())
	k.refresh.Clear(w.Header())
	k.bound.Clear(w.Header(), r)
	return nil
}

// Renew implements [middleware.Renewer]: it extends the session and sets a new access cookie.
func (k *Cookies) Renew(h http.Header, r *http.Request, id middleware.Identity) (middleware.Identity, bool, error) {
	header := http.Header{}
	renewed, ok, err := k.engine.Renew(h, r, id, k.into(header, false))
	if ok {
		browser.Move(h, header)
	}
	return renewed, ok, err
}

// WatchSession implements [middleware.SessionWatcher].
func (k *Cookies) WatchSession(id middleware.Identity, end func(cause error)) (stop func()) {
	return k.engine.Sessions.WatchSession(id, end)
}

// Challenge implements [middleware.Challenger]. It does not make browsers ask for a password.
func (k *Cookies) Challenge(_ *http.Request, d middleware.Denial) string {
	return browser.Challenge(d)
}

// Bound is for package middleware/dbsc.
func (k *Cookies) Bound() *bound.Binder {
	if k == nil {
		return nil
	}
	return k.bound
}

// Format implements [fmt.Formatter], so that no verb prints a key.
func (k *Cookies) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[token cookies]")) }

// LogValue implements [slog.LogValuer].
func (k *Cookies) LogValue() slog.Value { return slog.StringValue("[token cookies]") }
