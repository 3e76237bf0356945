package main

import (
	"crypto/rand"
	"errors"
	"net/http"

	"github.com/inga-auth/inga/backends/password"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/clientip"
)

func loginForm(r *http.Request) form {
	return form{Next: r.FormValue("next"), Checked: r.FormValue("remember") != "", Fields: []field{
		{Name: "name", Label: "Name", Type: "text", Autocomplete: "username"},
		passwordField("password", "Password", "current-password", ""),
	}}
}

// farewells are the notices of the login page after a logout, by the query parameter said.
var farewells = map[string]string{
	"out":     "You are logged out.",
	"deleted": "Your account is deleted.",
}

// loginPage shows the form, and says why a session has ended.
//
// It uses Guard.Check, which only decides. Guard.Optional would show the page too, and not know how
// the session of a visitor has ended.
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
		a.guard.Refuse(w, r, err) // an outage is no reason to ask for a password again
	}
}

func (a *app) showLogin(w http.ResponseWriter, r *http.Request, status int, f form, notice string) {
	a.page(w, r, status, "login", view{Title: "Log in", Form: f.focused(), Notice: notice})
}

// login opens a session, a longer one for "remember me". The browser drops the cookie of any other
// when it is closed.
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
	known, _ := a.known.Get(r)
	l, err := a.verify(r, name, r.PostForm.Get("password"), known)
	if errors.Is(err, password.ErrWrong) {
		f.Problem = "Wrong name or password."
		unauthorized(w)
		a.showLogin(w, r, http.StatusUnauthorized, f, "")
		return
	}
	if f.Checked {
		l.Policy = remembered
	}
	l.BrowserSession = !f.Checked
	a.enter(w, r, name, l, err, "", f.Next)
}

// enter opens the session of the user with the name for l, if err is nil, and redirects the browser.
// It is known from then on: guesses at the password that come from elsewhere do not keep its user out.
func (a *app) enter(w http.ResponseWriter, r *http.Request, name string, l middleware.Login, err error, said, to string) {
	if err != nil {
		a.guard.Refuse(w, r, err)
		return
	}
	s, err := a.cookies.Login(w, r, l)
	if err == nil {
		err = a.known.Set(w, password.Device{Name: name, ID: rand.Text()})
	}
	if err != nil {
		a.guard.Refuse(w, r, err)
		return
	}
	// Anyone can write a link with a next, so it may lead to local paths only.
	a.done(w, r, s.ID, said, middleware.LocalPath(to))
}

// verify checks the credentials that came from the device, if it is known, and emits an event if
// they are wrong. Its error may say that the client has to wait before it tries again.
func (a *app) verify(r *http.Request, name, given string, known password.Device) (middleware.Login, error) {
	user, err := a.passwords.VerifyUser(r.Context(), a.users, name, given, password.Client{Address: clientip.Of(r), Device: known})
	if errors.Is(err, password.ErrWrong) {
		// Without a user if there is none of that name: people type passwords into its field.
		e := middleware.NewEvent(r, middleware.EventLoginFailed, middleware.Identity{Subject: password.Subject(err)})
		e.Reason = middleware.ReasonWrongPassword
		a.audit(r.Context(), e)
	}
	if err != nil {
		return middleware.Login{}, err
	}
	// With the version, the login fails if the password has changed since it was verified.
	return middleware.Login{Subject: user.ID, UserVersion: user.Version, AMR: []string{"pwd"}}, nil
}

// unauthorized sets the challenge that a 401 must have (RFC 9110, section 15.5.2). This one does not
// make browsers prompt.
func unauthorized(w http.ResponseWriter) { w.Header().Set("WWW-Authenticate", `Cookie realm="inga"`) }

// logout ends the session. One that has ended already is no error.
func (a *app) logout(w http.ResponseWriter, r *http.Request) {
	if err := a.cookies.Logout(w, r); err != nil {
		a.guard.Refuse(w, r, err)
		return
	}
	http.Redirect(w, r, "/login?said=out", http.StatusSeeOther)
}
