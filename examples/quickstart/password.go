package main

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/password"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/jwtauth/tokencookie"
	"github.com/inga-auth/inga/middleware"
)

// reauthenticate gives the session a new start after its user has given the password again. It
// responds like the login that opened the session.
func (a *app) reauthenticate(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Password string `json:"password"`
	}
	if err := readJSON(w, r, &body); err != nil {
		refuseBody(w, r, err)
		return
	}
	l, err := a.verifyAgain(r, body.Password)
	if err != nil {
		a.guard.Refuse(w, r, err)
		return
	}
	answer, err := a.beginAgain(w, r, l)
	if err != nil {
		a.guard.Refuse(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, answer)
}

// changePassword replaces the password, ends all other sessions, and gives this one new
// credentials, so that a copy of the old ones opens nothing. It responds with the number of
// sessions that ended, and with what the login responds.
func (a *app) changePassword(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Old string `json:"old"`
		New string `json:"new"`
	}
	if err := readJSON(w, r, &body); err != nil {
		refuseBody(w, r, err)
		return
	}
	// The old password, and not only a recent login: an unattended browser must not be enough.
	l, err := a.verifyAgain(r, body.Old)
	if err != nil {
		a.guard.Refuse(w, r, err)
		return
	}
	ended, err := a.setPassword(r, l.UserVersion, body.New)
	if errors.Is(err, password.ErrLength) || errors.Is(err, password.ErrCommon) {
		refuse(w, r, http.StatusUnprocessableEntity)
		return
	}
	if err != nil {
		a.guard.Refuse(w, r, err)
		return
	}
	// After the change: if this fails, the session and its credentials are as they were.
	l.UserVersion = 0 // the change has made another one
	answer, err := a.beginAgain(w, r, l)
	if err != nil {
		a.guard.Refuse(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"ended": ended, "login": answer})
}

// setPassword replaces the password of a user of that version, and returns how many other
// sessions of the user ended.
func (a *app) setPassword(r *http.Request, version int64, next string) (int, error) {
	hash, err := a.passwords.Hash(r.Context(), next)
	if err != nil {
		return 0, err
	}
	id, _ := middleware.FromContext(r.Context())
	n, err := a.users.SetPassword(r.Context(), time.Now(), id.Subject, version, hash, id.SessionID)
	if errors.Is(err, backends.ErrConflict) {
		return 0, fmt.Errorf("%w: the user has changed since the password was verified", middleware.ErrInvalidCredentials)
	}
	if err != nil {
		return n, err
	}
	e := middleware.NewEvent(r, eventPasswordChanged, id)
	e.Count = n
	a.audit(r.Context(), e)
	return n, nil
}

// verifyAgain checks the password of the user who sent r.
func (a *app) verifyAgain(r *http.Request, given string) (middleware.Login, error) {
	id, _ := middleware.FromContext(r.Context())
	user, err := a.sessions.FindUser(r.Context(), id.Subject) // an identity has no name
	if err != nil {
		return middleware.Login{}, err
	}
	// Guesses from elsewhere do not keep a user who is logged in from typing the password again.
	known := password.Device{Name: user.Name, ID: id.SessionID}
	return a.verify(r, credentials{Name: user.Name, Password: given}, known)
}

// A tokenBody is a jwtauth.Response as a part of a larger one: by itself that shows no tokens.
type tokenBody jwtauth.Response

// beginAgain gives the session a new start, in the way that proved the request, and returns what
// the matching login responds.
func (a *app) beginAgain(w http.ResponseWriter, r *http.Request, l middleware.Login) (answer any, err error) {
	id, _ := middleware.FromContext(r.Context())
	switch id.Method {
	case jwtauth.Method:
		issued, err := a.tokens.Reauthenticate(w, r, l)
		return tokenBody(issued), err
	case tokencookie.Method:
		return a.tokenCookies.Reauthenticate(w, r, l)
	}
	return a.cookies.Reauthenticate(w, r, l)
}
