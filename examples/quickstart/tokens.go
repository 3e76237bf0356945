package main

import (
	"net/http"

	"github.com/inga-auth/inga/jwtauth"
)

// loginToken opens a session with an access and a refresh token, for a client that keeps
// them itself: a mobile app, a command line, another server.
func (a *app) loginToken(w http.ResponseWriter, r *http.Request) {
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

// loginCookies opens a session with the same tokens in two cookies, which no script reads.
func (a *app) loginCookies(w http.ResponseWriter, r *http.Request) {
	l, ok := a.verifyJSON(w, r)
	if !ok {
		return
	}
	// One browser, one login.
	if err := a.sessions.Logout(w, r); err != nil {
		a.guard.Refuse(w, r, err)
		return
	}
	tokens, err := a.cookies.Login(w, r, l)
	a.writeExpiry(w, r, tokens, err)
}

// refresh replaces the tokens in the cookies, for a page that sees the expiry ahead. One
// that does not is served as well: see cookies.Handler in app.go.
func (a *app) refresh(w http.ResponseWriter, r *http.Request) {
	tokens, err := a.cookies.Refresh(w, r)
	a.writeExpiry(w, r, tokens, err)
}

func (a *app) writeExpiry(w http.ResponseWriter, r *http.Request, tokens jwtauth.Response, err error) {
	if err != nil {
		a.guard.Refuse(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, expiry(tokens))
}

// expiry tells a page for how long its tokens are good, and nothing else of them.
func expiry(tokens jwtauth.Response) map[string]int64 {
	return map[string]int64{"expires_in": tokens.ExpiresIn}
}
