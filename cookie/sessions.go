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
	config   Config
	door     *session.Door
	recaller backends.Recaller // nil if the store is none
	cookie   ambient.Cookie
	codecs   []*securecookie.SecureCookie // the first one signs
	origins  ambient.Origins
}

var (
	_ middleware.Authenticator = (*Sessions)(nil)
	_ middleware.Renewer       = (*Sessions)(nil)
	_ middleware.Challenger    = (*Sessions)(nil)
	_ middleware.Attendant     = (*Sessions)(nil)
)

// Authenticate implements [middleware.Authenticator]: one look-up for a cookie that we
// signed, none for any other.
//
// The browser adds the cookie to requests that other sites made it send. Unsafe ones
// among them get [middleware.ErrCrossOrigin], and so do WebSocket handshakes, which are
// GET requests and yet open a channel to write to.
func (s *Sessions) Authenticate(r *http.Request) (id middleware.Identity, err error) {
	if row, user, ok := s.recall(r); ok {
		if err = s.origins.Check(r); err == nil {
			session.Recalled(&id, row, user, Method)
		}
		return id, err
	}
	c, err := s.credential(r)
	if err != nil {
		return middleware.Identity{}, err
	}
	if err := s.origins.Check(r); err != nil {
		return middleware.Identity{}, err
	}
	row, user, err := s.find(r.Context(), session.Now(), c.secret)
	if err != nil {
		return middleware.Identity{}, err
	}
	s.remember(c, &row)
	return session.Identity(&row, &user, Method), nil
}

func (s *Sessions) find(ctx context.Context, now time.Time, secret backends.Secret) (backends.Session, backends.User, error) {
	return found(s.config.Store.FindBySecret(ctx, now, secret.Hash()))
}

// found turns what the store says into what the caller of this package is told.
func found(row backends.Session, user backends.User, err error) (backends.Session, backends.User, error) {
	if err == nil && row.Kind != backends.KindCookie {
		err = backends.ErrNotFound // it is the session of another kind of credential
	}
	return row, user, session.Refusal(&row, err)
}

// Renew implements [middleware.Renewer].
func (s *Sessions) Renew(h http.Header, r *http.Request, id middleware.Identity, until time.Time) (middleware.Identity, bool, error) {
	now := session.Now()
	ok, err := s.door.Extend(r, now, id, until)
	if err != nil || !ok {
		return id, false, err
	}
	if s.config.Reissue {
		c, err := s.credential(r)
		if err != nil {
			return id, false, err
		}
		if err := s.set(h, c.secret, id.SessionID, now, until); err != nil {
			return id, false, err
		}
	}
	return session.Extended(id, now, until), true, nil
}

// Attend implements [middleware.Attendant].
func (s *Sessions) Attend(id middleware.Identity, end func(cause error)) (stop func()) {
	return session.Attend(s.config.Store, id.SessionID, id.Subject, end)
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
// disabled, or has another version than l says; [middleware.ErrTooManySessions] if
// Config.Limit refuses; [middleware.ErrUnavailable].
func (s *Sessions) Login(w http.ResponseWriter, r *http.Request, l middleware.Login) (backends.Session, error) {
	if err := s.checkUnsafe(r); err != nil {
		return backends.Session{}, err
	}
	now := session.Now()
	former, err := s.current(r, now)
	if err != nil {
		return backends.Session{}, err
	}
	secret := backends.NewSecret()
	o := session.Opening{Hash: secret.Hash(), Prepare: func(row *backends.Session) error {
		return s.set(http.Header{}, secret, row.ID, now, s.keepUntil(row))
	}}
	if former != nil {
		o.Former = []string{former.ID}
	}
	row, err := s.door.Login(r, now, l, o)
	if err != nil {
		return backends.Session{}, err
	}
	return row, s.set(w.Header(), secret, row.ID, now, s.keepUntil(&row))
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
	c, err := s.credential(r)
	if err != nil {
		return backends.Session{}, err
	}
	now := session.Now()
	row, _, err := s.find(r.Context(), now, c.secret)
	if err != nil {
		return backends.Session{}, err
	}
	next := backends.NewSecret()
	fits := func(row *backends.Session) error { return s.set(http.Header{}, next, row.ID, now, s.keepUntil(row)) }
	if err := s.door.Reauthenticate(r, now, now, &row, l, next.Hash(), fits); err != nil {
		return backends.Session{}, err
	}
	return row, s.set(w.Header(), next, row.ID, now, s.keepUntil(&row))
}

// Logout ends the session of r and tells the browser to drop the cookie. A session that
// has ended already, or a cookie that never was good, is no error. A cookie that opens nothing
// any more because of [Sessions.Reauthenticate] still ends its session: the browser may have
// sent it before it had the new one. It must be called before the response begins.
//
// Errors are [middleware.ErrCrossOrigin], [middleware.ErrMalformedRequest] for a GET and
// other safe methods, and [middleware.ErrUnavailable]: the session then still lives, and
// the browser keeps the cookie to try again.
func (s *Sessions) Logout(w http.ResponseWriter, r *http.Request) error {
	if err := s.checkUnsafe(r); err != nil {
		return err
	}
	now := session.Now()
	row, err := s.current(r, now)
	if err != nil {
		return err
	}
	if row != nil {
		if err := s.door.Logout(r, now, row); err != nil {
			return err
		}
	}
	s.cookie.Clear(w.Header())
	if s.config.ClearSiteData != "" {
		w.Header().Set("Clear-Site-Data", s.config.ClearSiteData)
	}
	return nil
}

// current returns the session whose cookie r brings, be it a former one, or nil if there is
// none that lives.
func (s *Sessions) current(r *http.Request, now time.Time) (*backends.Session, error) {
	c, err := s.credential(r)
	if err != nil {
		return nil, nil
	}
	row, _, err := found(s.config.Store.FindByID(r.Context(), now, string(c.id[:])))
	if errors.Is(err, middleware.ErrInvalidCredentials) {
		return nil, nil
	}
	return &row, err
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
