package main

import (
	"crypto/rand"
	"errors"
	"net/http"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/password"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/clientip"
)

// credentials are what a user types to log in.
type credentials struct {
	Name     string `json:"name"`
	Password string `json:"password"`
	next     string // the page to go to after the login
}

// login opens a session with a cookie, for a form or for JSON.
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
	l, err := a.verifyLogin(r, c)
	if err == nil {
		_, err = a.openSession(w, r, c.Name, l)
	}
	form := view{Name: c.Name, Next: c.next}
	switch {
	case err == nil:
		// Anyone can write a link with a next, so it may lead to local paths only.
		http.Redirect(w, r, middleware.LocalPath(c.next), http.StatusSeeOther)
	case errors.Is(err, password.ErrWrong):
		form.Message = "Wrong name or password."
		show(w, http.StatusUnauthorized, form)
	case errors.Is(err, middleware.ErrTooManySessions):
		form.Message = "You are logged in on as many devices as allowed. Log out on one of them first."
		show(w, http.StatusForbidden, form)
	default:
		a.guard.Refuse(w, r, err)
	}
}

func (a *app) loginJSON(w http.ResponseWriter, r *http.Request) {
	name, l, ok := a.verifyJSON(w, r)
	if !ok {
		return
	}
	session, err := a.openSession(w, r, name, l)
	a.writeSession(w, r, session, err)
}

func (a *app) openSession(w http.ResponseWriter, r *http.Request, name string, l middleware.Login) (backends.Session, error) {
	// One browser, one login: the guard would ask for token cookies first.
	if err := a.tokenCookies.Logout(w, r); err != nil {
		return backends.Session{}, err
	}
	s, err := a.cookies.Login(w, r, l)
	if err == nil {
		err = a.know(w, name)
	}
	return s, err
}

// know remembers that the user with the name has logged in with this browser. Guesses at the password
// that come from elsewhere do not keep them out of it.
func (a *app) know(w http.ResponseWriter, name string) error {
	return a.known.Set(w, password.Device{Name: name, ID: rand.Text()})
}

// verifyJSON is verifyLogin for a JSON body with the credentials, and returns the name too. It reports
// false if it has refused the request.
func (a *app) verifyJSON(w http.ResponseWriter, r *http.Request) (name string, l middleware.Login, ok bool) {
	var c credentials
	if err := readJSON(w, r, &c); err != nil {
		refuseBody(w, r, err)
		return "", l, false
	}
	l, err := a.verifyLogin(r, c)
	if err != nil {
		a.guard.Refuse(w, r, err)
		return "", l, false
	}
	return c.Name, l, true
}

// verifyLogin is verify for a client that is not logged in, and may be known all the same.
func (a *app) verifyLogin(r *http.Request, c credentials) (middleware.Login, error) {
	known, _ := a.known.Get(r)
	return a.verify(r, c, known)
}

// verify checks the credentials that came from the device, if it is known, and emits an event if
// they are wrong. Its error may say that the client has to wait before it tries again.
func (a *app) verify(r *http.Request, c credentials, known password.Device) (middleware.Login, error) {
	from := password.Client{Address: clientip.Of(r), Device: known}
	user, err := a.passwords.VerifyUser(r.Context(), a.users, c.Name, c.Password, from)
	if errors.Is(err, password.ErrWrong) {
		a.emitWrongPassword(r, password.Subject(err))
	}
	if err != nil {
		return middleware.Login{}, err
	}
	// With the version, the login fails if the password has changed since it was verified.
	return middleware.Login{Subject: user.ID, UserVersion: user.Version, AMR: []string{"pwd"}}, nil
}

// logout ends the session that the token names, or else those of the cookies. A session that
// has ended already is no error.
func (a *app) logout(w http.ResponseWriter, r *http.Request) {
	err := a.tokens.Logout(w, r)
	if errors.Is(err, middleware.ErrNoCredentials) {
		err = a.logoutBrowser(w, r)
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

func (a *app) logoutBrowser(w http.ResponseWriter, r *http.Request) error {
	err := a.cookies.Logout(w, r)
	if err == nil {
		err = a.tokenCookies.Logout(w, r)
	}
	if err != nil {
		w.Header().Del("Set-Cookie") // the browser keeps all cookies, to try again
	}
	return err
}

func readForm(w http.ResponseWriter, r *http.Request) (credentials, error) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if err := r.ParseForm(); err != nil {
		return credentials{}, err
	}
	f := r.PostForm
	return credentials{Name: f.Get("name"), Password: f.Get("password"), next: f.Get("next")}, nil
}
