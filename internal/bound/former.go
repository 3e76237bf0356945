package bound

import (
	"errors"
	"net/http"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/middleware"
)

// Former returns nil if a request with the cookies of r, which prove the ID of a session, may end that
// session. If it may not, because the session is bound and its key was not proved, it returns the
// session and [middleware.ErrUnproved]: a copy of the cookies must not log the user out.
//
// It asks the store. A nil Binder does not: it lets any request end any session whose ID was proved.
func (b *Binder) Former(r *http.Request, id string) (backends.Session, error) {
	if b == nil {
		return backends.Session{}, nil
	}
	s, u, err := b.Method.FindByID(r.Context(), id)
	switch {
	case errors.Is(err, middleware.ErrInvalidCredentials):
		return s, nil // it has ended
	case err != nil:
		return s, err
	}
	identity := b.Method.Identity(&s, &u)
	if err := b.Check(r, &identity); errors.Is(err, middleware.ErrUnproved) {
		return s, err
	}
	return s, nil
}
