package main

import (
	"net/http"

	"github.com/inga-auth/inga/middleware"
)

// The events of this application. Like those of inga they go to app.audit.
const (
	eventPasswordChanged middleware.EventType = "password_changed"
	eventRolesChanged    middleware.EventType = "roles_changed" // the Reason has the roles
	eventUserDisabled    middleware.EventType = "user_disabled"
	eventUserEnabled     middleware.EventType = "user_enabled"
)

// emitWrongPassword emits the event of a wrong password. It has no user if there is none of the
// name that was typed.
func (a *app) emitWrongPassword(r *http.Request, userID string) {
	about, _ := middleware.FromContext(r.Context())
	if about.Subject != userID { // they are not logged in
		about = middleware.Identity{Subject: userID}
	}
	e := middleware.NewEvent(r, middleware.EventLoginFailed, about)
	e.Reason = middleware.ReasonWrongPassword
	a.audit(r.Context(), e)
}

// emitChange emits the event of a change to the user, made by the administrator who sent r.
func (a *app) emitChange(r *http.Request, t middleware.EventType, userID, reason string) {
	e := middleware.NewEvent(r, t, middleware.Identity{Subject: userID})
	e.Reason = reason
	a.audit(r.Context(), e)
}
