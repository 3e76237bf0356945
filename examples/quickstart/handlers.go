package main

import (
	"net/http"
	"strings"
	"time"

	"github.com/inga-auth/inga/middleware"
)

// me responds with the identity that the guard has established.
func me(w http.ResponseWriter, r *http.Request) {
	id, _ := middleware.FromContext(r.Context())
	writeJSON(w, http.StatusOK, id)
}

// admin need not check the role: the guard in front does.
func admin(w http.ResponseWriter, r *http.Request) {
	id, _ := middleware.FromContext(r.Context())
	writeJSON(w, http.StatusOK, map[string]string{"message": "Welcome to the admin area, " + id.Subject + "."})
}

// maxNote is the length of the longest note, in bytes.
const maxNote = 500

// postNote passes a note on, with the name of the user who sent it.
func (a *app) postNote(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Text string `json:"text"`
	}
	if err := readJSON(w, r, &body); err != nil {
		refuseBody(w, r, err)
		return
	}
	text := strings.TrimSpace(body.Text)
	if text == "" || len(text) > maxNote {
		refuse(w, r, http.StatusUnprocessableEntity)
		return
	}
	id, _ := middleware.FromContext(r.Context())
	n := note{Text: text, By: id.Subject, At: time.Now().UTC().Truncate(time.Millisecond)}
	a.board.post(n)
	writeJSON(w, http.StatusCreated, n)
}

// healthz says that the server runs. It does not ask the backend.
func healthz(w http.ResponseWriter, _ *http.Request) {
	_, _ = w.Write([]byte("ok\n"))
}
