package cookie

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/inga-auth/inga/middleware"
)

// actingSuffix is at the end of the name of a second cookie: that of a session in which the user of
// the first one acts as another user. It counts only beside the first.
const actingSuffix = "-acting"

// mayAct reports whether r seems to have a second cookie. A request that has none costs no more than
// this.
func (k *Cookies) mayAct(r *http.Request) bool {
	if k == nil || k.acting == nil {
		return false
	}
	for _, line := range r.Header["Cookie"] {
		if strings.Contains(line, k.acting.cookie.Name) {
			return true
		}
	}
	return false
}

// proveActing returns what the second cookie of r proves beside the first, which has proved the
// session own. ok is false if it does not count: its session began beside another one. If its session has
// ended, or is gone with its user, it counts, and is an error: a form that was meant for the other user's
// account must not be sent to the actor's.
func (k *Cookies) proveActing(r *http.Request, own string) (p proof, ok bool, err error) {
	_, err = k.acting.signed(r, func(c credential) error {
		if ok || c.beside != own {
			return nil
		}
		s, u, err := k.sessions.Find(r.Context(), string(c.id[:]), c.secret)
		p, ok = proof{c, s, u, k.sessions.Identity(&s, &u)}, err == nil
		return err
	})
	return p, ok, err
}

// checkActor returns an error unless the cookie that is to wait beside the new one is in r.
func (k *Cookies) checkActor(r *http.Request, actor *middleware.Identity) error {
	found := false
	_, err := k.signed(r, func(c credential) error {
		found = found || string(c.id[:]) == actor.SessionID
		return nil
	})
	if err == nil && !found {
		err = fmt.Errorf("%w: cookie: the session of Login.Actor is not that of the cookie in the request", middleware.ErrInvalidArgument)
	}
	return err
}

// logout ends what [Cookies.Logout] ends, and has the browser drop the cookie.
func (k *Cookies) logout(h http.Header, r *http.Request) error {
	if k.mayAct(r) {
		if left, err := k.leave(h, r); left || err != nil {
			return err
		}
	}
	var unproved error
	_, err := k.signed(r, func(c credential) error {
		if _, err := k.bound.Former(r, string(c.id[:])); err != nil {
			unproved = err
			return unlessUnproved(err)
		}
		return k.sessions.Logout(r, middleware.Identity{SessionID: string(c.id[:])})
	})
	if err = cmp.Or(err, unproved); err != nil {
		return err
	}
	k.cookie.Clear(h)
	k.bound.Clear(h, r)
	return nil
}

// leave ends the sessions of the second cookies of r, and has the browser drop them. It reports
// whether one of them counted: then the session of the first cookie lives on.
func (k *Cookies) leave(h http.Header, r *http.Request) (left bool, err error) {
	own := map[string]bool{}
	_, err = k.signed(r, func(c credential) error {
		own[string(c.id[:])] = true
		return nil
	})
	if err != nil {
		return false, err
	}
	present, err := k.acting.signed(r, func(c credential) error {
		// The session itself is not bound: its key is that of the actor's own.
		if _, err := k.bound.Former(r, c.beside); err != nil && !own[c.beside] {
			return unlessUnproved(err)
		} else if err != nil {
			return err
		}
		left = left || own[c.beside]
		return k.sessions.Logout(r, middleware.Identity{SessionID: string(c.id[:])})
	})
	if err == nil && present {
		k.acting.cookie.Clear(h)
	}
	return left, err
}

// cookieOf returns the Cookies whose cookie a login is to set.
func (k *Cookies) cookieOf(l *middleware.Login) *Cookies {
	if l.Actor != nil {
		return k.acting
	}
	return k
}

// formerOf returns the IDs of the sessions that end with a login: those of the cookie that it sets, and
// of the second one in any case. If the browser is to drop the second one, header says so.
func (k *Cookies) formerOf(r *http.Request, l *middleware.Login, header http.Header) (former []string, err error) {
	add := func(c credential) error {
		s, err := k.bound.Former(r, cmp.Or(c.beside, string(c.id[:])))
		if err == nil || errors.Is(err, middleware.ErrUnproved) && s.UserID == l.Subject {
			former = append(former, string(c.id[:]))
		}
		return unlessUnproved(err)
	}
	if l.Actor != nil {
		if err := k.checkActor(r, l.Actor); err != nil {
			return nil, err
		}
	} else if _, err := k.signed(r, add); err != nil {
		return nil, err
	}
	present, err := k.acting.signed(r, add)
	if present && l.Actor == nil {
		k.acting.cookie.Clear(header)
	}
	return former, err
}
