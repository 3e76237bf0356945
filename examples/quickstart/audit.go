package main

import (
	"net/http"

	"github.com/inga-auth/inga/middleware"
)

// What happens here besides, in the words of this application. All events go to one hook:
// app.audit.
const (
	eventPasswordChanged middleware.EventType = "password_changed"
	eventRolesChanged    middleware.EventType = "roles_changed" // the Reason has the roles
	eventUserDisabled    middleware.EventType = "user_disabled"
	eventUserEnabled     middleware.EventType = "user_enabled"
)

// tellWrongPassword tells that somebody did not know the password of the one they say they
// are: of the name as it was typed, whether there is such a user or not.
func (a *app) tellWrongPassword(r *http.Request, about middleware.Identity) {
	e := middleware.NewEvent(r, middleware.EventLoginFailed, about)
	e.Reason = "wrong_password"
	a.audit(r.Context(), e)
}

// tellChange tells that whoever sent r changed the user.
func (a *app) tellChange(r *http.Request, t middleware.EventType, userID, reason string) {
	e := middleware.NewEvent(r, t, middleware.Identity{Subject: userID})
	e.Reason = reason
	a.audit(r.Context(), e)
}
