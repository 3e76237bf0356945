package main

import (
	"errors"
	"net/http"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/password"
	"github.com/inga-auth/inga/middleware"
)

func confirmForm(r *http.Request) form {
	return form{Next: r.FormValue("next"), Fields: []field{
		passwordField("password", "Password", "current-password", ""),
	}}
}

// confirmPage asks for the password again. A guard that requires a recent one redirects here, with
// the way back.
func (a *app) confirmPage(w http.ResponseWriter, r *http.Request) {
	a.showConfirm(w, r, http.StatusOK, confirmForm(r))
}

func (a *app) showConfirm(w http.ResponseWriter, r *http.Request, status int, f form) {
	user, err := a.self(r)
	if err != nil {
		a.guard.Refuse(w, r, err)
		return
	}
	f.User = user.Name
	a.page(w, r, status, "confirm", view{Title: "Confirm that it is you", Form: f.focused()})
}

// confirm gives the session a new start, and redirects the browser back.
func (a *app) confirm(w http.ResponseWriter, r *http.Request) {
	if !readForm(w, r) {
		return
	}
	f := confirmForm(r)
	f.keep(r)
	if f.Invalid() {
		a.showConfirm(w, r, http.StatusUnprocessableEntity, f)
		return
	}
	l, err := a.verifySelf(r, r.PostForm.Get("password"))
	if errors.Is(err, password.ErrWrong) {
		f.wrong("password", "That is not your password.")
		unauthorized(w)
		a.showConfirm(w, r, http.StatusUnauthorized, f)
		return
	}
	a.startAgain(w, r, l, err, "Thank you. You can go on now.", f.Next)
}

// startAgain gives the session of r a new cookie and a new authentication time, if err is nil.
func (a *app) startAgain(w http.ResponseWriter, r *http.Request, l middleware.Login, err error, said, to string) {
	if err != nil {
		a.guard.Refuse(w, r, err)
		return
	}
	s, err := a.cookies.Reauthenticate(w, r, l)
	if err != nil {
		a.guard.Refuse(w, r, err)
		return
	}
	a.done(w, r, s.ID, said, middleware.LocalPath(to))
}

// self returns the user who sent r.
func (a *app) self(r *http.Request) (backends.User, error) {
	id, _ := middleware.FromContext(r.Context())
	return a.sessions.FindUser(r.Context(), id.Subject)
}

// verifySelf checks the password of the user who sent r.
func (a *app) verifySelf(r *http.Request, given string) (middleware.Login, error) {
	user, err := a.self(r)
	if err != nil {
		return middleware.Login{}, err
	}
	id, _ := middleware.FromContext(r.Context())
	// Guesses from elsewhere do not keep a user who is logged in from typing the password again.
	return a.verify(r, user.Name, given, password.Device{Name: user.Name, ID: id.SessionID})
}
