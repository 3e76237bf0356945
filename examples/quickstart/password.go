package main

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/cookie"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/middleware"
)

// reauthenticate gives the session a new start after its user has given the password again.
// It answers like the login that opened the session.
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

// changePassword replaces the password, ends all other sessions, and gives this one a new
// start: whoever else has its cookie or its tokens is out too. It answers how many others
// ended, and what the login would answer.
func (a *app) changePassword(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Old string `json:"old"`
		New string `json:"new"`
	}
	if err := readJSON(w, r, &body); err != nil {
		refuseBody(w, r, err)
		return
	}
	// The old one, and not only a recent login: a browser left alone must not be enough.
	l, err := a.verifyAgain(r, body.Old)
	if err != nil {
		a.guard.Refuse(w, r, err)
		return
	}
	ended, err := a.setPassword(r, l.UserVersion, body.New)
	if errors.Is(err, backends.ErrPasswordLength) {
		refuse(w, r, http.StatusUnprocessableEntity)
		return
	}
	if err != nil {
		a.guard.Refuse(w, r, err)
		return
	}
	// After the change: if this fails, the session is as it was, and the client still knows it.
	l.UserVersion = 0 // it is another one now
	answer, err := a.beginAgain(w, r, l)
	if err != nil {
		a.guard.Refuse(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"ended": ended, "login": answer})
}

// setPassword replaces the password of the user, as they were in that version, and returns how
// many other sessions of theirs ended.
func (a *app) setPassword(r *http.Request, version int64, password string) (int, error) {
	hash, err := a.passwords.Hash(r.Context(), password)
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

// verifyAgain makes sure that whoever sent r knows the password of the user behind it.
func (a *app) verifyAgain(r *http.Request, password string) (middleware.Login, error) {
	id, _ := middleware.FromContext(r.Context())
	user, err := a.store.FindUser(r.Context(), id.Subject) // an identity has no name
	if err != nil {
		return middleware.Login{}, err
	}
	return a.verify(r, credentials{Name: user.Name, Password: password}, id)
}

// beginAgain gives the session a new start, by whichever way proved the request, and returns
// what the matching login answers.
func (a *app) beginAgain(w http.ResponseWriter, r *http.Request, l middleware.Login) (answer any, err error) {
	id, _ := middleware.FromContext(r.Context())
	switch id.Method {
	case cookie.Method:
		return a.sessions.Reauthenticate(w, r, l)
	case jwtauth.Method:
		return a.tokens.Reauthenticate(w, r, l)
	case jwtauth.CookieMethod:
		tokens, err := a.cookies.Reauthenticate(w, r, l)
		return expiry(tokens), err
	}
	return nil, errors.New("no way to authenticate again for " + id.Method)
}
