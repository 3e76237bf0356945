package session

import (
	"context"
	"net/http"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/middleware"
)

// Bind says how the sessions of a cookie are bound to the device of their browser, by Device Bound
// Session Credentials. The zero Bind binds none. See package middleware/dbsc.
type Bind struct {
	// Path is where the handler of package dbsc is mounted, with a slash at both ends: "/dbsc/". With
	// a Path, each login and re-authentication offers the browser to bind the session; the store must
	// be a [backends.Binder] and have [backends.Claims]. Browsers that cannot do it notice nothing.
	Path string
	// Life is how long a bound session can be used before the browser must prove its key again, and so
	// how long a copy of all its cookies is good. Default 10 minutes, at least 5, at most an hour.
	Life time.Duration
	// Unbound, if not 0, is how long after its user authenticated a session can be used that is not
	// bound, by its cookies: less than the policy allows, as a rule. Most browsers bind none. A token
	// that Tokens.Grant of package jwtauth has issued for the session does not know of it.
	Unbound time.Duration
}

// Bind binds the session s, which was just found, to the key of b. If it is bound already, the error is
// [middleware.ErrForbidden], and the event says that it was tried. The store must be a
// [backends.Binder].
func (m *Method) Bind(r *http.Request, s *backends.Session, b backends.Binding) (backends.Binding, error) {
	binder, err := optional[backends.Binder](m.sessions)
	if err != nil {
		return b, err
	}
	at := now()
	b.BoundAt, b.ProvedAt = at, at
	did, err := binder.Bind(r.Context(), at, s.ID, b)
	switch {
	case err != nil:
		return b, verdict(err)
	case !did:
		m.emit(r, at, middleware.EventBindRefused, s, middleware.ReasonForbidden)
		return b, errBound
	}
	m.emit(r, at, middleware.EventBound, s, "")
	return b, nil
}

// Proved records that the key of the session s, which was just found, was proved, and returns when.
func (m *Method) Proved(ctx context.Context, s *backends.Session) (time.Time, error) {
	at := now()
	binder, err := optional[backends.Binder](m.sessions)
	if err == nil {
		err = verdict(binder.Proved(ctx, at, s.ID, s.Binding.Thumbprint))
	}
	return at, err
}

// Unproved emits the event that a credential of the session about.SessionID came without a good proof
// of its key, for the reason.
func (m *Method) Unproved(r *http.Request, about middleware.Identity, reason string) {
	s := backends.Session{ID: about.SessionID, UserID: about.Subject}
	m.emit(r, now(), middleware.EventUnproved, &s, reason)
}
