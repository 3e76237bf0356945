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
	eventUserDeleted     middleware.EventType = "user_deleted"
)

// tell tells that whoever sent r changed the user.
func (a *app) tell(r *http.Request, t middleware.EventType, userID, reason string) {
	e := middleware.NewEvent(r, t, middleware.Identity{Subject: userID})
	e.Reason = reason
	a.audit(r.Context(), e)
}
