package main

import (
	"net/http"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/devices"
)

// The values of the buttons in a list of sessions.
const (
	doEnd       = "end"        // the session with the id
	doEndOthers = "end-others" // all except that of the request
	doEndAll    = "end-all"
)

// devicesPage shows the sessions of the user.
func (a *app) devicesPage(w http.ResponseWriter, r *http.Request) {
	id, _ := middleware.FromContext(r.Context())
	list, _, err := a.devices.Sessions(r.Context(), id.Subject, id.SessionID, backends.Page{})
	if err != nil {
		a.guard.Refuse(w, r, err)
		return
	}
	a.page(w, r, http.StatusOK, "devices", view{Title: "Your devices", Data: list})
}

// endDevices ends one session of the user, or all others.
func (a *app) endDevices(w http.ResponseWriter, r *http.Request) {
	if !readForm(w, r) {
		return
	}
	id, _ := middleware.FromContext(r.Context())
	var said string
	var err error
	switch r.PostForm.Get("do") {
	case doEnd:
		said, err = a.endSession(r, id.Subject)
	case doEndOthers:
		_, err = a.devices.EndSessions(r.Context(), id.Subject, id.SessionID)
		said = "You are logged out everywhere else."
	default:
		showProblem(w, http.StatusBadRequest)
		return
	}
	if err != nil {
		a.guard.Refuse(w, r, err)
		return
	}
	a.done(w, r, id.SessionID, said, r.URL.Path)
}

// endSession ends the user's session that the form names, and says what it was. A session of another
// user is not found.
func (a *app) endSession(r *http.Request, userID string) (said string, err error) {
	id := r.PostForm.Get("id")
	list, _, err := a.devices.Sessions(r.Context(), userID, "", backends.Page{})
	if err != nil {
		return "", err
	}
	if _, err := a.devices.EndSession(r.Context(), userID, id); err != nil {
		return "", err
	}
	return labelOf(list, id) + " is logged out.", nil
}

func labelOf(list []devices.Device, id string) string {
	for _, d := range list {
		if d.ID == id {
			return d.Label
		}
	}
	return "That device" // it had ended before
}
