package cookie

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/gorilla/securecookie"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/ambient"
	"github.com/inga-auth/inga/internal/session"
	"github.com/inga-auth/inga/middleware"
)

// Method is the method of the identities that a cookie proves.
const Method = "cookie"

// Sessions logs in and out with a cookie, and authenticates requests that bring it. It is
// safe for concurrent use.
type Sessions struct {
	config  Config
	cookie  ambient.Cookie
	codecs  []*securecookie.SecureCookie // the first one signs
	origins ambient.Origins
}

var (
	_ middleware.Authenticator = (*Sessions)(nil)
	_ middleware.Renewer       = (*Sessions)(nil)
	_ middleware.Challenger    = (*Sessions)(nil)
)

// Authenticate implements [middleware.Authenticator]: one look-up for a cookie that we
// signed, none for any other.
//
// The browser adds the cookie to requests that other sites made it send. Unsafe ones
// among them get [middleware.ErrCrossOrigin], and so do WebSocket handshakes, which are
// GET requests and yet open a channel to write to.
func (s *Sessions) Authenticate(r *http.Request) (middleware.Identity, error) {
	secret, err := s.secret(r)
	if err != nil {
		return middleware.Identity{}, err
	}
	if err := s.origins.Check(r); err != nil {
		return middleware.Identity{}, err
	}
	row, user, err := s.find(r.Context(), session.Now(), secret)
	if err != nil {
		return middleware.Identity{}, err
	}
	return session.Identity(&row, &user, Method), nil
}

func (s *Sessions) find(ctx context.Context, now time.Time, secret backends.Secret) (backends.Session, backends.User, error) {
	row, user, err := s.config.Store.FindBySecret(ctx, now, secret.Hash())
	if err == nil && row.Kind != backends.KindCookie {
		err = backends.ErrNotFound // the secret is that of another kind of credential
	}
	return row, user, session.Error(err)
}

// Renew implements [middleware.Renewer].
func (s *Sessions) Renew(h http.Header, r *http.Request, id middleware.Identity, until time.Time) (middleware.Identity, bool, error) {
	now := session.Now()
	ok, err := s.config.Store.Extend(r.Context(), now, id.SessionID, until)
	if err != nil || !ok {
		return id, false, session.Error(err)
	}
	if s.config.Reissue {
		secret, err := s.secret(r)
		if err != nil {
			return id, false, err
		}
		if err := s.set(h, secret, now, until); err != nil {
			return id, false, err
		}
	}
	return session.Extended(id, now, until), true, nil
}

// Challenge implements [middleware.Challenger]. A 401 must carry a challenge (RFC 9110,
// section 15.5.2); this one makes no browser ask for a password.
func (s *Sessions) Challenge(_ *http.Request, d middleware.Denial) string {
	if d.Status != http.StatusUnauthorized {
		return ""
	}
	return fmt.Sprintf("Cookie realm=%q", d.Realm)
}

// Login opens a session for l.Subject and sets the cookie. It must be called before the
// response begins, and only after the application has made sure of who the user is.
//
// The secret is always a new one, and a session that the browser had is ended: what was
// known of the browser before the login opens nothing afterwards. On an error nothing is
// set. Errors: [middleware.ErrCrossOrigin]; [middleware.ErrMalformedRequest] for a GET and
// other safe methods; [middleware.ErrInvalidCredentials] if the user does not exist, is
// disabled, or has another version than l says; [middleware.ErrUnavailable].
func (s *Sessions) Login(w http.ResponseWriter, r *http.Request, l middleware.Login) (backends.Session, error) {
	if err := s.checkUnsafe(r); err != nil {
		return backends.Session{}, err
	}
	now := session.Now()
	row, err := session.New(r, now, backends.KindCookie, s.config.Policy, l)
	if err != nil {
		return backends.Session{}, fmt.Errorf("cookie: %w", err)
	}
	secret := backends.NewSecret()
	if err := s.config.Store.Create(r.Context(), row, secret.Hash(), l.UserVersion); err != nil {
		return backends.Session{}, session.Error(err)
	}
	err = s.end(r, now, backends.ReasonReplaced)
	if err == nil {
		err = s.set(w.Header(), secret, now, s.keepUntil(&row))
	}
	if err != nil {
		// Nobody will ever use the session. If ending it fails as well, it ends by itself.
		_, _ = s.config.Store.Revoke(r.Context(), now, row.ID, backends.ReasonRevoked)
		return backends.Session{}, err
	}
	return row, nil
}

// Reauthenticate gives the session of r a new start, after its user has proved again who
// they are: a new secret and cookie, a new authentication time, new deadlines. The former
// cookie opens nothing any more. The session keeps its ID and, unless l has a Policy, its
// own timeouts; its AMR becomes l.AMR.
//
// l.Subject must be the user of the session. Errors are those of Login, and
// [middleware.ErrNoCredentials] if r has no session.
func (s *Sessions) Reauthenticate(w http.ResponseWriter, r *http.Request, l middleware.Login) (backends.Session, error) {
	if err := s.checkUnsafe(r); err != nil {
		return backends.Session{}, err
	}
	former, err := s.secret(r)
	if err != nil {
		return backends.Session{}, err
	}
	now := session.Now()
	row, _, err := s.find(r.Context(), now, former)
	if err != nil {
		return backends.Session{}, err
	}
	if row.UserID != l.Subject {
		return backends.Session{}, fmt.Errorf("%w: session of another user", middleware.ErrInvalidCredentials)
	}
	if err := session.Begin(&row, now, l.Policy, l.AMR); err != nil {
		return backends.Session{}, fmt.Errorf("cookie: %w", err)
	}
	next := backends.NewSecret()
	if err := s.config.Store.Reauthenticate(r.Context(), now, row, former.Hash(), next.Hash()); err != nil {
		return backends.Session{}, session.Error(err)
	}
	return row, s.set(w.Header(), next, now, s.keepUntil(&row))
}

// Logout ends the session of r and tells the browser to drop the cookie. A session that
// has ended already, or a cookie that never was good, is no error. It must be called before
// the response begins.
//
// Errors are [middleware.ErrCrossOrigin], [middleware.ErrMalformedRequest] for a GET and
// other safe methods, and [middleware.ErrUnavailable]: the session then still lives, and
// the browser keeps the cookie to try again.
func (s *Sessions) Logout(w http.ResponseWriter, r *http.Request) error {
	if err := s.checkUnsafe(r); err != nil {
		return err
	}
	if err := s.end(r, session.Now(), backends.ReasonLogout); err != nil {
		return err
	}
	s.cookie.Clear(w.Header())
	if s.config.ClearSiteData != "" {
		w.Header().Set("Clear-Site-Data", s.config.ClearSiteData)
	}
	return nil
}

// end ends the session whose cookie r brings, if there is one.
func (s *Sessions) end(r *http.Request, now time.Time, why backends.Reason) error {
	secret, err := s.secret(r)
	if err != nil {
		return nil
	}
	row, _, err := s.find(r.Context(), now, secret)
	if errors.Is(err, middleware.ErrInvalidCredentials) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = s.config.Store.Revoke(r.Context(), now, row.ID, why)
	return session.Error(err)
}

func (s *Sessions) checkUnsafe(r *http.Request) error {
	if err := session.Unsafe(r); err != nil {
		return err
	}
	return s.origins.Check(r)
}

// keepUntil is until when the browser keeps the cookie of a session that begins.
func (s *Sessions) keepUntil(row *backends.Session) time.Time {
	if s.config.Reissue {
		return row.IdleDeadline
	}
	return row.AbsoluteDeadline
}
