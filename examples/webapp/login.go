package main

import (
	"errors"
	"net/http"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/middleware"
)

func loginForm(r *http.Request) form {
	return form{Next: r.FormValue("next"), Checked: r.FormValue("remember") != "", Fields: []field{
		{Name: "name", Label: "Name", Type: "text", Autocomplete: "username"},
		passwordField("password", "Password", "current-password", ""),
	}}
}

// farewells are what the login page says to whoever has just left, by the query said.
var farewells = map[string]string{
	"out":     "You are logged out.",
	"deleted": "Your account is deleted.",
}

// loginPage shows the form, and says why a session has ended.
//
// The guard's Check decides and does nothing. Its Optional would send a visitor whose session
// has ended to this very page.
func (a *app) loginPage(w http.ResponseWriter, r *http.Request) {
	_, err := a.guard.Check(r)
	e, ended := endingOf(err)
	switch {
	case err == nil:
		http.Redirect(w, r, middleware.LocalPath(r.FormValue("next")), http.StatusSeeOther)
	case ended:
		a.showLogin(w, r, http.StatusOK, loginForm(r), e.Text)
	case errors.Is(err, middleware.ErrNoCredentials):
		a.showLogin(w, r, http.StatusOK, loginForm(r), farewells[r.FormValue("said")])
	default:
		a.guard.Refuse(w, r, err) // an outage is no reason to ask for a password
	}
}

func (a *app) showLogin(w http.ResponseWriter, r *http.Request, status int, f form, notice string) {
	a.page(w, r, status, "login", view{Title: "Log in", Form: f.focused(), Notice: notice})
}

// login opens a session, and a longer one for "remember me".
func (a *app) login(w http.ResponseWriter, r *http.Request) {
	if !readForm(w, r) {
		return
	}
	f := loginForm(r)
	f.keep(r)
	if f.Invalid() {
		a.showLogin(w, r, http.StatusUnprocessableEntity, f, "")
		return
	}
	name := canonical(r.PostForm.Get("name"))
	l, err := a.verify(r, name, r.PostForm.Get("password"), middleware.Identity{Subject: name})
	if errors.Is(err, backends.ErrWrongPassword) {
		f.Problem = "Wrong name or password."
		unauthorized(w)
		a.showLogin(w, r, http.StatusUnauthorized, f, "")
		return
	}
	if f.Checked {
		l.Policy = remembered
	}
	a.enter(w, r, l, err, "", f.Next)
}

// enter opens the session of whoever was verified, if err is nil, and sends the browser on.
func (a *app) enter(w http.ResponseWriter, r *http.Request, l middleware.Login, err error, said, to string) {
	if err != nil {
		a.guard.Refuse(w, r, err)
		return
	}
	s, err := a.sessions.Login(w, r, l)
	if err != nil {
		a.guard.Refuse(w, r, err)
		return
	}
	// Anybody can write a link with a next in it, so it is local or nothing.
	a.done(w, r, s.ID, said, middleware.LocalPath(to))
}

// verify makes sure of who somebody is, and tells about whom it is if they are not. This is
// where an application limits how often one may try.
func (a *app) verify(r *http.Request, name, password string, about middleware.Identity) (middleware.Login, error) {
	user, err := a.passwords.VerifyUser(r.Context(), a.users, name, password)
	if errors.Is(err, backends.ErrWrongPassword) {
		e := middleware.NewEvent(r, middleware.EventLoginFailed, about)
		e.Reason = "wrong_password"
		a.audit(r.Context(), e)
	}
	if err != nil {
		return middleware.Login{}, err
	}
	// The version: a password that is changed in this moment has not been verified.
	return middleware.Login{Subject: user.ID, UserVersion: user.Version, AMR: []string{"pwd"}}, nil
}

// unauthorized sets the challenge without which there is no 401 (RFC 9110, section 15.5.2).
// Browsers ask for nothing because of this one.
func unauthorized(w http.ResponseWriter) { w.Header().Set("WWW-Authenticate", `Cookie realm="inga"`) }

// logout ends the session. If it has ended already, that is no mistake.
func (a *app) logout(w http.ResponseWriter, r *http.Request) {
	if err := a.sessions.Logout(w, r); err != nil {
		a.guard.Refuse(w, r, err)
		return
	}
	http.Redirect(w, r, "/login?said=out", http.StatusSeeOther)
}
