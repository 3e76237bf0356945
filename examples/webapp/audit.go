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
	eventUserDeleted     middleware.EventType = "user_deleted"
)

// emit emits the event of a change to the user, made by the user who sent r.
func (a *app) emit(r *http.Request, t middleware.EventType, userID, reason string) {
	e := middleware.NewEvent(r, t, middleware.Identity{Subject: userID})
	e.Reason = reason
	a.audit(r.Context(), e)
}
