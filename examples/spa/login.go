package main

import (
	"net/http"
	"time"

	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/middleware"
)

// login opens a session. It answers with two cookies, and tells the page how long they are
// good for. This is where an application limits how often one may try.
func (a *app) login(w http.ResponseWriter, r *http.Request) {
	var body struct{ Name, Password string }
	if !readJSON(w, r, &body) {
		return
	}
	user, err := a.passwords.VerifyUser(r.Context(), a.users, body.Name, body.Password)
	if err != nil {
		a.guard.Refuse(w, r, err) // 401 for a wrong password, 503 if nobody can tell
		return
	}
	// The version: a password that is changed in this moment has not been verified.
	tokens, err := a.cookies.Login(w, r, middleware.Login{Subject: user.ID, UserVersion: user.Version, AMR: []string{"pwd"}})
	a.answer(w, r, tokens, err)
}

// refresh replaces both tokens. All requests that bring the same refresh token get the same
// successor, and tokens that are new stay, so the tabs of a browser need not agree on who asks.
func (a *app) refresh(w http.ResponseWriter, r *http.Request) {
	tokens, err := a.cookies.Refresh(w, r)
	a.answer(w, r, tokens, err)
}

// expiresIn is relative, so that the clock of the browser may be wrong.
func expiresIn(id middleware.Identity) int64 {
	return max(0, int64(time.Until(id.ExpiresAt)/time.Second))
}

// logout ends the session. If it has ended already, that is no mistake.
func (a *app) logout(w http.ResponseWriter, r *http.Request) {
	if err := a.cookies.Logout(w, r); err != nil {
		a.guard.Refuse(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// answer tells the page what it may know of its tokens. The generation counts the refreshes,
// and is here to be shown.
func (a *app) answer(w http.ResponseWriter, r *http.Request, tokens jwtauth.Response, err error) {
	if err != nil {
		a.guard.Refuse(w, r, err)
		return
	}
	told := map[string]any{"session_id": tokens.Session.ID, "expires_in": tokens.ExpiresIn}
	if w.Header().Get("Set-Cookie") != "" { // or else they were new, and have stayed
		told["generation"] = tokens.Session.Refresh.Generation
	}
	writeJSON(w, told)
}
