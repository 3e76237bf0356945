package jwtauth

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/inga-auth/inga/internal/session"
	"github.com/inga-auth/inga/middleware"
)

// Renew implements [middleware.Renewer]: it extends the session and puts a new token into
// Config.Header, and its lifetime in seconds beside it. A request that has an Origin gets
// both names in Access-Control-Expose-Headers, for scripts to read them.
//
// The new token has the session and the authentication time of the old one. Custom claims
// are not copied: Config.Claims is asked again. It is asked first, so that the next request
// tries again if it fails, and not the one after the next interval.
func (t *Tokens) Renew(h http.Header, r *http.Request, id middleware.Identity, until time.Time) (middleware.Identity, bool, error) {
	now := session.Now()
	custom, err := t.customClaimsOf(r.Context(), now, id.SessionID)
	if errors.Is(err, middleware.ErrInvalidCredentials) {
		return id, false, nil // the session has ended meanwhile
	}
	if err != nil {
		return id, false, err
	}
	ok, err := t.door.Extend(r, now, id, until)
	if err != nil || !ok {
		return id, false, err
	}
	a, err := t.issue(now, subject{id.Subject, id.SessionID, id.AuthTime, id.Session.AbsoluteDeadline, 0, custom})
	if err != nil {
		return id, false, err
	}
	t.put(h, r, a, now)
	id = session.Extended(id, now, until)
	id.ExpiresAt = earlier(a.expiresAt, until)
	return id, true, nil
}

func (t *Tokens) put(h http.Header, r *http.Request, a access, now time.Time) {
	h.Set(t.header, a.token)
	h.Set(t.lifetimeHeader(), strconv.FormatInt(a.expiresIn(now), 10))
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

// expose adds the names to those that scripts may read, unless they are there.
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
