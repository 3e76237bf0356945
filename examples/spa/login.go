package main

import (
	"crypto/rand"
	"net/http"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/password"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/clientip"
)

// login opens a session and sets its two cookies.
func (a *app) login(w http.ResponseWriter, r *http.Request) {
	var body struct{ Name, Password string }
	if !readJSON(w, r, &body) {
		return
	}
	known, _ := a.known.Get(r)
	from := password.Client{Address: clientip.Of(r), Device: known}
	user, err := a.passwords.VerifyUser(r.Context(), a.users, body.Name, body.Password, from)
	if err != nil {
		a.guard.Refuse(w, r, err) // 401 for a wrong password, 429 for too many, 503 if the store could not be asked
		return
	}
	// With the version, the login fails if the password has changed since it was verified.
	s, err := a.cookies.Login(w, r, middleware.Login{Subject: user.ID, UserVersion: user.Version, AMR: []string{"pwd"}})
	if err == nil { // from now on, guesses from elsewhere do not keep this browser out
		err = a.known.Set(w, password.Device{Name: body.Name, ID: rand.Text()})
	}
	a.respond(w, r, s, err)
}

// refresh replaces both tokens. All requests with the same refresh token get the same successor,
// and a token that is newer than the overlap stays, so the tabs of a browser need not agree on
// which one asks.
func (a *app) refresh(w http.ResponseWriter, r *http.Request) {
	s, err := a.cookies.Refresh(w, r)
	a.respond(w, r, s, err)
}

// logout ends the session. One that has ended already is no error.
func (a *app) logout(w http.ResponseWriter, r *http.Request) {
	if err := a.cookies.Logout(w, r); err != nil {
		a.guard.Refuse(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// respond gives the page what it may know. The generation counts the refresh tokens of the
// session, and is here to be shown.
func (a *app) respond(w http.ResponseWriter, r *http.Request, s backends.Session, err error) {
	if err != nil {
		a.guard.Refuse(w, r, err)
		return
	}
	writeJSON(w, map[string]any{"session_id": s.ID, "generation": s.Refresh.Generation})
}
