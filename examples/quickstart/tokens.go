package main

import (
	"net/http"

	"github.com/inga-auth/inga/backends"
)

// loginToken opens a session with an access and a refresh token, for a client that keeps them
// itself: a mobile app, a command line, another server.
func (a *app) loginToken(w http.ResponseWriter, r *http.Request) {
	// Before the password: a client that has yet to learn a nonce asks again.
	if err := a.proofs.Precheck(r); err != nil {
		a.guard.Refuse(w, r, err)
		return
	}
	l, ok := a.verifyJSON(w, r)
	if !ok {
		return
	}
	tokens, err := a.tokens.Login(r, l)
	if err != nil {
		a.guard.Refuse(w, r, err)
		return
	}
	tokens.Write(w)
}

// loginCookies opens a session with the same tokens in two cookies that no script can read.
func (a *app) loginCookies(w http.ResponseWriter, r *http.Request) {
	l, ok := a.verifyJSON(w, r)
	if !ok {
		return
	}
	// One browser, one login.
	if err := a.cookies.Logout(w, r); err != nil {
		a.guard.Refuse(w, r, err)
		return
	}
	session, err := a.tokenCookies.Login(w, r, l)
	a.writeSession(w, r, session, err)
}

// refresh replaces the tokens in the cookies. A page calls it once in a while, so that a copy of
// the refresh token is noticed; no other request needs it.
func (a *app) refresh(w http.ResponseWriter, r *http.Request) {
	session, err := a.tokenCookies.Refresh(w, r)
	a.writeSession(w, r, session, err)
}

func (a *app) writeSession(w http.ResponseWriter, r *http.Request, s backends.Session, err error) {
	if err != nil {
		a.guard.Refuse(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, s)
}
