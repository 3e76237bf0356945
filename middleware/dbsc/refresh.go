package dbsc

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/bound"
	"github.com/inga-auth/inga/internal/proof"
	"github.com/inga-auth/inga/middleware"
)

// refresh sets a new bound cookie for a proof of the session's key. It finds the session by its
// identifier: a refresh that a link from another site causes brings no SameSite cookie.
//
// It answers 200, 403 with a challenge, or 503. With any other status the browser drops the key, and
// the user would have to log in again.
func (h *Handler) refresh(w http.ResponseWriter, r *http.Request) {
	identifier := value(r.Header, "Sec-Secure-Session-Id")
	l, ok := h.binder.ParseIdentifier(identifier)
	if !ok {
		forget(w, identifier)
		return
	}
	s, err := h.find(r, l)
	switch {
	case errors.Is(err, middleware.ErrInvalidCredentials):
		forget(w, identifier)
		return
	case err == nil:
		ok, err = h.proves(r, l, &s)
	}
	if err == nil && ok {
		var at time.Time
		if at, err = h.binder.Method.Proved(r.Context(), &s); err == nil {
			err = h.binder.Put(w.Header(), l, s.Binding.Thumbprint, at)
		}
	}
	switch {
	case err != nil:
		middleware.Refuse(w, r, fmt.Errorf("%w: %v", middleware.ErrUnavailable, err)) // whatever it is
	case !ok:
		h.challenge(w, l)
	default:
		w.WriteHeader(http.StatusOK) // without a body: the instructions stay as they are
	}
}

// forget ends the binding in the browser: there is no such session any more.
func forget(w http.ResponseWriter, identifier string) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"session_identifier":"`+identifier+`","continue":false}`)
}

// challenge asks for a proof. Browsers keep the proof that they last made: one of an old challenge is
// routine.
func (h *Handler) challenge(w http.ResponseWriter, l bound.Login) {
	w.Header().Set("Secure-Session-Challenge", fmt.Sprintf(`"%s";id="%s"`, h.binder.Challenge(bound.ToRefresh, l, time.Now()), h.binder.Identifier(l)))
	w.WriteHeader(http.StatusForbidden)
}

// session returns the session of the login. What a cache read before that login, or before the session was
// as expected, it reads again: browsers do not try a second time.
func (h *Handler) session(r *http.Request, l bound.Login, expected func(*backends.Session) bool) (backends.Session, error) {
	s, _, err := h.binder.Method.FindByID(r.Context(), l.SessionID)
	if err != nil || !s.AuthenticatedAt.Before(l.At) && expected(&s) {
		return s, err
	}
	// This is no proof of any key, and so changes nothing but what the cache believes.
	if _, err := h.binder.Method.Proved(r.Context(), &backends.Session{ID: s.ID}); err != nil {
		return s, err
	}
	s, _, err = h.binder.Method.FindByID(r.Context(), l.SessionID)
	return s, err
}

// find returns the bound session of the login.
func (h *Handler) find(r *http.Request, l bound.Login) (backends.Session, error) {
	s, err := h.session(r, l, func(s *backends.Session) bool { return s.Binding.Thumbprint != "" })
	switch current := bound.LoginOf(&s); {
	case err != nil:
		return s, err
	case l.At.Before(current.At):
		return s, fmt.Errorf("%w: identifier of a former login", middleware.ErrInvalidCredentials)
	case !current.Equal(l) || s.Binding.Thumbprint == "":
		return s, errors.New("session is not bound")
	}
	return s, nil
}

// proves reports whether r has a good proof of the key of s, for a challenge that was not used before.
func (h *Handler) proves(r *http.Request, l bound.Login, s *backends.Session) (bool, error) {
	text := value(r.Header, "Secure-Session-Response")
	if text == "" {
		return false, nil
	}
	key, err := proof.ParseKey(s.Binding.Algorithm, s.Binding.Key)
	if err != nil {
		return false, err
	}
	p, err := h.proofs.ReadWith(text, key)
	if err != nil {
		h.binder.Method.Unproved(r, middleware.Identity{Subject: s.UserID, SessionID: s.ID}, middleware.ReasonInvalidProof)
		return false, nil
	}
	now := time.Now()
	until, ok := h.binder.CheckChallenge(bound.ToRefresh, p.Claims.ID, l, now)
	if !ok {
		return false, nil
	}
	// Last: only what is good in every other way takes a row.
	return h.claims.Claim(r.Context(), now, backends.HashName("dbsc challenge", p.Claims.ID), until)
}
