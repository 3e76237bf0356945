package tokencookie

import (
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/inga-auth/inga/backends"
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
// methods; and those of session.Method.Open. On an error no cookie is set. See package
// middleware/callback for logins that another site sends back.
func (k *Cookies) Login(w http.ResponseWriter, r *http.Request, l middleware.Login) (backends.Session, error) {
	if err := k.origins.CheckLogin(r); err != nil {
		return backends.Session{}, err
	}
	had, err := k.named(r)
	if err != nil {
		return backends.Session{}, err
	}
	var former []string
	for _, about := range had {
		former = append(former, about.SessionID)
	}
	return k.send(w, func(fits tokens.Fits) (tokens.Issued, error) { return k.engine.Open(r, l, former, fits) })
}

// Reauthenticate gives the session of r a new start, after its user has authenticated again, and
// sets both cookies anew; see jwtauth.Tokens.Reauthenticate. Errors are those of Login and of
// Authenticate.
func (k *Cookies) Reauthenticate(w http.ResponseWriter, r *http.Request, l middleware.Login) (backends.Session, error) {
	if err := k.origins.CheckLogin(r); err != nil {
		return backends.Session{}, err
	}
	c, err := k.current(r)
	if err != nil {
		return backends.Session{}, err
	}
	s, u, err := k.engine.FindRefresh(r.Context(), c.token)
	if err != nil {
		return backends.Session{}, err
	}
	return k.send(w, func(fits tokens.Fits) (tokens.Issued, error) { return k.engine.Reauthenticate(r, s, u, l, fits) })
}

// Refresh replaces the refresh token and sets both cookies anew; see jwtauth.Tokens.Refresh. A
// page calls it once in a while with a POST.
//
// Errors: [middleware.ErrInvalidCredentials], [middleware.ErrCrossOrigin],
// [middleware.ErrMalformedRequest] for a GET and other safe methods,
// [middleware.ErrNoCredentials] without the cookie, [middleware.ErrUnavailable]. They change no
// cookie: the refresh that failed may be the older one.
func (k *Cookies) Refresh(w http.ResponseWriter, r *http.Request) (backends.Session, error) {
	if err := k.origins.CheckUnsafe(r); err != nil {
		return backends.Session{}, err
	}
	c, err := k.current(r)
	if err != nil {
		return backends.Session{}, err
	}
	return k.send(w, func(fits tokens.Fits) (tokens.Issued, error) { return k.engine.Exchange(r, c.token, fits) })
}

// send puts the tokens that issue returns into cookies, and the cookies into the response. Before
// issue stores anything, it calls the function that it receives, which fails if a browser would
// not keep the cookies.
func (k *Cookies) send(w http.ResponseWriter, issue func(tokens.Fits) (tokens.Issued, error)) (backends.Session, error) {
	var header http.Header
	issued, err := issue(func(issued tokens.Issued) error {
		header = http.Header{}
		return k.put(header, issued)
	})
	if err != nil {
		return backends.Session{}, err
	}
	browser.Move(w.Header(), header)
	return issued.Session, nil
}

func (k *Cookies) put(h http.Header, issued tokens.Issued) error {
	now := time.Now()
	err := k.access.Put(h, issued.Access.Token, now, issued.Access.ExpiresAt)
	if err == nil {
		err = k.refresh.Put(h, issued.Refresh, now, issued.Session.AbsoluteDeadline)
	}
	return unfit(err)
}

// unfit says that a browser would not keep a cookie, which is because of the custom claims.
func unfit(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: tokencookie: Config.Claims: %w", middleware.ErrInvalidArgument, err)
}

// Logout ends every session that the cookies of r name, and tells the browser to drop both. A
// session that has ended already is no error. It must be called before the response begins.
//
// Errors are [middleware.ErrCrossOrigin], [middleware.ErrMalformedRequest] for a GET and other
// safe methods, and [middleware.ErrUnavailable]: a session then still lives, and the cookies
// stay.
func (k *Cookies) Logout(w http.ResponseWriter, r *http.Request) error {
	if err := k.origins.CheckUnsafe(r); err != nil {
		return err
	}
	all, err := k.named(r)
	if err != nil {
		return err
	}
	for _, about := range all {
		if err := k.engine.Sessions().Logout(r, about); err != nil {
			return err
		}
	}
	k.access.Clear(w.Header())
	k.refresh.Clear(w.Header())
	return nil
}

// Renew implements [middleware.Renewer]: it extends the session and sets a new access cookie.
func (k *Cookies) Renew(h http.Header, r *http.Request, id middleware.Identity) (middleware.Identity, bool, error) {
	header := http.Header{}
	renewed, _, ok, err := k.engine.Renew(h, r, id, func(issued tokens.Issued) error {
		return unfit(k.access.Put(header, issued.Access.Token, time.Now(), issued.Access.ExpiresAt))
	})
	if err != nil || !ok {
		return id, false, err
	}
	browser.Move(h, header)
	return renewed, true, nil
}

// WatchSession implements [middleware.SessionWatcher].
func (k *Cookies) WatchSession(id middleware.Identity, end func(cause error)) (stop func()) {
	return k.engine.Sessions().WatchSession(id, end)
}

// Challenge implements [middleware.Challenger]. It does not make browsers ask for a password.
func (k *Cookies) Challenge(_ *http.Request, d middleware.Denial) string {
	return browser.Challenge(d)
}

// Format implements [fmt.Formatter], so that no verb prints a key.
func (k *Cookies) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[token cookies]")) }

// LogValue implements [slog.LogValuer].
func (k *Cookies) LogValue() slog.Value { return slog.StringValue("[token cookies]") }
