package jwtauth

import (
	"net/http"
	"strconv"

	"github.com/inga-auth/inga/internal/tokens"
	"github.com/inga-auth/inga/middleware"
)

// Renew implements [middleware.Renewer]: it extends the session and puts a new token into
// Config.Header, and its lifetime in seconds beside it. A request that has an Origin gets
// both names in Access-Control-Expose-Headers, for scripts to read them.
//
// The new token has the session and the authentication time of the old one. Custom claims are
// not copied: Config.Claims is called again, and before anything is extended, so that the next
// request tries again if it fails.
func (t *Tokens) Renew(h http.Header, r *http.Request, id middleware.Identity) (middleware.Identity, bool, error) {
	var issued tokens.Issued
	renewed, ok, err := t.engine.Renew(h, r, id, func(i tokens.Issued) error {
		issued = i
		return nil
	})
	if !ok || issued.Access == "" {
		return renewed, ok, err
	}
	h.Set(t.header, issued.Access)
	h.Set(t.lifetimeHeader(), strconv.FormatInt(issued.ExpiresIn, 10))
	h.Set("Cache-Control", "no-store")
	if r.Header.Get("Origin") != "" {
		h.Add("Access-Control-Expose-Headers", t.header+", "+t.lifetimeHeader())
	}
	return renewed, true, nil
}

func (t *Tokens) clear(h http.Header) {
	h.Del(t.header)
	h.Del(t.lifetimeHeader())
}

func (t *Tokens) lifetimeHeader() string { return t.header + "-Expires-In" }
