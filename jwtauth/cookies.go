package jwtauth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/ambient"
	"github.com/inga-auth/inga/internal/session"
	"github.com/inga-auth/inga/middleware"
)

// CookieMethod is the method of the identities that a token in a cookie proves.
const CookieMethod = "token-cookie"

// CookieConfig is what [NewCookies] needs. Tokens is required; the zero value of the rest is
// the safe choice.
type CookieConfig struct {
	// Tokens issues and verifies. It must have RefreshKeys.
	Tokens *Tokens

	// AccessName and RefreshName name the cookies. Default "__Host-access" and
	// "__Host-refresh".
	AccessName, RefreshName string

	// SameSite is Lax by default, or Strict. None sends the cookies along with requests that
	// other sites make; what they may do then is up to CrossOriginProtection alone.
	SameSite http.SameSite

	// TrustedOrigins may send unsafe requests with the cookies, as "https://app.example".
	TrustedOrigins []string

	// DangerouslyAllowHTTP leaves out the Secure attribute, and the prefix of the default
	// names: everybody on the way can then read and use the tokens.
	DangerouslyAllowHTTP bool
}

// Cookies carries tokens in two cookies that no script can read, for browsers. It is safe for
// concurrent use.
//
// Put [Cookies.Handler] outside the guard, and Cookies itself into the guard: an access token
// that has expired is then replaced within the request that brings it. Without it a browser
// whose access token has ended is anonymous, to [middleware.Guard.Optional] as well, until its
// page refreshes.
type Cookies struct {
	tokens          *Tokens
	door            *session.Door
	access, refresh ambient.Cookie
	origins         ambient.Origins
}

var (
	_ middleware.Authenticator = (*Cookies)(nil)
	_ middleware.Renewer       = (*Cookies)(nil)
	_ middleware.Attendant     = (*Cookies)(nil)
)

// NewCookies returns the Cookies that the CookieConfig describes. The error joins all
// mistakes, each naming its field.
func NewCookies(c CookieConfig) (*Cookies, error) {
	base := ambient.Cookie{SameSite: c.SameSite, DangerouslyAllowHTTP: c.DangerouslyAllowHTTP}
	k := &Cookies{tokens: c.Tokens, access: base, refresh: base}
	k.access.Name, k.refresh.Name = c.AccessName, c.RefreshName
	k.access, k.refresh = k.access.WithDefaults("access"), k.refresh.WithDefaults("refresh")

	var errs []error
	if c.Tokens == nil || len(c.Tokens.refreshKeys) == 0 {
		errs = append(errs, errors.New("jwtauth: CookieConfig.Tokens is nil or has no RefreshKeys, want one that refreshes"))
	}
	if k.access.Name == k.refresh.Name {
		errs = append(errs, fmt.Errorf("jwtauth: CookieConfig.RefreshName is %q, want another name than AccessName", k.refresh.Name))
	}
	errs = slices.Concat(errs,
		k.access.Mistakes("jwtauth: CookieConfig.", "AccessName"),
		k.refresh.Mistakes("jwtauth: CookieConfig.", "RefreshName"),
		k.origins.Trust("jwtauth: CookieConfig.TrustedOrigins", c.TrustedOrigins),
	)
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	door := *c.Tokens.door
	door.Method = CookieMethod
	k.door = &door
	return k, nil
}

// Login is [Tokens.Login] for a browser: it sets both cookies. The tokens in the response
// are for the cookies and need not be shown to the page; ExpiresIn may be, for a page that
// asks in advance. A session that the browser had is ended. Errors are those of
// [Tokens.Login], and [middleware.ErrCrossOrigin].
func (k *Cookies) Login(w http.ResponseWriter, r *http.Request, l middleware.Login) (Response, error) {
	if err := k.origins.Check(r); err != nil {
		return Response{}, err
	}
	var former []string
	for _, s := range k.sessions(r) {
		former = append(former, s.ID)
	}
	resp, err := k.tokens.login(k.door, r, l, former, k.fits)
	if err == nil {
		err = k.put(w.Header(), resp)
	}
	if err != nil {
		return Response{}, err
	}
	return resp, nil
}

// Reauthenticate is [Tokens.Reauthenticate] for a browser: it takes the tokens from their
// cookies and sets both anew; an access token that has expired meanwhile is no obstacle. Errors
// are those of [Tokens.Reauthenticate], [middleware.ErrCrossOrigin], and
// [middleware.ErrNoCredentials] without the cookies.
func (k *Cookies) Reauthenticate(w http.ResponseWriter, r *http.Request, l middleware.Login) (Response, error) {
	if err := session.Unsafe(r); err != nil {
		return Response{}, err
	}
	if err := k.origins.Check(r); err != nil {
		return Response{}, err
	}
	now := session.Now()
	row, err := k.current(r, now)
	if err != nil {
		return Response{}, err
	}
	resp, err := k.tokens.reauthenticate(k.door, r, now, row, l, k.fits)
	if err == nil {
		err = k.put(w.Header(), resp)
	}
	if err != nil {
		return Response{}, err
	}
	return resp, nil
}

// Logout ends the session of either cookie and tells the browser to drop both. A session
// that has ended already is no error. Errors are [middleware.ErrCrossOrigin],
// [middleware.ErrMalformedRequest] for a GET and other safe methods, and
// [middleware.ErrUnavailable]: the session then still lives, and the cookies stay.
func (k *Cookies) Logout(w http.ResponseWriter, r *http.Request) error {
	if err := session.Unsafe(r); err != nil {
		return err
	}
	if err := k.origins.Check(r); err != nil {
		return err
	}
	now := session.Now()
	for _, s := range k.sessions(r) {
		if err := k.door.Logout(r, now, s); err != nil {
			return err
		}
	}
	k.access.Clear(w.Header())
	k.refresh.Clear(w.Header())
	return nil
}

// Refresh is [Tokens.Refresh] for a browser: it takes the token from its cookie and sets both
// anew, for a page that sees the expiry ahead.
//
// Tokens that are new, for a third of their life and 5 seconds at most, stay, and no cookie is
// set: several tabs may refresh one right after the other, and a request that is under way
// meanwhile with the token of before is none of a thief.
//
// Errors are those of [Tokens.Refresh],
// [middleware.ErrCrossOrigin], and [middleware.ErrNoCredentials] without the cookie. They
// change no cookie: the refresh that failed may be the older one.
func (k *Cookies) Refresh(w http.ResponseWriter, r *http.Request) (Response, error) {
	if err := session.Unsafe(r); err != nil {
		return Response{}, err
	}
	if err := k.origins.Check(r); err != nil {
		return Response{}, err
	}
	if resp, ok := k.settling(r); ok {
		return resp, nil
	}
	resp, _, err := k.exchange(r)
	if err == nil {
		err = k.put(w.Header(), resp)
	}
	if err != nil {
		return Response{}, err
	}
	return resp, nil
}

// Handler replaces an access token that has expired, or is missing, by means of the refresh
// token, before next runs: next and the guard in it see the new one, and the response sets
// both cookies. Requests at the same time get the same refresh token, whichever answer
// arrives last.
//
// This happens for safe methods too, since a page that is opened after a break must not
// fail. A cross-origin request of an unsafe method refreshes nothing, and neither does one
// that asks for an upgrade of the connection, as for a WebSocket: whoever takes the
// connection over writes the response, and may leave the cookies out.
//
// The browser has the cookies when the response begins. If next may take longer for that
// than Config.RefreshGrace.Unseen, raise the latter: until then the browser presents the
// former refresh token.
//
// If the backend cannot be asked, the guard answers 503, and not 401.
func (k *Cookies) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if k.needsRefresh(r) {
			r = r.WithContext(context.WithValue(r.Context(), refreshedKey{}, k.reissue(w.Header(), r)))
		}
		next.ServeHTTP(w, r)
	})
}

// refreshed is what Handler leaves for those inside: the new access token, and who the request
// is from, or why that cannot be told.
type refreshed struct {
	by    *Cookies
	token string
	id    middleware.Identity
	err   error
}

type refreshedKey struct{}

func (k *Cookies) refreshed(r *http.Request) (*refreshed, bool) {
	f, ok := r.Context().Value(refreshedKey{}).(*refreshed)
	return f, ok && f.by == k
}

// current returns the session of r: by the access token of Handler, or by the cookies as they
// are. It refreshes nothing, since whoever asks may not answer with the new tokens.
func (k *Cookies) current(r *http.Request, now time.Time) (backends.Session, error) {
	access := one(r, k.access.Name)
	if f, ok := k.refreshed(r); ok {
		if f.err != nil {
			return backends.Session{}, f.err
		}
		access = f.token
	} else if k.needsRefresh(r) {
		return k.tokens.refreshable(r.Context(), now, one(r, k.refresh.Name))
	}
	if access == "" {
		return backends.Session{}, middleware.ErrNoCredentials
	}
	return k.tokens.sessionOf(r.Context(), now, access)
}

func (k *Cookies) needsRefresh(r *http.Request) bool {
	if one(r, k.refresh.Name) == "" || r.Header.Get("Upgrade") != "" || k.origins.Check(r) != nil {
		return false
	}
	_, err := k.tokens.verify(one(r, k.access.Name))
	return err != nil
}

// reissue sets both cookies anew and returns the identity that they prove. That is no use
// of the new access token: the browser does not have it yet, and if the answer is lost it
// comes with the former refresh token.
func (k *Cookies) reissue(h http.Header, r *http.Request) *refreshed {
	resp, user, err := k.exchange(r)
	if err == nil {
		err = k.put(h, resp)
	}
	if err != nil {
		return &refreshed{by: k, err: err}
	}
	c, err := k.tokens.verify(resp.AccessToken)
	if err != nil {
		return &refreshed{by: k, err: err}
	}
	return &refreshed{by: k, token: resp.AccessToken, id: identity(c, &resp.Session, &user, CookieMethod)}
}

func (k *Cookies) exchange(r *http.Request) (Response, backends.User, error) {
	token := one(r, k.refresh.Name)
	if token == "" {
		return Response{}, backends.User{}, middleware.ErrNoCredentials
	}
	return k.tokens.exchange(k.door, r, token, k.fits)
}

// Authenticate implements [middleware.Authenticator].
func (k *Cookies) Authenticate(r *http.Request) (middleware.Identity, error) {
	if f, ok := k.refreshed(r); ok {
		return f.id, f.err
	}
	access := one(r, k.access.Name)
	if access == "" && one(r, k.refresh.Name) == "" {
		return middleware.Identity{}, middleware.ErrNoCredentials
	}
	if err := k.origins.Check(r); err != nil {
		return middleware.Identity{}, err
	}
	if access == "" {
		return middleware.Identity{}, middleware.ErrNoCredentials
	}
	return k.tokens.identify(r.Context(), access, CookieMethod)
}

// Renew implements [middleware.Renewer]: it extends the session. The cookies stay as they
// are; the access token is replaced when it has expired.
func (k *Cookies) Renew(_ http.Header, r *http.Request, id middleware.Identity, until time.Time) (middleware.Identity, bool, error) {
	now := session.Now()
	ok, err := k.door.Extend(r, now, id, until)
	if err != nil || !ok {
		return id, false, err
	}
	expires := id.ExpiresAt
	id = session.Extended(id, now, until)
	id.ExpiresAt = earlier(expires, until)
	return id, true, nil
}

// Attend implements [middleware.Attendant].
func (k *Cookies) Attend(id middleware.Identity, end func(cause error)) (stop func()) {
	return k.tokens.Attend(id, end)
}

// sessions are those that the cookies belong to: usually both to one.
func (k *Cookies) sessions(r *http.Request) (all []*backends.Session) {
	for _, name := range []string{k.access.Name, k.refresh.Name} {
		s := k.tokens.belongsTo(one(r, name))
		if s != nil && (len(all) == 0 || all[0].ID != s.ID) {
			all = append(all, s)
		}
	}
	return all
}

// fits returns an error if a browser would not store the cookies of the response.
func (k *Cookies) fits(resp Response) error { return k.put(http.Header{}, resp) }

func (k *Cookies) put(h http.Header, resp Response) error {
	now := session.Now()
	access := now.Add(time.Duration(resp.ExpiresIn) * time.Second)
	// The refresh token always fits. If the access token does not, nothing is set.
	err := k.access.Put(h, resp.AccessToken, now, access)
	if err == nil {
		err = k.refresh.Put(h, resp.RefreshToken, now, resp.Session.AbsoluteDeadline)
	}
	if err != nil {
		return fmt.Errorf("%w: jwtauth: %w", middleware.ErrUnavailable, err)
	}
	return nil
}

// one returns the value of the cookie, or "" if there is none, or several that differ: a
// subdomain can plant one, and there is no telling which is ours.
func one(r *http.Request, name string) string {
	var value string
	for _, c := range r.CookiesNamed(name) {
		if value != "" && c.Value != value {
			return ""
		}
		value = c.Value
	}
	return value
}
