package tokencookie

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/inga-auth/inga/internal/browser"
	"github.com/inga-auth/inga/internal/tokens"
	"github.com/inga-auth/inga/middleware"
)

// maxCookies of ours are looked at, so that a long header does not cause much work.
const maxCookies = 8

// A refreshCookie is one that we made.
type refreshCookie struct {
	text  string
	token tokens.RefreshToken
	ends  bool // with the browser
}

// browserSession is at the end of a refresh cookie that the browser drops when it is closed. The
// cookies that replace it are to be such, too. Nothing authenticates it: it is about how long a
// browser keeps what it has.
const browserSession = ".b"

// Authenticate implements [middleware.Authenticator]: one look-up for a refresh cookie of ours,
// and one more if the store does not accept the access cookie beside it; none for any other. The
// identity has the claims of the access cookie, or those that it would have.
func (k *Cookies) Authenticate(r *http.Request) (id middleware.Identity, err error) {
	if err := k.made(); err != nil {
		return id, err
	}
	if err = browser.Ambient(k.identify(r, &id)); err != nil {
		id = middleware.Identity{}
	}
	return id, err
}

func (k *Cookies) identify(r *http.Request, id *middleware.Identity) error {
	c, err := k.current(r)
	if err != nil {
		return err
	}
	if err := k.origins.Check(r); err != nil {
		return err
	}
	if access := k.accessToken(r, c.token.SessionID); access != "" {
		_, err := k.engine.Identify(r.Context(), access, id)
		if err == nil && k.bound.Allows(r, id) {
			return nil
		}
		// A cache may have read the session before its user authenticated again, and so with another key.
		if err != nil && !errors.Is(err, middleware.ErrInvalidCredentials) {
			return err
		}
	}
	if err := k.engine.IdentifyRefresh(r.Context(), c.text, c.token, id); err != nil {
		return err
	}
	return k.bound.Check(r, id)
}

// current returns the refresh cookie of r that counts. A browser sends several after the Domain of
// the cookie has changed, and a subdomain can plant them: those that we did not make are ignored,
// and so are those of sessions that have ended. If two of different users are good the request is
// refused, because either could be the one that the user means.
func (k *Cookies) current(r *http.Request) (found refreshCookie, err error) {
	all, err := k.refreshCookies(r)
	if err != nil || len(all) == 1 {
		return append(all, found)[0], err
	}
	var user string
	var refusal error
	for _, c := range all {
		s, _, err := k.engine.FindRefresh(r.Context(), c.token)
		switch {
		case errors.Is(err, middleware.ErrInvalidCredentials):
			refusal = err
		case err != nil:
			return refreshCookie{}, err
		case found.text == "":
			found, user = c, s.UserID
		case s.UserID != user:
			return refreshCookie{}, fmt.Errorf("%w: refresh cookies of two users", middleware.ErrInvalidCredentials)
		}
	}
	if found.text == "" {
		return found, refusal
	}
	return found, nil
}

// refreshCookies returns the refresh cookies of r that we made, of each session the newest. It
// returns an error if there are none.
func (k *Cookies) refreshCookies(r *http.Request) (all []refreshCookie, err error) {
	err = ours(r, k.refresh.Name, func(value string, ends bool) {
		token, err := k.engine.RefreshKeys.Parse(value)
		if err != nil {
			return
		}
		i := slices.IndexFunc(all, func(c refreshCookie) bool { return c.token.SessionID == token.SessionID })
		if i < 0 {
			all = append(all, refreshCookie{value, token, ends})
		} else if token.Generation > all[i].token.Generation {
			all[i] = refreshCookie{value, token, ends}
		}
	})
	if err != nil || len(all) > 0 {
		return all, err
	}
	for range browser.Values(r, k.refresh.Name) {
		return nil, fmt.Errorf("%w: refresh cookie is not one of ours", middleware.ErrInvalidCredentials)
	}
	return nil, middleware.ErrNoCredentials
}

// ours calls use for each cookie of the name that may be one of ours, and says whether it ends with
// the browser.
func ours(r *http.Request, name string, use func(value string, ends bool)) error {
	n := 0
	for value := range browser.Values(r, name) {
		value, ends := strings.CutSuffix(value, browserSession)
		if !tokens.Plausible(value) {
			continue
		}
		if n++; n > maxCookies {
			return fmt.Errorf("%w: more than %d cookies %s", middleware.ErrInvalidCredentials, maxCookies, name)
		}
		use(value, ends)
	}
	return nil
}

// accessToken returns an access cookie that seems to belong to the session, or "". It still has
// to be verified.
func (k *Cookies) accessToken(r *http.Request, sessionID string) string {
	for value := range browser.Values(r, k.access.Name) {
		if tokens.Seems(value, sessionID) {
			return value
		}
	}
	return ""
}

// former returns those of the named sessions that r may end: see [bound.Binder.Former]. If it may not end
// one, and that is not one of the user, unproved says so.
func (k *Cookies) former(r *http.Request, userID string) (ids []string, unproved, err error) {
	named, err := k.named(r)
	for _, id := range named {
		s, refusal := k.bound.Former(r, id)
		switch {
		case refusal == nil || errors.Is(refusal, middleware.ErrUnproved) && userID != "" && s.UserID == userID:
			ids = append(ids, id)
		case errors.Is(refusal, middleware.ErrUnproved):
			unproved = refusal
		default:
			return nil, nil, refusal
		}
	}
	return ids, unproved, err
}

// named returns the IDs of the sessions that the cookies of r name, whether or not they live.
func (k *Cookies) named(r *http.Request) (ids []string, err error) {
	for _, name := range []string{k.refresh.Name, k.access.Name} {
		err := ours(r, name, func(value string, _ bool) {
			if about, err := k.engine.Named(value); err == nil && !slices.Contains(ids, about.SessionID) {
				ids = append(ids, about.SessionID)
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return ids, nil
}
