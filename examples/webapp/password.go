package main

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/password"
	"github.com/inga-auth/inga/middleware"
)

func passwordForm() form {
	return form{Fields: []field{
		passwordField("old", "Current password", "current-password", ""),
		passwordField("new", "New password", "new-password", "At least 8 characters. Several words are better."),
		passwordField("again", "New password, once more", "new-password", ""),
	}}
}

func (a *app) passwordPage(w http.ResponseWriter, r *http.Request) {
	a.showPassword(w, r, http.StatusOK, passwordForm())
}

func (a *app) showPassword(w http.ResponseWriter, r *http.Request, status int, f form) {
	user, err := a.self(r)
	if err != nil {
		a.guard.Refuse(w, r, err)
		return
	}
	f.User = user.Name
	a.page(w, r, status, "password", view{Title: "Change password", Form: f.focused()})
}

// changePassword replaces the password, ends all other sessions, and gives this one a new cookie,
// so that a copy of the old one opens nothing.
//
// It asks for the current password, and not only for a recent login: an unattended browser must
// not be enough.
func (a *app) changePassword(w http.ResponseWriter, r *http.Request) {
	if !readForm(w, r) {
		return
	}
	f, next := passwordForm(), r.PostForm.Get("new")
	f.keep(r)
	f.wrong("new", passwordMistake(next))
	if r.PostForm.Get("again") != next {
		f.wrong("again", "This is not the same as above.")
	}
	if f.Invalid() {
		a.showPassword(w, r, http.StatusUnprocessableEntity, f)
		return
	}
	l, err := a.verifySelf(r, r.PostForm.Get("old"))
	if errors.Is(err, password.ErrWrong) {
		f.wrong("old", "That is not your password.")
		unauthorized(w)
		a.showPassword(w, r, http.StatusUnauthorized, f)
		return
	}
	ended := 0
	if err == nil {
		ended, err = a.setPassword(r, l.UserVersion, next)
	}
	if errors.Is(err, password.ErrCommon) {
		f.wrong("new", "Many people use this one. Choose another, please.")
		a.showPassword(w, r, http.StatusUnprocessableEntity, f)
		return
	}
	l.UserVersion = 0 // the change has made another one
	a.startAgain(w, r, l, err, "Your password is changed."+endedText(ended), "/")
}

// endedText says how many other sessions ended.
func endedText(n int) string {
	switch n {
	case 0:
		return ""
	case 1:
		return " One other session was ended."
	}
	return fmt.Sprintf(" %d other sessions were ended.", n)
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
