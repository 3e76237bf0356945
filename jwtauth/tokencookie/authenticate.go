package tokencookie

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/inga-auth/inga/internal/browser"
	"github.com/inga-auth/inga/internal/tokens"
	"github.com/inga-auth/inga/middleware"
)

// maxCookies of ours are looked at, so that a long header does not cause much work.
const maxCookies = 8

var errTooMany = fmt.Errorf("%w: more than %d cookies of one name", middleware.ErrInvalidCredentials, maxCookies)

// A refreshCookie is one that we made.
type refreshCookie struct {
	text  string
	token tokens.RefreshToken
}

// Authenticate implements [middleware.Authenticator]: one look-up for a refresh cookie of ours,
// and one more if the store does not accept the access cookie beside it; none for any other. The
// identity has the claims of the access cookie, or those that it would have.
func (k *Cookies) Authenticate(r *http.Request) (id middleware.Identity, err error) {
	c, err := k.current(r)
	if err != nil {
		return id, err
	}
	if err := k.origins.Check(r); err != nil {
		return id, err
	}
	if access := k.accessToken(r, c.token.SessionID); access != "" {
		err := k.engine.Identify(r.Context(), access, &id)
		if !errors.Is(err, middleware.ErrInvalidCredentials) {
			return id, err
		}
	}
	err = k.engine.IdentifyRefresh(r.Context(), c.text, c.token, &id)
	return id, err
}

// current returns the refresh cookie of r that counts. A subdomain can plant others: those that
// we did not make are ignored, and so are those of sessions that have ended. Of two live
// sessions either could be the one that the user means, so the request is refused.
func (k *Cookies) current(r *http.Request) (refreshCookie, error) {
	all, err := k.refreshCookies(r)
	if err != nil || len(all) == 1 {
		return append(all, refreshCookie{})[0], err
	}
	var live []refreshCookie
	for _, c := range all {
		_, _, err := k.engine.FindRefresh(r.Context(), c.token)
		if err == nil {
			live = append(live, c)
		} else if !errors.Is(err, middleware.ErrInvalidCredentials) {
			return refreshCookie{}, err
		}
	}
	if len(live) != 1 {
		return refreshCookie{}, fmt.Errorf("%w: refresh cookies of %d sessions, %d of them live", middleware.ErrInvalidCredentials, len(all), len(live))
	}
	return live[0], nil
}

// refreshCookies returns the refresh cookies of r that we made, of each session the newest. It
// returns an error if there are none.
func (k *Cookies) refreshCookies(r *http.Request) (all []refreshCookie, err error) {
	present, ours := false, 0
	for value := range browser.Values(r, k.refresh.Name) {
		present = true
		if !tokens.IsRefresh(value) {
			continue
		}
		if ours++; ours > maxCookies {
			return nil, errTooMany
		}
		token, err := k.engine.RefreshKeys.Parse(value)
		if err == nil {
			all = withNewest(all, refreshCookie{value, token})
		}
	}
	switch {
	case len(all) > 0:
		return all, nil
	case present:
		return nil, fmt.Errorf("%w: refresh cookie is not one of ours", middleware.ErrInvalidCredentials)
	}
	return nil, middleware.ErrNoCredentials
}

// withNewest adds c to the cookies, of which no two are of one session.
func withNewest(all []refreshCookie, c refreshCookie) []refreshCookie {
	for i, other := range all {
		if other.token.SessionID != c.token.SessionID {
			continue
		}
		if c.token.Generation > other.token.Generation {
			all[i] = c
		}
		return all
	}
	return append(all, c)
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

// named returns the sessions that the cookies of r name, each once, whether or not they live.
func (k *Cookies) named(r *http.Request) (all []middleware.Identity, err error) {
	seen := map[string]bool{}
	for _, name := range []string{k.refresh.Name, k.access.Name} {
		ours := 0
		for value := range browser.Values(r, name) {
			if !tokens.Plausible(value) {
				continue
			}
			if ours++; ours > maxCookies {
				return nil, errTooMany
			}
			if about, err := k.engine.Named(value); err == nil && !seen[about.SessionID] {
				seen[about.SessionID] = true
				all = append(all, about)
			}
		}
	}
	return all, nil
}
