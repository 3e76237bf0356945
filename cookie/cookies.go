package cookie

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"

	"github.com/gorilla/securecookie"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/bound"
	"github.com/inga-auth/inga/internal/browser"
	"github.com/inga-auth/inga/internal/identity"
	"github.com/inga-auth/inga/internal/recall"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/session"
)

// Method is the Method of the identities that a cookie proves.
const Method = "cookie"

// Cookies logs in and out with a cookie, and authenticates requests that bring it. It is safe
// for concurrent use.
type Cookies struct {
	sessions      *session.Method
	recaller      recall.Store // nil if the store is none
	cookie        browser.Cookie
	codecs        []*securecookie.SecureCookie // the first one signs
	origins       browser.Origins
	warning       browser.Warning
	bound         *bound.Binder // nil if it binds nothing
	reissue       bool
	clearSiteData string
	acting        *Cookies // the second cookie: see actingSuffix
}

var (
	_ middleware.Authenticator  = (*Cookies)(nil)
	_ middleware.Renewer        = (*Cookies)(nil)
	_ middleware.Challenger     = (*Cookies)(nil)
	_ middleware.SessionWatcher = (*Cookies)(nil)
)

// Authenticate implements [middleware.Authenticator]: one look-up for a cookie that we signed,
// none for any other.
//
// Browsers add the cookie to requests that other sites make. Unsafe ones among them, and
// WebSocket handshakes, which are GET requests and yet open a channel to write to, get
// [middleware.ErrCrossOrigin].
func (k *Cookies) Authenticate(r *http.Request) (id middleware.Identity, err error) {
	acts := k.mayAct(r)
	if entry, ok := k.recall(r); ok && !acts {
		if err = k.origins.Check(r); err == nil {
			identity.Recall(&id, entry, Method)
			err = browser.Ambient(k.bound.Check(r, &id))
		}
		if err != nil {
			id = middleware.Identity{}
		}
		return id, err
	}
	p, err := k.prove(r)
	if err != nil {
		return id, browser.Ambient(err)
	}
	if acts {
		second, ok, err := k.proveActing(r, p.session.ID)
		if err != nil {
			return id, browser.Ambient(err)
		}
		if ok {
			p = second
		}
	}
	k.remember(p)
	return p.identity, nil
}

// Renew implements [middleware.Renewer].
func (k *Cookies) Renew(h http.Header, r *http.Request, id middleware.Identity) (middleware.Identity, bool, error) {
	renewed, ok, err := k.sessions.Renew(h, r, id)
	if err != nil || !ok || !k.reissue {
		return renewed, ok, err
	}
	p, err := k.prove(r)
	switch {
	case err != nil:
	case id.Actor != "": // whose own session is extended too
		err = k.set(h, p.secret, p.session.ID, p.ends, p.session.IdleDeadline)
	case p.session.ID == id.SessionID:
		err = k.set(h, p.secret, p.session.ID, p.ends, renewed.Session.IdleDeadline)
	}
	return renewed, err == nil, err
}

// WatchSession implements [middleware.SessionWatcher].
func (k *Cookies) WatchSession(id middleware.Identity, end func(cause error)) (stop func()) {
	return k.sessions.WatchSession(id, end)
}

// Challenge implements [middleware.Challenger]. It does not make browsers ask for a password.
func (k *Cookies) Challenge(_ *http.Request, d middleware.Denial) string {
	return browser.Challenge(d)
}

// Login opens a session for l.Subject and sets the cookie. It must be called before the
// response begins, and only after the application has made sure of who the user is.
//
// With l.Actor, whose cookie must be in r, the user begins to act as another one: see package
// middleware/session. The cookie is then a second one, which counts only beside the first and ends
// with the session that it opens. Until then requests are those of l.Subject, and [Cookies.Logout]
// ends that alone.
//
// The secret is always a new one, and the sessions that the browser had end. On an error nothing
// is set. Errors: [middleware.ErrCrossOrigin]; [middleware.ErrMalformedRequest] for a GET and other
// safe methods; and those of [session.Method.Open]. A login that another site sends back comes with
// both: package middleware/callback makes of it a request that passes.
func (k *Cookies) Login(w http.ResponseWriter, r *http.Request, l middleware.Login) (backends.Session, error) {
	o, header, err := k.opening(r, &l)
	if err != nil {
		return backends.Session{}, err
	}
	s, err := k.sessions.Open(r, l, o)
	if err == nil {
		browser.Move(w.Header(), header)
		if l.Actor == nil { // whose own session stands for both
			k.bound.Offer(w.Header(), &s)
		}
	}
	return s, err
}

// opening returns how r gets a new secret because of l, and the header into which its cookie is put
// before it is stored.
func (k *Cookies) opening(r *http.Request, l *middleware.Login) (o session.Opening, header http.Header, err error) {
	if err := k.check(r, (*browser.Origins).CheckLogin); err != nil {
		return o, nil, err
	}
	o.Secret, header = backends.NewSecret(), http.Header{}
	o.Prepare = func(s *backends.Session) error {
		until := s.AbsoluteDeadline
		if k.reissue {
			until = s.IdleDeadline
		}
		return k.cookieOf(l).set(header, o.Secret, s.ID+s.Actor.SessionID, l.BrowserSession && l.Actor == nil, until)
	}
	o.Former, err = k.formerOf(r, l, header)
	return o, header, err
}

// check reports what keeps r from logging in or out, its origin included.
func (k *Cookies) check(r *http.Request, origin func(*browser.Origins, *http.Request) error) error {
	if k == nil || k.codecs == nil {
		return errNotMade
	}
	k.warning.OfHTTP(r, k.cookie, "cookie: Config.DangerouslyAllowHTTP")
	return origin(&k.origins, r)
}

// errNotMade is for the zero Cookies, and nil.
var errNotMade = fmt.Errorf("%w: cookie: these Cookies are not from New", middleware.ErrInvalidArgument)

// Reauthenticate gives the session of r a new start, after its user has authenticated again: a
// new secret and cookie, a new authentication time, new deadlines. The former cookie no longer
// opens anything, and other sessions that the browser had end. The session keeps its ID and, unless
// l has a Policy, its own timeouts. A cookie that ends with the browser stays one.
//
// Its AMR becomes l.AMR, and nothing of the former one is kept: after a password at login and a code
// now, l.AMR is {"pwd", "otp"}. After a password alone it is {"pwd"}, and the session no longer passes
// [middleware.HasAMR] for otp.
//
// l.Subject must be the user of the session, who must still have l.UserVersion unless that is 0.
// Errors are those of Login, [middleware.ErrNoCredentials] if r has no session cookie, and
// [middleware.ErrForbidden] if its user acts as another one.
func (k *Cookies) Reauthenticate(w http.ResponseWriter, r *http.Request, l middleware.Login) (backends.Session, error) {
	if err := k.check(r, (*browser.Origins).CheckLogin); err != nil {
		return backends.Session{}, err
	}
	p, err := k.prove(r)
	if err != nil {
		return backends.Session{}, err
	}
	if k.mayAct(r) {
		if _, ok, err := k.proveActing(r, p.session.ID); ok || err != nil {
			return backends.Session{}, fmt.Errorf("%w: another user acts in the session", cmp.Or(err, middleware.ErrForbidden))
		}
	}
	o, header, err := k.opening(r, &l)
	if err != nil {
		return backends.Session{}, err
	}
	l.BrowserSession = l.BrowserSession || p.ends
	p.session.Binding = backends.Binding{} // to be bound anew, to the same key or another one
	if err := k.sessions.Reauthenticate(r, &p.session, l, o); err != nil {
		return backends.Session{}, err
	}
	browser.Move(w.Header(), header)
	k.bound.Offer(w.Header(), &p.session)
	return p.session, nil
}

// Logout ends the sessions of all cookies in r that we signed, and tells the browser to drop the
// cookie. If the user acts as another one it ends that alone, however: they are themselves again. A
// session that has ended already, a cookie that never was good, or none, is no error: a
// client with a token gets that answer too and stays logged in, and needs jwtauth's Logout. A cookie
// that [Cookies.Reauthenticate] has replaced still ends its session: the browser may have sent it
// before it received the new one. Logout must be called before the response begins.
//
// Errors are [middleware.ErrCrossOrigin], [middleware.ErrMalformedRequest] for a GET and other
// safe methods, [middleware.ErrInvalidCredentials] if there are too many cookies to verify,
// [middleware.ErrUnproved] if the session is bound and r has no proof of its key, and
// [middleware.ErrUnavailable]: the session then still lives, and the browser keeps the cookie to
// try again.
func (k *Cookies) Logout(w http.ResponseWriter, r *http.Request) error {
	if err := k.check(r, (*browser.Origins).CheckUnsafe); err != nil {
		return err
	}
	if err := k.logout(w.Header(), r); err != nil {
		return err
	}
	if k.clearSiteData != "" {
		w.Header().Set("Clear-Site-Data", k.clearSiteData)
	}
	return nil
}

// Bound is for package middleware/dbsc.
func (k *Cookies) Bound() *bound.Binder {
	if k == nil {
		return nil
	}
	return k.bound
}

// unlessUnproved returns err, and nil for [middleware.ErrUnproved]: it is about one of several cookies.
func unlessUnproved(err error) error {
	if errors.Is(err, middleware.ErrUnproved) {
		return nil
	}
	return err
}

// Format implements [fmt.Formatter], so that no verb prints the keys.
func (k *Cookies) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[cookies]")) }
