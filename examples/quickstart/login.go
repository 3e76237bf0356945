package main

import (
	"context"
	"errors"
	"net/http"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/middleware"
)

// credentials are what somebody types to log in.
type credentials struct {
	Name     string `json:"name"`
	Password string `json:"password"`
	next     string // where a browser wants to go
}

// login opens a session with a cookie: for the form of the page, and for JSON.
func (a *app) login(w http.ResponseWriter, r *http.Request) {
	if mediaType(r) == typeForm {
		a.loginForm(w, r)
		return
	}
	a.loginJSON(w, r)
}

func (a *app) loginForm(w http.ResponseWriter, r *http.Request) {
	c, err := readForm(w, r)
	if err != nil {
		refuseBody(w, r, err)
		return
	}
	_, err = a.openSession(w, r, c)
	switch {
	case err == nil:
		// Anybody can write a link with a next in it, so it is local or nothing.
		http.Redirect(w, r, middleware.LocalPath(c.next), http.StatusSeeOther)
	case errors.Is(err, backends.ErrWrongPassword):
		show(w, http.StatusUnauthorized, view{Message: "Wrong name or password.", Name: c.Name, Next: c.next})
	default:
		a.guard.Refuse(w, r, err)
	}
}

func (a *app) loginJSON(w http.ResponseWriter, r *http.Request) {
	var c credentials
	if err := readJSON(w, r, &c); err != nil {
		refuseBody(w, r, err)
		return
	}
	session, err := a.openSession(w, r, c)
	if err != nil {
		a.guard.Refuse(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, session)
}

// loginToken opens a session with an access token.
func (a *app) loginToken(w http.ResponseWriter, r *http.Request) {
	var c credentials
	if err := readJSON(w, r, &c); err != nil {
		refuseBody(w, r, err)
		return
	}
	l, err := a.verify(r.Context(), c)
	if err != nil {
		a.guard.Refuse(w, r, err)
		return
	}
	token, err := a.tokens.Login(r, l)
	if err != nil {
		a.guard.Refuse(w, r, err)
		return
	}
	token.Write(w)
}

func (a *app) openSession(w http.ResponseWriter, r *http.Request, c credentials) (backends.Session, error) {
	l, err := a.verify(r.Context(), c)
	if err != nil {
		return backends.Session{}, err
	}
	return a.sessions.Login(w, r, l)
}

// verify makes sure of who somebody is. This is where an application limits how often one
// may try.
func (a *app) verify(ctx context.Context, c credentials) (middleware.Login, error) {
	user, err := a.passwords.VerifyUser(ctx, a.users, c.Name, c.Password)
	if err != nil {
		return middleware.Login{}, err
	}
	// The version: a password that is changed in this moment has not been verified.
	return middleware.Login{Subject: user.ID, UserVersion: user.Version, AMR: []string{"pwd"}}, nil
}

// logout ends the session that the token names, or else the one of the cookie. If it has
// ended already, that is no mistake.
func (a *app) logout(w http.ResponseWriter, r *http.Request) {
	err := a.tokens.Logout(w, r)
	if errors.Is(err, middleware.ErrNoCredentials) {
		err = a.sessions.Logout(w, r)
	}
	if err != nil {
		a.guard.Refuse(w, r, err)
		return
	}
	if mediaType(r) == typeForm {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func readForm(w http.ResponseWriter, r *http.Request) (credentials, error) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if err := r.ParseForm(); err != nil {
		return credentials{}, err
	}
	f := r.PostForm
	return credentials{Name: f.Get("name"), Password: f.Get("password"), next: f.Get("next")}, nil
}
