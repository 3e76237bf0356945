package jwtauth

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

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
	var a tokens.Access
	renewed, ok, err := t.engine.Renew(h, r, id, func(issued tokens.Issued) error {
		a = issued.Access
		return nil
	})
	if ok {
		t.put(h, r, a)
	}
	return renewed, ok, err
}

func (t *Tokens) put(h http.Header, r *http.Request, a tokens.Access) {
	h.Set(t.header, a.Token)
	h.Set(t.lifetimeHeader(), strconv.FormatInt(a.ExpiresIn, 10))
	h.Set("Cache-Control", "no-store")
	if r.Header.Get("Origin") != "" {
		expose(h, t.header, t.lifetimeHeader())
	}
}

func (t *Tokens) clear(h http.Header) {
	h.Del(t.header)
	h.Del(t.lifetimeHeader())
}

func (t *Tokens) lifetimeHeader() string { return t.header + "-Expires-In" }

// expose adds the names to those that scripts may read, unless they are there already.
func expose(h http.Header, names ...string) {
	const field = "Access-Control-Expose-Headers"
	there := h.Values(field)
	missing := slices.DeleteFunc(names, func(name string) bool {
		return slices.ContainsFunc(there, func(line string) bool { return lists(line, name) })
	})
	if len(missing) > 0 {
		h.Add(field, strings.Join(missing, ", "))
	}
}

func lists(line, name string) bool {
	for item := range strings.SplitSeq(line, ",") {
		if strings.EqualFold(strings.TrimSpace(item), name) {
			return true
		}
	}
	return false
}
