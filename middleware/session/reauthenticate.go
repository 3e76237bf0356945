package session

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/middleware"
)

// Reauthenticate restarts the session s, which was just found, after its user has authenticated
// again as l says, and updates s. The user must be l.Subject. From then on only o.Secret opens
// the session. o.Prepare is called before anything is stored: if it fails, the former credentials
// stay good. The errors are those of Open, and [middleware.ErrForbidden] for a session in which another
// user acts.
func (m *Method) Reauthenticate(r *http.Request, s *backends.Session, l middleware.Login, o Opening) error {
	switch {
	case s.UserID != l.Subject:
		return fmt.Errorf("%w: session of another user", middleware.ErrInvalidCredentials)
	case s.Actor != (backends.Actor{}):
		return fmt.Errorf("%w: another user acts in the session", middleware.ErrForbidden)
	case l.Actor != nil:
		return fmt.Errorf("%w: Login.Actor is for a login, and this is a re-authentication", middleware.ErrInvalidArgument)
	}
	at, next := now(), s.Clone()
	if err := begin(&next, at, l); err != nil {
		return err
	}
	if err := o.prepare(&next); err != nil {
		return err
	}
	former := slices.DeleteFunc(slices.Clone(o.Former), func(id string) bool { return id == s.ID })
	if len(former) > 0 { // which are not to end if this is refused
		if err := m.sameUser(r.Context(), l); err != nil {
			return m.refused(r, at, s, err)
		}
	}
	ended, err := m.replace(r.Context(), at, former, nil)
	m.emitEnds(r, at, ended)
	if err != nil {
		return err
	}
	options := backends.ReauthenticateOptions{Former: s.AuthenticatedAt, UserVersion: l.UserVersion}
	if err := m.sessions.store.Reauthenticate(r.Context(), at, next, o.hash(), options); err != nil {
		return m.refused(r, at, s, err)
	}
	key := s.Binding.Thumbprint
	*s = next
	m.emit(r, at, middleware.EventReauthenticated, s, "")
	m.emitBound(r, at, s, key)
	return nil
}

// sameUser returns what the store will say if the user of l is not as l says. It asks past a cache.
func (m *Method) sameUser(ctx context.Context, l middleware.Login) error {
	finder, ok := m.sessions.store.(backends.UserFinder)
	if !ok {
		return nil
	}
	switch u, err := finder.FindUser(ctx, l.Subject); {
	case errors.Is(err, errors.ErrUnsupported):
		return nil
	case err != nil:
		return err
	case u.Disabled:
		return backends.ErrUserDisabled
	case l.UserVersion != 0 && l.UserVersion != u.Version:
		return backends.ErrConflict
	}
	return nil
}

// refused returns the verdict about a re-authentication that failed with err.
func (m *Method) refused(r *http.Request, at time.Time, s *backends.Session, err error) error {
	if errors.Is(err, backends.ErrConflict) { // a former password was proved
		m.emit(r, at, middleware.EventLoginFailed, s, middleware.ReasonUserChanged)
	}
	return verdict(err)
}
